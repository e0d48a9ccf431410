//! The one way to make an outward HTTP client, its TLS included.

use std::sync::Arc;

use reqwest::redirect;
use rustls::client::WantsClientCert;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::{ClientConfig, ConfigBuilder, RootCertStore};

use super::TransportError;

/// What every outward client has in common: no redirects, no proxy, no retries, HTTP/1.1, our own name.
pub(crate) fn client_builder() -> Result<reqwest::ClientBuilder, TransportError> {
    Ok(client_builder_with(tls_config()?))
}

/// The same, with a client certificate to show. The other side's certificate has to come from one of the system's roots or, if there is one,
/// from the authority in this PEM and from no other.
pub(crate) fn client_with_identity(
    key: Arc<CertifiedKey>,
    authority: Option<&[u8]>,
) -> Result<reqwest::ClientBuilder, TransportError> {
    let roots = match authority {
        None => system_roots(),
        Some(pem) => {
            let mut roots = RootCertStore::empty();
            for root in CertificateDer::pem_slice_iter(pem) {
                roots.add(root.map_err(|_| TransportError)?).map_err(|_| TransportError)?;
            }
            roots
        }
    };
    let tls = builder(roots)?.with_client_cert_resolver(Arc::new(SingleCertAndKey::from(key)));
    Ok(client_builder_with(tls))
}

/// The same, for tests whose certificates no system trusts. It is not compiled into the product, so that no
/// configuration can lead to it.
#[cfg(test)]
pub(super) fn client_builder_trusting(
    extra: impl IntoIterator<Item = CertificateDer<'static>>,
) -> Result<reqwest::ClientBuilder, TransportError> {
    let mut roots = system_roots();
    for root in extra {
        roots.add(root).map_err(|_| TransportError)?;
    }
    Ok(client_builder_with(tls_config_with(roots)?))
}

fn client_builder_with(tls: ClientConfig) -> reqwest::ClientBuilder {
    reqwest::Client::builder()
        .tls_backend_preconfigured(tls)
        .user_agent(concat!("farthing/", env!("CARGO_PKG_VERSION")))
        .http1_only()
        .no_proxy()
        .redirect(redirect::Policy::none())
        .referer(false)
        .retry(reqwest::retry::never())
        .tcp_nodelay(true)
}

/// TLS 1.2 and 1.3 with the ring provider and the operating system's roots.
///
/// Without any root (a container without certificates) every https call fails before anything is sent.
pub(crate) fn tls_config() -> Result<ClientConfig, TransportError> {
    tls_config_with(system_roots())
}

fn tls_config_with(roots: RootCertStore) -> Result<ClientConfig, TransportError> {
    Ok(builder(roots)?.with_no_client_auth())
}

fn builder(
    roots: RootCertStore,
) -> Result<ConfigBuilder<ClientConfig, WantsClientCert>, TransportError> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|_| TransportError)?
        .with_root_certificates(roots);
    Ok(builder)
}

fn system_roots() -> RootCertStore {
    let mut roots = RootCertStore::empty();
    // Certificates that cannot be parsed are skipped: systems carry a few, and one must not stop all.
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    roots
}
