//! The certificates: a root on P-384, an intermediate on P-256, leaves, and those of merchants.
//!
//! Their structure is Apple's: reference 5.2, steps 2 and 3, and 5.4.

use std::str::FromStr;

use aws_lc_rs::encoding::AsDer;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{self, KeySize};
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair, RSA_PKCS1_SHA256,
};
use der::asn1::{AnyRef, ObjectIdentifier};
use der::{DateTime, Encode};
use jiff::{SignedDuration, Timestamp};
use p384::ecdsa::signature::hazmat::PrehashSigner;
use p384::ecdsa::{Signature, SigningKey};
use pem_rfc7468::LineEnding;
use sha2::{Digest, Sha256};
use x509_cert::name::Name;
use x509_cert::time::Time;
use zeroize::Zeroizing;

use super::encode::{INTEGER, OCTET_STRING, SEQUENCE, UTF8_STRING, bit_string, context, element};
use super::{IssueError, IssuerFiles, ProcessingFiles, random};
use crate::apple::certificate::{Certificate, PublicKey};
use crate::ec::Point;
use crate::{oid, pem};

/// Root and intermediate.
pub(super) struct Authority {
    root: Vec<u8>,
    intermediate: Vec<u8>,
    intermediate_key: EcdsaKeyPair,
    validity: Vec<u8>,
}

/// A leaf with its key.
pub(super) struct Signer {
    pub(super) certificate: Vec<u8>,
    /// The `INTEGER`.
    pub(super) serial: Vec<u8>,
    key: LeafKey,
}

enum LeafKey {
    Ec(EcdsaKeyPair),
    Rsa(rsa::KeyPair),
}

/// What differs between certificates.
struct Content<'a> {
    issuer: &'a str,
    subject: &'a str,
    /// SubjectPublicKeyInfo.
    key: &'a [u8],
    is_authority: bool,
    /// The bits of `KeyUsage`, as the content of its bit string.
    usage: [u8; 2],
    extension: Option<(ObjectIdentifier, Vec<u8>)>,
}

const ROOT: &str = "CN=Farthing Sandbox Root CA - G3,O=Farthing Sandbox";
const INTERMEDIATE: &str = "CN=Farthing Sandbox Application Integration CA - G3,O=Farthing Sandbox";
const LEAF: &str = "CN=smp-broker-sign_FARTHING-SANDBOX,O=Farthing Sandbox";
const MERCHANT: &str = "CN=Apple Pay Payment Processing (Farthing Sandbox)";

/// `keyCertSign` and `cRLSign`: RFC 5280, section 4.2.1.3.
const SIGNS_CERTIFICATES: [u8; 2] = [0x01, 0x06];
/// `digitalSignature`.
const SIGNS_CONTENT: [u8; 2] = [0x07, 0x80];
/// `keyAgreement`.
const AGREES: [u8; 2] = [0x03, 0x08];

/// What stands before the point of a key on P-384, as `SPKI_HEAD` of `ec` for P-256.
const P384_SPKI_HEAD: [u8; 23] = [
    0x30, 0x76, 0x30, 0x10, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x05, 0x2b,
    0x81, 0x04, 0x00, 0x22, 0x03, 0x62, 0x00,
];

impl Authority {
    pub(super) fn new(now: Timestamp) -> Result<Self, IssueError> {
        let day = SignedDuration::from_hours(24);
        let validity = validity(now - day, now + day * 3653)?;
        let root_key = root_key()?;
        let sign = |signed: &[u8]| sign_with_root(&root_key, signed);
        let point = root_key.verifying_key().to_sec1_point(false);
        let content = Content {
            issuer: ROOT,
            subject: ROOT,
            key: &[&P384_SPKI_HEAD, point.as_bytes()].concat(),
            is_authority: true,
            usage: SIGNS_CERTIFICATES,
            extension: None,
        };
        let (root, _) = certificate(&content, &validity, sign)?;
        let intermediate_key = ec_key()?;
        let content = Content {
            issuer: ROOT,
            subject: INTERMEDIATE,
            key: &ec_spki(&intermediate_key)?,
            is_authority: true,
            usage: SIGNS_CERTIFICATES,
            extension: Some((oid::INTERMEDIATE_MARKER, null()?)),
        };
        let (intermediate, _) = certificate(&content, &validity, sign)?;
        Ok(Self { root, intermediate, intermediate_key, validity })
    }

    /// Leaves will be valid as long as the intermediate certificate.
    pub(super) fn from_files(files: &IssuerFiles) -> Result<Self, IssueError> {
        let root = from_pem(pem::CERTIFICATE, &files.root)?;
        let intermediate = from_pem(pem::CERTIFICATE, &files.intermediate)?;
        let key = from_pem(pem::PRIVATE_KEY, &files.intermediate_key)?;
        let intermediate_key = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &key)
            .map_err(|_| IssueError)?;
        let certificate = Certificate::read(&intermediate).map_err(|_| IssueError)?;
        let is_signed =
            Certificate::read(&root).is_ok_and(|root| certificate.is_signed_by(&root.public_key()));
        let has_key = matches!(certificate.public_key(),
            PublicKey::P256(point) if point.as_bytes() == intermediate_key.public_key().as_ref());
        if !is_signed || !has_key {
            return Err(IssueError);
        }
        let valid = certificate.validity();
        let validity = validity(valid.not_before, valid.not_after)?;
        Ok(Self {
            root: root.to_vec(),
            intermediate: intermediate.to_vec(),
            intermediate_key,
            validity,
        })
    }

    pub(super) fn files(&self) -> Result<IssuerFiles, IssueError> {
        Ok(IssuerFiles {
            root: self.root_pem()?,
            intermediate: to_pem(pem::CERTIFICATE, &self.intermediate)?,
            intermediate_key: key_to_pem(&self.intermediate_key)?,
        })
    }

    pub(super) fn root_pem(&self) -> Result<String, IssueError> {
        to_pem(pem::CERTIFICATE, &self.root)
    }

    /// The intermediate's certificate.
    pub(super) fn intermediate(&self) -> &[u8] {
        &self.intermediate
    }

    /// The `Name` of the intermediate, which issues leaves.
    pub(super) fn leaf_issuer() -> Result<Vec<u8>, IssueError> {
        name(INTERMEDIATE)
    }

    pub(super) fn ec_signer(&self) -> Result<Signer, IssueError> {
        let key = ec_key()?;
        self.signer(&ec_spki(&key)?, LeafKey::Ec(key))
    }

    pub(super) fn rsa_signer(&self) -> Result<Signer, IssueError> {
        let key = rsa::KeyPair::generate(KeySize::Rsa2048).map_err(|_| IssueError)?;
        let spki = key.public_key().as_der().map_err(|_| IssueError)?;
        self.signer(spki.as_ref(), LeafKey::Rsa(key))
    }

    fn signer(&self, spki: &[u8], key: LeafKey) -> Result<Signer, IssueError> {
        let (certificate, serial) =
            self.leaf(LEAF, spki, SIGNS_CONTENT, (oid::LEAF_MARKER, null()?))?;
        Ok(Signer { certificate, serial, key })
    }

    /// A payment processing certificate, issued by the same intermediate: which one issues them is nobody's concern.
    pub(super) fn processing_files(
        &self,
        merchant_id: &str,
    ) -> Result<ProcessingFiles, IssueError> {
        let key = ec_key()?;
        let certificate = self.processing_certificate(merchant_id, &ec_spki(&key)?)?;
        Ok(ProcessingFiles { certificate, key: key_to_pem(&key)? })
    }

    /// The same for another's key.
    pub(super) fn processing_certificate(
        &self,
        merchant_id: &str,
        spki: &[u8],
    ) -> Result<String, IssueError> {
        let hash = hex::encode_upper(Sha256::digest(merchant_id));
        let extension = (oid::MERCHANT_ID, element(UTF8_STRING, &[hash.as_bytes()]));
        let subject = format!("UID={},{MERCHANT}", escaped(merchant_id));
        let (certificate, _) = self.leaf(&subject, spki, AGREES, extension)?;
        to_pem(pem::CERTIFICATE, &certificate)
    }

    fn leaf(
        &self,
        subject: &str,
        spki: &[u8],
        usage: [u8; 2],
        extension: (ObjectIdentifier, Vec<u8>),
    ) -> Result<(Vec<u8>, Vec<u8>), IssueError> {
        let content = Content {
            issuer: INTERMEDIATE,
            subject,
            key: spki,
            is_authority: false,
            usage,
            extension: Some(extension),
        };
        certificate(&content, &self.validity, |signed| sign_with_ec(&self.intermediate_key, signed))
    }
}

impl Signer {
    /// The `AlgorithmIdentifier` of its signatures, and its content.
    pub(super) fn algorithm(&self) -> Result<[Vec<u8>; 2], IssueError> {
        let content = match &self.key {
            LeafKey::Ec(_) => identifier(oid::ECDSA_WITH_SHA_256)?,
            LeafKey::Rsa(_) => [identifier(oid::RSA_WITH_SHA_256)?, null()?].concat(),
        };
        Ok([element(SEQUENCE, &[&content]), content])
    }

    pub(super) fn sign(&self, message: &[u8]) -> Result<Vec<u8>, IssueError> {
        match &self.key {
            LeafKey::Ec(key) => sign_with_ec(key, message),
            LeafKey::Rsa(key) => {
                let mut signature = vec![0; key.public_modulus_len()];
                key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), message, &mut signature)
                    .map_err(|_| IssueError)?;
                Ok(signature)
            }
        }
    }
}

/// A certificate and its serial number. Source: RFC 5280, section 4.1.
fn certificate(
    content: &Content<'_>,
    validity: &[u8],
    sign: impl FnOnce(&[u8]) -> Result<Vec<u8>, IssueError>,
) -> Result<(Vec<u8>, Vec<u8>), IssueError> {
    let [first, rest @ ..]: [u8; 8] = random()?;
    // Positive, and without a superfluous zero in front.
    let serial = element(INTEGER, &[&[first & 0x3f | 0x40], &rest]);
    let algorithm = element(SEQUENCE, &[&identifier(oid::ECDSA_WITH_SHA_256)?]);
    let is_ca: &[u8] = if content.is_authority { &[0x01, 0x01, 0xff] } else { &[] };
    let mut extensions = vec![
        extension(oid::BASIC_CONSTRAINTS, true, &element(SEQUENCE, &[is_ca]))?,
        extension(oid::KEY_USAGE, true, &element(super::encode::BIT_STRING, &[&content.usage]))?,
    ];
    if let Some((kind, value)) = &content.extension {
        extensions.push(extension(*kind, false, value)?);
    }
    let signed = element(
        SEQUENCE,
        &[
            &element(context(0), &[&[INTEGER, 1, 2]]), // version 3
            &serial,
            &algorithm,
            &name(content.issuer)?,
            validity,
            &name(content.subject)?,
            content.key,
            &element(context(3), &[&element(SEQUENCE, &[&extensions.concat()])]),
        ],
    );
    let signature = bit_string(&sign(&signed)?);
    Ok((element(SEQUENCE, &[&signed, &algorithm, &signature]), serial))
}

fn extension(kind: ObjectIdentifier, critical: bool, value: &[u8]) -> Result<Vec<u8>, IssueError> {
    let critical: &[u8] = if critical { &[0x01, 0x01, 0xff] } else { &[] };
    Ok(element(SEQUENCE, &[&identifier(kind)?, critical, &element(OCTET_STRING, &[value])]))
}

fn root_key() -> Result<SigningKey, IssueError> {
    // One in 2^192 numbers is not a key.
    let secret = Zeroizing::new(random::<48>()?);
    SigningKey::from_slice(secret.as_slice()).map_err(|_| IssueError)
}

/// With SHA-256, which is not the hash that goes with the curve: so does Apple's root.
fn sign_with_root(key: &SigningKey, message: &[u8]) -> Result<Vec<u8>, IssueError> {
    let signature: Signature =
        key.sign_prehash(&Sha256::digest(message)).map_err(|_| IssueError)?;
    Ok(signature.to_der().as_bytes().to_vec())
}

fn ec_key() -> Result<EcdsaKeyPair, IssueError> {
    EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).map_err(|_| IssueError)
}

fn ec_spki(key: &EcdsaKeyPair) -> Result<Vec<u8>, IssueError> {
    Ok(Point::from_bytes(key.public_key().as_ref()).ok_or(IssueError)?.to_spki())
}

fn sign_with_ec(key: &EcdsaKeyPair, message: &[u8]) -> Result<Vec<u8>, IssueError> {
    let signature = key.sign(&SystemRandom::new(), message).map_err(|_| IssueError)?;
    Ok(signature.as_ref().to_vec())
}

pub(super) fn identifier(oid: ObjectIdentifier) -> Result<Vec<u8>, IssueError> {
    oid.to_der().map_err(|_| IssueError)
}

fn null() -> Result<Vec<u8>, IssueError> {
    AnyRef::NULL.to_der().map_err(|_| IssueError)
}

/// In the order in which certificates have it, the reverse of RFC 4514's.
fn name(text: &str) -> Result<Vec<u8>, IssueError> {
    Name::from_str(text).and_then(|name| name.to_der()).map_err(|_| IssueError)
}

/// RFC 4514, section 2.4.
fn escaped(value: &str) -> String {
    let special = |c: char| matches!(c, ',' | '+' | '"' | '\\' | '<' | '>' | ';' | '#' | '=' | ' ');
    value.chars().flat_map(|c| special(c).then_some('\\').into_iter().chain([c])).collect()
}

fn date_time(at: Timestamp) -> Result<DateTime, IssueError> {
    let since_epoch = u64::try_from(at.as_second()).map_err(|_| IssueError)?;
    DateTime::from_unix_duration(std::time::Duration::from_secs(since_epoch))
        .map_err(|_| IssueError)
}

fn validity(not_before: Timestamp, not_after: Timestamp) -> Result<Vec<u8>, IssueError> {
    Ok(element(SEQUENCE, &[&time(not_before)?, &time(not_after)?]))
}

/// `UTCTime` until 2049, `GeneralizedTime` then: RFC 5280, section 4.1.2.5.
fn time(at: Timestamp) -> Result<Vec<u8>, IssueError> {
    Time::from(date_time(at)?).to_der().map_err(|_| IssueError)
}

/// `UTCTime`, which is how tokens have it.
pub(super) fn utc_time(at: Timestamp) -> Result<Vec<u8>, IssueError> {
    let time = der::asn1::UtcTime::from_date_time(date_time(at)?).map_err(|_| IssueError)?;
    time.to_der().map_err(|_| IssueError)
}

fn to_pem(label: &str, der: &[u8]) -> Result<String, IssueError> {
    pem_rfc7468::encode_string(label, LineEnding::LF, der).map_err(|_| IssueError)
}

fn key_to_pem(key: &EcdsaKeyPair) -> Result<Zeroizing<String>, IssueError> {
    let pkcs8 = key.to_pkcs8v1().map_err(|_| IssueError)?;
    to_pem(pem::PRIVATE_KEY, pkcs8.as_ref()).map(Zeroizing::new)
}

fn from_pem(label: &str, text: &str) -> Result<Zeroizing<Vec<u8>>, IssueError> {
    pem::read(text.as_bytes(), &[label]).map(|(_, der)| der).ok_or(IssueError)
}
