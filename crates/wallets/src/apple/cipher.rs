//! Decryption: reference 5.6.

use aes_gcm::aead::AeadInOut;
use aes_gcm::aead::array::typenum::U16;
use aes_gcm::aes::{Aes128, Aes256};
use aes_gcm::{AesGcm, KeyInit, Nonce, Tag};
use zeroize::{Zeroize, ZeroizeOnDrop};

use super::Refusal;
use super::content_key::ContentKey;
use super::signature::Signed;

/// The decrypted payment data, of which only its origin is known. Wiped on drop.
#[derive(Zeroize, ZeroizeOnDrop)]
pub(super) struct Plaintext(Box<[u8]>);

/// Sixteen zero bytes. No key encrypts twice, so a nonce that never changes is safe (reference 5.6).
const NONCE: [u8; 16] = [0; 16];

impl Plaintext {
    /// Decrypts and checks the tag; without a fitting tag there is no plaintext.
    pub(super) fn open(signed: &Signed<'_>, key: &ContentKey) -> Result<Self, Refusal> {
        let (ciphertext, tag) =
            signed.token().data().split_last_chunk::<16>().ok_or(Refusal::Decryption)?;
        // A box of the final size, decrypted in place: growing or shrinking would leave a copy behind.
        let mut plaintext = Self(ciphertext.into());
        let (nonce, tag) = (Nonce::<U16>::from(NONCE), Tag::from(*tag));
        let buffer = plaintext.0.as_mut().into();
        match key {
            ContentKey::Aes256(key) => AesGcm::<Aes256, U16>::new((&***key).into())
                .decrypt_inout_detached(&nonce, b"", buffer, &tag),
            ContentKey::Aes128(key) => AesGcm::<Aes128, U16>::new((&***key).into())
                .decrypt_inout_detached(&nonce, b"", buffer, &tag),
        }
        .map_err(|_| Refusal::Decryption)?;
        Ok(plaintext)
    }

    /// Not decrypted at all.
    #[cfg(feature = "fuzz")]
    pub(super) fn of(data: &[u8]) -> Self {
        Self(data.into())
    }

    /// The box itself, moved: nothing is left to wipe.
    pub(super) fn take(&mut self) -> Box<[u8]> {
        std::mem::take(&mut self.0)
    }

    pub(super) fn expose_bytes(&self) -> &[u8] {
        &self.0
    }
}

/// Encrypts in place and returns the tag.
#[cfg(feature = "issuer")]
pub(super) fn encrypt(key: &ContentKey, data: &mut [u8]) -> Option<[u8; 16]> {
    let nonce = Nonce::<U16>::from(NONCE);
    let tag = match key {
        ContentKey::Aes256(key) => AesGcm::<Aes256, U16>::new((&***key).into())
            .encrypt_inout_detached(&nonce, b"", data.into()),
        ContentKey::Aes128(key) => AesGcm::<Aes128, U16>::new((&***key).into())
            .encrypt_inout_detached(&nonce, b"", data.into()),
    };
    tag.ok().map(Into::into)
}
