//! The only sender of bytes to gateways: one call, sent at most once, with an honest answer about what is known.
//!
//! Limits: connecting 3 s, the whole call `call_timeout`, an answer of at most 1 MiB, no redirects, no proxy.
//!
//! **Never sent twice.** The client's own retries are off (`retry::never`). Beneath it, hyper-util may choose another
//! connection when a pooled one turns out to be closed *before the request was handed to it*: hyper then gives the whole
//! request back unread (`TrySendError` with the message), so no byte of it was written. Once a connection has taken the
//! request it is never given back. `a_closed_pooled_connection_never_sees_a_request_twice` holds this.
//!
//! **Memory.** The body is wiped when the last reference to it is dropped, which is at the end of the call. Out of reach
//! are the copies that hyper's write buffer, the TLS record layer and the kernel's socket buffers hold for a moment.

use std::collections::VecDeque;
use std::error::Error as _;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use farthing_gateways::{WireRequest, WireResponse};
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderValue, Method};
use reqwest::redirect;
use rustls::{ClientConfig, RootCertStore};
use secrecy::ExposeSecret as _;
use tokio::time::Instant;

/// Sends calls to one gateway.
pub struct Transport {
    client: reqwest::Client,
    breaker: Mutex<Breaker>,
}

/// Why there is no answer. The difference decides whether money may have moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// Something may have left: the outcome is unknown, and only asking the gateway can tell.
    #[error("the answer was lost: {0}")]
    Lost(Lost),
    /// It is certain that no byte of the request left this process.
    #[error("the request was not sent: {0}")]
    NotSent(NotSent),
}

impl SendError {
    /// A metric's label.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Lost(reason) => reason.label(),
            Self::NotSent(reason) => reason.label(),
        }
    }
}

/// Why an answer was lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Lost {
    /// The connection ended before the answer did.
    Cut,
    /// What came was not HTTP.
    NotHttp,
    /// The whole call took too long.
    Timeout,
    /// The answer is larger than 1 MiB.
    TooLarge,
}

impl Lost {
    /// A metric's label.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Cut => "cut",
            Self::NotHttp => "not_http",
            Self::Timeout => "timeout",
            Self::TooLarge => "too_large",
        }
    }
}

/// Why a request was not sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum NotSent {
    /// Too many calls failed: the breaker is open.
    Breaker,
    /// Our own request cannot be written as HTTP.
    Build,
    /// Refused, unreachable, or too slow to connect; TLS failures are among these.
    Connect,
    /// The name does not resolve.
    Dns,
}

impl NotSent {
    /// A metric's label.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Breaker => "breaker",
            Self::Build => "build",
            Self::Connect => "connect",
            Self::Dns => "dns",
        }
    }
}

impl fmt::Display for Lost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.label())
    }
}

impl fmt::Display for NotSent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.label())
    }
}

impl Transport {
    /// A transport whose calls take at most `call_timeout`, connecting included.
    pub fn new(call_timeout: Duration) -> Result<Self, TransportError> {
        let client = client_builder()?
            // Connecting must be given up first, or a time-out could not tell whether anything was sent.
            .connect_timeout(CONNECT_TIMEOUT.min(call_timeout * 3 / 4))
            .timeout(call_timeout)
            .pool_max_idle_per_host(POOL)
            // Shorter than servers keep idle connections (5 s and more): a request should not meet a closing one.
            .pool_idle_timeout(Duration::from_secs(4))
            .build()
            .map_err(|_| TransportError)?;
        Ok(Self { client, breaker: Mutex::new(Breaker::default()) })
    }

    /// Sends a call that may move money, once, unless the breaker is open.
    pub async fn send(&self, request: WireRequest) -> Result<WireResponse, SendError> {
        if self.breaker().is_open() {
            return Err(SendError::NotSent(NotSent::Breaker));
        }
        let answer = self.exchange(request).await;
        if let Err(error) = &answer {
            self.failed(*error);
        }
        answer
    }

    /// Sends a question that moves nothing, whatever the breaker says; an answer closes the breaker.
    pub async fn send_check(&self, request: WireRequest) -> Result<WireResponse, SendError> {
        let answer = self.exchange(request).await;
        match &answer {
            // Refused credentials are no sign that charges would work.
            Ok(answer) if matches!(answer.status, 401 | 403) => {}
            Ok(_) => self.breaker().close(),
            Err(error) => self.failed(*error),
        }
        answer
    }

    /// Whether calls that may move money are refused for now.
    pub fn breaker_is_open(&self) -> bool {
        self.breaker().is_open()
    }

    /// Opens the breaker until a check succeeds: for refused credentials, with which no charge can work.
    pub fn open_breaker(&self) {
        self.breaker().open = true;
    }

    fn failed(&self, error: SendError) {
        if error != SendError::NotSent(NotSent::Build) {
            self.breaker().failed(Instant::now());
        }
    }

    fn breaker(&self) -> std::sync::MutexGuard<'_, Breaker> {
        // Nothing panics while it is held, and half-written state does not exist in it.
        self.breaker.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn exchange(&self, request: WireRequest) -> Result<WireResponse, SendError> {
        let request = self.build(request).ok_or(SendError::NotSent(NotSent::Build))?;
        let mut response = self.client.execute(request).await.map_err(|error| judge(&error))?;
        if response.content_length().is_some_and(|length| length > ANSWER_LIMIT as u64) {
            return Err(SendError::Lost(Lost::TooLarge));
        }
        let status = response.status().as_u16();
        let mut body = Vec::new();
        while let Some(chunk) =
            response.chunk().await.map_err(|error| SendError::Lost(lost(&error)))?
        {
            if body.len() + chunk.len() > ANSWER_LIMIT {
                return Err(SendError::Lost(Lost::TooLarge));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(WireResponse { status, body })
    }

    fn build(&self, request: WireRequest) -> Option<reqwest::Request> {
        let WireRequest { method, url, content_type, authorization, body } = request;
        let method = Method::from_bytes(method.as_bytes()).ok()?;
        let mut builder = self.client.request(method, url).header(CONTENT_TYPE, content_type);
        if let Some(authorization) = authorization {
            let mut value = HeaderValue::from_str(authorization.expose_secret()).ok()?;
            value.set_sensitive(true);
            builder = builder.header(AUTHORIZATION, value);
        }
        // The owner is dropped, and wiped, with the last reference to the bytes.
        builder.body(Bytes::from_owner(body)).build().ok()
    }
}

impl fmt::Debug for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { client: _, breaker: _ } = self;
        write!(f, "Transport(breaker open: {})", self.breaker_is_open())
    }
}

/// What every outward client has in common: no redirects, no proxy, no retries, HTTP/1.1, our own name.
pub(crate) fn client_builder() -> Result<reqwest::ClientBuilder, TransportError> {
    Ok(reqwest::Client::builder()
        .tls_backend_preconfigured(tls_config()?)
        .user_agent(concat!("farthing/", env!("CARGO_PKG_VERSION")))
        .http1_only()
        .no_proxy()
        .redirect(redirect::Policy::none())
        .referer(false)
        .retry(reqwest::retry::never())
        .tcp_nodelay(true))
}

/// TLS 1.2 and 1.3 with the ring provider and the operating system's roots.
///
/// Without any root (a container without certificates) every https call fails before anything is sent.
pub(crate) fn tls_config() -> Result<ClientConfig, TransportError> {
    let mut roots = RootCertStore::empty();
    // Certificates that cannot be parsed are skipped: systems carry a few, and one must not stop all.
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|_| TransportError)?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(config)
}

/// The HTTP client could not be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the HTTP client could not be made")]
pub struct TransportError;

/// An error of sending the request or of waiting for the answer's head. Only an error of connecting is certain.
fn judge(error: &reqwest::Error) -> SendError {
    if error.is_builder() {
        return SendError::NotSent(NotSent::Build);
    }
    if error.is_connect() {
        return SendError::NotSent(if error.is_dns() { NotSent::Dns } else { NotSent::Connect });
    }
    SendError::Lost(lost(error))
}

fn lost(error: &reqwest::Error) -> Lost {
    if error.is_timeout() {
        return Lost::Timeout;
    }
    let mut source = error.source();
    while let Some(error) = source {
        if error.downcast_ref::<hyper::Error>().is_some_and(hyper::Error::is_parse) {
            return Lost::NotHttp;
        }
        source = error.source();
    }
    Lost::Cut
}

/// Counts transport errors and stops charges when there are too many.
#[derive(Debug, Default)]
struct Breaker {
    open: bool,
    failures: VecDeque<Instant>,
}

impl Breaker {
    fn is_open(&self) -> bool {
        self.open
    }

    fn failed(&mut self, now: Instant) {
        self.failures.push_back(now);
        while self.failures.front().is_some_and(|first| now.duration_since(*first) > BREAKER_WINDOW)
        {
            self.failures.pop_front();
        }
        if self.failures.len() >= BREAKER_FAILURES {
            self.open = true;
            // What matters from now on is whether a check gets through.
            self.failures.clear();
        }
    }

    fn close(&mut self) {
        self.open = false;
        self.failures.clear();
    }
}

const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
const ANSWER_LIMIT: usize = 1024 * 1024;
const POOL: usize = 64;
const BREAKER_FAILURES: usize = 10;
const BREAKER_WINDOW: Duration = Duration::from_secs(30);

#[cfg(test)]
mod tests;
