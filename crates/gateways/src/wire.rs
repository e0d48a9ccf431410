//! Bytes to and from a gateway, before and after HTTP.

use std::fmt;

use secrecy::SecretString;
use zeroize::Zeroizing;

/// A request to a gateway, ready to be sent once. Its body may hold card data: never printed, wiped on drop.
pub struct WireRequest {
    /// The method: `POST` for all of SmartCore.
    pub method: &'static str,
    /// Absolute URL, from configuration.
    pub url: url::Url,
    /// `Content-Type` of `body`.
    pub content_type: &'static str,
    /// Value of the `Authorization` header.
    pub authorization: Option<SecretString>,
    /// The body.
    pub body: Zeroizing<Vec<u8>>,
}

impl fmt::Debug for WireRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { method, url, content_type: _, authorization: _, body } = self;
        // The path is a constant of the adapter; hosts and paths hold no secret, queries are not used.
        write!(f, "WireRequest({method} {}, {} bytes)", url.path(), body.len())
    }
}

/// A complete answer of a gateway, within the transport's limits.
pub struct WireResponse {
    /// HTTP status code.
    pub status: u16,
    /// The body, at most 1 MiB.
    pub body: Vec<u8>,
}

impl fmt::Debug for WireResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { status, body } = self;
        write!(f, "WireResponse({status}, {} bytes)", body.len())
    }
}

/// A callback exactly as it arrived.
pub struct RawCallback<'a> {
    /// The `Content-Type` header, if it was readable text.
    pub content_type: Option<&'a str>,
    /// The body's bytes.
    pub body: &'a [u8],
}

impl fmt::Debug for RawCallback<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { content_type: _, body } = self;
        write!(f, "RawCallback({} bytes)", body.len())
    }
}
