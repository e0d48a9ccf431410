//! The SmartCore pair: `initPaymentHost2Host` on the card host, `initPayment` and `check` on the other.

pub(crate) mod answer;
mod apple_pay;
pub(crate) mod card;
pub(crate) mod check;
mod google_pay;
mod method;
pub(crate) mod notice;
pub(crate) mod pay;
mod request;
mod step;

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::DefaultBodyLimit;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::Response;
use axum::routing::post;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use farthing_gateways::smartcore::wire;
use secrecy::ExposeSecret;
use serde::Serialize;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use crate::sandbox::Shared;

/// The largest request, bytes.
const MAX_REQUEST: usize = 64 * 1024;

/// The routes below `/smartcore`.
pub(crate) fn router() -> Router<Arc<Shared>> {
    Router::new()
        .route("/smartcore/card/initPaymentHost2Host", post(pay::host2host))
        .route("/smartcore/api/initPayment", post(pay::form))
        .route("/smartcore/api/check", post(check::check))
        .layer(DefaultBodyLimit::max(MAX_REQUEST))
}

/// Why a request was refused. Names fields and rules, never values.
#[derive(Debug)]
pub(crate) struct Refusal {
    /// Goes into `err`.
    pub(crate) err: String,
    /// Goes into `description` and `msg`.
    pub(crate) text: String,
}

impl Refusal {
    pub(crate) fn new(err: &str, text: impl Into<String>) -> Self {
        Self { err: err.to_owned(), text: text.into() }
    }
}

/// Whether the request carries our merchant's credentials.
fn is_authorized(shared: &Shared, headers: &HeaderMap) -> bool {
    let settings = shared.settings();
    let expected =
        Zeroizing::new(format!("{}:{}", settings.merchant_key, settings.secret.expose_secret()));
    let Some(given) = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok())
    else {
        return false;
    };
    let Some((scheme, encoded)) = given.split_once(' ') else { return false };
    let Ok(decoded) = STANDARD.decode(encoded.trim()).map(Zeroizing::new) else { return false };
    scheme.eq_ignore_ascii_case("basic")
        && bool::from(decoded.as_slice().ct_eq(expected.as_bytes()))
}

/// 401 with the challenge of Basic authentication.
fn unauthorized() -> Response {
    let refused = wire::RefusedAnswer { err: "UNAUTHORIZED".to_owned() };
    let mut response = json(StatusCode::UNAUTHORIZED, &refused);
    let challenge =
        header::HeaderValue::from_static("Basic realm=\"SmartCore sandbox\", charset=\"UTF-8\"");
    response.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
    response
}

/// Whether the body says that it is JSON.
fn is_json(headers: &HeaderMap) -> bool {
    headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split(';').next())
        .is_some_and(|essence| essence.trim().eq_ignore_ascii_case(wire::JSON))
}

/// A JSON answer.
fn json(status: StatusCode, answer: &impl Serialize) -> Response {
    let body = serde_json::to_vec(answer).unwrap_or_default();
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, header::HeaderValue::from_static(wire::JSON));
    response
}
