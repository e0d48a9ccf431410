//! The sandbox gives the answers that the gateway's documents show, to the requests that they show.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use reqwest::Method;
use serde_json::{Value, json};

use crate::common::{FRICTIONLESS, World, but, json_of};

fn fixture(name: &str) -> Value {
    let path = format!("{}/../gateways/fixtures/smartcore/{name}.json", env!("CARGO_MANIFEST_DIR"));
    serde_json::from_str(
        &std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}")),
    )
    .unwrap()
}

/// Puts the documented processing id where chance made another one; the first 8 digits are the second of creation.
fn with_chance_removed(mut answer: Value, documented: &str) -> Value {
    let form_url = answer["form_url"].as_str().unwrap().to_owned();
    let id = form_url.rsplit('/').next().unwrap().to_owned();
    assert_eq!(id.len(), 24);
    assert_eq!(id[..8], documented[..8], "the first 8 digits are the time of creation");
    for field in ["form_url", "order_id"] {
        if let Some(text) = answer[field].as_str() {
            answer[field] = json!(text.replace(&id, documented));
        }
    }
    answer
}

async fn at(second: i64) -> World {
    let world = World::new().await;
    let now = jiff::Timestamp::from_second(second).unwrap();
    world.post("/_control/clock", json!({"now": now, "frozen": true})).await;
    world
}

const CARD_ID: &str = "64a7eec2d46c5db10d082b3d";
const FORM_ID: &str = "64a7e106d46c5db10d082b13";

#[tokio::test]
async fn a_card_payment_is_answered_as_in_the_newer_document() {
    let world = at(0x64a7_eec2).await;
    world.set(json!({"form_base": "https://payment.smartcore.pro"})).await;
    let answer = world.pay(fixture("v1/host2host_card.request")).await;
    assert_eq!(with_chance_removed(answer, CARD_ID), fixture("v1/host2host_card.answer"));
}

#[tokio::test]
async fn a_card_payment_is_answered_as_in_the_older_document() {
    let world = at(0x64a7_eec2).await;
    world
        .set(json!({"form_base": "https://payment.magua-pay.com", "order_id_echo": "processing"}))
        .await;
    let answer = world.pay(fixture("v0/host2host_card.request")).await;
    assert_eq!(with_chance_removed(answer, CARD_ID), fixture("v0/host2host_card.answer"));
}

/// The sample's payment data with numbers where the document has asterisks. Its amount is not the order's: another slip.
fn documented_payment_data(request: &Value) -> String {
    let sample = STANDARD.decode(request["apple_pay_dpan"].as_str().unwrap()).unwrap();
    let mut data: Value = serde_json::from_slice(&sample).unwrap();
    assert_eq!(data["applicationPrimaryAccountNumber"], "***");
    data["applicationPrimaryAccountNumber"] = json!(FRICTIONLESS);
    data["applicationExpirationDate"] = json!("301231");
    data["paymentData"]["onlinePaymentCryptogram"] = json!(STANDARD.encode([7; 20]));
    assert_eq!(data["transactionAmount"], 100);
    data["transactionAmount"] = request["amount"].clone();
    STANDARD.encode(data.to_string())
}

#[tokio::test]
async fn an_apple_pay_payment_is_answered_as_in_the_newer_document() {
    let world = at(0x64a7_eec2).await;
    let faults = json!({
        "form_base": "https://payment.smartcore.pro", "order_id_echo": "processing",
        "wallet_step": true,
    });
    world.set(faults).await;
    let mut request = fixture("v1/host2host_apple_pay.request");
    let sample = world.pay(request.clone()).await;
    assert!(
        sample["msg"].as_str().unwrap().contains("applicationPrimaryAccountNumber"),
        "asterisks"
    );
    request["apple_pay_dpan"] = json!(documented_payment_data(&request));
    let answer = world.pay(request).await;
    assert_eq!(with_chance_removed(answer, CARD_ID), fixture("v1/host2host_apple_pay.answer"));
}

#[tokio::test]
async fn a_google_pay_payment_is_answered_as_in_the_newer_document() {
    // By its prose every card on file is sent to 3-D Secure, so the sample may be of one.
    for (auth_method, wallet_step) in [("PAN_ONLY", false), ("CRYPTOGRAM_3DS", true)] {
        let world = at(0x64a7_eec2).await;
        let faults = json!({
            "form_base": "https://payment.smartcore.pro", "order_id_echo": "processing",
            "wallet_step": wallet_step,
        });
        world.set(faults).await;
        for version in ["v1", "v0"] {
            let mut request = fixture(&format!("{version}/host2host_google_pay.request"));
            request["order_id"] = json!(format!("{version}-1015"));
            let sample = world.pay(request.clone()).await;
            assert!(sample["msg"].as_str().unwrap().contains("still encrypted"), "no JSON inside");
            let dpan = world.google_dpan(json!({"auth_method": auth_method})).await;
            request["google_pay_dpan"] = json!(dpan);
            let answer = with_chance_removed(world.pay(request).await, CARD_ID);
            assert_eq!(answer, fixture("v1/host2host_google_pay.answer"));
        }
    }
}

#[tokio::test]
async fn a_hosted_form_is_answered_as_in_both_documents() {
    for (host, version) in [("payment.smartcore.pro", "v1"), ("payment.magua-pay.com", "v0")] {
        let world = at(0x64a7_e106).await;
        world.set(json!({"form_base": format!("https://{host}/")})).await;
        let answer = world
            .post("/smartcore/api/initPayment", fixture(&format!("{version}/init_payment.request")))
            .await;
        assert_eq!(
            with_chance_removed(answer, FORM_ID),
            fixture(&format!("{version}/init_payment.answer"))
        );
    }
}

#[tokio::test]
async fn mobile_commerce_is_answered_as_in_the_document() {
    let world = at(0x64a7_e106).await;
    world.set(json!({"form_base": "https://payment.smartcore.pro"})).await;
    let answer =
        world.post("/smartcore/api/initPayment", fixture("v1/mobile_commerce.request")).await;
    assert_eq!(with_chance_removed(answer, FORM_ID), fixture("v1/mobile_commerce.answer"));
}

/// Pays as the document does, under the order id that its answer names, and checks.
async fn checked(answer: &str, faults: Value) -> Value {
    let documented = fixture(answer);
    let world = World::new().await;
    world.post("/_control/clock", json!({"now": documented["endDate"], "frozen": true})).await;
    world.set(faults).await;
    let order_id = documented["order_id"].as_str().unwrap();
    let mut request = fixture("v1/host2host_card.request");
    request["order_id"] = json!(order_id);
    // Nobody listens there.
    request["callback_url"] = Value::Null;
    world.pay(request).await;
    world.check(order_id).await
}

#[tokio::test]
async fn a_check_is_answered_as_in_both_documents() {
    let less = json!({"settle": "on_accept", "final_amount": {"smaller_by": 100}});
    assert_eq!(checked("v1/check_success.answer", less).await, fixture("v1/check_success.answer"));
    let absent = json!({"settle": "on_accept", "final_amount": "absent"});
    assert_eq!(
        checked("v0/check_success.answer", absent).await,
        fixture("v0/check_success.answer")
    );
}

#[tokio::test]
async fn a_failure_is_told_as_in_both_documents() {
    let code = "PLATFORM_ERROR_GATE_NOT_FOUND";
    let less =
        json!({"settle": "on_accept", "fail_code": code, "final_amount": {"smaller_by": 100}});
    assert_eq!(checked("v1/check_failure.answer", less).await, fixture("v1/check_failure.answer"));
    let absent = json!({"settle": "on_accept", "fail_code": code, "final_amount": "absent"});
    assert_eq!(
        checked("v0/check_failure.answer", absent).await,
        fixture("v0/check_failure.answer")
    );
}

/// What our own page says.
fn page() -> String {
    let path = format!("{}/../../docs/sandbox.md", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(path).unwrap()
}

/// Every JSON object in the code spans of `docs/sandbox.md` that a switch or a fault is shown with.
fn examples() -> Vec<Value> {
    let text = page();
    let switches = text.split("## Switches").nth(1).unwrap();
    let rows = switches.lines().filter(|line| line.starts_with("| `"));
    rows.map(|row| {
        let example = row.rsplit('|').nth(1).unwrap().trim().trim_matches('`');
        serde_json::from_str(example).unwrap_or_else(|error| panic!("{error}: {example}"))
    })
    .collect()
}

#[tokio::test]
async fn every_example_of_our_own_page_is_taken_and_every_switch_has_one() {
    let world = World::new().await;
    let examples = examples();
    let mut shown = std::collections::BTreeSet::new();
    for example in &examples {
        world.call(Method::POST, "/_control/reset", None).await;
        if let Some(fault) = example.get("fault") {
            shown.insert(fault.as_str().unwrap().to_owned());
            world.set(json!({"replies": [example]})).await;
        } else {
            for (name, value) in example.as_object().unwrap() {
                shown.insert(name.clone());
                shown.extend(
                    value.as_object().into_iter().flat_map(|object| object.keys().cloned()),
                );
            }
            world.set(example.clone()).await;
        }
    }
    let defaults = serde_json::to_value(farthing_sandbox::control::Faults::default()).unwrap();
    let groups = ["callbacks", "apple_pay", "google_pay"];
    let inside = groups.iter().flat_map(|group| defaults[group].as_object().unwrap().keys());
    for name in defaults.as_object().unwrap().keys().chain(inside) {
        assert!(name == "replies" || shown.contains(name), "{name} has no example");
    }
    let faults = [
        "cut",
        "drip",
        "extra_fields",
        "final_amount",
        "foreign_order_id",
        "http_status",
        "huge",
        "malformed",
        "numbers_as_text",
        "order_id_echo",
        "refuse",
        "silence",
        "slow",
        "status_absent",
        "status_value",
    ];
    assert!(faults.iter().all(|fault| shown.contains(*fault)), "{shown:?}");
}

#[tokio::test]
async fn every_position_of_the_issuers_pages_and_of_the_next_step_is_on_our_own_page() {
    let world = World::new().await;
    let mut shown = std::collections::BTreeSet::new();
    let examples = examples();
    for (name, position) in examples.iter().filter_map(|it| it["acs"].as_object()).flatten() {
        let key = position.as_object().and_then(|object| object.keys().next().cloned());
        let position = key.unwrap_or_else(|| position.as_str().unwrap().to_owned());
        shown.insert(format!("{name}: {position}"));
    }
    let behaviours =
        ["closes_early", "never_posts_back", "refuses_framing", "result_late", "silent", "slow"];
    let methods = ["late", "never", "no_notification"];
    let all = behaviours.iter().map(|position| format!("behaviour: {position}"));
    let all = all.chain(methods.iter().map(|position| format!("method: {position}")));
    assert_eq!(shown, all.collect());

    let section =
        page().split("## Next steps").nth(1).unwrap().split("\n## ").next().unwrap().to_owned();
    let steps: Vec<_> = section.lines().filter_map(|line| line.strip_prefix("| `")).collect();
    assert_eq!(steps.len(), 6);
    for step in steps.iter().map(|line| line.split('`').next().unwrap()) {
        world.set(json!({"next_step": step})).await;
    }
}

/// Where a member of `apple_pay` or `google_pay` has several positions, each is shown.
#[tokio::test]
async fn every_position_of_the_wallets_switches_is_on_our_own_page() {
    let mut shown = std::collections::BTreeSet::new();
    for example in examples() {
        for wallet in ["apple_pay", "google_pay"] {
            for (name, position) in example[wallet].as_object().into_iter().flatten() {
                let key = position.as_object().and_then(|object| object.keys().next().cloned());
                let text = position.as_str().map_or_else(|| position.to_string(), str::to_owned);
                shown.insert(format!("{name}: {}", key.unwrap_or(text)));
            }
        }
    }
    let sessions = ["http_status", "huge", "malformed", "redirects", "silent", "slow"];
    let all = sessions.iter().map(|position| format!("session: {position}"));
    let others = [
        "answer_ms: 2000",
        "can_make_payments: false",
        "network_case: capitals",
        "network_case: mixed",
        "padding: padded",
        "padding: unpadded",
        "ready: false",
        "ready_rejects: true",
        "script: broken",
        "script: missing",
        "script: silent",
        "script: slow",
    ];
    assert_eq!(shown, all.chain(others.map(str::to_owned)).collect());
}

/// The rows of a table of our own page, by the head of its first column.
fn rows(head: &str) -> Vec<String> {
    let text = page();
    let table = text.split(&format!("\n| {head} |")).nth(1).unwrap().split("\n\n").next().unwrap();
    let rows = table.lines().filter_map(|line| line.strip_prefix("| `"));
    rows.map(|row| row.split('`').next().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn every_fault_of_a_token_on_our_own_page_is_taken() {
    let world = World::new().await;
    let files = json!({"kind": "processing", "merchant_id": "merchant.com.example.shop"});
    let certificate = world.certify(files).await["certificate"].clone();
    for (head, path, body, count) in [
        (
            "fault of an Apple Pay token",
            "/_control/wallets/apple/token",
            json!({"certificate": certificate, "amount": 1999, "currency": "EUR"}),
            14,
        ),
        (
            "fault of a Google Pay token",
            "/_control/wallets/google/token",
            json!({"auth_method": "PAN_ONLY"}),
            7,
        ),
    ] {
        let faults = rows(head);
        assert_eq!(faults.len(), count, "{head}");
        let response = world.call(Method::POST, path, Some(but(body, "faults", json!(faults))));
        assert_eq!(response.await.status(), 200, "{head}");
    }
}

/// Calls of `curl` in a section of our own page, each with the answer that is shown below it.
fn calls(section: &str) -> Vec<(String, Option<String>, String)> {
    let text = page();
    let section = text.split(&format!("\n## {section}\n")).nth(1).unwrap();
    let section = section.split("\n## ").next().unwrap();
    let blocks = section.split("```console\n$ curl -s localhost:8082").skip(1);
    blocks
        .map(|block| {
            let (command, answer) = block.split_once('\n').unwrap();
            let (path, body) = match command.split_once(" -d '") {
                Some((path, body)) => (path, Some(body.trim_end_matches('\'').to_owned())),
                None => (command, None),
            };
            (path.to_owned(), body, answer.split("```").next().unwrap().to_owned())
        })
        .collect()
}

/// What is shown is there: the same members, and the same values but where an ellipsis stands.
fn matches(shown: &Value, said: &Value) -> bool {
    match (shown, said) {
        (Value::String(shown), Value::String(_)) if shown.contains('…') => true,
        (Value::Object(shown), Value::Object(said)) => {
            shown.len() == said.len()
                && shown.iter().all(|(name, value)| matches(value, &said[name]))
        }
        (Value::Array(shown), Value::Array(said)) => {
            shown.len() == said.len()
                && shown.iter().zip(said).all(|(shown, said)| matches(shown, said))
        }
        _ => shown == said,
    }
}

#[tokio::test]
async fn every_call_of_the_wallets_section_of_our_own_page_is_answered_as_shown() {
    let settings = farthing_sandbox::Settings {
        apple_listen: Some(([127, 0, 0, 1], 0).into()),
        ..farthing_sandbox::Settings::default()
    };
    let world = World::with(settings).await;
    let files = json!({"kind": "processing", "merchant_id": "merchant.com.example.shop"});
    let certificate = world.certify(files).await["certificate"].clone();
    let calls = calls("Wallets");
    assert_eq!(calls.len(), 6);
    for (path, body, shown) in calls {
        let shown: Value =
            serde_json::from_str(&shown).unwrap_or_else(|error| panic!("{path}: {error}: {shown}"));
        let method = if body.is_some() { Method::POST } else { Method::GET };
        let mut body: Option<Value> = body.map(|body| serde_json::from_str(&body).unwrap());
        if let Some(body) = body.as_mut().filter(|body| body["certificate"].is_string()) {
            body["certificate"] = certificate.clone();
        }
        let said = json_of(world.call(method, &path, body).await).await;
        assert!(matches(&shown, &said), "{path}: {said}");
    }
}
