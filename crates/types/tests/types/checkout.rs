//! What the server tells the page arrives unchanged.

use farthing_types::checkout::{
    CardEntry, CheckoutState, CheckoutStatus, CheckoutView, Field, FieldError,
};
use farthing_types::{
    BrowserInfo, Currency, CustomerField, DeclineCode, PaymentStatus, SessionStatus,
};
use proptest::prelude::*;
use serde_json::json;

fn view(state: CheckoutState) -> CheckoutView {
    CheckoutView {
        merchant: "Tea & Sons </script>".to_owned(),
        purpose: Some("Order 42".to_owned()),
        amount: 1050,
        currency: "EUR".parse().unwrap(),
        total: "€10.50".to_owned(),
        version: 3,
        card_entry: CardEntry::Embedded,
        ask: vec![CustomerField::Email, CustomerField::Country],
        checkout_path: Some("/checkout/cst_x".to_owned()),
        attempt: "att_x".to_owned(),
        state,
        payment_id: Some("pay_1".to_owned()),
        payment_status: Some(PaymentStatus::Failed),
        step: None,
        return_url: None,
        errors: vec![
            FieldError { field: Field::CardNumber, text: "Enter the card number.".to_owned() },
            FieldError {
                field: Field::Customer(CustomerField::Zip),
                text: "Enter the postal code.".to_owned(),
            },
        ],
        wallets: None,
        apple_pay_application_data: None,
        typed: vec![(CustomerField::Email, "ann@example.com".to_owned())],
    }
}

const STATES: [CheckoutState; 7] = [
    CheckoutState::Ready { declined: None, wait_seconds: 0 },
    CheckoutState::Ready { declined: Some(DeclineCode::CardTimeLimit), wait_seconds: 60 },
    CheckoutState::Challenge,
    CheckoutState::Processing,
    CheckoutState::Paid,
    CheckoutState::Failed { declined: DeclineCode::Declined },
    CheckoutState::Expired,
];

#[test]
fn a_view_in_every_state_is_read_back_unchanged() {
    for state in STATES {
        let view = view(state);
        let text = serde_json::to_string(&view).unwrap();
        assert_eq!(serde_json::from_str::<CheckoutView>(&text).unwrap(), view);
    }
}

#[test]
fn the_json_of_a_view_is_stable() {
    let value = serde_json::to_value(view(STATES[1])).unwrap();
    assert_eq!(
        value,
        json!({
            "merchant": "Tea & Sons </script>",
            "purpose": "Order 42",
            "amount": 1050,
            "currency": "EUR",
            "total": "€10.50",
            "version": 3,
            "card_entry": "embedded",
            "ask": ["email", "country"],
            "checkout_path": "/checkout/cst_x",
            "attempt": "att_x",
            "state": "ready",
            "declined": "card_time_limit",
            "wait_seconds": 60,
            "payment_id": "pay_1",
            "payment_status": "failed",
            "step": null,
            "return_url": null,
            "errors": [
                {"field": "card_number", "text": "Enter the card number."},
                {"field": "zip", "text": "Enter the postal code."},
            ],
            "typed": [["email", "ann@example.com"]],
        })
    );
}

#[test]
fn states_are_tagged_by_name() {
    for (state, value) in STATES.into_iter().zip([
        json!({"state": "ready", "declined": null, "wait_seconds": 0}),
        json!({"state": "ready", "declined": "card_time_limit", "wait_seconds": 60}),
        json!({"state": "challenge"}),
        json!({"state": "processing"}),
        json!({"state": "paid"}),
        json!({"state": "failed", "declined": "declined"}),
        json!({"state": "expired"}),
    ]) {
        assert_eq!(serde_json::to_value(state).unwrap(), value);
    }
}

#[test]
fn each_field_is_called_as_in_the_form() {
    for (field, name) in [
        (Field::CardNumber, "card_number"),
        (Field::CardExpiry, "card_expiry"),
        (Field::CardCode, "card_code"),
        (Field::CardHolder, "card_holder"),
        (Field::Form, "form"),
        (Field::Customer(CustomerField::FirstName), "first_name"),
    ] {
        assert_eq!(field.name(), name);
        let value = serde_json::to_value(field).unwrap();
        assert_eq!(value, name);
        assert_eq!(serde_json::from_value::<Field>(value).unwrap(), field);
    }
}

#[test]
fn a_field_that_the_form_does_not_have_is_refused_unquoted() {
    let error = serde_json::from_value::<Field>(json!("4111")).unwrap_err();
    assert_eq!(error.to_string(), "must be the name of a field of the form");
}

#[test]
fn a_views_path_key_and_typed_data_are_not_printed() {
    let shown = format!("{:?}", view(CheckoutState::Paid));
    assert_eq!(shown, "CheckoutView(Paid, version 3, 2 errors)");
}

#[test]
fn the_json_of_a_status_is_flat_and_leaves_out_what_is_not_known() {
    let ready = CheckoutStatus {
        state: STATES[1],
        message: Some("Wait a minute."),
        session_status: SessionStatus::Open,
        payment_id: Some("pay_1".to_owned()),
        payment_status: Some(PaymentStatus::Failed),
        step: None,
        version: 2,
        amount: 1050,
        currency: "EUR".parse().unwrap(),
        total: "€10.50".to_owned(),
        leaves: false,
        apple_pay_application_data: None,
        attempt: Some("att_x".to_owned()),
    };
    assert_eq!(
        serde_json::to_value(&ready).unwrap(),
        json!({
            "state": "ready", "declined": "card_time_limit", "wait_seconds": 60, "message": "Wait a minute.",
            "session_status": "open", "payment_id": "pay_1", "payment_status": "failed",
            "version": 2, "amount": 1050, "currency": "EUR", "total": "€10.50", "leaves": false, "attempt": "att_x",
        })
    );
    let expired = CheckoutStatus {
        state: CheckoutState::Expired,
        message: None,
        session_status: SessionStatus::Expired,
        payment_id: None,
        payment_status: None,
        step: None,
        attempt: None,
        ..ready.clone()
    };
    assert_eq!(
        serde_json::to_value(&expired).unwrap(),
        json!({
            "state": "expired", "session_status": "expired",
            "version": 2, "amount": 1050, "currency": "EUR", "total": "€10.50", "leaves": false,
        })
    );
    assert!(!format!("{ready:?}").contains("att_"), "the attempt's key is not printed");
}

#[test]
fn the_browsers_details_are_read_back_and_unknown_ones_refused() {
    let info = BrowserInfo {
        accept_header: Some("text/html".to_owned()),
        user_agent: None,
        java_enabled: Some(false),
        js_enabled: true,
        color_depth: Some(24),
        screen_height: Some(1080),
        screen_width: Some(1920),
        language: Some("en-GB".to_owned()),
        time_zone: Some(-330),
    };
    let mut value = serde_json::to_value(&info).unwrap();
    assert_eq!(serde_json::from_value::<BrowserInfo>(value.clone()).unwrap(), info);
    value["battery"] = json!(1);
    assert!(serde_json::from_value::<BrowserInfo>(value).is_err());
}

proptest! {
    #[test]
    fn any_amount_and_text_survive_the_way_to_the_page(
        merchant in any::<String>(),
        purpose in any::<Option<String>>(),
        amount in any::<u64>(),
        currency in prop::sample::select(Currency::all()),
        version in any::<u32>(),
        state in prop::sample::select(STATES.to_vec()),
    ) {
        let view = CheckoutView { merchant, purpose, amount, currency, version, ..view(state) };
        let text = serde_json::to_string(&view).unwrap();
        prop_assert_eq!(serde_json::from_str::<CheckoutView>(&text).unwrap(), view);
    }
}
