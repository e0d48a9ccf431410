//! Keys for the merchant's two certificates, and the requests that Apple makes certificates of. Source: reference 4; RFC 2986.

use std::fmt;
use std::str::FromStr;

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{self, KeySize};
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair, RSA_PKCS1_SHA256,
};
use der::asn1::{Any, BitString, SetOfVec};
use der::{Decode, Encode};
use pem_rfc7468::LineEnding;
use x509_cert::name::Name;
use x509_cert::request::{CertReq, CertReqInfo, Version as RequestVersion};
use x509_cert::spki::{AlgorithmIdentifierOwned, SubjectPublicKeyInfoOwned};
use zeroize::Zeroizing;

use super::Version;
use crate::ec::Point;
use crate::{oid, pem};

/// A private key that was just made, and the request that goes to Apple for its certificate.
///
/// The key is wiped on drop; deliberately not `Clone`, `Display` or `Serialize`. It comes from the operating system's randomness, and no two
/// calls give the same.
pub struct CertificateRequest {
    key: Zeroizing<String>,
    request: String,
}

/// A key or its request could not be made: there was no randomness.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, thiserror::Error)]
#[error("no key could be made")]
pub struct NotRequested;

/// What the certificate is called until Apple gives it a name of its own.
const PAYMENT_PROCESSING: &str = "CN=Apple Pay Payment Processing";
const MERCHANT_IDENTITY: &str = "CN=Apple Pay Merchant Identity";

/// A key pair that can sign its own request.
enum Pair {
    P256(EcdsaKeyPair),
    Rsa(rsa::KeyPair),
}

impl CertificateRequest {
    /// For a payment processing certificate, to which tokens of this version are encrypted: a key on P-256, or for `RSA_v1`, which is
    /// mainland China's, RSA of 2048 bits.
    pub fn payment_processing(version: Version) -> Result<Self, NotRequested> {
        let pair = match version {
            Version::EcV1 => Pair::p256(),
            Version::RsaV1 => Pair::rsa(),
        };
        Self::of(pair, PAYMENT_PROCESSING).ok_or(NotRequested)
    }

    /// For a merchant identity certificate, with which the server shows Apple whose sessions it asks for: RSA of 2048 bits.
    pub fn merchant_identity() -> Result<Self, NotRequested> {
        Self::of(Pair::rsa(), MERCHANT_IDENTITY).ok_or(NotRequested)
    }

    fn of(pair: Option<Pair>, subject: &str) -> Option<Self> {
        let pair = pair?;
        let request = pair.request(subject)?;
        let request = pem_rfc7468::encode_string(pem::REQUEST, LineEnding::LF, &request).ok()?;
        Some(Self { key: pair.to_pem()?, request })
    }

    /// The private key: PKCS#8 in PEM, without a password.
    pub fn expose_key_pem(&self) -> &str {
        &self.key
    }

    /// The request: PKCS#10 in PEM, public.
    pub fn request_pem(&self) -> &str {
        &self.request
    }
}

impl Pair {
    fn p256() -> Option<Self> {
        EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).ok().map(Self::P256)
    }

    fn rsa() -> Option<Self> {
        rsa::KeyPair::generate(KeySize::Rsa2048).ok().map(Self::Rsa)
    }

    /// The DER of a `CertificationRequest` without attributes. Source: RFC 2986, section 4.
    fn request(&self, subject: &str) -> Option<Vec<u8>> {
        let info = CertReqInfo {
            version: RequestVersion::V1,
            subject: Name::from_str(subject).ok()?,
            public_key: SubjectPublicKeyInfoOwned::from_der(&self.spki()?).ok()?,
            attributes: SetOfVec::new(),
        };
        let signature = self.sign(&info.to_der().ok()?)?;
        let signature = BitString::from_bytes(&signature).ok()?;
        CertReq { info, algorithm: self.algorithm(), signature }.to_der().ok()
    }

    /// The DER of the SubjectPublicKeyInfo.
    fn spki(&self) -> Option<Vec<u8>> {
        match self {
            Self::P256(pair) => Some(Point::from_bytes(pair.public_key().as_ref())?.to_spki()),
            Self::Rsa(pair) => Some(pair.public_key().as_der().ok()?.as_ref().to_vec()),
        }
    }

    /// Of its signatures: without parameters for ECDSA, with NULL for RSA. Source: RFC 5754, section 3.
    fn algorithm(&self) -> AlgorithmIdentifierOwned {
        let (oid, parameters) = match self {
            Self::P256(_) => (oid::ECDSA_WITH_SHA_256, None),
            Self::Rsa(_) => (oid::RSA_WITH_SHA_256, Some(Any::null())),
        };
        AlgorithmIdentifierOwned { oid, parameters }
    }

    fn sign(&self, message: &[u8]) -> Option<Vec<u8>> {
        let random = SystemRandom::new();
        match self {
            Self::P256(pair) => Some(pair.sign(&random, message).ok()?.as_ref().to_vec()),
            Self::Rsa(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &random, message, &mut signature).ok()?;
                Some(signature)
            }
        }
    }

    /// AWS-LC wipes its buffers; the encoder writes into one that has its final size.
    fn to_pem(&self) -> Option<Zeroizing<String>> {
        let encode = |der: &[u8]| {
            let text = pem_rfc7468::encode_string(pem::PRIVATE_KEY, LineEnding::LF, der);
            text.ok().map(Zeroizing::new)
        };
        match self {
            Self::P256(pair) => encode(pair.to_pkcs8v1().ok()?.as_ref()),
            Self::Rsa(pair) => {
                let der: Pkcs8V1Der<'static> = pair.as_der().ok()?;
                encode(der.as_ref())
            }
        }
    }
}

impl fmt::Debug for CertificateRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { key: _, request: _ } = self; // a new field will not compile until it is judged here
        f.write_str("CertificateRequest(..)")
    }
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::agreement::{ECDH_P256, PrivateKey};
    use aws_lc_rs::rsa::PrivateDecryptingKey;
    use aws_lc_rs::signature::{RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};

    use super::*;
    use crate::private_key::{self, Kind};

    fn parsed(made: &CertificateRequest) -> CertReq {
        let (_, der) = pem::read(made.request_pem().as_bytes(), &[pem::REQUEST]).unwrap();
        CertReq::from_der(&der).unwrap()
    }

    #[test]
    fn tokens_are_encrypted_to_a_key_on_p256() {
        let made = CertificateRequest::payment_processing(Version::EcV1).unwrap();
        let request = parsed(&made);
        let spki = request.info.public_key.to_der().unwrap();
        let point = Point::from_spki(&spki).unwrap();
        assert_eq!(request.info.subject.to_string(), PAYMENT_PROCESSING);
        assert_eq!(request.algorithm.oid, oid::ECDSA_WITH_SHA_256);
        assert_eq!(request.algorithm.parameters, None);
        assert!(point.has_signed(&request.info.to_der().unwrap(), request.signature.raw_bytes()));
        let file = private_key::read(made.expose_key_pem().as_bytes()).unwrap();
        assert_eq!(file.kind, Kind::P256);
        let key = PrivateKey::from_private_key_der(&ECDH_P256, &file.der).unwrap();
        assert_eq!(key.compute_public_key().unwrap().as_ref(), point.as_bytes());
    }

    #[test]
    fn the_merchant_and_mainland_china_have_rsa_of_2048_bits() {
        for (made, subject) in [
            (CertificateRequest::merchant_identity(), MERCHANT_IDENTITY),
            (CertificateRequest::payment_processing(Version::RsaV1), PAYMENT_PROCESSING),
        ] {
            let made = made.unwrap();
            let request = parsed(&made);
            assert_eq!(request.info.subject.to_string(), subject);
            assert_eq!(request.algorithm.oid, oid::RSA_WITH_SHA_256);
            assert_eq!(request.algorithm.parameters, Some(Any::null()));
            UnparsedPublicKey::new(
                &RSA_PKCS1_2048_8192_SHA256,
                request.info.public_key.subject_public_key.raw_bytes(),
            )
            .verify(&request.info.to_der().unwrap(), request.signature.raw_bytes())
            .unwrap();
            let file = private_key::read(made.expose_key_pem().as_bytes()).unwrap();
            assert_eq!(file.kind, Kind::Rsa);
            let key = PrivateDecryptingKey::from_pkcs8(&file.der).unwrap();
            assert_eq!(key.key_size_bits(), 2048);
            let spki = key.public_key().as_der().unwrap();
            assert_eq!(spki.as_ref(), request.info.public_key.to_der().unwrap());
        }
    }

    #[test]
    fn no_two_keys_are_the_same() {
        let [one, other] =
            [(), ()].map(|()| CertificateRequest::payment_processing(Version::EcV1).unwrap());
        assert!(one.expose_key_pem() != other.expose_key_pem());
    }

    #[test]
    fn nothing_of_a_key_is_printed() {
        let made = CertificateRequest::payment_processing(Version::EcV1).unwrap();
        assert_eq!(format!("{made:?}"), "CertificateRequest(..)");
    }
}
