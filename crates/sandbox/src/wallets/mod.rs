//! The vendors' side of wallets: Apple and Google as far as a merchant and a gateway meet them.
//!
//! All keys are the sandbox's own. A server that trusts Apple's and Google's takes nothing that is made here.

pub(crate) mod certificates;
mod csr;
mod device;
mod files;
pub(crate) mod host;
mod portal;
pub(crate) mod registry;
mod tls;
mod web;

use std::io;
use std::path::Path;
use std::sync::Arc;

use axum::Router;
use axum::routing::{get, post};
use der::Decode as _;
use der::asn1::ObjectIdentifier;
use farthing_wallets::google::RootKeys;
use farthing_wallets::google::gateway::{GatewayKey, Opener};
use farthing_wallets::{apple, google};
use jiff::Timestamp;
use x509_cert::Certificate;
use x509_cert::name::RelativeDistinguishedName;
use zeroize::Zeroizing;

use self::certificates::Certificates;
use self::files::Files;
use self::tls::Authority;
use crate::sandbox::Shared;

/// `userId`, where Apple writes the merchant identifier: RFC 4519, section 2.39.
const USER_ID: ObjectIdentifier = ObjectIdentifier::new_unwrap("0.9.2342.19200300.100.1.1");

/// The control interface of the vendors, and what a browser gets of them.
pub(crate) fn router() -> Router<Arc<Shared>> {
    Router::new()
        .route("/_control/wallets", get(portal::show))
        .route("/_control/wallets/apple/certificates", post(portal::certify))
        .route("/_control/wallets/apple/domains", post(portal::register))
        .route("/_control/wallets/apple/token", post(device::apple))
        .route("/_control/wallets/google/token", post(device::google))
        .merge(web::router())
}

/// The gateway's id at Google: the documents' `tokenizationSpecification`.
pub(crate) const GATEWAY: &str = "primepay";
/// The id that this merchant has at the gateway: the documents' `<provided by PrimePay>`.
pub(crate) const GATEWAY_MERCHANT_ID: &str = "farthing-sandbox";

/// When the sandbox's Google root key expires: far enough for a demo that is kept, and a time that the clock can be moved beyond.
const GOOGLE_ROOT_EXPIRES: Timestamp = Timestamp::constant(2_154_841_200, 0);

/// The keys of all vendors, and the gateway's own.
pub(crate) struct Vendors {
    /// Signs tokens and payment processing certificates.
    pub(crate) apple: apple::issuer::Issuer,
    /// Signs certificates for TLS: of Apple's host, and merchants' identities.
    pub(crate) tls: Authority,
    /// Google's root key, PKCS#8 in PEM.
    google_root: Zeroizing<String>,
    /// The list that Google publishes, JSON.
    google_root_keys: String,
    /// Opens what is addressed to the gateway.
    pub(crate) opener: Opener,
    gateway_key: Vec<u8>,
    /// What the portal has issued.
    pub(crate) certificates: Certificates,
}

impl Vendors {
    /// Makes new keys, or takes those of a directory. An empty or missing directory is filled with new ones.
    pub(crate) fn open(directory: Option<&Path>, now: Timestamp) -> io::Result<Self> {
        let files = match directory {
            Some(directory) => files::open(directory, || Files::new(now))?,
            None => Files::new(now)?,
        };
        let google = google_issuer(&files.google_root, now).map_err(io::Error::other)?;
        let google_root_keys = google.root_keys().map_err(io::Error::other)?;
        let roots = RootKeys::from_json(google_root_keys.as_bytes()).map_err(io::Error::other)?;
        // Nobody keeps a Google Pay token over a restart, so neither is the key that opens it.
        let key = GatewayKey::generate().map_err(io::Error::other)?;
        let gateway_key = key.public_key().to_vec();
        Ok(Self {
            apple: apple::issuer::Issuer::from_files(&files.apple).map_err(io::Error::other)?,
            tls: Authority::from_files(&files.tls)?,
            google_root: files.google_root,
            google_root_keys,
            opener: Opener::new(roots, format!("gateway:{GATEWAY}"), vec![key]),
            gateway_key,
            // After the keys, which make the directory.
            certificates: Certificates::open(directory)?,
        })
    }

    /// Google at this moment: with an intermediate key that is just as old, however the sandbox's clock was moved.
    pub(crate) fn google(
        &self,
        now: Timestamp,
    ) -> Result<google::issuer::Issuer, google::issuer::IssueError> {
        google_issuer(&self.google_root, now)
    }

    /// The list of root keys that Google publishes, JSON.
    pub(crate) fn google_root_keys(&self) -> &str {
        &self.google_root_keys
    }

    /// What Google Pay tokens are encrypted to: 65 bytes.
    pub(crate) fn gateway_key(&self) -> &[u8] {
        &self.gateway_key
    }
}

/// The merchant identifier of a certificate, PEM.
fn user_id(certificate: &str) -> Option<String> {
    let (_, der) = pem_rfc7468::decode_vec(certificate.as_bytes()).ok()?;
    user_id_of_der(&der)
}

/// The same of DER.
fn user_id_of_der(certificate: &[u8]) -> Option<String> {
    let certificate = Certificate::from_der(certificate).ok()?;
    let names = certificate.tbs_certificate().subject().as_ref();
    let mut ids = names.iter().flat_map(RelativeDistinguishedName::iter);
    let id = ids.find(|id| id.oid == USER_ID)?;
    str::from_utf8(id.value.value()).ok().map(str::to_owned)
}

fn google_issuer(
    root: &str,
    now: Timestamp,
) -> Result<google::issuer::Issuer, google::issuer::IssueError> {
    google::issuer::Issuer::from_root_key(root.as_bytes(), GOOGLE_ROOT_EXPIRES, now)
}
