//! Whose signature it is: steps 2 and 3 of reference 5.2.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256, VerificationAlgorithm,
};
use jiff::Timestamp;

use super::Refusal;
use super::certificate::{Certificate, PublicKey, Validity};
use super::cms::{Algorithm, SignedData};
use super::roots::TrustRoots;
use crate::oid;

/// A chain of which everything but the time has been verified.
#[derive(Debug)]
pub(super) struct Chain {
    /// What it was made from: the exact bytes of both certificates in the order of the token, and of the signer's issuer and serial number.
    /// A chain is only ever used for exactly these.
    source: Source<Box<[u8]>>,
    /// The time in which root, intermediate and leaf are all valid.
    validity: Validity,
    /// The leaf's key, ready for use.
    key: ParsedPublicKey,
    /// With which algorithm that key signs.
    algorithm: Algorithm,
}

#[derive(Debug, PartialEq, Eq)]
struct Source<T> {
    certificates: [T; 2],
    issuer: T,
    serial: T,
}

impl Chain {
    /// The chain of a signature up to one of the roots, from the cache if it has been there before, valid now.
    pub(super) fn of(
        signed_data: &SignedData<'_>,
        roots: &TrustRoots,
        cache: &ChainCache,
        now: Timestamp,
    ) -> Result<Arc<Self>, Refusal> {
        let source = Source {
            certificates: signed_data.certificates,
            issuer: signed_data.signer.issuer,
            serial: signed_data.signer.serial,
        };
        let chain = match cache.find(&source) {
            Some(chain) => chain,
            None => cache.keep(Self::verify(&source, roots)?),
        };
        // Never taken from the cache: a certificate expires while it lies there.
        if chain.validity.contains(now) { Ok(chain) } else { Err(Refusal::Validity) }
    }

    /// Everything but the time.
    fn verify(source: &Source<&[u8]>, roots: &TrustRoots) -> Result<Self, Refusal> {
        let [first, second] = source.certificates;
        let read = |der| Certificate::read(der).map_err(|_| Refusal::SignatureEncoding);
        let (first, second) = (read(first)?, read(second)?);
        let (leaf, intermediate) = if first.is_named(source.issuer, source.serial) {
            (first, second)
        } else if second.is_named(source.issuer, source.serial) {
            (second, first)
        } else {
            return Err(Refusal::Signer);
        };
        if leaf.extension(&oid::LEAF_MARKER).is_none() {
            return Err(Refusal::LeafMarker);
        }
        if intermediate.extension(&oid::INTERMEDIATE_MARKER).is_none() {
            return Err(Refusal::IntermediateMarker);
        }
        // Without cross-certificates one name is one key, but nothing is lost by trying.
        let root = roots
            .iter()
            .filter(|root| root.subject == *intermediate.issuer())
            .find(|root| intermediate.is_signed_by(&root.key))
            .ok_or(Refusal::Chain)?;
        let authority = intermediate.public_key();
        let is_chain = intermediate.is_authority()
            && intermediate.has_plain_extensions()
            && matches!(authority, PublicKey::P256(_))
            && leaf.issuer() == intermediate.subject()
            && leaf.is_end_entity()
            && leaf.has_plain_extensions()
            && leaf.is_signed_by(&authority);
        if !is_chain {
            return Err(Refusal::Chain);
        }
        let (key, algorithm) = signing_key(&leaf.public_key()).ok_or(Refusal::Chain)?;
        Ok(Self {
            source: source.to_owned(),
            validity: root.validity.and(intermediate.validity()).and(leaf.validity()),
            key,
            algorithm,
        })
    }

    /// With which algorithm the leaf signs: the one of its key.
    pub(super) fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// Whether the leaf has signed the message.
    pub(super) fn has_signed(&self, message: &[u8], signature: &[u8]) -> bool {
        self.key.verify_sig(message, signature).is_ok()
    }
}

/// A leaf's key is on P-256, or RSA of 2048 bits.
fn signing_key(key: &PublicKey) -> Option<(ParsedPublicKey, Algorithm)> {
    let (verifier, bytes, algorithm): (&'static dyn VerificationAlgorithm, &[u8], _) = match key {
        PublicKey::P256(point) => {
            (&ECDSA_P256_SHA256_ASN1, point.as_bytes(), Algorithm::EcdsaWithSha256)
        }
        PublicKey::Rsa(key) => (&RSA_PKCS1_2048_8192_SHA256, key, Algorithm::RsaWithSha256),
        PublicKey::P384(_) | PublicKey::Other => return None,
    };
    Some((ParsedPublicKey::new(verifier, bytes).ok()?, algorithm))
}

impl Source<&[u8]> {
    fn to_owned(&self) -> Source<Box<[u8]>> {
        Source {
            certificates: self.certificates.map(Into::into),
            issuer: self.issuer.into(),
            serial: self.serial.into(),
        }
    }

    fn is(&self, other: &Source<Box<[u8]>>) -> bool {
        let [first, second] = &other.certificates;
        self.certificates == [&**first, &**second]
            && self.issuer == &*other.issuer
            && self.serial == &*other.serial
    }
}

/// The chains that were verified last. Only chains up to a trusted root get in, so no stranger can push others out.
#[derive(Debug, Default)]
pub(super) struct ChainCache(Mutex<VecDeque<Arc<Chain>>>);

impl ChainCache {
    /// Apple signs with two leaves, one of them for mainland China, and each is replaced now and then.
    const MAX: usize = 8;

    fn find(&self, source: &Source<&[u8]>) -> Option<Arc<Chain>> {
        let chains = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        chains.iter().find(|chain| source.is(&chain.source)).cloned()
    }

    fn keep(&self, chain: Chain) -> Arc<Chain> {
        let chain = Arc::new(chain);
        let mut chains = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = chains.iter().find(|known| known.source == chain.source) {
            return Arc::clone(known); // another thread was faster
        }
        if chains.len() >= Self::MAX {
            chains.pop_front();
        }
        chains.push_back(Arc::clone(&chain));
        chain
    }
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair};

    use super::*;

    fn chain(number: u8) -> Chain {
        let key = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).unwrap();
        let key = ParsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, key.public_key()).unwrap();
        let part = |bytes: &[u8]| bytes.into();
        let certificates = [part(&[1]), part(&[number])];
        let always = Validity { not_before: Timestamp::MIN, not_after: Timestamp::MAX };
        let source = Source { certificates, issuer: part(&[2]), serial: part(&[3]) };
        Chain { source, validity: always, key, algorithm: Algorithm::EcdsaWithSha256 }
    }

    #[test]
    fn the_cache_is_bounded_and_forgets_the_oldest() {
        let cache = ChainCache::default();
        for number in 0..20 {
            cache.keep(chain(number));
            cache.keep(chain(number));
        }
        let knows = |number: u8| {
            let source =
                Source { certificates: [&[1][..], &[number]], issuer: &[2][..], serial: &[3][..] };
            cache.find(&source).is_some()
        };
        assert_eq!(
            (0..=255).filter(|number| knows(*number)).collect::<Vec<_>>(),
            [12, 13, 14, 15, 16, 17, 18, 19]
        );
    }

    #[test]
    fn a_chain_is_found_by_all_of_its_bytes() {
        let cache = ChainCache::default();
        cache.keep(chain(0));
        let find = |first: &[u8], second: &[u8], issuer: &[u8], serial: &[u8]| {
            cache.find(&Source { certificates: [first, second], issuer, serial }).is_some()
        };
        assert!(find(&[1], &[0], &[2], &[3]));
        assert!(!find(&[0], &[1], &[2], &[3]));
        assert!(!find(&[1], &[0, 0], &[2], &[3]));
        assert!(!find(&[1, 0], &[], &[2], &[3]));
        assert!(!find(&[1], &[0], &[3], &[3]));
        assert!(!find(&[1], &[0], &[2], &[2]));
    }
}
