//! The object identifiers that wallets use.

use der::asn1::ObjectIdentifier;

const fn oid(dotted: &str) -> ObjectIdentifier {
    ObjectIdentifier::new_unwrap(dotted)
}

/// The marker of Apple's intermediate certificate. Presence counts, the value does not (reference 5.2, step 2).
pub(crate) const INTERMEDIATE_MARKER: ObjectIdentifier = oid("1.2.840.113635.100.6.2.14");
/// The marker of the certificate that signs tokens. Presence counts, the value does not (reference 5.2, step 2).
pub(crate) const LEAF_MARKER: ObjectIdentifier = oid("1.2.840.113635.100.6.29");
/// The merchant identifier's hash in a payment processing certificate (reference 5.4).
pub(crate) const MERCHANT_ID: ObjectIdentifier = oid("1.2.840.113635.100.6.32");

/// `id-data`: RFC 5652, section 4.
pub(crate) const DATA: ObjectIdentifier = oid("1.2.840.113549.1.7.1");
/// RFC 5652, section 11.1.
pub(crate) const CONTENT_TYPE: ObjectIdentifier = oid("1.2.840.113549.1.9.3");
/// RFC 5652, section 11.2.
pub(crate) const MESSAGE_DIGEST: ObjectIdentifier = oid("1.2.840.113549.1.9.4");
/// RFC 5652, section 11.3.
pub(crate) const SIGNING_TIME: ObjectIdentifier = oid("1.2.840.113549.1.9.5");
/// RFC 6211, section 2.
pub(crate) const ALGORITHM_PROTECTION: ObjectIdentifier = oid("1.2.840.113549.1.9.52");

/// RFC 5754, section 2.2.
pub(crate) const SHA_256: ObjectIdentifier = oid("2.16.840.1.101.3.4.2.1");
/// RFC 5754, section 3.3.
pub(crate) const ECDSA_WITH_SHA_256: ObjectIdentifier = oid("1.2.840.10045.4.3.2");
/// RFC 5754, section 3.2.
pub(crate) const RSA_WITH_SHA_256: ObjectIdentifier = oid("1.2.840.113549.1.1.11");

/// RFC 5480, section 2.1.1.
pub(crate) const EC_PUBLIC_KEY: ObjectIdentifier = oid("1.2.840.10045.2.1");
/// P-256: RFC 5480, section 2.1.1.1.
pub(crate) const SECP256R1: ObjectIdentifier = oid("1.2.840.10045.3.1.7");
/// P-384: RFC 5480, section 2.1.1.1.
pub(crate) const SECP384R1: ObjectIdentifier = oid("1.3.132.0.34");
/// RFC 8017, appendix A.1.
pub(crate) const RSA_ENCRYPTION: ObjectIdentifier = oid("1.2.840.113549.1.1.1");

/// `userId`, where Apple writes the merchant identifier: RFC 4519, section 2.39.
pub(crate) const USER_ID: ObjectIdentifier = oid("0.9.2342.19200300.100.1.1");
/// RFC 5280, section 4.2.1.9.
pub(crate) const BASIC_CONSTRAINTS: ObjectIdentifier = oid("2.5.29.19");
/// RFC 5280, section 4.2.1.3.
pub(crate) const KEY_USAGE: ObjectIdentifier = oid("2.5.29.15");
