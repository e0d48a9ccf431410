//! The steps of 3-D Secure that an answer can ask for: which one wins, what is posted, and what is refused.

use farthing_gateways::smartcore::{Profile, SmartCore};
use farthing_gateways::{CheckedState, Gateway, NextStep, PayState, Unclear};
use farthing_types::StepKind;
use serde_json::{Value, json};

use crate::support::{answer, config, smartcore};

const OURS: &str = "ord-1";
const FORM: &str = "https://payment.smartcore.pro/64a7eec2d46c5db10d082b3d";
const ACS: &str = "https://acs.bank.example/challenge";
const TERM: &str = "https://api-gateway.smartcore.pro/3ds/term";

fn pay(body: &Value) -> PayState {
    smartcore(Profile::V1).read_pay(OURS, &answer(200, &body.to_string())).state
}

fn step(body: &Value) -> NextStep {
    match pay(body) {
        PayState::Step(step) => step,
        other => panic!("no step: {other:?} of {body}"),
    }
}

fn with(body: &Value, changes: &Value) -> Value {
    let mut body = body.clone();
    for (name, value) in changes.as_object().unwrap() {
        body[name] = value.clone();
    }
    body
}

/// Everything that an answer can ask for at once.
fn everything() -> Value {
    json!({
        "status": 1, "form_url": FORM, "acsurl": ACS, "creq": "abc", "paReq": "def", "md": "ghi", "termUrl": TERM,
        "threeDSMethodData": "jkl",
    })
}

#[test]
fn the_first_step_that_can_be_taken_wins() {
    let mut body = everything();
    for (kind, taken) in [
        (StepKind::Redirect, "form_url"),
        (StepKind::Challenge, "creq"),
        (StepKind::PaReq, "paReq"),
        (StepKind::Method, "threeDSMethodData"),
    ] {
        assert_eq!(step(&body).kind, kind);
        body[taken] = Value::Null;
    }
    assert!(matches!(pay(&body), PayState::Pending), "an acsurl alone asks for nothing");
}

#[test]
fn each_step_posts_the_fields_that_its_protocol_names() {
    let body = with(&everything(), &json!({"form_url": null}));
    assert_eq!(
        step(&body),
        NextStep {
            kind: StepKind::Challenge,
            target: ACS.parse().unwrap(),
            fields: vec![("creq", "abc".to_owned()), ("threeDSSessionData", "ghi".to_owned())],
        }
    );
    let without_session_data = with(&body, &json!({"md": null}));
    assert_eq!(step(&without_session_data).fields, [("creq", "abc".to_owned())]);
    let first_version = with(&body, &json!({"creq": null}));
    assert_eq!(
        step(&first_version),
        NextStep {
            kind: StepKind::PaReq,
            target: ACS.parse().unwrap(),
            fields: vec![
                ("PaReq", "def".to_owned()),
                ("MD", "ghi".to_owned()),
                ("TermUrl", TERM.to_owned())
            ],
        }
    );
    let without_md = with(&first_version, &json!({"md": ""}));
    assert_eq!(step(&without_md).fields[1], ("MD", String::new()));
    let method = with(&first_version, &json!({"paReq": null}));
    assert_eq!(
        step(&method),
        NextStep {
            kind: StepKind::Method,
            target: ACS.parse().unwrap(),
            fields: vec![("threeDSMethodData", "jkl".to_owned())],
        }
    );
}

#[test]
fn names_are_read_in_any_case_and_a_doubled_one_is_unreadable() {
    for (url, name, kind) in [
        ("ACSUrl", "CReq", StepKind::Challenge),
        ("AcsUrl", "CREQ", StepKind::Challenge),
        ("acsurl", "PaReq", StepKind::PaReq),
        ("ACSURL", "threedsmethoddata", StepKind::Method),
    ] {
        let body = json!({"status": 1, url: ACS, name: "abc", "TermUrl": TERM});
        assert_eq!(step(&body).kind, kind, "{body}");
    }
    let doubled = json!({"status": 1, "acsurl": ACS, "creq": "abc", "CREQ": "def"});
    assert!(matches!(pay(&doubled), PayState::Unclear(Unclear::Malformed)));
}

#[test]
fn a_step_that_cannot_be_taken_leaves_the_payment_unresolved() {
    let challenge = json!({"status": 1, "acsurl": ACS, "creq": "abc"});
    let first_version =
        json!({"status": 1, "acsurl": ACS, "paReq": "abc", "md": "x", "termUrl": TERM});
    let method = json!({"status": 1, "acsurl": ACS, "threeDSMethodData": "abc"});
    for body in [&challenge, &first_version, &method] {
        step(body);
        for bad in [
            json!(null),
            json!(7),
            json!("http://acs.bank.example/"),
            json!("https://127.0.0.1/"),
            json!("https://user@acs.bank.example/"),
            json!("javascript:alert(1)"),
        ] {
            let body = with(body, &json!({ "acsurl": bad }));
            assert!(matches!(pay(&body), PayState::Unclear(Unclear::Step)), "{body}");
        }
    }
    for bad in [json!(null), json!(""), json!("null"), json!("ftp://x.example"), json!([TERM])] {
        let body = with(&first_version, &json!({ "termUrl": bad }));
        assert!(matches!(pay(&body), PayState::Unclear(Unclear::Step)), "{body}");
    }
    for bad in [json!(7), json!({"a": 1}), json!("x".repeat(20_000))] {
        let body = with(&challenge, &json!({ "creq": bad }));
        assert!(matches!(pay(&body), PayState::Unclear(Unclear::Step)), "{body}");
    }
}

#[test]
fn a_refusal_beside_a_step_that_cannot_be_taken_is_not_believed() {
    let body = json!({"status": -1, "err": "X", "creq": "abc"});
    assert!(matches!(pay(&body), PayState::Unclear(Unclear::Step)));
}

/// The device data step has a page of the issuer's, which no list can hold.
#[test]
fn a_form_url_off_the_list_is_a_method_page_or_nothing() {
    let page = "https://3ds.bank.example/method";
    let body = json!({"status": 1, "form_url": page, "threeDSMethodData": "abc"});
    assert_eq!(step(&body).target.as_str(), page);
    let alone = json!({"status": 1, "form_url": page});
    assert!(matches!(pay(&alone), PayState::Unclear(Unclear::ForeignHost)));
    let with_challenge = json!({"status": 1, "form_url": page, "creq": "abc", "acsurl": ACS});
    assert_eq!(step(&with_challenge).kind, StepKind::Challenge);
}

#[test]
fn a_sandbox_issuer_may_be_anywhere() {
    let mut config = config(Profile::V1);
    config.allow_http = true;
    let body = json!({"status": 1, "acsurl": "http://localhost:8082/acs/2/x", "creq": "abc"});
    let read = SmartCore::new(config).unwrap().read_pay(OURS, &answer(200, &body.to_string()));
    assert!(matches!(read.state, PayState::Step(NextStep { kind: StepKind::Challenge, .. })));
    assert_eq!(read.processing_id, None, "an issuer's page does not name the gateway's payment");
}

#[test]
fn a_check_tells_the_step_of_a_payment_that_is_under_way_and_of_no_other() {
    let check =
        |body: &Value| smartcore(Profile::V1).read_check(&[OURS], &answer(200, &body.to_string()));
    let open = json!({"order_id": OURS, "status": 1, "amount": 1000, "acsurl": ACS, "creq": "abc"});
    let read = check(&open);
    assert_eq!(read.state, CheckedState::Pending);
    assert_eq!(read.step.unwrap().kind, StepKind::Challenge);
    for status in [2, -1] {
        assert_eq!(check(&with(&open, &json!({ "status": status }))).step, None, "{status}");
    }
    let foreign = check(&with(&open, &json!({"order_id": "other"})));
    assert_eq!((foreign.state, foreign.step), (CheckedState::Unclear(Unclear::ForeignOrder), None));
    let unusable = check(&with(&open, &json!({"acsurl": null})));
    assert_eq!((unusable.state, unusable.step), (CheckedState::Pending, None));
}
