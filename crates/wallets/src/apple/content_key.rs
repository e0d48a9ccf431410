//! From the merchant's keys to the key of one token: reference 5.3 to 5.5.

use std::fmt;

use aws_lc_rs::agreement;
use aws_lc_rs::rsa::{OAEP_SHA256_MGF1SHA256, OaepPrivateDecryptingKey};
use sha2::{Digest, Sha256};
use subtle::{ConditionallySelectable, ConstantTimeEq};
use zeroize::Zeroizing;

use super::Refusal;
use super::merchant::{MerchantKey, PrivateKey};
use super::signature::Signed;
use super::token::Version;
use crate::ec::{self, Point, SharedSecret};

/// The AES key of one token. Wiped on drop; not `Clone`, `Display` or `Serialize`.
pub(super) enum ContentKey {
    /// Of `EC_v1`.
    Aes256(Box<Zeroizing<[u8; 32]>>),
    /// Of `RSA_v1`.
    Aes128(Box<Zeroizing<[u8; 16]>>),
}

/// RSA of 2048 bits unwraps into a buffer of its own size.
const RSA_BYTES: usize = 256;

impl ContentKey {
    /// Takes the key that the token names, if it is held, and derives or unwraps.
    pub(super) fn of(signed: &Signed<'_>, keys: &[MerchantKey]) -> Result<Self, Refusal> {
        let token = signed.token();
        let key = select(token.public_key_hash(), keys).ok_or(Refusal::Key)?;
        match (token.version(), key.private()) {
            (Version::EcV1, PrivateKey::P256(private)) => {
                let shared = shared_secret(token.key(), private)?;
                Ok(derive(&shared, key.certificate().merchant_id_hash()))
            }
            (Version::RsaV1, PrivateKey::Rsa(private)) => {
                unwrap_key(token.key(), private).map(Self::Aes128)
            }
            (Version::EcV1, PrivateKey::Rsa(_)) | (Version::RsaV1, PrivateKey::P256(_)) => {
                Err(Refusal::Key)
            }
        }
    }
}

/// All keys are compared always, each in the same time wherever the difference is.
fn select<'k>(public_key_hash: &[u8; 32], keys: &'k [MerchantKey]) -> Option<&'k MerchantKey> {
    let mut chosen = u32::MAX;
    for (index, key) in (0_u32..).zip(keys) {
        chosen
            .conditional_assign(&index, key.certificate().public_key_hash().ct_eq(public_key_hash));
    }
    keys.get(usize::try_from(chosen).ok()?)
}

/// The x coordinate that both sides compute: Z.
fn shared_secret(
    ephemeral: &[u8],
    private: &agreement::PrivateKey,
) -> Result<SharedSecret, Refusal> {
    let ephemeral = Point::from_spki(ephemeral).ok_or(Refusal::EphemeralKey)?;
    ec::agree(private, &ephemeral).ok_or(Refusal::EphemeralKey)
}

/// One round of the concatenation KDF with SHA-256: counter, Z, AlgorithmID with its length, PartyU, PartyV.
///
/// Source: reference 5.4; "Payment token format reference" (Apple); NIST SP 800-56A (March 2007), 5.8.1.
pub(super) fn derive(shared: &SharedSecret, merchant_id_hash: &[u8; 32]) -> ContentKey {
    let mut hash = Sha256::new();
    hash.update([0, 0, 0, 1]);
    hash.update(shared.as_slice());
    hash.update(b"\x0did-aes256-GCM");
    hash.update(b"Apple");
    hash.update(merchant_id_hash);
    let mut key = Box::new(Zeroizing::new([0; 32]));
    hash.finalize_into((&mut **key).into());
    ContentKey::Aes256(key)
}

/// RSA-OAEP with SHA-256, in MGF1 too, and an empty label: reference 5.5.
fn unwrap_key(
    wrapped: &[u8],
    private: &OaepPrivateDecryptingKey,
) -> Result<Box<Zeroizing<[u8; 16]>>, Refusal> {
    let mut buffer = Box::new(Zeroizing::new([0; RSA_BYTES]));
    let unwrapped = private
        .decrypt(&OAEP_SHA256_MGF1SHA256, wrapped, buffer.as_mut_slice(), None)
        .map_err(|_| Refusal::WrappedKey)?;
    let mut key = Box::new(Zeroizing::new([0; 16]));
    if unwrapped.len() != key.len() {
        return Err(Refusal::WrappedKey);
    }
    key.copy_from_slice(unwrapped);
    Ok(key)
}

impl fmt::Debug for ContentKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Aes256(_) => "ContentKey(AES-256, ..)",
            Self::Aes128(_) => "ContentKey(AES-128, ..)",
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    /// The intermediate values of the published vectors, made by another implementation.
    #[test]
    fn shared_secret_and_key_are_those_of_the_vectors() {
        let vectors: Value =
            serde_json::from_str(include_str!("../../fixtures/applepay/vectors.json")).unwrap();
        let mut compared = 0;
        for vector in vectors["vectors"].as_array().unwrap() {
            let debug = &vector["debug"];
            let Some(secret) = debug["ecdh_shared_secret_hex"].as_str() else { continue };
            let mut shared = Box::new(Zeroizing::new([0; 32]));
            hex::decode_to_slice(secret, shared.as_mut_slice()).unwrap();
            let merchant_id = vectors["merchant_identifier"].as_str().unwrap();
            let party_v: [u8; 32] = Sha256::digest(merchant_id).into();
            assert_eq!(hex::encode(party_v), debug["kdf_party_v_hex"].as_str().unwrap());
            let ContentKey::Aes256(key) = derive(&shared, &party_v) else { panic!("not AES-256") };
            assert_eq!(hex::encode(**key), debug["aes_key_hex"].as_str().unwrap());
            compared += 1;
        }
        assert_eq!(compared, 2);
    }

    #[test]
    fn what_unwraps_to_no_key_of_aes_128_is_refused() {
        use aws_lc_rs::rsa::{OAEP_SHA1_MGF1SHA1, OaepAlgorithm, OaepPublicEncryptingKey};
        let certificate = include_bytes!("../../fixtures/applepay/merchant-rsa.cert.pem");
        let key = include_bytes!("../../fixtures/applepay/merchant-rsa.key.pem");
        let merchant =
            MerchantKey::from_pem("merchant.com.example.checkout", certificate, key).unwrap();
        let PrivateKey::Rsa(private) = merchant.private() else { panic!("not RSA") };
        let super::super::merchant::ProcessingKey::Rsa(spki) = &merchant.certificate().key else {
            panic!("not RSA")
        };
        let public = aws_lc_rs::rsa::PublicEncryptingKey::from_der(spki).unwrap();
        let public = OaepPublicEncryptingKey::new(public).unwrap();
        let wrap = |with: &'static OaepAlgorithm, key: &[u8], label: Option<&[u8]>| {
            let mut wrapped = vec![0; 256];
            public.encrypt(with, key, &mut wrapped, label).unwrap();
            unwrap_key(&wrapped, private).map(|key| key.to_vec())
        };
        assert_eq!(wrap(&OAEP_SHA256_MGF1SHA256, &[7; 16], None), Ok(vec![7; 16]));
        for len in [0, 15, 17, 32] {
            let refused = wrap(&OAEP_SHA256_MGF1SHA256, &vec![7; len], None);
            assert_eq!(refused, Err(Refusal::WrappedKey), "{len}");
        }
        assert_eq!(wrap(&OAEP_SHA1_MGF1SHA1, &[7; 16], None), Err(Refusal::WrappedKey));
        let labelled = wrap(&OAEP_SHA256_MGF1SHA256, &[7; 16], Some(b"label"));
        assert_eq!(labelled, Err(Refusal::WrappedKey));
        for len in [0, 1, 255, 256, 257] {
            assert_eq!(
                unwrap_key(&vec![1; len], private).err(),
                Some(Refusal::WrappedKey),
                "{len}"
            );
        }
    }
}
