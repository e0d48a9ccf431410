//! One changed byte, anywhere in what Apple signs, encrypts or hashes, is noticed: every byte, not samples.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use farthing_wallets::apple::{PaymentToken, Refusal, Verifier};
use serde_json::Value;

use crate::support::{Vector, verifier};

/// The lowest bit, the bit that tells primitive from constructed in BER, the highest bit, all of them.
const MASKS: [u8; 4] = [0x01, 0x20, 0x80, 0xff];

/// A field of the token and how its bytes are written.
struct Field {
    pointer: &'static str,
    read: fn(&str) -> Vec<u8>,
    write: fn(&[u8]) -> String,
}

fn base64(pointer: &'static str) -> Field {
    Field { pointer, read: |text| STANDARD.decode(text).unwrap(), write: |b| STANDARD.encode(b) }
}

fn hexadecimal(pointer: &'static str) -> Field {
    Field { pointer, read: |text| hex::decode(text).unwrap(), write: |bytes| hex::encode(bytes) }
}

/// Every field but `version`, `displayName`, `network` and `type`.
fn fields() -> [Field; 8] {
    [
        base64("/paymentData/data"),
        base64("/paymentData/signature"),
        base64("/paymentData/header/ephemeralPublicKey"),
        base64("/paymentData/header/wrappedKey"),
        base64("/paymentData/header/publicKeyHash"),
        hexadecimal("/paymentData/header/transactionId"),
        hexadecimal("/paymentData/header/applicationData"),
        hexadecimal("/transactionIdentifier"),
    ]
}

/// Flips every byte of every field, and counts the bytes.
fn flip_all(file: &str, verifier: &Verifier) -> usize {
    let mut vector = Vector::load(file);
    let now = vector.signing_time();
    vector.read(verifier, now).unwrap();
    let mut flipped = 0;
    for field in fields() {
        let Some(Value::String(text)) = vector.token.pointer(field.pointer).cloned() else {
            continue;
        };
        let mut bytes = (field.read)(&text);
        for index in 0..bytes.len() {
            for mask in MASKS {
                bytes[index] ^= mask;
                *vector.token.pointer_mut(field.pointer).unwrap() = (field.write)(&bytes).into();
                let read = vector.read(verifier, now);
                assert!(read.is_err(), "{file}: {} byte {index} ^ {mask:#04x}", field.pointer);
                bytes[index] ^= mask;
            }
            flipped += 1;
        }
        *vector.token.pointer_mut(field.pointer).unwrap() = text.into();
        vector.read(verifier, now).unwrap();
    }
    flipped
}

#[test]
fn one_flipped_byte_of_an_ec_token_is_refused_wherever_it_is() {
    let flipped = flip_all("good-1.json", &verifier());
    assert!(flipped > 2000, "{flipped}");
}

#[test]
fn one_flipped_byte_of_a_token_with_application_data_is_refused_wherever_it_is() {
    let flipped = flip_all("good-2.json", &verifier());
    assert!(flipped > 2000, "{flipped}");
}

#[test]
fn one_flipped_byte_of_an_rsa_token_is_refused_wherever_it_is() {
    let flipped = flip_all("good-3-rsa.json", &verifier());
    assert!(flipped > 2500, "{flipped}");
}

#[test]
fn a_signature_is_not_cut_and_has_nothing_behind_it() {
    let mut vector = Vector::load("good-1.json");
    let now = vector.signing_time();
    let verifier = verifier();
    let text = vector.token["paymentData"]["signature"].as_str().unwrap().to_owned();
    let whole = STANDARD.decode(text).unwrap();
    let with = |bytes: &[u8], vector: &mut Vector| {
        vector.token["paymentData"]["signature"] = STANDARD.encode(bytes).into();
        vector.read(&verifier, now)
    };
    for len in 0..whole.len() {
        let refused = with(&whole[..len], &mut vector).unwrap_err();
        assert_eq!(refused, Refusal::SignatureEncoding, "{len}");
    }
    for more in [&[0][..], &[0, 0], &whole] {
        let refused = with(&[&whole, more].concat(), &mut vector).unwrap_err();
        assert_eq!(refused, Refusal::SignatureEncoding);
    }
    with(&whole, &mut vector).unwrap();
}

#[test]
fn one_flipped_byte_of_the_json_is_refused_or_changes_nothing() {
    let vector = Vector::load("good-1.json");
    let now = vector.signing_time();
    let verifier = verifier();
    let good = vector.read(&verifier, now).unwrap();
    let mut text = vector.token.to_string().into_bytes();
    let mut accepted = Vec::new();
    for index in 0..text.len() {
        for mask in MASKS {
            text[index] ^= mask;
            let read = PaymentToken::from_json(&text)
                .and_then(|token| verifier.verify_and_decrypt(&token, &vector.expectations(), now));
            if let Ok(payment) = read {
                assert_eq!(payment.device_pan().expose_bytes(), good.device_pan().expose_bytes());
                assert_eq!(payment.transaction_id(), good.transaction_id());
                assert!(payment.network().eq_ignore_ascii_case(good.network()));
                accepted.push(index);
            }
            text[index] ^= mask;
        }
    }
    accepted.dedup();
    // What is left are the display name, the kind of card and letter case: no more than is in these.
    let unsigned =
        vector.token["paymentMethod"].to_string().len() + "transactionIdentifier".len() + 64;
    assert!(accepted.len() < unsigned, "{} bytes", accepted.len());
}
