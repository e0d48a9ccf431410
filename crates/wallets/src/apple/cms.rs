//! The CMS signature taken apart: steps 1 and, as far as it is form, 5 and 6 of reference 5.2.
//!
//! Strict on purpose: exactly the structure that Apple writes, with nothing in it that is not looked at. So there is no byte of a
//! signature that could be changed without being noticed.
//!
//! Source: RFC 5652, sections 3, 5.1, 5.3, 11.1 to 11.3; RFC 6211 (algorithm protection); RFC 5754, section 2 (SHA-256 with and without
//! `NULL`), and 3.2, 3.3 (signature algorithms).

use der::asn1::{AnyRef, ObjectIdentifier, OctetStringRef, UtcTime};
use der::{Decode, Reader as _, SliceReader, Tag, TagNumber, Tagged};
use jiff::Timestamp;

use super::Refusal;
use super::ber::{Reader, Unexpected};
use crate::oid;

/// A detached signature.
#[derive(Debug)]
pub(super) struct SignedData<'a> {
    /// The two certificates, in either order, DER.
    pub(super) certificates: [&'a [u8]; 2],
    pub(super) signer: SignerInfo<'a>,
}

/// What is inside a `SignedData`, DER.
struct Parts<'a> {
    digest_algorithm: &'a [u8],
    certificates: [&'a [u8]; 2],
    signer: &'a [u8],
}

/// The one signer.
#[derive(Debug)]
pub(super) struct SignerInfo<'a> {
    /// The `Name` of the signing certificate's issuer, DER.
    pub(super) issuer: &'a [u8],
    /// The `INTEGER` of the signing certificate's serial number, DER.
    pub(super) serial: &'a [u8],
    pub(super) digest_algorithm: Option<Algorithm>,
    /// The attributes as they stand there, under the tag `A0`.
    attributes: &'a [u8],
    pub(super) signature_algorithm: Option<Algorithm>,
    pub(super) signature: &'a [u8],
}

/// The attributes that have to be signed.
#[derive(Debug)]
pub(super) struct SignedAttributes<'a> {
    pub(super) content_type: ObjectIdentifier,
    pub(super) message_digest: &'a [u8],
    pub(super) signing_time: Timestamp,
    /// Digest and signature algorithm, where the signer protects them.
    pub(super) protection: Option<[Option<Algorithm>; 2]>,
}

/// An algorithm with its parameters in a form that its standard allows. Any other is `None` where one is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Algorithm {
    Sha256,
    EcdsaWithSha256,
    RsaWithSha256,
}

/// `[0]`, constructed, in BER.
const CONTEXT_0: u8 = 0xa0;
const SEQUENCE: u8 = 0x30;
const SET: u8 = 0x31;
/// `INTEGER 1`: the version of `SignedData` and of `SignerInfo` where certificates are named by issuer and serial number.
const VERSION_1: [u8; 3] = [0x02, 0x01, 0x01];
/// `id-signedData`, 1.2.840.113549.1.7.2, with its head.
const SIGNED_DATA: [u8; 11] = [0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x02];
/// `id-data`, 1.2.840.113549.1.7.1, with its head.
const DATA: [u8; 11] = [0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x01];

impl<'a> SignedData<'a> {
    /// Reads the `ContentInfo` around a `SignedData` without content, revocation lists and unsigned attributes.
    pub(super) fn read(bytes: &'a [u8]) -> Result<Self, Refusal> {
        let mut outer = Reader::new(bytes);
        let parts = outer.level(SEQUENCE, |content_info| {
            content_info.expect(&SIGNED_DATA)?;
            content_info.level(CONTEXT_0, |content| content.level(SEQUENCE, Self::read_parts))
        });
        let parts = parts.map_err(|Unexpected| Refusal::SignatureEncoding)?;
        outer.finish().map_err(|Unexpected| Refusal::SignatureEncoding)?;
        let signer = SignerInfo::read(parts.signer).map_err(|_| Refusal::SignatureEncoding)?;
        let digest_algorithm = Algorithm::read_alone(parts.digest_algorithm)
            .map_err(|_| Refusal::SignatureEncoding)?;
        if digest_algorithm != signer.digest_algorithm {
            return Err(Refusal::Algorithm);
        }
        Ok(Self { certificates: parts.certificates, signer })
    }

    fn read_parts(signed_data: &mut Reader<'a>) -> Result<Parts<'a>, Unexpected> {
        signed_data.expect(&VERSION_1)?;
        let digest_algorithm = signed_data.level(SET, |set| set.element(SEQUENCE))?;
        // Nothing behind the type: the signature is detached.
        signed_data.level(SEQUENCE, |content| content.expect(&DATA))?;
        let certificates = signed_data
            .level(CONTEXT_0, |set| Ok([set.element(SEQUENCE)?, set.element(SEQUENCE)?]))?;
        let signer = signed_data.level(SET, |set| set.element(SEQUENCE))?;
        Ok(Parts { digest_algorithm, certificates, signer })
    }
}

impl<'a> SignerInfo<'a> {
    fn read(der: &'a [u8]) -> der::Result<Self> {
        let mut outer = SliceReader::new(der)?;
        let signer = outer.sequence(|signer| {
            if u8::decode(signer)? != 1 {
                return Err(der::Error::from(Tag::Integer.value_error()));
            }
            let [issuer, serial] =
                signer.sequence(|sid| Ok::<_, der::Error>([sid.tlv_bytes()?, sid.tlv_bytes()?]))?;
            Ok(Self {
                issuer,
                serial,
                digest_algorithm: Algorithm::read(signer)?,
                attributes: signer.tlv_bytes()?,
                signature_algorithm: Algorithm::read(signer)?,
                signature: <&OctetStringRef>::decode(signer)?.as_bytes(),
            })
        })?;
        outer.finish()?;
        Ok(signer)
    }

    /// The attributes, each of them present once with one value. Others are let through: they are signed.
    pub(super) fn attributes(&self) -> Result<SignedAttributes<'a>, Refusal> {
        SignedAttributes::read(self.attributes)
            .map_err(|_| Refusal::SignedAttributes)?
            .ok_or(Refusal::SignedAttributes)
    }

    /// What the signature is over: the attributes as a `SET OF` instead of under `[0]` (RFC 5652, section 5.4).
    ///
    /// They are DER already, or nobody's signature fits.
    pub(super) fn signed_bytes(&self) -> Vec<u8> {
        let mut bytes = self.attributes.to_vec();
        if let Some(tag) = bytes.first_mut() {
            *tag = SET;
        }
        bytes
    }
}

impl<'a> SignedAttributes<'a> {
    /// `None` if one is missing.
    fn read(der: &'a [u8]) -> der::Result<Option<Self>> {
        let set = AnyRef::from_der(der)?;
        set.tag().assert_eq(Tag::ContextSpecific { constructed: true, number: TagNumber(0) })?;
        let (mut content_type, mut message_digest, mut signing_time, mut protection) =
            (None, None, None, None);
        let mut attributes = SliceReader::new(set.value())?;
        while !attributes.is_finished() {
            let (kind, value) = attributes.sequence(|attribute| {
                let kind = ObjectIdentifier::decode(attribute)?;
                let values = AnyRef::decode(attribute)?;
                values.tag().assert_eq(Tag::Set)?;
                Ok::<_, der::Error>((kind, values.value()))
            })?;
            match kind {
                oid::CONTENT_TYPE => once(&mut content_type, ObjectIdentifier::from_der(value)?)?,
                oid::MESSAGE_DIGEST => {
                    once(&mut message_digest, <&OctetStringRef>::from_der(value)?.as_bytes())?;
                }
                oid::SIGNING_TIME => {
                    let time = UtcTime::from_der(value)?.to_unix_duration();
                    once(&mut signing_time, timestamp(time)?)?;
                }
                oid::ALGORITHM_PROTECTION => once(&mut protection, read_protection(value)?)?,
                _ => {}
            }
        }
        Ok(content_type.zip(message_digest).zip(signing_time).map(
            |((content_type, message_digest), signing_time)| Self {
                content_type,
                message_digest,
                signing_time,
                protection,
            },
        ))
    }
}

/// Source: RFC 6211, section 2.
fn read_protection(der: &[u8]) -> der::Result<[Option<Algorithm>; 2]> {
    AnyRef::from_der(der)?.sequence(|protection| {
        let digest = Algorithm::read(protection)?;
        let signature = AnyRef::decode(protection)?;
        signature
            .tag()
            .assert_eq(Tag::ContextSpecific { constructed: true, number: TagNumber(1) })?;
        Ok([digest, Algorithm::read_content(signature.value())?])
    })
}

impl Algorithm {
    fn read<'a>(reader: &mut impl der::Reader<'a>) -> der::Result<Option<Self>> {
        Self::read_alone(reader.tlv_bytes()?)
    }

    /// An `AlgorithmIdentifier` and nothing else.
    pub(super) fn read_alone(der: &[u8]) -> der::Result<Option<Self>> {
        let sequence = AnyRef::from_der(der)?;
        sequence.tag().assert_eq(Tag::Sequence)?;
        Self::read_content(sequence.value())
    }

    fn read_content(der: &[u8]) -> der::Result<Option<Self>> {
        let mut reader = SliceReader::new(der)?;
        let algorithm = ObjectIdentifier::decode(&mut reader)?;
        let parameters =
            if reader.is_finished() { None } else { Some(AnyRef::decode(&mut reader)?) };
        reader.finish()?;
        let is_plain = parameters.is_none_or(AnyRef::is_null);
        Ok(match algorithm {
            oid::SHA_256 if is_plain => Some(Self::Sha256),
            oid::ECDSA_WITH_SHA_256 if parameters.is_none() => Some(Self::EcdsaWithSha256),
            oid::RSA_WITH_SHA_256 if is_plain => Some(Self::RsaWithSha256),
            _ => None,
        })
    }
}

fn once<T>(place: &mut Option<T>, value: T) -> der::Result<()> {
    match place.replace(value) {
        None => Ok(()),
        Some(_) => Err(Tag::Set.value_error().into()),
    }
}

/// A time of DER, which has whole seconds from 1970 on.
pub(super) fn timestamp(since_epoch: std::time::Duration) -> der::Result<Timestamp> {
    i64::try_from(since_epoch.as_secs())
        .ok()
        .and_then(|seconds| Timestamp::from_second(seconds).ok())
        .ok_or_else(|| Tag::UtcTime.value_error().into())
}
