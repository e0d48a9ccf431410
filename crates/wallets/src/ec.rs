//! Keys on the curve P-256, in the two forms in which wallets write public ones.

use aws_lc_rs::agreement::{self, ECDH_P256, PrivateKey, UnparsedPublicKey};
use aws_lc_rs::signature::{self, ECDSA_P256_SHA256_ASN1};
use zeroize::Zeroizing;

/// A public key: `04`, then the two coordinates. Source: SEC 1, version 2.0, 2.3.3, without compression.
///
/// Only the form is checked here. That the point lies on the curve is checked by whatever uses it, before it is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Point([u8; Point::LEN]);

/// What two keys agree on: the x coordinate, 32 bytes (SP 800-56A, revision 3, 5.7.1.2).
pub(crate) type SharedSecret = Box<Zeroizing<[u8; 32]>>;

/// What stands before the point in a SubjectPublicKeyInfo: the algorithm `id-ecPublicKey` with the curve `secp256r1`, and the head of a
/// bit string without unused bits. Source: RFC 5480, section 2.
const SPKI_HEAD: [u8; 26] = [
    0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a,
    0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00,
];

impl Point {
    const LEN: usize = 65;

    /// Exactly 65 bytes that begin with `04`.
    pub(crate) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let bytes: [u8; Self::LEN] = bytes.try_into().ok()?;
        (bytes.first() == Some(&0x04)).then_some(Self(bytes))
    }

    /// The DER of a SubjectPublicKeyInfo, exactly 91 bytes: no other encoding of the same key is taken.
    pub(crate) fn from_spki(der: &[u8]) -> Option<Self> {
        Self::from_bytes(der.strip_prefix(&SPKI_HEAD)?)
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The DER of a SubjectPublicKeyInfo.
    pub(crate) fn to_spki(self) -> Vec<u8> {
        [SPKI_HEAD.as_slice(), &self.0].concat()
    }

    /// Whether an ECDSA signature with SHA-256, in DER, is this key's over the message. A point off the curve has signed nothing.
    pub(crate) fn has_signed(&self, message: &[u8], signature: &[u8]) -> bool {
        signature::UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, &self.0)
            .verify(message, signature)
            .is_ok()
    }
}

/// ECDH. `None` if the point is not on the curve: it is checked before the private key is used (SP 800-56A, revision 3, 5.6.2.3).
pub(crate) fn agree(private: &PrivateKey, peer: &Point) -> Option<SharedSecret> {
    agreement::agree(private, UnparsedPublicKey::new(&ECDH_P256, &peer.0), (), |shared| {
        let mut secret = Box::new(Zeroizing::new([0; 32]));
        if shared.len() != secret.len() {
            return Err(());
        }
        secret.copy_from_slice(shared);
        Ok(secret)
    })
    .ok()
}
