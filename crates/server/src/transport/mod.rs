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

mod breaker;
mod client;
mod error;

use std::fmt;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use farthing_gateways::{WireRequest, WireResponse};
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderValue, Method};
use secrecy::ExposeSecret as _;
use tokio::time::Instant;

use breaker::Breaker;
#[cfg(test)]
pub(crate) use client::tls_config;
pub(crate) use client::{client_builder, client_with_identity};
pub use error::{Lost, NotSent, SendError, TransportError};
use error::{judge, lost};

/// Sends calls to one gateway.
pub struct Transport {
    client: reqwest::Client,
    breaker: Mutex<Breaker>,
}

impl Transport {
    /// A transport whose calls take at most `call_timeout`, connecting included.
    pub fn new(call_timeout: Duration) -> Result<Self, TransportError> {
        Self::with_client(client_builder()?, call_timeout)
    }

    /// A transport that trusts the given roots besides the system's. For tests: the product does not contain it.
    #[cfg(test)]
    pub(crate) fn trusting(
        roots: impl IntoIterator<Item = rustls::pki_types::CertificateDer<'static>>,
        call_timeout: Duration,
    ) -> Result<Self, TransportError> {
        Self::with_client(client::client_builder_trusting(roots)?, call_timeout)
    }

    fn with_client(
        builder: reqwest::ClientBuilder,
        call_timeout: Duration,
    ) -> Result<Self, TransportError> {
        let client = builder
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
        self.breaker().open();
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
        let response = self.client.execute(request).await.map_err(|error| judge(&error))?;
        let status = response.status().as_u16();
        let body = read_answer(response, ANSWER_LIMIT).await.map_err(|error| {
            SendError::Lost(match error {
                Unread::TooLarge => Lost::TooLarge,
                Unread::Broken(error) => lost(&error),
            })
        })?;
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

/// Why an answer's body was not read to its end.
pub(crate) enum Unread {
    /// It is larger than it may be.
    TooLarge,
    /// It ended too early, or too late.
    Broken(reqwest::Error),
}

/// An answer's body, of at most `limit` bytes: one that says that it is larger is not read at all.
pub(crate) async fn read_answer(
    mut answer: reqwest::Response,
    limit: usize,
) -> Result<Vec<u8>, Unread> {
    let is_fine = |length| usize::try_from(length).is_ok_and(|length| length <= limit);
    if !answer.content_length().is_none_or(is_fine) {
        return Err(Unread::TooLarge);
    }
    let mut body = Vec::new();
    while let Some(chunk) = answer.chunk().await.map_err(Unread::Broken)? {
        if body.len() + chunk.len() > limit {
            return Err(Unread::TooLarge);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

impl fmt::Debug for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { client: _, breaker: _ } = self;
        write!(f, "Transport(breaker open: {})", self.breaker_is_open())
    }
}

const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
const ANSWER_LIMIT: usize = 1024 * 1024;
const POOL: usize = 64;

#[cfg(test)]
mod tests;
#[cfg(test)]
mod tls_tests;
