//! The encryption of ECv2, which both its ends need: the gateway, and whoever plays Google.
//!
//! Source: reference 2; "Payment data cryptography for merchants" (Google Pay API).

use aes_gcm::aes::Aes256;
use aes_gcm::aes::cipher::{KeyIvInit, StreamCipher};
use ctr::Ctr128BE;
use hkdf::Hkdf;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::ec::{Point, SharedSecret};

/// The keys of one message: AES-256 for its content, then HMAC-SHA256 for its tag. Wiped on drop.
pub(super) struct MessageKeys(Box<Zeroizing<[u8; 64]>>);

impl MessageKeys {
    /// HKDF over the ephemeral key and what was agreed on, with 32 zero bytes as salt.
    pub(super) fn derive(ephemeral: &Point, shared: &SharedSecret) -> Self {
        let mut secret = Zeroizing::new([0; 97]);
        let (point, x) = secret.split_at_mut(ephemeral.as_bytes().len());
        point.copy_from_slice(ephemeral.as_bytes());
        x.copy_from_slice(shared.as_slice());
        let mut keys = Box::new(Zeroizing::new([0; 64]));
        let hkdf = Hkdf::<Sha256>::new(Some(&[0; 32]), secret.as_slice());
        // Fails only beyond 255 hashes of output (RFC 5869, section 2.3).
        let _ = hkdf.expand(b"Google", keys.as_mut_slice());
        Self(keys)
    }

    /// The tag of a ciphertext.
    #[cfg(feature = "issuer")]
    pub(super) fn tag(&self, ciphertext: &[u8]) -> Option<[u8; 32]> {
        Some(self.mac(ciphertext)?.finalize().into_bytes().into())
    }

    /// Whether the tag is that of the ciphertext, compared in constant time.
    #[cfg(feature = "gateway")]
    pub(super) fn fit(&self, ciphertext: &[u8], tag: &[u8]) -> bool {
        self.mac(ciphertext).is_some_and(|mac| mac.verify_slice(tag).is_ok())
    }

    /// AES-256 in counter mode, from a zero block: encrypts and decrypts.
    pub(super) fn apply(&self, data: &mut [u8]) {
        let (key, _) = self.0.split_at(32);
        if let Ok(mut cipher) = Ctr128BE::<Aes256>::new_from_slices(key, &[0; 16]) {
            cipher.apply_keystream(data);
        }
    }

    fn mac(&self, ciphertext: &[u8]) -> Option<Hmac<Sha256>> {
        let (_, key) = self.0.split_at(32);
        let mut mac = Hmac::<Sha256>::new_from_slice(key).ok()?;
        mac.update(ciphertext);
        Some(mac)
    }
}
