//! The signature of a token: CMS with indefinite lengths on the outer levels, as Apple writes it (reference 5.2, step 1).

use jiff::Timestamp;

use super::IssueError;
use super::authority::{Authority, Signer, identifier, utc_time};
use super::encode::{INTEGER, OCTET_STRING, SEQUENCE, SET, context, element, indefinite};
use crate::oid;

/// `id-signedData`: RFC 5652, section 5.1.
const SIGNED_DATA: der::asn1::ObjectIdentifier =
    der::asn1::ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.2");

/// Signs a digest of content that is not part of the signature.
pub(super) fn sign(
    digest: &[u8; 32],
    signer: &Signer,
    authority: &Authority,
    now: Timestamp,
) -> Result<Vec<u8>, IssueError> {
    let version = [INTEGER, 1, 1];
    let sha_256 = element(SEQUENCE, &[&identifier(oid::SHA_256)?]);
    let [algorithm, algorithm_content] = signer.algorithm()?;
    let protection = element(SEQUENCE, &[&sha_256, &element(context(1), &[&algorithm_content])]);
    let mut attributes = [
        attribute(oid::CONTENT_TYPE, &identifier(oid::DATA)?)?,
        attribute(oid::SIGNING_TIME, &utc_time(now)?)?,
        attribute(oid::ALGORITHM_PROTECTION, &protection)?,
        attribute(oid::MESSAGE_DIGEST, &element(OCTET_STRING, &[digest]))?,
    ];
    attributes.sort(); // DER: ITU-T X.690, 11.6
    let attributes = attributes.concat();
    let signature = signer.sign(&element(SET, &[&attributes]))?;
    let signer_info = element(
        SEQUENCE,
        &[
            &version,
            &element(SEQUENCE, &[&Authority::leaf_issuer()?, &signer.serial]),
            &sha_256,
            &element(context(0), &[&attributes]),
            &algorithm,
            &element(OCTET_STRING, &[&signature]),
        ],
    );
    let signed_data = indefinite(
        SEQUENCE,
        &[
            &version,
            &element(SET, &[&sha_256]),
            &indefinite(SEQUENCE, &[&identifier(oid::DATA)?]),
            &indefinite(context(0), &[&signer.certificate, authority.intermediate()]),
            &element(SET, &[&signer_info]),
        ],
    );
    let content = indefinite(context(0), &[&signed_data]);
    Ok(indefinite(SEQUENCE, &[&identifier(SIGNED_DATA)?, &content]))
}

fn attribute(kind: der::asn1::ObjectIdentifier, value: &[u8]) -> Result<Vec<u8>, IssueError> {
    Ok(element(SEQUENCE, &[&identifier(kind)?, &element(SET, &[value])]))
}
