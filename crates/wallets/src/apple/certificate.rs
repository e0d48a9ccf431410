//! One X.509 certificate, with the exact bytes that its issuer has signed.

use aws_lc_rs::signature::{ECDSA_P384_SHA256_ASN1, UnparsedPublicKey};
use der::asn1::{AnyRef, BitStringRef, ObjectIdentifier, UintRef};
use der::{Decode, Encode, Reader as _, SliceReader};
use jiff::Timestamp;
use x509_cert::TbsCertificate;
use x509_cert::certificate::Version;
use x509_cert::ext::pkix::{BasicConstraints, KeyUsage};
use x509_cert::name::{Name, RelativeDistinguishedName};

use super::cms::{Algorithm, timestamp};
use crate::ec::Point;
use crate::oid;

/// A certificate of version 3. Source: RFC 5280, section 4.1.
#[derive(Debug)]
pub(super) struct Certificate<'a> {
    /// `tbsCertificate` as it stands there.
    signed: &'a [u8],
    content: TbsCertificate,
    signature_algorithm: Option<Algorithm>,
    signature: &'a [u8],
    validity: Validity,
}

/// From when until when, both included: RFC 5280, section 4.1.2.5.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Validity {
    pub(super) not_before: Timestamp,
    pub(super) not_after: Timestamp,
}

/// The public key of a certificate.
#[derive(Debug)]
pub(super) enum PublicKey {
    P256(Point),
    /// The uncompressed point.
    P384(Box<[u8]>),
    /// `RSAPublicKey` with a modulus of 2048 bits: RFC 8017, appendix A.1.1.
    Rsa(Box<[u8]>),
    Other,
}

impl<'a> Certificate<'a> {
    pub(super) fn read(der: &'a [u8]) -> der::Result<Self> {
        let mut outer = SliceReader::new(der)?;
        let (signed, algorithm, signature) = outer.sequence(|certificate| {
            let signed = certificate.tlv_bytes()?;
            let algorithm = certificate.tlv_bytes()?;
            Ok::<_, der::Error>((signed, algorithm, BitStringRef::decode(certificate)?))
        })?;
        outer.finish()?;
        let content = TbsCertificate::from_der(signed)?;
        let signature = signature.as_bytes().ok_or_else(|| der::Tag::BitString.value_error())?;
        // RFC 5280, section 4.1.1.2: the algorithm outside is the one that is signed inside.
        let same_algorithm = content.signature().to_der()? == algorithm;
        if !same_algorithm || content.version() != Version::V3 {
            return Err(der::Tag::Sequence.value_error().into());
        }
        let validity = content.validity();
        let validity = Validity {
            not_before: timestamp(validity.not_before.to_unix_duration())?,
            not_after: timestamp(validity.not_after.to_unix_duration())?,
        };
        let signature_algorithm = Algorithm::read_alone(algorithm)?;
        Ok(Self { signed, content, signature_algorithm, signature, validity })
    }

    pub(super) fn issuer(&self) -> &Name {
        self.content.issuer()
    }

    pub(super) fn subject(&self) -> &Name {
        self.content.subject()
    }

    pub(super) fn validity(&self) -> Validity {
        self.validity
    }

    /// Whether a CMS signer means this certificate: by issuer and serial number, both in DER.
    pub(super) fn is_named(&self, issuer: &[u8], serial: &[u8]) -> bool {
        self.content.issuer().to_der().is_ok_and(|der| der == issuer)
            && self.content.serial_number().to_der().is_ok_and(|der| der == serial)
    }

    /// The SubjectPublicKeyInfo, DER.
    pub(super) fn spki(&self) -> der::Result<Vec<u8>> {
        self.content.subject_public_key_info().to_der()
    }

    pub(super) fn public_key(&self) -> PublicKey {
        let spki = self.content.subject_public_key_info();
        let curve = spki.algorithm.parameters.as_ref().map(AnyRef::from);
        let curve = curve.and_then(|parameters| parameters.decode_as::<ObjectIdentifier>().ok());
        let Some(key) = spki.subject_public_key.as_bytes() else { return PublicKey::Other };
        match (spki.algorithm.oid, curve) {
            (oid::EC_PUBLIC_KEY, Some(oid::SECP256R1)) => {
                Point::from_bytes(key).map_or(PublicKey::Other, PublicKey::P256)
            }
            (oid::EC_PUBLIC_KEY, Some(oid::SECP384R1)) => PublicKey::P384(key.into()),
            (oid::RSA_ENCRYPTION, None) if has_2048_bits(key) => PublicKey::Rsa(key.into()),
            _ => PublicKey::Other,
        }
    }

    /// Whether the subject has this UID, which is where Apple writes the merchant identifier.
    pub(super) fn has_user_id(&self, merchant_id: &str) -> bool {
        let names = self.content.subject().as_ref();
        let mut ids = names.iter().flat_map(RelativeDistinguishedName::iter);
        ids.any(|id| id.oid == oid::USER_ID && id.value.value() == merchant_id.as_bytes())
    }

    /// The subject's only UID, which the certificate's issuer alone vouches for.
    pub(super) fn user_id(&self) -> Option<&str> {
        let names = self.content.subject().as_ref();
        let mut ids = names.iter().flat_map(RelativeDistinguishedName::iter);
        let id = ids.find(|id| id.oid == oid::USER_ID)?;
        let is_only = !ids.any(|id| id.oid == oid::USER_ID);
        str::from_utf8(id.value.value()).ok().filter(|_| is_only)
    }

    /// The value of an extension. Where one comes twice, [`Certificate::has_plain_extensions`] says no.
    pub(super) fn extension(&self, kind: &ObjectIdentifier) -> Option<&[u8]> {
        let extensions = self.content.extensions()?;
        let found = extensions.iter().find(|extension| extension.extn_id == *kind)?;
        Some(found.extn_value.as_bytes())
    }

    /// Whether the extensions are such that everything critical is understood here, and none comes twice (RFC 5280, section 4.2).
    pub(super) fn has_plain_extensions(&self) -> bool {
        let extensions = self.content.extensions().map_or(&[][..], Vec::as_slice);
        extensions.iter().enumerate().all(|(index, extension)| {
            let known = matches!(extension.extn_id, oid::BASIC_CONSTRAINTS | oid::KEY_USAGE);
            let mut before = extensions.iter().take(index);
            (known || !extension.critical)
                && before.all(|earlier| earlier.extn_id != extension.extn_id)
        })
    }

    /// Whether it may sign certificates: CA flag and `keyCertSign`, both said expressly.
    pub(super) fn is_authority(&self) -> bool {
        let constraints = self.content.get_extension::<BasicConstraints>();
        let usage = self.content.get_extension::<KeyUsage>();
        matches!(constraints, Ok(Some((_, constraints))) if constraints.ca)
            && matches!(usage, Ok(Some((_, usage))) if usage.key_cert_sign())
    }

    /// Whether it may sign content and no certificates. Both are so where nothing is said (RFC 5280, 4.2.1.3 and 4.2.1.9).
    pub(super) fn is_end_entity(&self) -> bool {
        let is_ca = match self.content.get_extension::<BasicConstraints>() {
            Ok(constraints) => constraints.is_some_and(|(_, constraints)| constraints.ca),
            Err(_) => true,
        };
        let may_sign = match self.content.get_extension::<KeyUsage>() {
            Ok(usage) => {
                usage.is_none_or(|(_, usage)| usage.digital_signature() && !usage.key_cert_sign())
            }
            Err(_) => false,
        };
        !is_ca && may_sign
    }

    /// Whether the holder of this key has signed the certificate, with ECDSA and SHA-256, which Apple uses on either curve
    /// (reference 5.2, step 3).
    pub(super) fn is_signed_by(&self, key: &PublicKey) -> bool {
        if self.signature_algorithm != Some(Algorithm::EcdsaWithSha256) {
            return false;
        }
        match key {
            PublicKey::P256(point) => point.has_signed(self.signed, self.signature),
            PublicKey::P384(point) => UnparsedPublicKey::new(&ECDSA_P384_SHA256_ASN1, point)
                .verify(self.signed, self.signature)
                .is_ok(),
            PublicKey::Rsa(_) | PublicKey::Other => false,
        }
    }
}

/// When a certificate ends to be valid: `notAfter`, RFC 5280, section 4.1.2.5. `None` if `der` is not one X.509 certificate.
///
/// For whoever reports in time that one has to be renewed. Nothing but its form is checked: neither who has signed it nor whose it is.
pub fn not_after(der: &[u8]) -> Option<Timestamp> {
    let certificate = x509_cert::Certificate::from_der(der).ok()?;
    timestamp(certificate.tbs_certificate().validity().not_after.to_unix_duration()).ok()
}

/// The user id in a certificate's subject, which is where Apple names the merchant. `None` if there is none, or `der` is not one X.509
/// certificate of a kind that Apple Pay uses. Nothing but its form is checked.
pub fn user_id(der: &[u8]) -> Option<String> {
    Certificate::read(der).ok()?.user_id().map(str::to_owned)
}

/// Whether an `RSAPublicKey` has the one size that Apple Pay uses.
fn has_2048_bits(key: &[u8]) -> bool {
    let modulus = AnyRef::from_der(key).and_then(|key| {
        key.sequence(|key| {
            let modulus = UintRef::decode(key)?;
            UintRef::decode(key)?;
            Ok::<_, der::Error>(modulus)
        })
    });
    modulus.is_ok_and(
        |modulus| matches!(modulus.as_bytes(), [0x80..=0xff, rest @ ..] if rest.len() == 255),
    )
}

impl Validity {
    pub(super) fn contains(self, now: Timestamp) -> bool {
        // Compared in whole seconds, which is what certificates have.
        (self.not_before.as_second()..=self.not_after.as_second()).contains(&now.as_second())
    }

    /// The time in which both are valid.
    pub(super) fn and(self, other: Self) -> Self {
        Self {
            not_before: self.not_before.max(other.not_before),
            not_after: self.not_after.min(other.not_after),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pem;

    /// Of every kind of key and signature, for it may be any certificate that the merchant holds.
    #[test]
    fn the_end_of_every_certificate_is_read() {
        for (file, end) in [
            (&include_bytes!("apple-root-ca-g3.pem")[..], "2039-04-30T18:19:06Z"),
            (include_bytes!("../../fixtures/applepay/merchant-a.cert.pem"), "2026-02-01T00:00:00Z"),
            (
                include_bytes!("../../fixtures/applepay/merchant-rsa.cert.pem"),
                "2028-02-01T00:00:00Z",
            ),
            (include_bytes!("../../fixtures/certificates/ed25519.pem"), "2028-01-31T00:00:00Z"),
        ] {
            let (_, der) = pem::read(file, &[pem::CERTIFICATE]).unwrap();
            assert_eq!(not_after(&der).unwrap().to_string(), end);
        }
    }

    #[test]
    fn what_is_not_one_certificate_has_no_end() {
        let file = include_bytes!("apple-root-ca-g3.pem");
        let (_, der) = pem::read(file, &[pem::CERTIFICATE]).unwrap();
        assert_eq!(not_after(b""), None);
        assert_eq!(not_after(file), None, "PEM");
        assert_eq!(not_after(&der[..der.len() - 1]), None);
        assert_eq!(not_after(&[&der[..], &[0]].concat()), None);
    }
}
