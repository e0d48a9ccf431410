//! Apple's host: merchant sessions over mutual TLS, on a listener of its own.
//!
//! Source: "Requesting an Apple Pay payment session" (Apple Pay on the Web); the fields of a session are those that were seen.

mod listener;
mod session;

use std::future::pending;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{ConnectInfo, DefaultBodyLimit, State as Shares};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use rcgen::SanType;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use url::{Host, Url};

use self::listener::{Client, TlsListener};
use super::Vendors;
use crate::clock::Clock;
use crate::control::SessionBehaviour;
use crate::reply;
use crate::sandbox::Shared;

/// Path of merchant sessions.
const SESSION: &str = "/paymentservices/paymentSession";
/// Where a caller is sent who must not go there.
const ELSEWHERE: &str = "/paymentservices/elsewhere";
/// The largest request, bytes.
const MAX_REQUEST: usize = 16 * 1024;

/// Takes the address.
pub(crate) async fn bind(listen: SocketAddr) -> io::Result<TcpListener> {
    TcpListener::bind(listen).await.map_err(|error| {
        io::Error::new(error.kind(), format!("Apple's host cannot listen on {listen}: {error}"))
    })
}

/// Serves on this address until the sandbox stops.
pub(crate) fn start(shared: &Arc<Shared>, listener: TcpListener) -> io::Result<JoinHandle<()>> {
    let config = tls(shared.vendors(), names(shared.public_url())?)?;
    let listener = TlsListener::new(listener, config, shared.stopped())?;
    let app = Router::new()
        .route(SESSION, post(ask))
        .route(ELSEWHERE, post(elsewhere).get(elsewhere))
        .layer(DefaultBodyLimit::max(MAX_REQUEST))
        .with_state(Arc::clone(shared));
    let service = app.into_make_service_with_connect_info::<Client>();
    let stopped = shared.stopped();
    Ok(tokio::spawn(async move {
        let serving = axum::serve(listener, service).with_graceful_shutdown(stopped);
        if let Err(error) = serving.await {
            tracing::error!(%error, "the listener of Apple's host failed");
        }
    }))
}

/// What the host is called: as the sandbox is, on its own port.
pub(crate) fn url(public_url: &Url, address: SocketAddr) -> io::Result<Url> {
    let host = public_url.host_str().unwrap_or("localhost");
    Url::parse(&format!("https://{host}:{}/", address.port())).map_err(io::Error::other)
}

/// What the host's certificate is for: this machine, and what the sandbox is called.
fn names(public_url: &Url) -> io::Result<Vec<SanType>> {
    let dns = |name: &str| name.try_into().map(SanType::DnsName).map_err(io::Error::other);
    let mut names = vec![
        dns("localhost")?,
        SanType::IpAddress(IpAddr::from([127, 0, 0, 1])),
        SanType::IpAddress(IpAddr::from([0, 0, 0, 0, 0, 0, 0, 1])),
    ];
    match public_url.host() {
        Some(Host::Domain(name)) if name != "localhost" => names.push(dns(name)?),
        Some(Host::Ipv4(address)) => names.push(SanType::IpAddress(address.into())),
        Some(Host::Ipv6(address)) => names.push(SanType::IpAddress(address.into())),
        _ => {}
    }
    Ok(names)
}

/// TLS that takes nobody without one of our merchants' identities.
fn tls(vendors: &Vendors, names: Vec<SanType>) -> io::Result<rustls::ServerConfig> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut roots = rustls::RootCertStore::empty();
    roots.add(vendors.tls.certificate_der()?).map_err(io::Error::other)?;
    let verifier = rustls::server::WebPkiClientVerifier::builder_with_provider(
        Arc::new(roots),
        Arc::clone(&provider),
    );
    // TLS goes by real time, wherever the sandbox's clock is.
    let (certificate, key) = vendors.tls.host(names, Clock::default().now())?;
    rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(io::Error::other)?
        .with_client_cert_verifier(verifier.build().map_err(io::Error::other)?)
        .with_single_cert(vec![certificate], key)
        .map_err(io::Error::other)
}

/// `POST /paymentservices/paymentSession`.
async fn ask(
    Shares(shared): Shares<Arc<Shared>>,
    ConnectInfo(client): ConnectInfo<Client>,
    body: Bytes,
) -> Response {
    let (behaviour, status, value) = {
        let mut state = shared.lock();
        state.requests.count("paymentSession", client.merchant_id().is_some());
        let now = state.clock.now();
        let behaviour = state.faults.apple_pay.session;
        let (status, value, mut entry) = session::answer(&client, &body, &state.registry, now);
        let status = match behaviour {
            SessionBehaviour::HttpStatus { code } => reply::code(code),
            SessionBehaviour::Redirects => StatusCode::TEMPORARY_REDIRECT,
            _ => status,
        };
        if status == StatusCode::OK
            && let Some(merchant_id) = client.merchant_id()
        {
            state.registry.issue(merchant_id, &value, now);
        }
        entry.http_status = Some(status.as_u16()).filter(|_| behaviour != SessionBehaviour::Silent);
        state.registry.note(entry);
        (behaviour, status, value)
    };
    let text = value.to_string();
    match behaviour {
        SessionBehaviour::HttpStatus { .. } => {
            json(status, session::exception(status, "the sandbox was told to fail").to_string())
        }
        SessionBehaviour::Huge { bytes } => {
            let mut response = json(status, Body::empty());
            *response.body_mut() = reply::until_stop(&shared, reply::endless(bytes));
            response
        }
        SessionBehaviour::Malformed => {
            json(status, text.as_bytes().get(..text.len() / 2).unwrap_or_default().to_vec())
        }
        SessionBehaviour::Normal => json(status, text),
        SessionBehaviour::Redirects => {
            (status, [(header::LOCATION, HeaderValue::from_static(ELSEWHERE))]).into_response()
        }
        SessionBehaviour::Silent => {
            shared.until_stop(pending()).await;
            json(status, text)
        }
        SessionBehaviour::Slow { ms } => {
            shared.until_stop(tokio::time::sleep(Duration::from_millis(ms))).await;
            json(status, text)
        }
    }
}

/// Where nobody should come: a caller that follows redirects would carry the merchant's identity to a place of the answer's choice.
async fn elsewhere(
    Shares(shared): Shares<Arc<Shared>>,
    ConnectInfo(client): ConnectInfo<Client>,
) -> Response {
    shared.lock().requests.count("elsewhere", client.merchant_id().is_some());
    json(StatusCode::OK, Value::Object(serde_json::Map::new()).to_string())
}

fn json(status: StatusCode, body: impl Into<Body>) -> Response {
    let json_type = (header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    (status, [json_type], body.into()).into_response()
}
