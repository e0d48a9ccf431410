//! Signatures and chains that are wrong in one way each, though every signature in them verifies.

use farthing_wallets::apple::Refusal;

use crate::forge::{
    ECDSA_WITH_SHA_256, Parts, SHA_256, attribute, bytes, chain, content_type, message_digest,
    protection, read, read_content, signing_time, tlv,
};

/// Makes one part wrong.
type Change = fn(&mut Parts);

/// Changes bytes that are then signed.
type Damage = fn(&mut Vec<u8>);

const SHA_256_WITH_NULL: &str = "300d06096086480165030402010500";
const SHA_1: &str = "300706052b0e03021a";
const SHA_384: &str = "300b0609608648016503040202";
const ECDSA_WITH_SHA_384: &str = "300a06082a8648ce3d040303";
const RSA_WITH_SHA_256: &str = "300d06092a864886f70d01010b0500";
const ED25519: &str = "300506032b6570";

#[test]
fn chains_are_refused_at_the_step_of_their_flaw() {
    for (name, refusal) in [
        ("good", None),
        ("leaf-with-more", None),
        ("leaf-with-nothing-said", None),
        ("leaf-is-authority", Some(Refusal::Chain)),
        ("leaf-may-sign-certificates", Some(Refusal::Chain)),
        ("leaf-may-not-sign", Some(Refusal::Chain)),
        ("leaf-without-marker", Some(Refusal::LeafMarker)),
        ("leaf-with-unknown-critical", Some(Refusal::Chain)),
        ("leaf-of-other-name", Some(Refusal::Chain)),
        ("leaf-of-other-key", Some(Refusal::Chain)),
        ("leaf-of-root", Some(Refusal::Chain)),
        ("leaf-of-itself", Some(Refusal::Chain)),
        ("leaf-with-sha-384", Some(Refusal::Chain)),
        ("leaf-on-p384", Some(Refusal::Chain)),
        ("leaf-rsa-1024", Some(Refusal::Chain)),
        ("leaf-expired", Some(Refusal::Validity)),
        ("leaf-not-yet-valid", Some(Refusal::Validity)),
        ("intermediate-without-marker", Some(Refusal::IntermediateMarker)),
        ("intermediate-with-leaf-marker", Some(Refusal::IntermediateMarker)),
        ("intermediate-with-unknown-critical", Some(Refusal::Chain)),
        ("intermediate-no-authority", Some(Refusal::Chain)),
        ("intermediate-without-constraints", Some(Refusal::Chain)),
        ("intermediate-without-usage", Some(Refusal::Chain)),
        ("intermediate-may-not-sign-certificates", Some(Refusal::Chain)),
        ("intermediate-of-other-name", Some(Refusal::Chain)),
        ("intermediate-of-other-key", Some(Refusal::Chain)),
        ("intermediate-of-itself", Some(Refusal::Chain)),
        ("intermediate-with-sha-384", Some(Refusal::Chain)),
        ("intermediate-on-p384", Some(Refusal::Chain)),
        ("intermediate-expired", Some(Refusal::Validity)),
        ("intermediate-not-yet-valid", Some(Refusal::Validity)),
        ("intermediate-is-the-root", Some(Refusal::IntermediateMarker)),
    ] {
        assert_eq!(read(name, |_| {}).err(), refusal, "{name}");
    }
}

#[test]
fn forms_that_apple_and_its_writers_use_are_all_taken() {
    let good = |change: Change| read("good", change).unwrap();
    good(|_| {});
    good(|parts| parts.indefinite = false);
    good(|parts| parts.certificates.reverse());
    good(|parts| {
        parts.digest_algorithms = bytes(SHA_256_WITH_NULL);
        parts.digest_algorithm = bytes(SHA_256_WITH_NULL);
        parts.attributes[2] = protection(SHA_256_WITH_NULL, ECDSA_WITH_SHA_256);
    });
    good(|parts| drop(parts.attributes.remove(2)));
    good(|parts| parts.attributes.push(attribute("06032a0304", &tlv(0x04, b"more"))));
}

#[test]
fn a_signature_of_another_structure_is_refused() {
    let changes: [(&str, Change); 16] = [
        ("other type", |parts| parts.content_info_type = bytes("06092a864886f70d010703")),
        ("version 3", |parts| parts.version = bytes("020103")),
        ("two digest algorithms", |parts| parts.digest_algorithms = bytes(SHA_256).repeat(2)),
        ("no digest algorithm", |parts| parts.digest_algorithms.clear()),
        ("content inside", |parts| parts.content.extend(tlv(0xa0, &tlv(0x04, b"content")))),
        ("other content", |parts| parts.content = bytes("06092a864886f70d010702")),
        ("no certificate", |parts| parts.certificates.clear()),
        ("one certificate", |parts| parts.certificates.truncate(1)),
        ("three certificates", |parts| parts.certificates.push(chain("good").remove(1))),
        ("not a certificate", |parts| parts.certificates[1] = tlv(0x30, b"")),
        ("revocation lists", |parts| parts.revocation_lists = tlv(0xa1, b"")),
        ("no signer", |parts| parts.signers = 0),
        ("two signers", |parts| parts.signers = 2),
        ("signer's version 3", |parts| parts.signer_version = bytes("020103")),
        ("signer by key id", |parts| parts.signer_id = tlv(0x80, &[7; 20])),
        ("unsigned attributes", |parts| parts.unsigned_attributes = tlv(0xa1, &content_type())),
    ];
    for (name, change) in changes {
        assert_eq!(read("good", change).unwrap_err(), Refusal::SignatureEncoding, "{name}");
    }
}

#[test]
fn signed_attributes_are_required() {
    // The signature algorithm stands where they would.
    let refused = read("good", |parts| parts.attributes.clear()).unwrap_err();
    assert_eq!(refused, Refusal::SignatureEncoding);
}

#[test]
fn a_signer_that_is_not_among_the_certificates_is_refused() {
    let by = |certificate: usize| {
        read("good", |parts| {
            let mut other = chain(if certificate == 1 { "good" } else { "leaf-of-other-name" });
            parts.certificates.rotate_left(certificate % 2);
            parts.certificates[0] = other.swap_remove(certificate % 2);
        })
    };
    assert_eq!(by(0).unwrap_err(), Refusal::Signer);
    by(1).unwrap();
}

#[test]
fn signed_attributes_are_complete_and_come_once() {
    let refused = |change: &dyn Fn(&mut Vec<Vec<u8>>)| {
        read("good", |parts| change(&mut parts.attributes)).unwrap_err()
    };
    for index in [0, 1, 3] {
        let without = refused(&|attributes| drop(attributes.remove(index)));
        assert_eq!(without, Refusal::SignedAttributes, "without {index}");
    }
    for index in 0..4 {
        let twice = refused(&|attributes| attributes.push(attributes[index].clone()));
        assert_eq!(twice, Refusal::SignedAttributes, "{index} twice");
    }
    let two_values = [tlv(0x04, &[0; 32]), tlv(0x04, &[0; 32])].concat();
    for (index, wrong) in [
        (0, attribute("06092a864886f70d010903", &tlv(0x04, b"data"))),
        (1, signing_time("2606151200Z")),
        (1, signing_time("260615120000+0000")),
        (1, signing_time("261315120000Z")),
        (1, attribute("06092a864886f70d010905", &tlv(0x18, b"20260615120000Z"))),
        (2, attribute("06092a864886f70d010934", &tlv(0x30, b""))),
        (3, attribute("06092a864886f70d010904", &two_values)),
        (3, attribute("06092a864886f70d010904", b"")),
        (3, tlv(0x30, b"")),
    ] {
        let malformed = refused(&|attributes| attributes[index] = wrong.clone());
        assert_eq!(malformed, Refusal::SignedAttributes, "{index}: {wrong:02x?}");
    }
}

#[test]
fn signed_attributes_say_what_they_have_to() {
    let refused = |index: usize, attribute: Vec<u8>| {
        read("good", |parts| parts.attributes[index] = attribute).unwrap_err()
    };
    let other_type = attribute("06092a864886f70d010903", &bytes("06092a864886f70d010702"));
    assert_eq!(refused(0, other_type), Refusal::ContentType);
    for digest in [&[0; 32][..], &[0; 31], &[]] {
        assert_eq!(refused(3, message_digest(digest)), Refusal::Digest);
    }
    for time in ["260615115459Z", "260615120501Z", "250615120000Z", "700101000000Z"] {
        assert_eq!(refused(1, signing_time(time)), Refusal::SigningTime, "{time}");
    }
    for protected in [
        protection(SHA_1, ECDSA_WITH_SHA_256),
        protection(SHA_384, ECDSA_WITH_SHA_256),
        protection(SHA_256, ECDSA_WITH_SHA_384),
        protection(SHA_256, RSA_WITH_SHA_256),
    ] {
        assert_eq!(refused(2, protected), Refusal::Algorithm);
    }
}

#[test]
fn other_algorithms_are_refused_wherever_they_are_named() {
    for other in [SHA_1, SHA_384, ED25519, "300e06096086480165030402010401ff"] {
        let everywhere = read("good", |parts| {
            parts.digest_algorithms = bytes(other);
            parts.digest_algorithm = bytes(other);
        });
        assert_eq!(everywhere.unwrap_err(), Refusal::Algorithm, "{other}");
        let outside = read("good", |parts| parts.digest_algorithms = bytes(other));
        assert_eq!(outside.unwrap_err(), Refusal::Algorithm, "{other}");
        let inside = read("good", |parts| parts.digest_algorithm = bytes(other));
        assert_eq!(inside.unwrap_err(), Refusal::Algorithm, "{other}");
    }
    for other in
        [ECDSA_WITH_SHA_384, RSA_WITH_SHA_256, ED25519, SHA_256, "300c06082a8648ce3d0403020500"]
    {
        let refused = read("good", |parts| {
            parts.signature_algorithm = bytes(other);
            parts.attributes.remove(2);
        });
        assert_eq!(refused.unwrap_err(), Refusal::Algorithm, "{other}");
    }
}

#[test]
fn attributes_are_der_with_nothing_behind_them() {
    let refused = read("good", |parts| parts.indefinite_attributes = true).unwrap_err();
    assert_eq!(refused, Refusal::SignatureEncoding);
    let refused = read("good", |parts| parts.attributes.push(vec![0, 0])).unwrap_err();
    assert_eq!(refused, Refusal::SignedAttributes);
}

#[test]
fn an_ephemeral_key_is_a_point_of_p256_in_the_one_encoding() {
    let refused = |change: Damage| read_content(|content| change(&mut content.key)).err();
    assert_eq!(refused(|_| {}), None);
    let changes: [(&str, Damage); 9] = [
        ("off the curve", |key| key[90] ^= 1),
        ("zero", |key| key[27..].fill(0)),
        ("at infinity", |key| *key = [&key[..24], &[2, 0, 0]].concat()),
        ("compressed", |key| {
            *key = tlv(0x30, &[&key[2..23], &tlv(3, &[&[0, 2], &key[27..59]].concat())].concat());
        }),
        ("hybrid", |key| key[26] = 6 | (key[90] & 1)),
        ("of another curve", |key| key[22] = 0x22),
        ("with unused bits", |key| key[25] = 1),
        ("with more behind it", |key| key.push(0)),
        ("empty", Vec::clear),
    ];
    for (name, change) in changes {
        assert_eq!(refused(change), Some(Refusal::EphemeralKey), "{name}");
    }
}

#[test]
fn data_that_does_not_decrypt_is_refused_though_it_is_signed() {
    let refused =
        |change: fn(&mut Vec<u8>)| read_content(|content| change(&mut content.data)).err();
    assert_eq!(refused(|_| {}), None);
    let changes: [Damage; 6] = [
        |data| data[0] ^= 1,
        |data| *data.last_mut().unwrap() ^= 1,
        |data| data.truncate(data.len() - 1),
        |data| data.push(0),
        |data| data.truncate(15),
        Vec::clear,
    ];
    for change in changes {
        assert_eq!(refused(change), Some(Refusal::Decryption));
    }
}
