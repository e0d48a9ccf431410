//! What must not be printed, copied or written.

use std::fmt;

use farthing_gateways::smartcore::{Config, Profile, SmartCore};
use farthing_gateways::{Gateway, NextStep, RawCallback, WalletToken, WireRequest, WireResponse};
use farthing_types::{BrowserInfo, StepKind};
use secrecy::SecretString;
use static_assertions::{assert_impl_all, assert_not_impl_any};

use crate::support::{CARD_NUMBER, card, config, customer, order, smartcore};

assert_not_impl_any!(Config: Clone, fmt::Display, serde::Serialize);
assert_not_impl_any!(SmartCore: Clone, fmt::Display, serde::Serialize);
assert_not_impl_any!(WireRequest: Clone, fmt::Display, serde::Serialize);
assert_not_impl_any!(WalletToken<'static>: Clone, fmt::Display, serde::Serialize);
assert_impl_all!(SmartCore: Send, Sync, Gateway);

#[test]
fn configuration_and_adapter_print_no_key_account_or_base_url() {
    let mut config = config(Profile::V1);
    config.merchant_key = "the-merchant-key".to_owned();
    config.secret = SecretString::from("the-secret");
    config.old_secrets = vec![SecretString::from("the-old-secret")];
    let pinned = r#"Config { profile: V1, form_hosts: ["payment.smartcore.pro", "payment.magua-pay.com"], allow_http: false, .. }"#;
    assert_eq!(format!("{config:?}"), pinned);
    assert_eq!(format!("{:?}", SmartCore::new(config).unwrap()), format!("SmartCore({pinned})"));
}

#[test]
fn requests_answers_callbacks_and_steps_print_no_content() {
    let customer = customer();
    let request = smartcore(Profile::V1)
        .pay_card(&order("a1", &customer), &card(), &BrowserInfo::default())
        .unwrap();
    assert_eq!(
        format!("{request:?}"),
        format!("WireRequest(POST /initPaymentHost2Host, {} bytes)", request.body.len())
    );
    let wallet = WalletToken::ApplePay { dpan: CARD_NUMBER, network: "Visa" };
    assert_eq!(format!("{wallet:?}"), "ApplePay(..)");
    let request = smartcore(Profile::V1)
        .pay_wallet(&order("a1", &customer), &wallet, &BrowserInfo::default())
        .unwrap();
    assert_eq!(
        format!("{request:?}"),
        format!("WireRequest(POST /initPaymentHost2Host, {} bytes)", request.body.len())
    );
    let wallet = WalletToken::GooglePay { dpan: CARD_NUMBER, network: "VISA" };
    assert_eq!(format!("{wallet:?}"), "GooglePay(..)");
    let response = WireResponse { status: 200, body: CARD_NUMBER.into() };
    assert_eq!(format!("{response:?}"), "WireResponse(200, 16 bytes)");
    let callback = RawCallback { content_type: Some(CARD_NUMBER), body: CARD_NUMBER.as_bytes() };
    assert_eq!(format!("{callback:?}"), "RawCallback(16 bytes)");
    let step = NextStep {
        kind: StepKind::Challenge,
        target: "https://acs.bank.example/64a7eec2d46c5db10d082b3d".parse().unwrap(),
        fields: vec![("creq", "eyJtZXNzYWdlVHlwZSI6IkNSZXEifQ".to_owned())],
    };
    assert_eq!(format!("{step:?}"), "challenge(acs.bank.example)");
}

#[test]
fn errors_name_the_rule_and_repeat_no_value() {
    let mut config = config(Profile::V1);
    config.merchant_key = "key:with-a-colon".to_owned();
    let error = SmartCore::new(config).unwrap_err();
    assert_eq!(
        error.to_string(),
        "merchant_key: must not be empty nor hold a colon or a control character"
    );
}
