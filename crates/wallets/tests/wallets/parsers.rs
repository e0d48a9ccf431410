//! No parser panics, whatever it is given, and damaged tokens are never taken for others.

use farthing_wallets::apple::{MerchantKey, PaymentToken, Refusal};
use farthing_wallets::fuzz::TARGETS;
use farthing_wallets::google::EncryptedToken;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;
use serde_json::{Value, json};

use crate::support::{MERCHANT_ID, Vector, fixture, verifier};

fn parse_with_all(data: &[u8]) {
    for (_, parse) in TARGETS {
        parse(data);
    }
}

proptest! {
    #[test]
    fn arbitrary_bytes_do_not_panic(data in vec(any::<u8>(), 0..512)) {
        parse_with_all(&data);
    }

    #[test]
    fn what_looks_like_der_does_not_panic(
        head in prop::sample::select(vec![&[0x30, 0x80][..], &[0x30, 0x82, 0, 0], &[0x31, 0x0f], b"\x30\x80\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02\xa0\x80\x30\x80"]),
        data in vec(any::<u8>(), 0..256),
    ) {
        parse_with_all(&[head, &data].concat());
    }

    #[test]
    fn arbitrary_json_does_not_panic(text in r#"[\{\}\[\]",:0-9a-z\\]{0,200}"#) {
        parse_with_all(text.as_bytes());
    }

    #[test]
    fn a_token_with_several_changed_bytes_is_refused_or_the_same(
        changes in vec((any::<Index>(), any::<u8>()), 1..6),
    ) {
        let vector = Vector::load("good-1.json");
        let mut text = vector.token.to_string().into_bytes();
        for (index, byte) in changes {
            let index = index.index(text.len());
            text[index] = byte;
        }
        let read = PaymentToken::from_json(&text).and_then(|token| {
            verifier().verify_and_decrypt(&token, &vector.expectations(), vector.signing_time())
        });
        if let Ok(payment) = read {
            let plaintext = vector.listed["debug"]["plaintext_utf8"].as_str().unwrap();
            prop_assert_eq!(payment.device_pan().expose_bytes(), plaintext.as_bytes());
        }
    }

    #[test]
    fn damaged_key_files_do_not_panic(
        file in prop::sample::select(vec!["merchant-a.key.pem", "merchant-b.key.pem", "merchant-rsa.key.pem"]),
        index in any::<Index>(),
        byte in any::<u8>(),
    ) {
        let mut key = fixture(file);
        let index = index.index(key.len());
        key[index] = byte;
        let certificate = fixture(&file.replace("key", "cert"));
        if let Ok(loaded) = MerchantKey::from_pem(MERCHANT_ID, &certificate, &key) {
            // A byte outside of the key, or one that was put back.
            prop_assert_eq!(loaded.certificate().merchant_id(), MERCHANT_ID);
        }
    }

    #[test]
    fn any_text_that_is_taken_for_a_google_token_is_handed_on_unchanged(spaces in "[ \t\r\n]{0,9}") {
        let text = String::from_utf8(fixture("../googlepay/device.txt")).unwrap();
        let text = format!("{spaces}{text}{spaces}");
        let token = EncryptedToken::parse(&text).unwrap();
        prop_assert_eq!(token.expose_bytes(), text.as_bytes());
    }
}

#[test]
fn an_apple_token_has_at_most_32_kib() {
    let vector = Vector::load("good-1.json");
    let text = vector.token.to_string();
    let padded = |len: usize| format!("{text}{}", " ".repeat(len - text.len()));
    PaymentToken::from_json(padded(PaymentToken::MAX_BYTES).as_bytes()).unwrap();
    let larger = padded(PaymentToken::MAX_BYTES + 1);
    assert_eq!(PaymentToken::from_json(larger.as_bytes()).unwrap_err(), Refusal::TooLarge);
}

#[test]
fn what_is_no_apple_token_is_refused_as_malformed() {
    let good = Vector::load("good-2.json").token;
    let refused = |token: &Value| PaymentToken::from_json(token.to_string().as_bytes()).err();
    assert_eq!(refused(&good), None);
    for pointer in [
        "/paymentData/version",
        "/paymentData/data",
        "/paymentData/signature",
        "/paymentData/header",
        "/paymentData/header/ephemeralPublicKey",
        "/paymentData/header/publicKeyHash",
        "/paymentData/header/transactionId",
        "/paymentMethod/network",
        "/paymentData",
        "/paymentMethod",
        "/transactionIdentifier",
    ] {
        let (parent, key) = pointer.rsplit_once('/').unwrap();
        let mut token = good.clone();
        token.pointer_mut(parent).unwrap().as_object_mut().unwrap().remove(key);
        assert_eq!(refused(&token), Some(Refusal::Malformed), "without {pointer}");
        for wrong in [json!(null), json!(1), json!([]), json!({})] {
            let mut token = good.clone();
            *token.pointer_mut(pointer).unwrap() = wrong;
            assert_eq!(refused(&token), Some(Refusal::Malformed), "{pointer}");
        }
    }
    for (pointer, wrong) in [
        ("/paymentData/data", json!("a")),
        ("/paymentData/data", json!("YQ")),
        ("/paymentData/data", json!("YR==")),
        ("/paymentData/data", json!("YQ= =")),
        ("/paymentData/data", json!("_-8=")),
        ("/paymentData/header/publicKeyHash", json!("YQ==")),
        ("/paymentData/header/applicationData", json!("")),
        ("/paymentData/header/applicationData", json!("00")),
        ("/paymentData/header/transactionId", json!("0x00")),
    ] {
        let mut token = good.clone();
        *token.pointer_mut(pointer).unwrap() = wrong.clone();
        assert_eq!(refused(&token), Some(Refusal::Malformed), "{pointer} {wrong}");
    }
    let mut both = good.clone();
    both["paymentData"]["header"]["wrappedKey"] = json!("YQ==");
    assert_eq!(refused(&both), Some(Refusal::Malformed));
    for version in ["EC_v2", "ec_v1", ""] {
        let mut token = good.clone();
        token["paymentData"]["version"] = json!(version);
        assert_eq!(refused(&token), Some(Refusal::Version), "{version}");
    }
    let mut other_version = good.clone();
    other_version["paymentData"]["version"] = json!("RSA_v1");
    assert_eq!(refused(&other_version), Some(Refusal::Malformed));
    let twice = good.to_string().replacen('{', r#"{"transactionIdentifier":"","#, 1);
    assert_eq!(PaymentToken::from_json(twice.as_bytes()).unwrap_err(), Refusal::Malformed);
}

#[test]
fn a_simulator_s_empty_payment_data_is_refused_cleanly() {
    let simulated = json!({
        "paymentData": {},
        "paymentMethod": {"displayName": "Simulated", "network": "Visa", "type": "debit"},
        "transactionIdentifier": "Simulated Identifier",
    });
    let refused = PaymentToken::from_json(simulated.to_string().as_bytes()).unwrap_err();
    assert_eq!(refused, Refusal::Malformed);
}

#[test]
fn escapes_in_the_token_s_json_make_no_difference() {
    let vector = Vector::load("good-1.json");
    let text = vector.token.to_string().replace('/', "\\/").replace('=', "\\u003d");
    let token = PaymentToken::from_json(text.as_bytes()).unwrap();
    let now = vector.signing_time();
    verifier().verify_and_decrypt(&token, &vector.expectations(), now).unwrap();
}
