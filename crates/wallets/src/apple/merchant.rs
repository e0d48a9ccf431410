//! The merchant's payment processing certificates and their keys.

use std::fmt;

use aws_lc_rs::agreement::{self, ECDH_P256};
use aws_lc_rs::encoding::AsDer;
use aws_lc_rs::rsa::{OaepPrivateDecryptingKey, PrivateDecryptingKey};
use der::Decode;
use der::asn1::Utf8StringRef;
use jiff::Timestamp;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use super::certificate::{Certificate, PublicKey, Validity};
use crate::ec::Point;
use crate::private_key::{self, Kind, ReadError};
use crate::{oid, pem};

/// A payment processing certificate: what tokens are encrypted to. Public.
#[derive(Clone, Debug)]
pub struct ProcessingCertificate {
    merchant_id: String,
    /// SHA-256 of the merchant identifier: the KDF's PartyV (reference 5.4).
    merchant_id_hash: [u8; 32],
    public_key_hash: [u8; 32],
    pub(super) key: ProcessingKey,
    validity: Validity,
}

/// The public key, by which a token's version is decided.
#[derive(Clone, Debug)]
pub(super) enum ProcessingKey {
    /// For `EC_v1`.
    P256(Point),
    /// For `RSA_v1`: the SubjectPublicKeyInfo.
    Rsa(Vec<u8>),
}

/// A payment processing certificate with its private key. Not `Clone`, `Display` or `Serialize`; AWS-LC wipes the key's memory when it is
/// dropped.
///
/// At renewal the old and the new one are held both: tokens to the old one keep coming for a while. That a certificate has expired does
/// not prevent decryption.
pub struct MerchantKey {
    certificate: ProcessingCertificate,
    private: PrivateKey,
}

pub(super) enum PrivateKey {
    P256(agreement::PrivateKey),
    Rsa(OaepPrivateDecryptingKey),
}

/// Why a certificate or key was refused: what is wrong with the operator's files, and nothing of the key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum MerchantKeyError {
    /// Not one X.509 certificate in PEM.
    #[error("the certificate file does not hold one certificate in PEM")]
    Certificate,
    /// Neither on P-256 nor RSA of 2048 bits.
    #[error("the certificate's key is neither on the curve P-256 nor RSA of 2048 bits")]
    CertificateKind,
    /// Not one private key in PEM.
    #[error("the key file does not hold one private key in PEM, as SEC1, PKCS#8 or PKCS#1")]
    Key,
    /// The private key is under a password.
    #[error("the private key is encrypted: store it without a password")]
    KeyEncrypted,
    /// Neither on P-256 nor RSA.
    #[error("the private key is neither on the curve P-256 nor RSA")]
    KeyKind,
    /// The private key is another one's.
    #[error("the private key does not belong to the certificate")]
    KeyMismatch,
    /// The certificate's extension 1.2.840.113635.100.6.32 is not the hash of the merchant identifier.
    #[error("extension 1.2.840.113635.100.6.32 of the certificate is that of another merchant id")]
    MerchantIdHash,
    /// No extension 1.2.840.113635.100.6.32, so not a certificate of Apple Pay.
    #[error("the certificate has no extension 1.2.840.113635.100.6.32: not one for Apple Pay")]
    MerchantIdHashMissing,
    /// The subject's UID is not the merchant identifier.
    #[error("the certificate's subject has another merchant id as its UID, or none")]
    Uid,
}

impl ProcessingCertificate {
    /// Reads a certificate and checks that it is this merchant's, by both places where Apple writes the merchant identifier.
    pub fn from_pem(merchant_id: &str, certificate: &[u8]) -> Result<Self, MerchantKeyError> {
        let (_, der) =
            pem::read(certificate, &[pem::CERTIFICATE]).ok_or(MerchantKeyError::Certificate)?;
        let certificate = Certificate::read(&der).map_err(|_| MerchantKeyError::Certificate)?;
        let spki = certificate.spki().map_err(|_| MerchantKeyError::Certificate)?;
        let merchant_id_hash: [u8; 32] = Sha256::digest(merchant_id).into();
        let extension = certificate
            .extension(&oid::MERCHANT_ID)
            .ok_or(MerchantKeyError::MerchantIdHashMissing)?;
        if read_merchant_id_hash(extension) != Some(merchant_id_hash) {
            return Err(MerchantKeyError::MerchantIdHash);
        }
        if !certificate.has_user_id(merchant_id) {
            return Err(MerchantKeyError::Uid);
        }
        let public_key_hash = Sha256::digest(&spki).into();
        let key = match certificate.public_key() {
            PublicKey::P256(point) => ProcessingKey::P256(point),
            PublicKey::Rsa(_) => ProcessingKey::Rsa(spki),
            PublicKey::P384(_) | PublicKey::Other => return Err(MerchantKeyError::CertificateKind),
        };
        Ok(Self {
            merchant_id: merchant_id.to_owned(),
            merchant_id_hash,
            public_key_hash,
            key,
            validity: certificate.validity(),
        })
    }

    /// The merchant identifier that a certificate itself names, by its subject's UID.
    ///
    /// For a person who looks into a token. A server knows its merchant identifier from its configuration, and holds the certificate to it.
    pub fn unverified_merchant_id(certificate: &[u8]) -> Result<String, MerchantKeyError> {
        let (_, der) =
            pem::read(certificate, &[pem::CERTIFICATE]).ok_or(MerchantKeyError::Certificate)?;
        let certificate = Certificate::read(&der).map_err(|_| MerchantKeyError::Certificate)?;
        certificate.user_id().map(str::to_owned).ok_or(MerchantKeyError::Uid)
    }

    /// The merchant identifier.
    pub fn merchant_id(&self) -> &str {
        &self.merchant_id
    }

    /// SHA-256 of the SubjectPublicKeyInfo, which is how tokens name the certificate.
    pub fn public_key_hash(&self) -> &[u8; 32] {
        &self.public_key_hash
    }

    /// When it begins to be valid.
    pub fn not_before(&self) -> Timestamp {
        self.validity.not_before
    }

    /// When it expires. Apple stops encrypting to it then.
    pub fn not_after(&self) -> Timestamp {
        self.validity.not_after
    }

    pub(super) fn merchant_id_hash(&self) -> &[u8; 32] {
        &self.merchant_id_hash
    }
}

impl MerchantKey {
    /// Reads a certificate and its private key, both PEM. The key is SEC1, PKCS#8 or PKCS#1, without a password.
    pub fn from_pem(
        merchant_id: &str,
        certificate: &[u8],
        key: &[u8],
    ) -> Result<Self, MerchantKeyError> {
        let certificate = ProcessingCertificate::from_pem(merchant_id, certificate)?;
        let key = private_key::read(key).map_err(|error| match error {
            ReadError::Encrypted => MerchantKeyError::KeyEncrypted,
            ReadError::Kind => MerchantKeyError::KeyKind,
            ReadError::Malformed => MerchantKeyError::Key,
        })?;
        let private = match (key.kind, &certificate.key) {
            (Kind::P256, ProcessingKey::P256(point)) => p256_key(&key.der, point)?,
            (Kind::Rsa, ProcessingKey::Rsa(spki)) => rsa_key(&key.der, spki)?,
            _ => return Err(MerchantKeyError::KeyMismatch),
        };
        Ok(Self { certificate, private })
    }

    /// The certificate.
    pub fn certificate(&self) -> &ProcessingCertificate {
        &self.certificate
    }

    pub(super) fn private(&self) -> &PrivateKey {
        &self.private
    }
}

/// AWS-LC checks that a public key which stands in the file is the private one's.
fn p256_key(der: &[u8], expected: &Point) -> Result<PrivateKey, MerchantKeyError> {
    let key = agreement::PrivateKey::from_private_key_der(&ECDH_P256, der)
        .map_err(|_| MerchantKeyError::Key)?;
    let public = key.compute_public_key().map_err(|_| MerchantKeyError::Key)?;
    if !bool::from(public.as_ref().ct_eq(expected.as_bytes())) {
        return Err(MerchantKeyError::KeyMismatch);
    }
    Ok(PrivateKey::P256(key))
}

fn rsa_key(pkcs8: &[u8], expected_spki: &[u8]) -> Result<PrivateKey, MerchantKeyError> {
    let key = PrivateDecryptingKey::from_pkcs8(pkcs8).map_err(|_| MerchantKeyError::Key)?;
    let public = key.public_key().as_der().map_err(|_| MerchantKeyError::Key)?;
    if !bool::from(public.as_ref().ct_eq(expected_spki)) {
        return Err(MerchantKeyError::KeyMismatch);
    }
    OaepPrivateDecryptingKey::new(key).map(PrivateKey::Rsa).map_err(|_| MerchantKeyError::Key)
}

/// A UTF8String of 64 capital hexadecimal digits: reference 5.4.
fn read_merchant_id_hash(extension: &[u8]) -> Option<[u8; 32]> {
    crate::wire::from_hex_32(Utf8StringRef::from_der(extension).ok()?.as_str())
}

impl fmt::Debug for MerchantKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { certificate, private: _ } = self; // a new field will not compile until it is judged here
        write!(f, "MerchantKey({}, ..)", certificate.merchant_id)
    }
}
