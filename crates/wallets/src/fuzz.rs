//! One function per parser, for a program that feeds them noise. None may panic; what they return does not matter.

use jiff::Timestamp;

use crate::apple::{self, PaymentToken};
use crate::google::{self, EncryptedToken, RootKeys};
use crate::private_key;

/// A parser with its name.
pub type Target = (&'static str, fn(&[u8]));

/// All of them.
pub const TARGETS: [Target; 8] = [
    ("apple_token", apple_token),
    ("apple_signature", apple::fuzz::signature),
    ("apple_certificate", apple::fuzz::certificate),
    ("apple_payload", apple::fuzz::payload),
    ("merchant_certificate", merchant_certificate),
    ("private_key", private_key),
    ("google_token", google_token),
    ("google_roots", google_roots),
];

/// The whole way of a token, as far as it gets without a key.
fn apple_token(data: &[u8]) {
    let Ok(token) = PaymentToken::from_json(data) else { return };
    apple::fuzz::verify(&token, Timestamp::UNIX_EPOCH);
}

fn merchant_certificate(data: &[u8]) {
    let _ = apple::ProcessingCertificate::from_pem("merchant.com.example.checkout", data);
    let _ = apple::TrustRoots::danger_sandbox(data);
}

fn private_key(data: &[u8]) {
    let _ = private_key::read(data);
}

/// Shape, and both signatures under a key that has made neither.
fn google_token(data: &[u8]) {
    const ROOTS: &[u8] = include_bytes!("../fixtures/googlepay/keys.json");
    let Ok(token) = str::from_utf8(data).map(EncryptedToken::parse) else { return };
    if let (Ok(token), Ok(roots)) = (token, RootKeys::from_json(ROOTS)) {
        let _ = token.expose_base64(google::Padding::Unpadded);
        let _ = roots.verify(&token, "gateway:primepay", Timestamp::UNIX_EPOCH);
    }
}

fn google_roots(data: &[u8]) {
    let _ = RootKeys::from_json(data);
}
