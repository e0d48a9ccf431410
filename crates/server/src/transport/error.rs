//! Why there is no answer, and what is known of the request.

use std::error::Error as _;
use std::fmt;

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

/// The HTTP client could not be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the HTTP client could not be made")]
pub struct TransportError;

/// An error of sending the request or of waiting for the answer's head. Only an error of connecting is certain.
pub(super) fn judge(error: &reqwest::Error) -> SendError {
    if error.is_builder() {
        return SendError::NotSent(NotSent::Build);
    }
    if error.is_connect() {
        return SendError::NotSent(if error.is_dns() { NotSent::Dns } else { NotSent::Connect });
    }
    SendError::Lost(lost(error))
}

pub(super) fn lost(error: &reqwest::Error) -> Lost {
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
