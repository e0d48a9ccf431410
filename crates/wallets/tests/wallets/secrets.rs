//! Secrets cannot be printed, copied, compared or serialised by accident, and are wiped.

use std::fmt::{Display, LowerHex};
use std::hash::Hash;

use farthing_wallets::apple::issuer::{DeviceCard, Issuer, IssuerFiles, ProcessingFiles};
use farthing_wallets::apple::{
    CertificateRequest, DevicePan, MerchantKey, MerchantKeyError, Payment, PaymentToken, Refusal,
    Summary, TrustRoots, Verifier,
};
use farthing_wallets::google::gateway::{Auth, CardMessage, Cryptogram, GatewayKey, Opener};
use farthing_wallets::google::{EncryptedToken, RootKeys};
use serde::de::DeserializeOwned;
use static_assertions::{assert_impl_all, assert_not_impl_any};
use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::support::{Vector, fixture, merchant, verifier};

assert_not_impl_any!(PaymentToken: Clone, Copy, Display, LowerHex, PartialEq, PartialOrd, Hash, serde::Serialize, DeserializeOwned, AsRef<str>, AsRef<[u8]>);
assert_not_impl_any!(DevicePan: Clone, Copy, Display, LowerHex, PartialEq, PartialOrd, Hash, serde::Serialize, DeserializeOwned, AsRef<str>, AsRef<[u8]>);
assert_not_impl_any!(Payment: Clone, Copy, Display, LowerHex, PartialEq, PartialOrd, Hash, serde::Serialize, DeserializeOwned, AsRef<str>, AsRef<[u8]>);
assert_not_impl_any!(MerchantKey: Clone, Copy, Display, LowerHex, PartialEq, PartialOrd, Hash, serde::Serialize, DeserializeOwned, AsRef<str>, AsRef<[u8]>);
assert_not_impl_any!(CertificateRequest: Clone, Copy, Display, LowerHex, PartialEq, PartialOrd, Hash, serde::Serialize, DeserializeOwned, AsRef<str>, AsRef<[u8]>);
assert_not_impl_any!(Verifier: Clone, Copy, Display, serde::Serialize);
assert_not_impl_any!(EncryptedToken: Clone, Copy, Display, LowerHex, PartialEq, PartialOrd, Hash, serde::Serialize, DeserializeOwned, AsRef<str>, AsRef<[u8]>);
assert_not_impl_any!(GatewayKey: Clone, Copy, Display, LowerHex, PartialEq, PartialOrd, Hash, serde::Serialize, DeserializeOwned, AsRef<str>, AsRef<[u8]>);
assert_not_impl_any!(CardMessage: Clone, Copy, Display, PartialEq, Hash, serde::Serialize, DeserializeOwned);
assert_not_impl_any!(Auth: Clone, Copy, Display, PartialEq, Hash, serde::Serialize, DeserializeOwned);
assert_not_impl_any!(Cryptogram: Clone, Copy, Display, LowerHex, PartialEq, PartialOrd, Hash, serde::Serialize, DeserializeOwned, AsRef<str>, AsRef<[u8]>);
assert_not_impl_any!(Issuer: Clone, Copy, Display, serde::Serialize);
assert_not_impl_any!(DeviceCard<'_>: Clone, Copy, Display, serde::Serialize);
assert_not_impl_any!(IssuerFiles: Clone, Copy, Display, serde::Serialize);
assert_not_impl_any!(ProcessingFiles: Clone, Copy, Display, serde::Serialize);
assert_not_impl_any!(farthing_wallets::google::issuer::Issuer: Clone, Copy, Display, serde::Serialize);
assert_not_impl_any!(farthing_wallets::google::issuer::Card<'_>: Clone, Copy, Display, serde::Serialize);
assert_impl_all!(PaymentToken: ZeroizeOnDrop, Send, Sync);
assert_impl_all!(DevicePan: ZeroizeOnDrop, Send, Sync);
assert_impl_all!(EncryptedToken: ZeroizeOnDrop, Send, Sync);
assert_impl_all!(Cryptogram: ZeroizeOnDrop, Send, Sync);
assert_impl_all!(Payment: Send, Sync);
assert_impl_all!(Verifier: Send, Sync);
assert_impl_all!(TrustRoots: Send, Sync);
assert_impl_all!(Summary: Clone, serde::Serialize);
assert_impl_all!(Refusal: Copy, std::error::Error);
assert_impl_all!(MerchantKeyError: Copy, std::error::Error);

#[test]
fn debug_of_apple_secrets_shows_nothing_of_them() {
    let vector = Vector::load("good-1.json");
    let json = vector.token.to_string();
    let token = PaymentToken::from_json(json.as_bytes()).unwrap();
    assert_eq!(format!("{token:?}"), "PaymentToken(EC_v1, ..)");
    assert_eq!(format!("{token:#?}"), "PaymentToken(EC_v1, ..)");
    let key = merchant("merchant-a");
    assert_eq!(format!("{key:?}"), "MerchantKey(merchant.com.example.checkout, ..)");
    let payment = vector.read(&verifier(), vector.signing_time()).unwrap();
    let id = payment.transaction_id().to_owned();
    assert_eq!(format!("{payment:?}"), format!("Payment({id}, ..)"));
    assert_eq!(format!("{payment:#?}"), format!("Payment({id}, ..)"));
    let pan = payment.into_device_pan();
    assert_eq!(format!("{pan:?}"), "DevicePan(..)");
    assert_eq!(format!("{pan:#?}"), "DevicePan(..)");
    let shown = format!("{:?}", verifier());
    let root =
        "C=US,O=Vector Test Inc.,OU=Test Certification Authority,CN=Vector Test Root CA - G3";
    let keys = ["MerchantKey(merchant.com.example.checkout, ..)"; 3].join(", ");
    assert_eq!(
        shown,
        format!(r#"Verifier {{ roots: TrustRoots(["{root}"]), keys: [{keys}], .. }}"#)
    );
}

#[test]
fn debug_of_google_secrets_shows_nothing_of_them() {
    let text = String::from_utf8(fixture("../googlepay/device.txt")).unwrap();
    let token = EncryptedToken::parse(&text).unwrap();
    assert_eq!(format!("{token:?}"), format!("EncryptedToken({} bytes)", text.len()));
    let key = GatewayKey::from_pem(&fixture("../googlepay/gateway.key.pem")).unwrap();
    assert_eq!(format!("{key:?}"), "GatewayKey(..)");
    let roots = RootKeys::from_json(&fixture("../googlepay/keys.json")).unwrap();
    let opener = Opener::new(roots, "gateway:primepay", vec![key]);
    let message = opener.open(&token, "2026-01-15T12:00:00Z".parse().unwrap()).unwrap();
    let shown = "CardMessage(AH2EjtfMnpe8VJJr-message-2, Cryptogram3ds(..), ..)";
    assert_eq!(format!("{message:?}"), shown);
    assert_eq!(format!("{message:#?}"), shown);
    let Auth::Cryptogram3ds { cryptogram, .. } = &message.auth else { panic!("no cryptogram") };
    assert_eq!(format!("{cryptogram:?}"), "Cryptogram(..)");
    assert_eq!(format!("{:?}", Auth::PanOnly), "PanOnly");
    assert!(
        format!("{opener:?}")
            .ends_with(r#"recipient: "gateway:primepay", keys: [GatewayKey(..)] }"#)
    );
}

#[test]
fn the_summary_says_what_may_be_shown_and_no_more() {
    let vector = Vector::load("good-2.json");
    let payment = vector.read(&verifier(), vector.signing_time()).unwrap();
    let summary = serde_json::to_value(payment.summary()).unwrap();
    let expected = serde_json::json!({
        "version": "EC_v1",
        "transaction_id": "7340a4635038d9be9861a40a614ab3cdf8cc73de05113e8b5da929f8deb9e9f7",
        "signed_at": "2026-03-02T08:30:15Z",
        "network": "MasterCard",
        "number": "************1005",
        "expires": "2029-04-30",
        "currency": "AUD",
        "amount": 2599,
        "payment_data_type": "3DSecure",
        "cryptogram_bytes": 20,
        "eci": null,
        "has_cardholder_name": true,
        "has_application_data": true,
    });
    assert_eq!(summary, expected);
    assert_eq!(payment.last4().unwrap().as_str(), "1005");
    assert_eq!(payment.expires().to_string(), "2029-04-30");
}

#[test]
fn wiping_leaves_nothing_to_read() {
    let vector = Vector::load("good-1.json");
    let payment = vector.read(&verifier(), vector.signing_time()).unwrap();
    let mut pan = payment.into_device_pan();
    assert!(!pan.expose_bytes().is_empty());
    pan.zeroize();
    assert!(pan.expose_bytes().iter().all(|byte| *byte == 0));
    let mut token = PaymentToken::from_json(vector.token.to_string().as_bytes()).unwrap();
    token.zeroize();
    assert!(
        verifier()
            .verify_and_decrypt(&token, &vector.expectations(), vector.signing_time())
            .is_err()
    );
}
