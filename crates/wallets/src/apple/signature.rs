//! That Apple has signed the token, just now: reference 5.2, in its order.

use jiff::{SignedDuration, Timestamp};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use super::Refusal;
use super::chain::{Chain, ChainCache};
use super::cms::{Algorithm, SignedData};
use super::roots::TrustRoots;
use super::token::{PaymentToken, Version};
use crate::oid;

/// How far the time of signing may be away from now, either way.
const FRESH: SignedDuration = SignedDuration::from_mins(5);

/// A token that Apple has signed just now. Only [`Signed::verify`] makes one, and nothing else can be decrypted.
pub(super) struct Signed<'t> {
    token: &'t PaymentToken,
    signed_at: Timestamp,
}

impl<'t> Signed<'t> {
    /// All seven steps.
    pub(super) fn verify(
        token: &'t PaymentToken,
        roots: &TrustRoots,
        cache: &ChainCache,
        now: Timestamp,
    ) -> Result<Self, Refusal> {
        let signed_data = SignedData::read(token.signature())?; // 1
        let chain = Chain::of(&signed_data, roots, cache, now)?; // 2, 3
        let signer = &signed_data.signer;
        let attributes = signer.attributes()?;
        if signer.digest_algorithm != Some(Algorithm::Sha256) {
            return Err(Refusal::Algorithm);
        }
        let mut digest = Sha256::new();
        for part in token.signed_content() {
            digest.update(part); // 4
        }
        if !bool::from(digest.finalize().as_slice().ct_eq(attributes.message_digest)) {
            return Err(Refusal::Digest); // 5
        }
        if attributes.content_type != oid::DATA {
            return Err(Refusal::ContentType);
        }
        let algorithm = Some(match token.version() {
            Version::EcV1 => Algorithm::EcdsaWithSha256,
            Version::RsaV1 => Algorithm::RsaWithSha256,
        });
        let is_protected = attributes
            .protection
            .is_none_or(|protection| protection == [signer.digest_algorithm, algorithm]);
        if signer.signature_algorithm != algorithm
            || Some(chain.algorithm()) != algorithm
            || !is_protected
        {
            return Err(Refusal::Algorithm);
        }
        if !chain.has_signed(&signer.signed_bytes(), signer.signature) {
            return Err(Refusal::Signature); // 6
        }
        let signed_at = attributes.signing_time;
        if now.duration_since(signed_at).abs() > FRESH {
            return Err(Refusal::SigningTime); // 7
        }
        Ok(Self { token, signed_at })
    }

    pub(super) fn token(&self) -> &'t PaymentToken {
        self.token
    }

    pub(super) fn signed_at(&self) -> Timestamp {
        self.signed_at
    }
}
