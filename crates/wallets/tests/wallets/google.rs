//! Google Pay tokens made by another implementation: `fixtures/googlepay/make.py`.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use farthing_wallets::google::gateway::{Auth, CardMessage, GatewayKey, Opener};
use farthing_wallets::google::{EncryptedToken, Padding, Refusal, RootKeys, RootKeysError};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::support::fixture;

const RECIPIENT: &str = "gateway:primepay";

/// The fixtures, their refusal by the signature check, and their refusal by the gateway.
const FIXTURES: [(&str, Option<Refusal>, Option<Refusal>); 8] = [
    ("pan-only", None, None),
    ("device", None, None),
    ("other-recipient", Some(Refusal::MessageSignature), Some(Refusal::MessageSignature)),
    ("other-root", Some(Refusal::IntermediateSignature), Some(Refusal::IntermediateSignature)),
    ("expired-root", Some(Refusal::IntermediateSignature), Some(Refusal::IntermediateSignature)),
    (
        "expired-intermediate",
        Some(Refusal::IntermediateExpired),
        Some(Refusal::IntermediateExpired),
    ),
    ("expired-message", None, Some(Refusal::MessageExpired)),
    ("other-gateway", None, Some(Refusal::Tag)),
];

fn now() -> Timestamp {
    "2026-01-15T12:00:00Z".parse().unwrap()
}

fn text(name: &str) -> String {
    String::from_utf8(fixture(&format!("../googlepay/{name}.txt"))).unwrap()
}

fn roots() -> RootKeys {
    RootKeys::from_json(&fixture("../googlepay/keys.json")).unwrap()
}

fn opener() -> Opener {
    let key = GatewayKey::from_pem(&fixture("../googlepay/gateway.key.pem")).unwrap();
    Opener::new(roots(), RECIPIENT, vec![GatewayKey::generate().unwrap(), key])
}

fn verify(text: &str) -> Result<(), Refusal> {
    roots().verify(&EncryptedToken::parse(text)?, RECIPIENT, now())
}

fn open(text: &str, now: Timestamp) -> Result<CardMessage, Refusal> {
    opener().open(&EncryptedToken::parse(text)?, now)
}

#[test]
fn tokens_are_accepted_or_refused_at_the_step_that_is_wrong() {
    for (name, refused, unopened) in FIXTURES {
        let token = text(name);
        assert_eq!(verify(&token).err(), refused, "{name}");
        assert_eq!(open(&token, now()).err(), unopened, "{name}");
    }
}

#[test]
fn the_gateway_reads_what_was_encrypted() {
    let message = open(&text("pan-only"), now()).unwrap();
    assert_eq!(message.message_id, "AH2EjtfMnpe8VJJr-message-1");
    assert_eq!(message.expires, now() + SignedDuration::from_hours(24));
    assert_eq!(message.pan.expose_digits(), "4111111111111111");
    assert_eq!((message.expiry.expose_year(), message.expiry.expose_month()), (2030, 12));
    assert!(matches!(message.auth, Auth::PanOnly));

    let message = open(&text("device"), now()).unwrap();
    assert_eq!(message.pan.expose_digits(), "5200000000001005");
    let Auth::Cryptogram3ds { cryptogram, eci } = message.auth else { panic!("no cryptogram") };
    assert_eq!(cryptogram.expose(), "AAAAAA/BBBB+CCCCCCCCCCCCCCA=");
    assert_eq!(eci.as_deref(), Some("02"));
}

#[test]
fn keys_and_messages_expire_to_the_millisecond() {
    let day = SignedDuration::from_hours(24);
    let moment = SignedDuration::from_millis(1);
    let token = text("pan-only");
    assert!(open(&token, now() + day - moment).is_ok());
    assert_eq!(open(&token, now() + day).unwrap_err(), Refusal::MessageExpired);
    let parsed = EncryptedToken::parse(&token).unwrap();
    let verify = |now| roots().verify(&parsed, RECIPIENT, now);
    verify(now() + day * 6 - moment).unwrap();
    assert_eq!(verify(now() + day * 6), Err(Refusal::IntermediateExpired));
    assert_eq!(verify(now() + day * 365), Err(Refusal::IntermediateSignature));
    // The root that has expired now was valid before.
    let old = EncryptedToken::parse(&text("expired-root")).unwrap();
    roots().verify(&old, RECIPIENT, now() - moment * 2).unwrap();
    assert_eq!(roots().expire(), Some(now() + day * 365));
}

#[test]
fn the_exact_bytes_are_handed_on() {
    let text = text("device");
    assert!(text.contains("\\\\u003d"), "Google escapes the equals sign");
    let token = EncryptedToken::parse(&text).unwrap();
    assert_eq!(token.expose_bytes(), text.as_bytes());
    assert_eq!(*token.expose_base64(Padding::Padded), STANDARD.encode(&text));
    assert_eq!(*token.expose_base64(Padding::Unpadded), STANDARD_NO_PAD.encode(&text));
    assert_eq!(Padding::default(), Padding::Padded);
    for len in 0..3 {
        let longer = text.replacen('{', &format!("{{{}", " ".repeat(len)), 1);
        let token = EncryptedToken::parse(&longer).unwrap();
        assert_eq!(*token.expose_base64(Padding::Padded), STANDARD.encode(&longer));
        assert_eq!(*token.expose_base64(Padding::Unpadded), STANDARD_NO_PAD.encode(&longer));
    }
}

#[test]
fn a_token_is_an_object_with_four_strings_of_ecv2() {
    let good: Value = serde_json::from_str(&text("pan-only")).unwrap();
    let parse = |token: &Value| EncryptedToken::parse(&token.to_string()).err();
    assert_eq!(parse(&good), None);
    for pointer in ["signature", "signedMessage", "intermediateSigningKey", "protocolVersion"] {
        let mut token = good.clone();
        token.as_object_mut().unwrap().remove(pointer);
        assert_eq!(parse(&token), Some(Refusal::Malformed), "without {pointer}");
        for wrong in [json!(null), json!(1), json!({}), json!(["a"])] {
            token[pointer] = wrong;
            assert_eq!(parse(&token), Some(Refusal::Malformed), "{}", token[pointer]);
        }
    }
    let mut token = good.clone();
    token["intermediateSigningKey"]["signedKey"] = json!(null);
    assert_eq!(parse(&token), Some(Refusal::Malformed));
    for version in ["ECv1", "ecv2", "ECv2SigningOnly", ""] {
        let mut token = good.clone();
        token["protocolVersion"] = json!(version);
        assert_eq!(parse(&token), Some(Refusal::ProtocolVersion), "{version}");
    }
    for text in ["", "null", "[]", "\"token\"", "examplePaymentMethodToken", "{", "{}"] {
        assert_eq!(EncryptedToken::parse(text).unwrap_err(), Refusal::Malformed, "{text}");
    }
    let twice = text("pan-only").replacen('{', r#"{"signature":"","#, 1);
    assert_eq!(EncryptedToken::parse(&twice).unwrap_err(), Refusal::Malformed);
}

#[test]
fn the_gateway_s_own_sample_has_lost_its_backslashes_and_is_refused() {
    // Reference 1.1: inner quotes of the sample are bare. A real token keeps them escaped.
    let sample = r#"{"signature":"***","intermediateSigningKey":{"signedKey":"{"keyValue":"***","keyExpiration":"1711434452836"}","signatures":["***"]},"protocolVersion":"ECv2","signedMessage":"{"encryptedMessage":"***","ephemeralPublicKey":"***","tag":"***"}"}"#;
    assert_eq!(EncryptedToken::parse(sample).unwrap_err(), Refusal::Malformed);
}

#[test]
fn a_token_has_at_most_16_kib() {
    let token = text("pan-only");
    let padded =
        |len: usize| token.replacen('{', &format!("{{{}", " ".repeat(len - token.len())), 1);
    assert_eq!(verify(&padded(EncryptedToken::MAX_BYTES)), Ok(()));
    assert_eq!(verify(&padded(EncryptedToken::MAX_BYTES + 1)), Err(Refusal::TooLarge));
}

#[test]
fn one_flipped_byte_of_the_token_is_refused_or_changes_nothing() {
    let mut bytes = text("device").into_bytes();
    let mut accepted = Vec::new();
    for index in 0..bytes.len() {
        for mask in [0x01, 0x02, 0x20, 0x80, 0xff] {
            bytes[index] ^= mask;
            let opened = str::from_utf8(&bytes).ok().and_then(|text| open(text, now()).ok());
            if let Some(message) = opened {
                assert_eq!(message.pan.expose_digits(), "5200000000001005");
                accepted.push(String::from_utf8_lossy(&bytes[..=index]).into_owned());
            }
            bytes[index] ^= mask;
        }
    }
    // The escaped equals signs of the signatures, which are not themselves signed, may be written with a capital D.
    assert!(accepted.iter().all(|head| head.ends_with("\\u003D")), "{accepted:?}");
}

#[test]
fn signatures_are_tried_until_one_fits_but_not_for_ever() {
    let good: Value = serde_json::from_str(&text("pan-only")).unwrap();
    let signature = good["intermediateSigningKey"]["signatures"][0].clone();
    let with = |signatures: Vec<Value>| {
        let mut token = good.clone();
        token["intermediateSigningKey"]["signatures"] = Value::Array(signatures);
        verify(&token.to_string())
    };
    let other = json!(STANDARD.encode("not a signature"));
    assert_eq!(with(vec![other.clone(), json!("%"), signature.clone()]), Ok(()));
    assert_eq!(with(vec![]), Err(Refusal::IntermediateSignature));
    let late = [vec![other; 4], vec![signature]].concat();
    assert_eq!(with(late), Err(Refusal::IntermediateSignature));
}

#[test]
fn a_list_of_root_keys_holds_one_for_ecv2() {
    let list: Value = serde_json::from_slice(&fixture("../googlepay/keys.json")).unwrap();
    let read = |list: &Value| RootKeys::from_json(list.to_string().as_bytes()).err();
    assert_eq!(read(&list), None);
    let mut other = list.clone();
    for key in other["keys"].as_array_mut().unwrap() {
        key["protocolVersion"] = json!("ECv1");
    }
    assert_eq!(read(&other), Some(RootKeysError::NoKey));
    assert_eq!(read(&json!({"keys": []})), Some(RootKeysError::NoKey));
    for (field, wrong) in [
        ("keyValue", json!("MFkw")),
        ("keyValue", json!(1)),
        ("keyExpiration", json!("soon")),
        ("keyExpiration", json!(null)),
        ("keyExpiration", json!(1_800_000_000_000_i64)),
    ] {
        let mut list = list.clone();
        list["keys"][2][field] = wrong;
        assert_eq!(
            read(&list),
            Some(RootKeysError::Malformed),
            "{field}: {}",
            list["keys"][2][field]
        );
    }
    for text in ["", "[]", "{}", "null"] {
        assert_eq!(RootKeys::from_json(text.as_bytes()).unwrap_err(), RootKeysError::Malformed);
    }
}

#[test]
fn a_gateway_key_is_on_p256() {
    for file in ["../keys/p384.pkcs8.pem", "merchant-rsa.key.pem", "root-ca.pem", "README.md"] {
        assert!(GatewayKey::from_pem(&fixture(file)).is_err(), "{file}");
    }
    let key = GatewayKey::from_pem(&fixture("merchant-a.key.pem")).unwrap();
    assert_eq!(key.public_key().len(), 65);
}
