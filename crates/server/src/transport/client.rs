//! The one way to make an outward HTTP client, its TLS included.

use std::sync::Arc;

use reqwest::redirect;
use rustls::{ClientConfig, RootCertStore};

use super::TransportError;

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
