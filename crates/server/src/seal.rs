//! Sealing of what has to be stored and must not be read from a copy of the database.
//!
//! XChaCha20-Poly1305 with a random 192-bit nonce. A sealed value is
//! `version (1) | key id (4) | nonce (24) | ciphertext | tag (16)`; version, key id and the caller's context are
//! authenticated with it, so a value cannot be moved to another row or column.

use std::fmt;

use chacha20poly1305::aead::{Aead as _, KeyInit as _, Payload};
use chacha20poly1305::{Key, XChaCha20Poly1305, XNonce};
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use crate::keyed_hash::keyed_hash;
use crate::token::{NoRandomness, random_bytes};

/// Seals and opens with the master key. The cipher wipes its key on drop.
pub struct Sealer {
    cipher: XChaCha20Poly1305,
    fingerprint_key: Zeroizing<[u8; 32]>,
    key_id: [u8; KEY_ID_LEN],
}

/// Why something could not be sealed or opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SealError {
    /// The value was altered, cut, or sealed for another context.
    #[error("the sealed value does not open")]
    Broken,
    /// Sealed with another master key.
    #[error("the value was sealed with another master key")]
    ForeignKey,
    /// No random nonce could be had.
    #[error(transparent)]
    NoRandomness(#[from] NoRandomness),
    /// Written by a version of the program that this one does not know.
    #[error("the sealed value has an unknown format")]
    Version,
}

impl Sealer {
    /// A sealer for one master key.
    pub fn new(master_key: &[u8; 32]) -> Self {
        let mut digest = Sha256::new();
        digest.update(b"farthing seal, key id\0");
        digest.update(master_key);
        let mut key_id = [0; KEY_ID_LEN];
        for (to, from) in key_id.iter_mut().zip(digest.finalize()) {
            *to = from;
        }
        Self {
            cipher: XChaCha20Poly1305::new(<&Key>::from(master_key)),
            fingerprint_key: keyed_hash(master_key, &[b"farthing fingerprint"]),
            key_id,
        }
    }

    /// A keyed hash of what must be recognised and never read again: HMAC-SHA-256 under a key made of the master key, which nobody can try
    /// values against who has only the database. Equal for equal `context` and `value`.
    pub fn fingerprint(&self, context: &str, value: &[u8]) -> [u8; 32] {
        let length = u64::try_from(context.len()).unwrap_or(u64::MAX).to_be_bytes();
        *keyed_hash(&self.fingerprint_key, &[&length, context.as_bytes(), value])
    }

    /// Seals `plain` for one `context`, such as `"session.return_token:ses_…"`.
    pub fn seal(&self, context: &str, plain: &[u8]) -> Result<Vec<u8>, SealError> {
        let nonce = random_bytes::<NONCE_LEN>()?;
        let aad = self.aad(context);
        let sealed = self
            .cipher
            .encrypt(<&XNonce>::from(&*nonce), Payload { msg: plain, aad: &aad })
            .map_err(|_| SealError::Broken)?;
        let mut out = Vec::with_capacity(HEAD_LEN + NONCE_LEN + sealed.len());
        out.push(VERSION);
        out.extend_from_slice(&self.key_id);
        out.extend_from_slice(nonce.as_slice());
        out.extend_from_slice(&sealed);
        Ok(out)
    }

    /// Opens what [`Sealer::seal`] made with the same key and context.
    pub fn open(&self, context: &str, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, SealError> {
        let (version, rest) = sealed.split_first().ok_or(SealError::Broken)?;
        if *version != VERSION {
            return Err(SealError::Version);
        }
        let (key_id, rest) = rest.split_first_chunk::<KEY_ID_LEN>().ok_or(SealError::Broken)?;
        if *key_id != self.key_id {
            return Err(SealError::ForeignKey);
        }
        let (nonce, msg) = rest.split_first_chunk::<NONCE_LEN>().ok_or(SealError::Broken)?;
        let aad = self.aad(context);
        let plain = self
            .cipher
            .decrypt(<&XNonce>::from(nonce), Payload { msg, aad: &aad })
            .map_err(|_| SealError::Broken)?;
        Ok(Zeroizing::new(plain))
    }

    fn aad(&self, context: &str) -> Vec<u8> {
        let mut aad = Vec::with_capacity(HEAD_LEN + context.len());
        aad.push(VERSION);
        aad.extend_from_slice(&self.key_id);
        aad.extend_from_slice(context.as_bytes());
        aad
    }
}

impl fmt::Debug for Sealer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { cipher: _, fingerprint_key: _, key_id: _ } = self;
        f.write_str("Sealer(..)")
    }
}

const VERSION: u8 = 1;
const KEY_ID_LEN: usize = 4;
const NONCE_LEN: usize = 24;
const HEAD_LEN: usize = 1 + KEY_ID_LEN;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use static_assertions::assert_not_impl_any;

    use super::*;

    assert_not_impl_any!(Sealer: Clone, fmt::Display, serde::Serialize);

    fn sealer() -> Sealer {
        Sealer::new(&[7; 32])
    }

    #[test]
    fn what_was_sealed_opens_with_the_same_key_and_context() {
        let sealed = sealer().seal("a:1", b"secret").unwrap();
        assert_eq!(sealer().open("a:1", &sealed).unwrap().as_slice(), b"secret");
    }

    #[test]
    fn the_plain_text_is_nowhere_in_the_sealed_value_and_no_two_are_alike() {
        let one = sealer().seal("a", b"a rather long secret").unwrap();
        let two = sealer().seal("a", b"a rather long secret").unwrap();
        assert_ne!(one, two);
        assert!(!one.windows(6).any(|window| window == b"rather"));
    }

    #[test]
    fn another_key_is_told_apart_from_a_broken_value() {
        let sealed = sealer().seal("a", b"secret").unwrap();
        assert_eq!(Sealer::new(&[8; 32]).open("a", &sealed).unwrap_err(), SealError::ForeignKey);
    }

    #[test]
    fn another_context_is_refused() {
        let sealed = sealer().seal("payment:1", b"secret").unwrap();
        assert_eq!(sealer().open("payment:2", &sealed).unwrap_err(), SealError::Broken);
        assert_eq!(sealer().open("", &sealed).unwrap_err(), SealError::Broken);
    }

    #[test]
    fn a_fingerprint_is_the_same_for_the_same_value_and_depends_on_context_and_key() {
        let (sealer, other) = (Sealer::new(&[7; 32]), Sealer::new(&[8; 32]));
        let fingerprint = sealer.fingerprint("apple_pay", b"token");
        assert_eq!(fingerprint, Sealer::new(&[7; 32]).fingerprint("apple_pay", b"token"));
        for different in [
            sealer.fingerprint("google_pay", b"token"),
            sealer.fingerprint("apple_pay", b"token2"),
            sealer.fingerprint("apple_payt", b"oken"),
            other.fingerprint("apple_pay", b"token"),
        ] {
            assert_ne!(fingerprint, different);
        }
    }

    #[test]
    fn every_flipped_bit_is_refused() {
        let sealed = sealer().seal("a", b"secret").unwrap();
        for byte in 0..sealed.len() {
            for bit in 0..8 {
                let mut altered = sealed.clone();
                altered[byte] ^= 1 << bit;
                assert!(sealer().open("a", &altered).is_err(), "byte {byte} bit {bit}");
            }
        }
    }

    #[test]
    fn every_cut_and_every_addition_is_refused() {
        let sealed = sealer().seal("a", b"secret").unwrap();
        for length in 0..sealed.len() {
            assert!(sealer().open("a", &sealed[..length]).is_err(), "{length} bytes");
        }
        let mut longer = sealed;
        longer.push(0);
        assert!(sealer().open("a", &longer).is_err());
    }

    #[test]
    fn debug_prints_nothing_of_the_key() {
        assert_eq!(format!("{:?}", sealer()), "Sealer(..)");
    }

    proptest! {
        #[test]
        fn any_bytes_survive_sealing(context in "\\PC{0,40}", plain in proptest::collection::vec(any::<u8>(), 0..300)) {
            let sealed = sealer().seal(&context, &plain).unwrap();
            let opened = sealer().open(&context, &sealed).unwrap();
            prop_assert_eq!(opened.as_slice(), plain.as_slice());
        }

        #[test]
        fn opening_rubbish_never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..100)) {
            prop_assert!(sealer().open("a", &bytes).is_err());
        }
    }
}
