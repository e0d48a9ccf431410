//! Answers that no document shows: refusals, half answers, slips and attacks.

use farthing_gateways::smartcore::{Profile, SmartCore};
use farthing_gateways::{
    CheckAnswer, CheckedState, Gateway, NextStep, PayAnswer, PayState, Unclear,
};
use farthing_types::{DeclineCode, StepKind};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::support::{answer, config, smartcore};

const OURS: &str = "ord-1";
const THEIRS: &str = "64a7eec2d46c5db10d082b3d";

fn pay(status: u16, body: &str) -> PayAnswer {
    smartcore(Profile::V1).read_pay(OURS, &answer(status, body))
}

fn check(status: u16, body: &str) -> CheckAnswer {
    smartcore(Profile::V1).read_check(&[OURS, THEIRS], &answer(status, body))
}

/// Bodies that are no JSON object by the reader's rules.
const UNREADABLE: &[&str] = &[
    "",
    "null",
    "[]",
    "OK",
    "<html><body>Bad gateway</body></html>",
    "{\"status\":2,\"amount\":1000",
    "{\"status\":2,\"status\":2,\"amount\":1000}",
    "\u{feff}{\"status\":2,\"amount\":1000}",
    "{\"status\":NaN}",
];

#[test]
fn an_unreadable_answer_is_neither_success_nor_failure() {
    for body in UNREADABLE {
        assert!(matches!(pay(200, body).state, PayState::Unclear(Unclear::Malformed)), "{body}");
        assert_eq!(check(200, body).state, CheckedState::Unclear(Unclear::Malformed), "{body}");
    }
}

#[test]
fn http_codes_mean_what_the_page_on_the_gateway_says() {
    let success = json!({"order_id": OURS, "status": 2, "amount": 1000}).to_string();
    for body in ["", "<html>", success.as_str(), r#"{"err":"ORDER_NOT_FOUND"}"#] {
        for status in [401, 403] {
            assert!(matches!(pay(status, body).state, PayState::Misconfigured));
            assert_eq!(check(status, body).state, CheckedState::Misconfigured);
        }
        for status in [400, 422] {
            assert!(matches!(pay(status, body).state, PayState::CheckNow { .. }));
        }
        for status in [100, 301, 302, 404, 408, 409, 418, 429, 500, 502, 503, 504, 599] {
            assert!(
                matches!(pay(status, body).state, PayState::Unclear(Unclear::Status)),
                "{status}"
            );
        }
        for status in [301, 408, 409, 429, 500, 502, 503, 504] {
            assert_eq!(
                check(status, body).state,
                CheckedState::Unclear(Unclear::Status),
                "{status}"
            );
        }
    }
    for status in [400, 404, 422] {
        assert_eq!(
            check(status, &success).state,
            CheckedState::Unclear(Unclear::Status),
            "a success needs a 2xx"
        );
    }
}

#[test]
fn not_found_has_to_be_said_in_words() {
    for body in [
        r#"{"err":"ORDER_NOT_FOUND"}"#,
        r#"{"err":"Order not found."}"#,
        r#"{"errorMessage":"Transaction not found"}"#,
        r#"{"err":"not found","status":null}"#,
        r#"{"order_id":"ord-1","status":-1,"err":"ORDER_NOT_FOUND"}"#,
    ] {
        for status in [200, 404, 400, 422] {
            assert_eq!(check(status, body).state, CheckedState::NotFound, "{status} {body}");
        }
    }
    for body in UNREADABLE.iter().copied().chain([
        "{}",
        r#"{"err":"PLATFORM_ERROR_GATE_NOT_FOUND"}"#,
        r#"{"status":404}"#,
    ]) {
        assert_eq!(check(404, body).state, CheckedState::Unclear(Unclear::Status), "{body}");
    }
    // About another order, or beside a transaction that is described.
    assert_ne!(
        check(404, r#"{"order_id":"other","err":"ORDER_NOT_FOUND"}"#).state,
        CheckedState::NotFound
    );
    assert_eq!(
        check(200, r#"{"order_id":"other","err":"ORDER_NOT_FOUND"}"#).state,
        CheckedState::Unclear(Unclear::ForeignOrder)
    );
    assert_eq!(check(200, r#"{"status":1,"err":"ORDER_NOT_FOUND"}"#).state, CheckedState::Pending);
    let described = check(200, r#"{"status":-1,"amount":1000,"errorMessage":"Not found"}"#).state;
    assert_eq!(described, CheckedState::Failed { decline: DeclineCode::Declined, raw: None });
}

#[test]
fn only_success_with_a_whole_amount_is_a_success() {
    for (body, state) in [
        (
            json!({"status": 2, "amount": 1000}),
            CheckedState::Succeeded { amount: 1000, final_amount: None },
        ),
        (
            json!({"status": "2", "amount": "1000"}),
            CheckedState::Succeeded { amount: 1000, final_amount: None },
        ),
        (
            json!({"status": 2.0, "amount": 1000, "finalAmount": 1000, "type": "payment"}),
            CheckedState::Succeeded { amount: 1000, final_amount: Some(1000) },
        ),
        (
            json!({"status": 2, "amount": 1000, "finalAmount": "null", "order_id": THEIRS}),
            CheckedState::Succeeded { amount: 1000, final_amount: None },
        ),
        (json!({"status": 2}), CheckedState::Unclear(Unclear::Amount)),
        (json!({"status": 2, "amount": null}), CheckedState::Unclear(Unclear::Amount)),
        (json!({"status": 2, "amount": 10.5}), CheckedState::Unclear(Unclear::Amount)),
        (json!({"status": 2, "amount": -1000}), CheckedState::Unclear(Unclear::Amount)),
        (json!({"status": 2, "amount": "10.00"}), CheckedState::Unclear(Unclear::Amount)),
        (
            json!({"status": 2, "amount": 1000, "finalAmount": 9.5}),
            CheckedState::Unclear(Unclear::Amount),
        ),
        (json!({"status": 1, "amount": 1000}), CheckedState::Pending),
        (json!({"status": 0, "amount": 1000}), CheckedState::Pending),
        (
            json!({"status": 1, "amount": 1000, "authorize_status": "AUTHORIZED"}),
            CheckedState::Pending,
        ),
        (json!({"amount": 1000}), CheckedState::Unclear(Unclear::UnknownStatus)),
        (json!({"status": 3, "amount": 1000}), CheckedState::Unclear(Unclear::UnknownStatus)),
        (json!({"status": true, "amount": 1000}), CheckedState::Unclear(Unclear::UnknownStatus)),
        (
            json!({"status": "success", "amount": 1000}),
            CheckedState::Unclear(Unclear::UnknownStatus),
        ),
        (json!({"STATUS": 2, "amount": 1000}), CheckedState::Unclear(Unclear::UnknownStatus)),
    ] {
        assert_eq!(check(200, &body.to_string()).state, state, "{body}");
    }
}

/// A public client takes every status but zero for paid.
#[test]
fn failed_and_processing_are_not_paid_though_they_are_not_zero() {
    for status in [json!(-1), json!("-1"), json!(1), json!("1")] {
        let body = json!({"order_id": OURS, "status": status, "amount": 1000}).to_string();
        assert!(!matches!(check(200, &body).state, CheckedState::Succeeded { .. }));
    }
}

#[test]
fn an_answer_about_something_else_is_not_used() {
    for (name, value) in [
        ("order_id", json!("ord-2")),
        ("order_id", json!("ORD-1")),
        ("order_id", json!(7)),
        ("order_id", json!(["ord-1"])),
        ("type", json!("Refund")),
        ("type", json!("Withdrawal")),
        ("type", json!(1)),
    ] {
        for status in [2, 1, -1] {
            let mut body = json!({"order_id": OURS, "status": status, "amount": 1000, "type": "Payment", "card": {"type": "VISA"}});
            body[name] = value.clone();
            let read = check(200, &body.to_string());
            assert_eq!(read.state, CheckedState::Unclear(Unclear::ForeignOrder), "{body}");
            assert_eq!(read.card, None);
        }
    }
}

#[test]
fn a_refusal_of_the_question_is_not_a_failure_of_the_payment() {
    let refused = check(200, r#"{"status":-1,"err":"INVALID_REQUEST"}"#).state;
    assert_eq!(refused, CheckedState::Unclear(Unclear::UnknownStatus));
    let failed =
        check(200, r#"{"order_id":"ord-1","status":-1,"err":"LIMIT_PROCESSING_ERROR"}"#).state;
    let raw = Some("LIMIT_PROCESSING_ERROR".to_owned());
    assert_eq!(failed, CheckedState::Failed { decline: DeclineCode::Declined, raw });
    assert_eq!(
        check(200, r#"{"err":"INVALID_REQUEST"}"#).state,
        CheckedState::Unclear(Unclear::UnknownStatus)
    );
}

#[test]
fn a_failure_carries_our_code_and_keeps_the_gateways_only_if_it_looks_like_one() {
    for (reason, decline, raw) in [
        ("CARD_TIME_LIMIT_PROCESSING_ERROR", DeclineCode::CardTimeLimit, true),
        ("3DS Redirect Timeout", DeclineCode::AuthenticationTimeout, true),
        ("3DS_CANCEL_PROCESSING_ERROR", DeclineCode::AuthenticationCanceled, true),
        ("SOMETHING_NEW", DeclineCode::Declined, true),
        ("card 4012000000003010 of John Doe", DeclineCode::Declined, false),
    ] {
        let body = json!({"order_id": OURS, "status": -1, "amount": 1000, "errorMessage": reason})
            .to_string();
        let raw = raw.then(|| reason.to_owned());
        assert_eq!(check(200, &body).state, CheckedState::Failed { decline, raw });
    }
    let by_cascade = json!({"order_id": OURS, "status": -1, "errorMessage": "null",
        "cascadeErrors": "[{\"gatePriority\":0,\"errorCategory\":\"INSUFFICIENT_FUNDS_PROCESSING_ERROR\"}]"});
    let raw = Some("INSUFFICIENT_FUNDS_PROCESSING_ERROR".to_owned());
    assert_eq!(
        check(200, &by_cascade.to_string()).state,
        CheckedState::Failed { decline: DeclineCode::Declined, raw }
    );
}

#[test]
fn of_the_card_only_a_harmless_brand_and_four_digits_are_kept() {
    let card = |card: Value| {
        check(200, &json!({"order_id": OURS, "status": 2, "amount": 1, "card": card}).to_string())
            .card
    };
    let full =
        card(json!({"number": "4012000000003010", "type": "VISA", "card_holder": "John Doe"}))
            .unwrap();
    assert_eq!((full.brand.as_deref(), full.last4.as_deref()), (Some("VISA"), Some("3010")));
    let odd = card(json!({"number": "401200******30x0", "type": "VISA 4012000000003010"}));
    assert_eq!(odd, None);
    for number in [json!("010"), json!("é010"), json!(3010), json!(null), json!("")] {
        let read = card(json!({"number": number, "type": "MIR"})).unwrap();
        assert_eq!((read.brand.as_deref(), read.last4), (Some("MIR"), None));
    }
    for brand in [json!("V\u{7}"), json!("ВИЗА"), json!("x".repeat(33)), json!(7)] {
        assert_eq!(card(json!({"number": "3010", "type": brand})).unwrap().brand, None);
    }
    for none in [json!(null), json!({}), json!([]), json!("VISA")] {
        assert_eq!(card(none), None);
    }
}

#[test]
fn a_form_url_is_followed_only_to_a_listed_host() {
    let with = |url: Value| json!({"order_id": OURS, "status": 1, "form_url": url}).to_string();
    for bad in [
        json!("https://payment.smartcore.pro.evil.example/1"),
        json!("http://payment.smartcore.pro/1"),
        json!("https://a:b@payment.smartcore.pro/1"),
        json!("https://payment.smartcore.pro:444/1"),
        json!("javascript:alert(1)"),
        json!("/relative"),
        json!(7),
        json!({"url": "https://payment.smartcore.pro/1"}),
    ] {
        let read = pay(200, &with(bad.clone()));
        assert!(matches!(read.state, PayState::Unclear(Unclear::ForeignHost)), "{bad}");
        assert_eq!(read.processing_id, None);
    }
    for absent in [json!(null), json!(""), json!("null")] {
        assert!(matches!(pay(200, &with(absent)).state, PayState::Pending));
    }
    let both = r#"{"status":1,"form_url":"https://payment.smartcore.pro/1","FORM_URL":"https://payment.smartcore.pro/2"}"#;
    assert!(matches!(pay(200, both).state, PayState::Unclear(Unclear::Malformed)));
}

#[test]
fn a_sandbox_form_host_with_port_is_reached_over_http() {
    let mut config = config(Profile::V1);
    config.form_hosts = vec!["localhost:8082".to_owned()];
    config.allow_http = true;
    let body =
        format!(r#"{{"status":1,"form_url":"http://localhost:8082/smartcore/pay/{THEIRS}"}}"#);
    let read = SmartCore::new(config).unwrap().read_pay(OURS, &answer(200, &body));
    assert!(matches!(read.state, PayState::Step(NextStep { kind: StepKind::Redirect, .. })));
    assert_eq!(read.processing_id.as_deref(), Some(THEIRS));
}

/// The first rule that fits wins, and the redirect comes first because every documented example redirects.
#[test]
fn a_redirect_wins_and_then_a_refusal_and_then_the_status() {
    let url = "https://payment.smartcore.pro/1";
    for status in [json!(1), json!(2), json!(-1), json!(0), json!(7), json!(null)] {
        let body =
            json!({"status": status, "form_url": url, "err": "X", "creq": "abc"}).to_string();
        assert!(matches!(pay(200, &body).state, PayState::Step(_)), "{body}");
    }
    for body in [
        json!({"status": 1, "err": "PLATFORM_ERROR_DUPLICATED_ORDER_ID"}),
        json!({"err": "X"}),
        json!({"status": 0, "errorMessage": "X"}),
        json!({"status": 2}),
        json!({"status": -1}),
        json!({"status": "2"}),
    ] {
        assert!(matches!(pay(200, &body.to_string()).state, PayState::CheckNow { .. }), "{body}");
    }
    for body in [
        json!({"status": 1, "msg": "accepted"}),
        json!({"status": 0}),
        json!({"status": 1, "err": "null"}),
    ] {
        assert!(matches!(pay(200, &body.to_string()).state, PayState::Pending), "{body}");
    }
    for body in [
        json!({}),
        json!({"status": 7}),
        json!({"status": "ok"}),
        json!({"status": true}),
        json!({"status": null}),
    ] {
        assert!(
            matches!(pay(200, &body.to_string()).state, PayState::Unclear(Unclear::UnknownStatus)),
            "{body}"
        );
    }
}

#[test]
fn the_echoed_order_id_is_ours_or_the_gateways_and_never_decides() {
    for (echo, url, processing_id, is_foreign) in [
        (json!(OURS), "1", None, false),
        (json!(null), "1", None, false),
        (json!("null"), "1", None, false),
        (json!(THEIRS), "1", Some(THEIRS), false),
        (json!(OURS), THEIRS, Some(THEIRS), false),
        (json!("0123456789abcdef01234567"), THEIRS, Some("0123456789abcdef01234567"), false),
        (json!("somebody-elses"), "1", None, true),
        (json!("somebody-elses"), THEIRS, Some(THEIRS), true),
        (json!("64a7eec2d46c5db10d082b3"), "1", None, true),
        (json!("64a7eec2d46c5db10d082b3d0"), "1", None, true),
        (json!(OURS), "64a7eec2d46c5db10d082b3d0", None, false),
        (json!("64a7eec2d46c5db10d082b3g"), "1", None, true),
        (json!([]), "1", None, true),
    ] {
        let body = json!({"status": 1, "order_id": echo, "form_url": format!("https://payment.smartcore.pro/{url}")});
        let read = pay(200, &body.to_string());
        assert_eq!(
            (read.processing_id.as_deref(), read.foreign_order_id),
            (processing_id, is_foreign),
            "{body}"
        );
        assert!(matches!(read.state, PayState::Step(_)));
    }
}

proptest! {
    #[test]
    fn no_bytes_make_the_readers_panic_and_none_by_chance_pay(
        status in 0_u16..700,
        body in proptest::collection::vec(any::<u8>(), 0..300),
    ) {
        let response = farthing_gateways::WireResponse { status, body };
        let gateway = smartcore(Profile::V1);
        let _ = gateway.read_pay(OURS, &response);
        let read = gateway.read_check(&[OURS], &response);
        let is_paid = matches!(read.state, CheckedState::Succeeded { .. });
        prop_assert!(!is_paid);
    }

    #[test]
    fn an_answer_cut_anywhere_is_never_a_result(cut in 0_usize..400) {
        let body = include_str!("../../fixtures/smartcore/v1/check_success.answer.json").trim_end();
        prop_assume!(cut < body.len());
        let read = smartcore(Profile::V1).read_check(&["sandboxFormId_1015"], &answer(200, &body[..cut]));
        prop_assert_eq!(read.state, CheckedState::Unclear(Unclear::Malformed));
    }

    #[test]
    fn the_amount_is_read_exactly(amount in any::<u64>(), taken in any::<u64>(), as_text in any::<bool>()) {
        let number = |number: u64| if as_text { json!(number.to_string()) } else { json!(number) };
        let body = json!({"order_id": OURS, "status": 2, "amount": number(amount), "finalAmount": number(taken)});
        prop_assert_eq!(
            check(200, &body.to_string()).state,
            CheckedState::Succeeded { amount, final_amount: Some(taken) }
        );
    }
}

#[test]
fn a_refusal_keeps_the_reason_that_the_answer_names() {
    let refusal = |status, body: Value| match pay(status, &body.to_string()).state {
        PayState::CheckNow { refusal } => refusal,
        other => panic!("{other:?}"),
    };
    let limit = json!({"status": -1, "err": "CARD_TIME_LIMIT_PROCESSING_ERROR"});
    let named = refusal(200, limit.clone()).unwrap();
    assert_eq!(named.decline, DeclineCode::CardTimeLimit);
    assert_eq!(named.raw.as_deref(), Some("CARD_TIME_LIMIT_PROCESSING_ERROR"));
    assert_eq!(refusal(422, limit), Some(named));
    assert_eq!(refusal(200, json!({"status": -1})), None);
    assert_eq!(refusal(400, json!({})), None);
    assert_eq!(refusal(200, json!({"status": 2, "err": "null"})), None);
}

#[test]
fn a_doubled_order_id_is_no_reason_for_it_means_that_another_request_was_accepted() {
    let body = json!({"status": -1, "err": "PLATFORM_ERROR_DUPLICATED_ORDER_ID"});
    let PayState::CheckNow { refusal } = pay(200, &body.to_string()).state else { panic!() };
    assert_eq!(refusal, None);
}
