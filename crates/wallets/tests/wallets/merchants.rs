//! What is said about a merchant's files when they are wrong, and what of them is told when they are right.

use farthing_wallets::apple::{MerchantKey, MerchantKeyError, ProcessingCertificate, TrustRoots};
use serde_json::Value;

use crate::support::{MERCHANT_ID, fixture, merchant};

fn load(certificate: &[u8], key: &[u8]) -> Result<MerchantKey, MerchantKeyError> {
    MerchantKey::from_pem(MERCHANT_ID, certificate, key)
}

#[test]
fn certificates_of_the_vectors_have_the_listed_hashes() {
    let list: Value = serde_json::from_slice(&fixture("vectors.json")).unwrap();
    for listed in list["keys"].as_array().unwrap() {
        let pem = fixture(listed["cert"].as_str().unwrap());
        let certificate = ProcessingCertificate::from_pem(MERCHANT_ID, &pem).unwrap();
        let hash = crate::support::base64(certificate.public_key_hash());
        assert_eq!(hash, listed["public_key_hash_b64"]);
    }
}

#[test]
fn an_expired_certificate_loads_and_says_when_it_expired() {
    let certificate = merchant("merchant-a").certificate().clone();
    assert_eq!(certificate.not_before().to_string(), "2024-01-01T00:00:00Z");
    assert_eq!(certificate.not_after().to_string(), "2026-02-01T00:00:00Z");
    assert_eq!(certificate.merchant_id(), MERCHANT_ID);
}

#[test]
fn a_certificate_names_its_merchant_itself() {
    let named = |file| ProcessingCertificate::unverified_merchant_id(&fixture(file));
    for file in ["merchant-a.cert.pem", "merchant-b.cert.pem", "merchant-rsa.cert.pem"] {
        assert_eq!(named(file).as_deref(), Ok(MERCHANT_ID), "{file}");
    }
    // It proves nothing: the hash is compared by whoever loads the certificate.
    assert_eq!(named("../certificates/other-hash.pem").as_deref(), Ok(MERCHANT_ID));
    assert_eq!(named("../certificates/no-uid.pem"), Err(MerchantKeyError::Uid));
    assert_eq!(named("merchant-a.key.pem"), Err(MerchantKeyError::Certificate));
}

#[test]
fn sec1_pkcs8_and_pkcs1_keys_are_read_with_what_stands_around_them() {
    let certificate = fixture("merchant-a.cert.pem");
    let sec1 = String::from_utf8(fixture("merchant-a.key.pem")).unwrap();
    assert!(sec1.starts_with("-----BEGIN EC PRIVATE KEY-----"));
    let parameters =
        "-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n";
    load(&certificate, [parameters, &sec1].concat().as_bytes()).unwrap();
    load(&certificate, ["Bag Attributes\n    friendlyName: pay\n", &sec1].concat().as_bytes())
        .unwrap();
    load(&certificate, sec1.replace('\n', "\r\n").as_bytes()).unwrap();
    assert!(fixture("merchant-b.key.pem").starts_with(b"-----BEGIN PRIVATE KEY-----"));
    merchant("merchant-b");
    let pkcs1 = fixture("../keys/merchant-rsa.pkcs1.pem");
    assert!(pkcs1.starts_with(b"-----BEGIN RSA PRIVATE KEY-----"));
    load(&fixture("merchant-rsa.cert.pem"), &pkcs1).unwrap();
}

#[test]
fn what_is_wrong_with_the_files_is_named() {
    let a = fixture("merchant-a.cert.pem");
    let a_key = fixture("merchant-a.key.pem");
    let rsa = fixture("merchant-rsa.cert.pem");
    let leaf = fixture("signer-leaf.pem");
    let p384 = fixture("../keys/p384.pkcs8.pem");
    let twice = [&a_key[..], &a_key].concat();
    for (certificate, key, error) in [
        (&a_key[..], &a_key[..], MerchantKeyError::Certificate),
        (b"", &a_key, MerchantKeyError::Certificate),
        (&a[..a.len() / 2], &a_key, MerchantKeyError::Certificate),
        (&[&a[..], &a].concat(), &a_key, MerchantKeyError::Certificate),
        (&leaf, &a_key, MerchantKeyError::MerchantIdHashMissing),
        (&a, &a, MerchantKeyError::Key),
        (&a, b"", MerchantKeyError::Key),
        (&a, &a_key[..a_key.len() / 2], MerchantKeyError::Key),
        (&a, &twice, MerchantKeyError::Key),
        (&a, &fixture("../keys/encrypted.pkcs8.pem"), MerchantKeyError::KeyEncrypted),
        (&a, &fixture("../keys/encrypted.sec1.pem"), MerchantKeyError::KeyEncrypted),
        (&a, &p384, MerchantKeyError::KeyKind),
        (&a, &fixture("../keys/p384.sec1.pem"), MerchantKeyError::KeyKind),
        (&a, &fixture("../keys/ed25519.pkcs8.pem"), MerchantKeyError::KeyKind),
        (&a, &fixture("merchant-b.key.pem"), MerchantKeyError::KeyMismatch),
        (&a, &fixture("merchant-rsa.key.pem"), MerchantKeyError::KeyMismatch),
        (&rsa, &a_key, MerchantKeyError::KeyMismatch),
        (&rsa, &fixture("../keys/other-rsa.pkcs8.pem"), MerchantKeyError::KeyMismatch),
        (&a, &fixture("../keys/inconsistent.sec1.pem"), MerchantKeyError::Key),
    ] {
        let refused = load(certificate, key).unwrap_err();
        let shown = String::from_utf8_lossy(key).lines().next().map(str::to_owned);
        assert_eq!(refused, error, "{shown:?}");
    }
}

#[test]
fn a_certificate_of_another_merchant_is_named() {
    let certificate = fixture("merchant-a.cert.pem");
    for other in ["merchant.com.example.other", "", "Merchant.com.example.checkout"] {
        let refused = ProcessingCertificate::from_pem(other, &certificate).unwrap_err();
        assert_eq!(refused, MerchantKeyError::MerchantIdHash, "{other}");
    }
    for (file, error) in [
        ("other-uid", MerchantKeyError::Uid),
        ("no-uid", MerchantKeyError::Uid),
        ("other-hash", MerchantKeyError::MerchantIdHash),
        ("octets-for-hash", MerchantKeyError::MerchantIdHash),
        ("no-hash", MerchantKeyError::MerchantIdHashMissing),
        ("p384", MerchantKeyError::CertificateKind),
        ("ed25519", MerchantKeyError::CertificateKind),
    ] {
        let pem = fixture(&format!("../certificates/{file}.pem"));
        let refused = ProcessingCertificate::from_pem(MERCHANT_ID, &pem).unwrap_err();
        assert_eq!(refused, error, "{file}");
    }
    let rsa_3072 = fixture("../certificates/rsa-3072.pem");
    let key = fixture("../keys/rsa-3072.pkcs8.pem");
    assert_eq!(load(&rsa_3072, &key).unwrap_err(), MerchantKeyError::CertificateKind);
}

#[test]
fn a_root_is_a_certificate_authority_on_p384() {
    for file in ["intermediate-ca.pem", "signer-leaf.pem", "merchant-a.key.pem", "vectors.json"] {
        assert!(TrustRoots::danger_sandbox(&fixture(file)).is_err(), "{file}");
    }
    TrustRoots::danger_sandbox(&fixture("root-ca.pem")).unwrap();
}
