//! The roots that chains have to lead to.

use std::fmt;

use x509_cert::name::Name;

use super::certificate::{Certificate, PublicKey, Validity};
use crate::pem;

/// Apple Root CA - G3, as Apple publishes it. A test holds its SHA-256 fingerprint.
///
/// Source: <https://www.apple.com/certificateauthority/>, "Apple Root CA - G3 Root".
const APPLE_ROOT_CA_G3: &[u8] = include_bytes!("apple-root-ca-g3.pem");

/// The roots that are trusted. In production that is one, Apple's, which is part of the program.
pub struct TrustRoots(Vec<TrustRoot>);

/// A root: whom to believe, and for how long.
pub(super) struct TrustRoot {
    pub(super) subject: Name,
    pub(super) key: PublicKey,
    pub(super) validity: Validity,
}

/// The file is not the certificate of a root as Apple's is: one PEM block, P-384, a certificate authority.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, thiserror::Error)]
#[error("not the PEM of a root certificate on P-384")]
pub struct NotARoot;

impl TrustRoots {
    /// Apple's root, and no other.
    ///
    /// Tokens of Apple's own sandbox lead to it too: their test cards are for the gateway to decline.
    pub fn apple() -> Self {
        // That it parses is tested. If it did not, no root would be trusted and every token refused.
        Self(TrustRoot::from_pem(APPLE_ROOT_CA_G3).into_iter().collect())
    }

    /// Another root instead of Apple's: whoever holds its key can make tokens.
    ///
    /// For the sandbox and for tests. A server that takes real money calls [`TrustRoots::apple`].
    pub fn danger_sandbox(root_pem: &[u8]) -> Result<Self, NotARoot> {
        Ok(Self(vec![TrustRoot::from_pem(root_pem).ok_or(NotARoot)?]))
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &TrustRoot> {
        self.0.iter()
    }
}

impl TrustRoot {
    fn from_pem(pem: &[u8]) -> Option<Self> {
        let (_, der) = pem::read(pem, &[pem::CERTIFICATE])?;
        let certificate = Certificate::read(&der).ok()?;
        let key = certificate.public_key();
        let good = certificate.is_authority()
            && certificate.has_plain_extensions()
            && matches!(key, PublicKey::P384(_));
        good.then(|| Self {
            subject: certificate.subject().clone(),
            key,
            validity: certificate.validity(),
        })
    }
}

impl fmt::Debug for TrustRoots {
    /// Names and times of the roots, which are public.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self.0.iter().map(|root| root.subject.to_string());
        f.debug_tuple("TrustRoots").field(&names.collect::<Vec<_>>()).finish()
    }
}

#[cfg(test)]
mod tests {
    use sha2::{Digest, Sha256};

    use super::*;

    #[test]
    fn the_pinned_root_is_apple_root_ca_g3() {
        let (_, der) = pem::read(APPLE_ROOT_CA_G3, &[pem::CERTIFICATE]).unwrap();
        assert_eq!(
            hex::encode_upper(Sha256::digest(&*der)),
            "63343ABFB89A6A03EBB57E9B3F5FA7BE7C4F5C756F3017B3A8C488C3653E9179"
        );
        let roots = TrustRoots::apple();
        assert_eq!(roots.0.len(), 1);
        assert_eq!(roots.0[0].validity.not_before.to_string(), "2014-04-30T18:19:06Z");
        assert_eq!(roots.0[0].validity.not_after.to_string(), "2039-04-30T18:19:06Z");
        let shown = r#"TrustRoots(["C=US,O=Apple Inc.,OU=Apple Certification Authority,CN=Apple Root CA - G3"])"#;
        assert_eq!(format!("{roots:?}"), shown);
    }
}
