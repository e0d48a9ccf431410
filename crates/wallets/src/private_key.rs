//! Private keys as files hold them: which kind, and in an encoding that AWS-LC reads.

use der::asn1::{AnyRef, ObjectIdentifier, OctetStringRef};
use der::{Decode, Encode, Reader as _, SliceReader, Tag, TagNumber, Tagged};
use zeroize::Zeroizing;

use crate::{oid, pem};

/// A private key, not yet used.
pub(crate) struct KeyFile {
    pub(crate) kind: Kind,
    /// SEC1 or PKCS#8 for P-256, PKCS#8 for RSA.
    pub(crate) der: Zeroizing<Vec<u8>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    P256,
    Rsa,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ReadError {
    Encrypted,
    Kind,
    Malformed,
}

/// Reads the one private key of a PEM file.
pub(crate) fn read(file: &[u8]) -> Result<KeyFile, ReadError> {
    let labels =
        [pem::PRIVATE_KEY, pem::EC_PRIVATE_KEY, pem::RSA_PRIVATE_KEY, pem::ENCRYPTED_PRIVATE_KEY];
    let is_encrypted = file.windows(9).any(|word| word == b"ENCRYPTED");
    let (label, der) = pem::read(file, &labels)
        .filter(|_| !is_encrypted)
        .ok_or(if is_encrypted { ReadError::Encrypted } else { ReadError::Malformed })?;
    if label == pem::RSA_PRIVATE_KEY {
        let der = pkcs8_of_pkcs1(&der).map_err(|_| ReadError::Malformed)?;
        return Ok(KeyFile { kind: Kind::Rsa, der });
    }
    let named = if label == pem::PRIVATE_KEY { kind_of_pkcs8(&der) } else { kind_of_sec1(&der) };
    let kind = named.map_err(|_| ReadError::Malformed)?.ok_or(ReadError::Kind)?;
    Ok(KeyFile { kind, der })
}

/// Source: RFC 5958, section 2.
fn kind_of_pkcs8(der: &[u8]) -> der::Result<Option<Kind>> {
    AnyRef::from_der(der)?.sequence(|key| {
        u8::decode(key)?;
        let kind = key.sequence(|algorithm| {
            let kind = ObjectIdentifier::decode(algorithm)?;
            let parameters =
                if algorithm.is_finished() { None } else { Some(AnyRef::decode(algorithm)?) };
            let is_p256 = parameters.is_some_and(|curve| curve.decode_as() == Ok(oid::SECP256R1));
            Ok::<_, der::Error>(match kind {
                oid::RSA_ENCRYPTION => Some(Kind::Rsa),
                oid::EC_PUBLIC_KEY if is_p256 => Some(Kind::P256),
                _ => None,
            })
        })?;
        skip(key)?;
        Ok(kind)
    })
}

/// The curve may be left out, and then it is the certificate's that counts. Source: RFC 5915, section 3.
fn kind_of_sec1(der: &[u8]) -> der::Result<Option<Kind>> {
    AnyRef::from_der(der)?.sequence(|key| {
        u8::decode(key)?;
        <&OctetStringRef>::decode(key)?;
        let mut kind = Some(Kind::P256);
        while !key.is_finished() {
            let field = AnyRef::decode(key)?;
            let is_curve =
                field.tag() == Tag::ContextSpecific { constructed: true, number: TagNumber(0) };
            if is_curve && ObjectIdentifier::from_der(field.value())? != oid::SECP256R1 {
                kind = None;
            }
        }
        Ok(kind)
    })
}

fn skip(reader: &mut SliceReader<'_>) -> der::Result<()> {
    while !reader.is_finished() {
        AnyRef::decode(reader)?;
    }
    Ok(())
}

/// `RSAPrivateKey` in the wrapping that AWS-LC reads. Source: RFC 5958, section 2; RFC 8017, appendix A.1.
fn pkcs8_of_pkcs1(pkcs1: &[u8]) -> der::Result<Zeroizing<Vec<u8>>> {
    let algorithm = [oid::RSA_ENCRYPTION.to_der()?, AnyRef::NULL.to_der()?].concat();
    let algorithm = AnyRef::new(Tag::Sequence, &algorithm)?;
    let key = AnyRef::new(Tag::OctetString, pkcs1)?;
    let len = (0_u8.encoded_len()? + algorithm.encoded_len()? + key.encoded_len()?)?;
    let mut content = Zeroizing::new(vec![0; usize::try_from(len)?]);
    let mut writer = der::SliceWriter::new(&mut content);
    writer.encode(&0_u8)?;
    writer.encode(&algorithm)?;
    writer.encode(&key)?;
    writer.finish()?;
    let key = AnyRef::new(Tag::Sequence, &content)?;
    let mut der = Zeroizing::new(vec![0; usize::try_from(key.encoded_len()?)?]);
    key.encode_to_slice(&mut der)?;
    Ok(der)
}
