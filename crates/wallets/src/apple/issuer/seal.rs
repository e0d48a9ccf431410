//! The encryption of payment data to a merchant: the other direction of reference 5.3 to 5.6.

use aws_lc_rs::agreement::{self, ECDH_P256};
use aws_lc_rs::rsa::{OAEP_SHA256_MGF1SHA256, OaepPublicEncryptingKey, PublicEncryptingKey};
use zeroize::Zeroizing;

use super::{IssueError, random};
use crate::apple::cipher;
use crate::apple::content_key::{self, ContentKey};
use crate::apple::merchant::{ProcessingCertificate, ProcessingKey};
use crate::ec::{self, Point};

/// Payment data for one merchant.
pub(super) struct Sealed {
    /// `ephemeralPublicKey` or `wrappedKey`.
    pub(super) key: Vec<u8>,
    /// Ciphertext and tag.
    pub(super) data: Vec<u8>,
}

pub(super) fn seal(
    plaintext: &[u8],
    recipient: &ProcessingCertificate,
) -> Result<Sealed, IssueError> {
    let (key, content_key) = match &recipient.key {
        ProcessingKey::P256(point) => agree(point, recipient.merchant_id_hash())?,
        ProcessingKey::Rsa(spki) => wrap(spki)?,
    };
    let mut data = Zeroizing::new(plaintext.to_vec());
    let tag = cipher::encrypt(&content_key, &mut data).ok_or(IssueError)?;
    Ok(Sealed { key, data: [data.as_slice(), &tag].concat() })
}

fn agree(point: &Point, merchant_id_hash: &[u8; 32]) -> Result<(Vec<u8>, ContentKey), IssueError> {
    let ephemeral = agreement::PrivateKey::generate(&ECDH_P256).map_err(|_| IssueError)?;
    let public = ephemeral.compute_public_key().map_err(|_| IssueError)?;
    let public = Point::from_bytes(public.as_ref()).ok_or(IssueError)?;
    let shared = ec::agree(&ephemeral, point).ok_or(IssueError)?;
    Ok((public.to_spki(), content_key::derive(&shared, merchant_id_hash)))
}

fn wrap(spki: &[u8]) -> Result<(Vec<u8>, ContentKey), IssueError> {
    let public = PublicEncryptingKey::from_der(spki).map_err(|_| IssueError)?;
    let public = OaepPublicEncryptingKey::new(public).map_err(|_| IssueError)?;
    let key = Box::new(Zeroizing::new(random::<16>()?));
    let mut wrapped = vec![0; public.ciphertext_size()];
    public
        .encrypt(&OAEP_SHA256_MGF1SHA256, key.as_slice(), &mut wrapped, None)
        .map_err(|_| IssueError)?;
    Ok((wrapped, ContentKey::Aes128(key)))
}
