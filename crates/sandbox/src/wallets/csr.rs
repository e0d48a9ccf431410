//! Certificate requests, as merchants send them to the developer portal. Source: RFC 2986, section 4.

use der::asn1::{AnyRef, BitStringRef, ObjectIdentifier};
use der::{Decode as _, Encode, Reader as _, SliceReader};
use rcgen::{
    PKCS_ECDSA_P256_SHA256, PKCS_ECDSA_P384_SHA384, PKCS_RSA_SHA256, PublicKeyData,
    SignatureAlgorithm,
};
use rustls::crypto::ring;
use x509_cert::request::CertReqInfo;

/// `id-ecPublicKey`, `secp256r1`, `secp384r1`: RFC 5480, section 2.1.1.
const EC_PUBLIC_KEY: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
const SECP256R1: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.3.1.7");
const SECP384R1: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.132.0.34");
/// `rsaEncryption`: RFC 8017, appendix A.1.
const RSA_ENCRYPTION: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");

/// The public key of a request whose signature shows that the sender has the private one.
pub(super) struct RequestedKey {
    /// SubjectPublicKeyInfo.
    pub(super) spki: Vec<u8>,
    bits: Vec<u8>,
    algorithm: &'static SignatureAlgorithm,
}

impl PublicKeyData for RequestedKey {
    fn der_bytes(&self) -> &[u8] {
        &self.bits
    }

    fn algorithm(&self) -> &'static SignatureAlgorithm {
        self.algorithm
    }
}

impl RequestedKey {
    /// Reads a request and verifies its signature. What it asks for besides is passed over, as Apple does: the portal decides.
    pub(super) fn of_pem(pem: &str) -> Result<Self, &'static str> {
        let Ok(("CERTIFICATE REQUEST" | "NEW CERTIFICATE REQUEST", der)) =
            pem_rfc7468::decode_vec(pem.as_bytes())
        else {
            return Err("csr must be a certificate request in PEM");
        };
        Self::read(&der).unwrap_or(Err("csr must be a certificate request: PKCS#10"))
    }

    fn read(der: &[u8]) -> der::Result<Result<Self, &'static str>> {
        let mut outer = SliceReader::new(der)?;
        let (signed, algorithm, signature) = outer.sequence(|request| {
            let signed = request.tlv_bytes()?;
            let algorithm = AnyRef::decode(request)?;
            Ok::<_, der::Error>((signed, algorithm, BitStringRef::decode(request)?))
        })?;
        outer.finish()?;
        let spki = CertReqInfo::from_der(signed)?.public_key;
        let curve = spki.algorithm.parameters.as_ref().map(AnyRef::from);
        let curve = curve.and_then(|curve| curve.decode_as::<ObjectIdentifier>().ok());
        let certified = match (spki.algorithm.oid, curve) {
            (EC_PUBLIC_KEY, Some(SECP256R1)) => &PKCS_ECDSA_P256_SHA256,
            (EC_PUBLIC_KEY, Some(SECP384R1)) => &PKCS_ECDSA_P384_SHA384,
            (RSA_ENCRYPTION, None) => &PKCS_RSA_SHA256,
            _ => return Ok(Err("csr must have a key on P-256 or P-384, or RSA")),
        };
        let key_algorithm = spki.algorithm.to_der()?;
        let key_algorithm = AnyRef::from_der(&key_algorithm)?.value();
        let (Some(bits), Some(signature)) =
            (spki.subject_public_key.as_bytes(), signature.as_bytes())
        else {
            return Ok(Err("csr must have a key and a signature of whole bytes"));
        };
        let verifiers = ring::default_provider().signature_verification_algorithms.all;
        let is_signed = verifiers.iter().any(|verifier| {
            verifier.public_key_alg_id().as_ref() == key_algorithm
                && verifier.signature_alg_id().as_ref() == algorithm.value()
                && verifier.verify_signature(bits, signed, signature).is_ok()
        });
        if !is_signed {
            return Ok(Err("csr must be signed with its own key, RSA with 2048 bits or more"));
        }
        Ok(Ok(Self { spki: spki.to_der()?, bits: bits.to_vec(), algorithm: certified }))
    }
}
