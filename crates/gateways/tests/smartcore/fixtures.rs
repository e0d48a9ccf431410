//! Every documented example: our builder against the requests, our reader and the shared types against the answers.

use farthing_gateways::smartcore::Profile;
use farthing_gateways::smartcore::wire::{CardAnswer, CheckedAnswer, FormAnswer};
use farthing_gateways::{
    CardSummary, CheckedState, Gateway, NextStep, PayAnswer, PayState, Unclear, WalletToken,
};
use farthing_types::{BrowserInfo, DeclineCode, StepKind};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::support::{answer, body, card, customer, order, smartcore};

macro_rules! fixture {
    ($path:literal) => {
        include_str!(concat!("../../fixtures/smartcore/", $path))
    };
}

/// The documented request with the only differences that `docs/gateways/smartcore.md` allows: one way back for all three, and
/// the postal code as the string of the table instead of the number of the sample.
fn as_we_send(fixture: &str) -> Value {
    let mut request: Value = serde_json::from_str(fixture).unwrap();
    let members = request.as_object_mut().unwrap();
    for name in ["success_url", "fail_url", "status_url"] {
        assert!(members.insert(name.to_owned(), json!("https://site.com/redir")).is_some());
    }
    assert_eq!(
        members.insert("customer_zip_code".to_owned(), json!("121165")),
        Some(json!(121_165))
    );
    request
}

#[test]
fn the_hosted_form_is_asked_for_as_documented_in_both_versions() {
    for (profile, fixture) in [
        (Profile::V0, fixture!("v0/init_payment.request.json")),
        (Profile::V1, fixture!("v1/init_payment.request.json")),
    ] {
        let customer = customer();
        let request =
            smartcore(profile).hosted_form(&order("sandboxFormId_1015", &customer), None).unwrap();
        assert_eq!(body(&request), as_we_send(fixture));
        assert_eq!((request.method, request.content_type), ("POST", "application/json"));
        assert_eq!(request.url.as_str(), "https://api-gateway.smartcore.pro/initPayment");
    }
}

#[test]
fn mobile_commerce_is_asked_for_as_documented() {
    let customer = customer();
    let request = smartcore(Profile::V1)
        .hosted_form(&order("sandboxFormId_1015", &customer), Some("7122321576"))
        .unwrap();
    assert_eq!(body(&request), as_we_send(fixture!("v1/mobile_commerce.request.json")));
    assert_eq!(request.url.as_str(), "https://api-gateway.smartcore.pro/initPayment");
}

#[test]
fn a_card_is_charged_as_documented_in_both_versions() {
    for (profile, fixture) in [
        (Profile::V0, fixture!("v0/host2host_card.request.json")),
        (Profile::V1, fixture!("v1/host2host_card.request.json")),
    ] {
        let mut expected = as_we_send(fixture);
        let members = expected.as_object_mut().unwrap();
        // A slip of the older document: wallet fields beside a card.
        let had_wallet = members.remove("apple_pay_dpan").is_some();
        assert_eq!(members.remove("apple_pay_payment_method_network").is_some(), had_wallet);
        assert_eq!(had_wallet, profile == Profile::V0);
        // The samples know nothing of the browser; we always know whether our script ran.
        members.insert("browser_js_enabled".to_owned(), json!(false));

        let customer = customer();
        let request = smartcore(profile)
            .pay_card(&order("sandboxId_1015", &customer), &card(), &BrowserInfo::default())
            .unwrap();
        assert_eq!(body(&request), expected);
        assert_eq!((request.method, request.content_type), ("POST", "application/json"));
        assert_eq!(request.url.as_str(), "https://chd-api.smartcore.pro/initPaymentHost2Host");
    }
}

/// What the builder makes of the token and the network of a documented request.
fn wallet_request(profile: Profile, expected: &Value) -> Value {
    let text = |name: &str| expected[name].as_str().unwrap();
    let wallet = if expected["payment_method"] == "applePayDPan" {
        WalletToken::ApplePay {
            dpan: text("apple_pay_dpan"),
            network: text("apple_pay_payment_method_network"),
        }
    } else {
        WalletToken::GooglePay {
            dpan: text("google_pay_dpan"),
            network: text("google_pay_payment_method_network"),
        }
    };
    let customer = customer();
    let request = smartcore(profile)
        .pay_wallet(&order("sandboxId_1015", &customer), &wallet, &BrowserInfo::default())
        .unwrap();
    assert_eq!((request.method, request.content_type), ("POST", "application/json"));
    assert_eq!(request.url.as_str(), "https://chd-api.smartcore.pro/initPaymentHost2Host");
    body(&request)
}

#[test]
fn a_wallet_is_charged_as_documented_in_both_versions() {
    for (profile, fixture) in [
        (Profile::V0, fixture!("v0/host2host_google_pay.request.json")),
        (Profile::V1, fixture!("v1/host2host_apple_pay.request.json")),
        (Profile::V1, fixture!("v1/host2host_google_pay.request.json")),
    ] {
        let mut expected = as_we_send(fixture);
        expected["browser_js_enabled"] = json!(false);
        assert_eq!(wallet_request(profile, &expected), expected);
    }
}

/// The older document shows Apple's fields nowhere but beside a card: without the card they are what the newer one shows.
#[test]
fn the_older_documents_apple_fields_are_sent_without_the_card_beside_them() {
    let mut expected = as_we_send(fixture!("v0/host2host_card.request.json"));
    let members = expected.as_object_mut().unwrap();
    members.retain(|name, _| !name.starts_with("card_"));
    members.insert("payment_method".to_owned(), json!("applePayDPan"));
    assert_eq!(expected, as_we_send(fixture!("v1/host2host_apple_pay.request.json")));
    expected["browser_js_enabled"] = json!(false);
    assert_eq!(wallet_request(Profile::V0, &expected), expected);
}

#[test]
fn a_check_is_asked_for_as_documented_in_both_versions() {
    for (profile, fixture) in [
        (Profile::V0, fixture!("v0/check.request.json")),
        (Profile::V1, fixture!("v1/check.request.json")),
    ] {
        let request = smartcore(profile).check("sandboxId_1015").unwrap();
        assert_eq!(body(&request), serde_json::from_str::<Value>(fixture).unwrap());
        assert_eq!(request.url.as_str(), "https://api-gateway.smartcore.pro/check");
    }
}

#[test]
fn every_documented_answer_to_a_payment_leads_to_its_form() {
    for (profile, fixture, our_id, host, processing_id) in [
        (
            Profile::V0,
            fixture!("v0/init_payment.answer.json"),
            "sandboxFormId_1015",
            "payment.magua-pay.com",
            "64a7e106d46c5db10d082b13",
        ),
        (
            Profile::V1,
            fixture!("v1/init_payment.answer.json"),
            "sandboxFormId_1015",
            "payment.smartcore.pro",
            "64a7e106d46c5db10d082b13",
        ),
        (
            Profile::V1,
            fixture!("v1/mobile_commerce.answer.json"),
            "sandboxFormId_1015",
            "payment.smartcore.pro",
            "64a7e106d46c5db10d082b13",
        ),
        (
            Profile::V0,
            fixture!("v0/host2host_card.answer.json"),
            "sandboxId_1015",
            "payment.magua-pay.com",
            "64a7eec2d46c5db10d082b3d",
        ),
        (
            Profile::V1,
            fixture!("v1/host2host_card.answer.json"),
            "sandboxId_1015",
            "payment.smartcore.pro",
            "64a7eec2d46c5db10d082b3d",
        ),
        (
            Profile::V1,
            fixture!("v1/host2host_apple_pay.answer.json"),
            "sandboxId_1015",
            "payment.smartcore.pro",
            "64a7eec2d46c5db10d082b3d",
        ),
        (
            Profile::V1,
            fixture!("v1/host2host_google_pay.answer.json"),
            "sandboxId_1015",
            "payment.smartcore.pro",
            "64a7eec2d46c5db10d082b3d",
        ),
    ] {
        let PayAnswer { processing_id: read, foreign_order_id, state } =
            smartcore(profile).read_pay(our_id, &answer(200, fixture));
        assert_eq!(read.as_deref(), Some(processing_id));
        assert!(!foreign_order_id);
        let step = NextStep {
            kind: StepKind::Redirect,
            target: format!("https://{host}/{processing_id}").parse().unwrap(),
            fields: Vec::new(),
        };
        assert!(matches!(&state, PayState::Step(found) if *found == step), "{state:?}");
    }
}

#[test]
fn the_documented_success_is_read_with_its_amounts_and_card() {
    for (profile, fixture, final_amount) in [
        (Profile::V0, fixture!("v0/check_success.answer.json"), None),
        (Profile::V1, fixture!("v1/check_success.answer.json"), Some(900)),
    ] {
        let read = smartcore(profile).read_check(&["sandboxFormId_1015"], &answer(200, fixture));
        assert_eq!(read.state, CheckedState::Succeeded { amount: 1000, final_amount });
        let card = CardSummary { brand: Some("VISA".to_owned()), last4: Some("3010".to_owned()) };
        assert_eq!(read.card, Some(card));
    }
}

#[test]
fn the_documented_failure_is_read_with_its_code() {
    for (profile, fixture) in [
        (Profile::V0, fixture!("v0/check_failure.answer.json")),
        (Profile::V1, fixture!("v1/check_failure.answer.json")),
    ] {
        let read =
            smartcore(profile).read_check(&["x", "sandboxFormId_1016"], &answer(200, fixture));
        let raw = Some("PLATFORM_ERROR_GATE_NOT_FOUND".to_owned());
        assert_eq!(read.state, CheckedState::Failed { decline: DeclineCode::Declined, raw });
        assert_eq!(read.card.unwrap().last4.as_deref(), Some("3010"));
    }
}

/// The samples ask for one order and answer with another: such an answer is never used.
#[test]
fn the_documents_own_slip_of_another_order_is_refused() {
    for fixture in
        [fixture!("v0/check_success.answer.json"), fixture!("v1/check_success.answer.json")]
    {
        let read = smartcore(Profile::V1).read_check(&["sandboxId_1015"], &answer(200, fixture));
        assert_eq!(read.state, CheckedState::Unclear(Unclear::ForeignOrder));
        assert_eq!(read.card, None);
    }
}

/// The sandbox writes these types, so they have to make the documented bytes.
#[test]
fn the_shared_answer_types_hold_every_documented_member() {
    fn survives<T: DeserializeOwned + Serialize>(fixture: &str) {
        let typed: T = serde_json::from_str(fixture).unwrap();
        assert_eq!(
            serde_json::to_value(&typed).unwrap(),
            serde_json::from_str::<Value>(fixture).unwrap()
        );
    }
    survives::<FormAnswer>(fixture!("v0/init_payment.answer.json"));
    survives::<FormAnswer>(fixture!("v1/init_payment.answer.json"));
    survives::<FormAnswer>(fixture!("v1/mobile_commerce.answer.json"));
    survives::<CardAnswer>(fixture!("v0/host2host_card.answer.json"));
    survives::<CardAnswer>(fixture!("v1/host2host_card.answer.json"));
    survives::<CardAnswer>(fixture!("v1/host2host_apple_pay.answer.json"));
    survives::<CardAnswer>(fixture!("v1/host2host_google_pay.answer.json"));
    survives::<CheckedAnswer>(fixture!("v0/check_success.answer.json"));
    survives::<CheckedAnswer>(fixture!("v0/check_failure.answer.json"));
    survives::<CheckedAnswer>(fixture!("v1/check_success.answer.json"));
    survives::<CheckedAnswer>(fixture!("v1/check_failure.answer.json"));
}
