//! Faults of replies, seen from a raw socket where HTTP would hide them.

use std::time::{Duration, Instant};

use crate::common::{CHALLENGE, FRICTIONLESS, PATIENCE, World, card_payment, json_of};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use farthing_sandbox::Settings;
use farthing_sandbox::control::{Endpoint, Faults, ReplyFault, ReplyKind};
use reqwest::Method;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const PAY: &str = "/smartcore/card/initPaymentHost2Host";
const CHECK: &str = "/smartcore/api/check";

async fn world() -> World {
    let world = World::new().await;
    world.set(json!({"settle": "on_accept"})).await;
    world
}

/// Sets one fault for all calls, or for those that it names.
async fn fault(world: &World, mut fault: Value) {
    if fault.get("on").is_none() {
        fault["on"] = json!("both");
    }
    world.set(json!({"replies": [fault]})).await;
}

/// Sends a request on a connection of its own and reads until the other side ends it, or for as long as `patience`.
async fn raw(world: &World, path: &str, body: &Value, patience: Duration) -> (Vec<u8>, bool) {
    let mut stream = TcpStream::connect(world.sandbox.address()).await.unwrap();
    let body = body.to_string();
    let credentials = STANDARD.encode("test:qwerty");
    let head = format!(
        "POST {path} HTTP/1.1\r\nhost: localhost\r\nauthorization: Basic {credentials}\r\ncontent-type: application/json\r\n\
         connection: close\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    stream.write_all(body.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    let ended = tokio::time::timeout(patience, stream.read_to_end(&mut answer)).await;
    (answer, matches!(ended, Ok(Ok(_))))
}

#[tokio::test]
async fn a_reply_can_be_cut_after_any_byte_and_the_order_stands() {
    let world = world().await;
    let (whole, _) = raw(&world, PAY, &card_payment("whole", FRICTIONLESS), PATIENCE).await;
    for after in [0, 1, 12, 60, whole.len() - 1] {
        fault(&world, json!({"fault": "cut", "after_bytes": after})).await;
        let id = format!("cut-{after}");
        let (answer, ended) = raw(&world, PAY, &card_payment(&id, FRICTIONLESS), PATIENCE).await;
        assert!(ended);
        assert_eq!(answer.len(), after);
        assert!(whole.starts_with(&answer[..after.min(12)]));
        assert_eq!(world.order(&id).await.charges.len(), 1);
    }
    fault(&world, json!({"fault": "cut", "after_bytes": 5, "on": "check"})).await;
    assert_eq!(raw(&world, CHECK, &json!({"order_id": "whole"}), PATIENCE).await.0, b"HTTP/");
}

#[tokio::test]
async fn a_cut_connection_can_be_reset() {
    let world = world().await;
    fault(&world, json!({"fault": "cut", "after_bytes": 0, "reset": true})).await;
    let (answer, ended) = raw(&world, PAY, &card_payment("a", FRICTIONLESS), PATIENCE).await;
    assert_eq!((answer.len(), ended), (0, false));
    assert_eq!(world.order("a").await.charges.len(), 1);
}

#[tokio::test]
async fn a_cut_wider_than_its_reply_does_not_hit_the_next_one() {
    let world = world().await;
    fault(&world, json!({"fault": "cut", "after_bytes": 1000, "count": 1})).await;
    for id in ["a", "b", "c"] {
        // One client, so one connection.
        assert_eq!(world.pay(card_payment(id, FRICTIONLESS)).await["status"], 1);
    }
}

#[tokio::test]
async fn a_count_runs_out_and_other_calls_do_not_use_it_up() {
    let world = world().await;
    fault(&world, json!({"fault": "http_status", "code": 503, "count": 2, "on": "pay"})).await;
    let status = async |path: &str, body: Value| {
        world.call(Method::POST, path, Some(body)).await.status().as_u16()
    };
    assert_eq!(status(CHECK, json!({"order_id": "a"})).await, 200);
    assert_eq!(status(PAY, card_payment("a", FRICTIONLESS)).await, 503);
    assert_eq!(status("/smartcore/api/initPayment", crate::common::form_payment("b")).await, 503);
    assert_eq!(status(PAY, card_payment("c", FRICTIONLESS)).await, 200);
    let faults = world.call(Method::GET, "/_control/faults", None).await;
    assert_eq!(json_of(faults).await["replies"], json!([]));
}

#[tokio::test]
async fn an_http_error_comes_before_or_after_acceptance() {
    let world = world().await;
    for code in [401, 403, 429, 500, 502, 503] {
        for before in [true, false] {
            fault(&world, json!({"fault": "http_status", "code": code, "before_acceptance": before, "retry_after": 7})).await;
            let id = format!("{code}-{before}");
            let response =
                world.call(Method::POST, PAY, Some(card_payment(&id, FRICTIONLESS))).await;
            assert_eq!(
                (response.status().as_u16(), response.headers()["retry-after"].to_str().unwrap()),
                (code, "7")
            );
            assert_eq!(
                world.ledger().await.order(&id).map_or(0, |order| order.charges.len()),
                usize::from(!before)
            );
        }
    }
}

#[tokio::test]
async fn a_refusal_of_choice_accepts_nothing() {
    let world = world().await;
    fault(&world, json!({"fault": "refuse", "err": "PLATFORM_ERROR_DUPLICATED_ORDER_ID"})).await;
    assert_eq!(
        world.pay(card_payment("a", FRICTIONLESS)).await["err"],
        "PLATFORM_ERROR_DUPLICATED_ORDER_ID"
    );
    assert_eq!(world.check("a").await["err"], "PLATFORM_ERROR_DUPLICATED_ORDER_ID");
    assert!(world.ledger().await.orders.is_empty());
}

#[tokio::test]
async fn silence_keeps_the_money_and_says_nothing() {
    // Not `world()`: silence decides by itself.
    let world = World::new().await;
    fault(&world, json!({"fault": "silence"})).await;
    let patience = Duration::from_millis(300);
    let (answer, ended) = raw(&world, PAY, &card_payment("a", FRICTIONLESS), patience).await;
    assert_eq!((answer.len(), ended), (0, false));
    assert_eq!(world.order("a").await.charges.len(), 1);
    let (answer, ended) = raw(&world, CHECK, &json!({"order_id": "a"}), patience).await;
    assert_eq!((answer.len(), ended), (0, false));
}

#[tokio::test]
async fn a_reply_can_be_slow_or_drip() {
    let world = world().await;
    let start = Instant::now();
    fault(&world, json!({"fault": "slow", "ms": 120})).await;
    assert_eq!(world.pay(card_payment("a", FRICTIONLESS)).await["status"], 1);
    assert!(start.elapsed() >= Duration::from_millis(120));

    let start = Instant::now();
    fault(&world, json!({"fault": "drip", "ms": 1})).await;
    let answer = world.check("a").await;
    assert_eq!(answer["status"], 2, "all bytes arrive");
    assert!(
        start.elapsed() >= Duration::from_millis(u64::try_from(answer.to_string().len()).unwrap())
    );
}

#[tokio::test]
async fn a_huge_reply_goes_on_for_as_long_as_it_was_told_to() {
    let world = world().await;
    let bytes = 3_000_000;
    fault(&world, json!({"fault": "huge", "bytes": bytes})).await;
    let response = world.call(Method::POST, PAY, Some(card_payment("a", FRICTIONLESS))).await;
    assert_eq!(response.bytes().await.unwrap().len(), bytes);
    assert_eq!(world.order("a").await.charges.len(), 1);

    let fault: ReplyFault =
        serde_json::from_value(json!({"on": "check", "fault": "huge"})).unwrap();
    assert_eq!(fault.kind, ReplyKind::Huge { bytes: 1 << 30 });
}

#[tokio::test]
async fn malformed_replies_reach_the_wire_and_the_order_stands() {
    let world = world().await;
    for form in ["html", "cut_json", "deep", "bom", "nan", "bad_utf8", "empty", "duplicate_keys"] {
        fault(&world, json!({"fault": "malformed", "form": form})).await;
        let response = world.call(Method::POST, PAY, Some(card_payment(form, FRICTIONLESS))).await;
        assert_eq!(response.status(), 200);
        let bytes = response.bytes().await.unwrap();
        match form {
            "duplicate_keys" => {
                assert_eq!(bytes.windows(8).filter(|window| window == b"\"status\"").count(), 2);
            }
            _ => assert!(serde_json::from_slice::<Value>(&bytes).is_err(), "{form}"),
        }
        assert_eq!(world.order(form).await.charges.len(), 1);
    }
}

#[tokio::test]
async fn status_can_be_anything_or_nothing() {
    let world = world().await;
    world.pay(card_payment("a", FRICTIONLESS)).await;
    for value in [
        json!(3),
        json!("x"),
        json!(1.5),
        json!(true),
        Value::Null,
        json!("2 "),
        json!("2"),
        json!([2]),
        json!(-1),
    ] {
        fault(&world, json!({"fault": "status_value", "value": value})).await;
        assert_eq!(world.check("a").await["status"], value);
    }
    fault(&world, json!({"fault": "status_absent"})).await;
    assert!(world.check("a").await.get("status").is_none());
    assert!(world.pay(card_payment("b", CHALLENGE)).await.get("status").is_none());
}

#[tokio::test]
async fn numbers_can_be_text_and_fields_can_be_strange() {
    let world = world().await;
    world.pay(card_payment("a", FRICTIONLESS)).await;
    world.set(json!({"replies": [{"on": "check", "fault": "numbers_as_text"}, {"on": "check", "fault": "extra_fields"}]})).await;
    let answer = world.check("a").await;
    for (name, value) in
        [("status", "2"), ("amount", "1999"), ("finalAmount", "1999"), ("eci", "05")]
    {
        assert_eq!(answer[name], value, "{name}");
    }
    assert_eq!(answer["card"]["card_exp_month"], "N/A");
    assert!(answer["x_unknown"].is_object());
    assert_eq!(world.pay(card_payment("b", FRICTIONLESS)).await["status"], 1, "only check was hit");
}

#[tokio::test]
async fn amounts_and_ids_of_a_check_can_lie_while_the_ledger_tells_the_truth() {
    let world = world().await;
    world.pay(card_payment("a", FRICTIONLESS)).await;
    let says = async |kind: Value| {
        fault(&world, kind).await;
        world.check("a").await
    };
    assert_eq!(
        says(json!({"fault": "final_amount", "says": {"smaller_by": 1}})).await["finalAmount"],
        1998
    );
    assert!(
        says(json!({"fault": "final_amount", "says": "absent"})).await.get("finalAmount").is_none()
    );
    assert_eq!(
        says(json!({"fault": "foreign_order_id"})).await["order_id"],
        "order-of-another-merchant"
    );
    let processing_id = world.order("a").await.processing_id;
    assert_eq!(
        says(json!({"fault": "order_id_echo", "echo": "processing"})).await["order_id"],
        processing_id.as_str()
    );
    assert!(
        says(json!({"fault": "order_id_echo", "echo": "absent"})).await.get("order_id").is_none()
    );
    assert_eq!(world.order("a").await.charges[0].amount, 1999);
}

#[tokio::test]
async fn a_fault_hits_in_so_many_of_a_hundred_requests_and_its_seed_says_in_which() {
    let world = world().await;
    world.pay(card_payment("a", FRICTIONLESS)).await;
    let row = async |seed: u64| {
        let fault = json!({"on": "check", "count": 1000, "percent": 25, "fault": "status_absent"});
        world.set(json!({"chance_seed": null, "replies": []})).await;
        world.set(json!({"chance_seed": seed, "replies": [fault]})).await;
        let mut row = Vec::new();
        for _ in 0..60 {
            row.push(world.check("a").await.get("status").is_none());
        }
        let hits = row.iter().map(|hit| u32::from(*hit)).sum::<u32>();
        let left = world.call(Method::GET, "/_control/faults", None).await;
        let left: Faults = serde_json::from_str(&left.text().await.unwrap()).unwrap();
        assert_eq!(left.replies[0].count, Some(1000 - hits), "only what hits is counted");
        row
    };
    let first = row(1).await;
    assert!(first.contains(&true) && first.contains(&false));
    assert_eq!(row(1).await, first);
    assert_ne!(row(2).await, first);
}

#[tokio::test]
async fn faults_can_be_set_before_the_start_and_combined() {
    let replies = vec![
        ReplyFault::next(1, Endpoint::Pay, ReplyKind::Slow { ms: 50 }),
        ReplyFault::always(
            Endpoint::Both,
            ReplyKind::HttpStatus { code: 502, before_acceptance: false, retry_after: None },
        ),
    ];
    let faults = Faults { replies, ..Faults::default() };
    let world = World::with(Settings { faults, ..Settings::default() }).await;
    let start = Instant::now();
    let response = world.call(Method::POST, PAY, Some(card_payment("a", FRICTIONLESS))).await;
    assert_eq!(response.status(), 502);
    assert!(start.elapsed() >= Duration::from_millis(50));
}

#[tokio::test]
async fn stopping_ends_replies_that_would_never_end() {
    let world = world().await;
    world.set(json!({"replies": [{"on": "pay", "fault": "silence"}, {"on": "check", "fault": "huge"}]})).await;
    let World { sandbox, client, base } = world;
    let credentials = format!("Basic {}", STANDARD.encode("test:qwerty"));
    let send = |path: &str, body: Value| {
        let request = client.post(format!("{base}{path}")).header("authorization", &credentials);
        request.header("content-type", "application/json").body(body.to_string()).send()
    };
    let silent = tokio::spawn(send(PAY, card_payment("a", FRICTIONLESS)));
    let mut huge = send(CHECK, json!({"order_id": "a"})).await.unwrap();
    assert!(huge.chunk().await.unwrap().is_some());
    while sandbox.ledger().orders.is_empty() {
        tokio::task::yield_now().await;
    }
    let drain = tokio::spawn(async move { while let Ok(Some(_)) = huge.chunk().await {} });
    tokio::time::timeout(PATIENCE, sandbox.stop()).await.unwrap();
    tokio::time::timeout(PATIENCE, silent).await.unwrap().unwrap().unwrap();
    tokio::time::timeout(PATIENCE, drain).await.unwrap().unwrap();
    assert!(client.get(&base).send().await.is_err(), "nobody listens any more");
}
