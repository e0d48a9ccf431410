//! Callbacks: what they say, how they are signed, and every way in which they go wrong.

use std::time::{Duration, Instant};

use crate::common::{CHALLENGE, FRICTIONLESS, REFUSED, Received, Shop, World, but, card_payment};
use serde_json::{Value, json};

async fn world() -> (World, Shop) {
    let world = World::new().await;
    world.set(json!({"settle": "on_accept"})).await;
    (world, Shop::new().await)
}

async fn pay(world: &World, shop: &Shop, order_id: &str, number: &str) -> Value {
    world.pay(but(card_payment(order_id, number), "callback_url", json!(shop.url))).await
}

const DOCUMENTED: [&str; 22] = [
    "amount",
    "authorize_status",
    "card_exp_month",
    "card_exp_year",
    "card_holder",
    "card_number",
    "cascadeErrors",
    "currency",
    "eci",
    "errorCategory",
    "finalAmount",
    "firstName",
    "isTrustedTransaction",
    "lastName",
    "message",
    "orderId",
    "paymentPhoneNumber",
    "paymentPhoneOperator",
    "rrn",
    "sign",
    "status",
    "type",
];

#[tokio::test]
async fn a_success_is_announced_once_with_every_documented_field_and_signed() {
    let (world, mut shop) = world().await;
    pay(&world, &shop, "a", FRICTIONLESS).await;
    let callback = shop.next().await;
    assert_eq!(callback.content_type, "application/x-www-form-urlencoded");
    let mut names: Vec<String> = callback.pairs().into_iter().map(|(name, _)| name).collect();
    names.sort();
    assert_eq!(names, DOCUMENTED);
    for (name, value) in [
        ("orderId", "a"),
        ("status", "2"),
        ("type", "Payment"),
        ("amount", "1999"),
        ("finalAmount", "1999"),
        ("currency", "EUR"),
        ("errorCategory", "null"),
        ("cascadeErrors", "null"),
        ("firstName", "Ann"),
        ("card_number", "401200******3010"),
        ("card_exp_month", "N/A"),
    ] {
        assert_eq!(callback.field(name).as_deref(), Some(value), "{name}");
    }
    assert!(callback.is_signed());
    let order = world.until("a", |order| !order.callbacks.is_empty()).await;
    assert_eq!(
        order.callbacks.iter().map(|sent| (sent.status, sent.http_status)).collect::<Vec<_>>(),
        [(2, Some(200))]
    );
    assert!(shop.waiting().is_none());
}

#[tokio::test]
async fn a_failure_is_announced_with_its_code() {
    let (world, mut shop) = world().await;
    pay(&world, &shop, "a", REFUSED).await;
    let callback = shop.next().await;
    assert_eq!(callback.field("status").as_deref(), Some("-1"));
    assert_eq!(callback.field("errorCategory").as_deref(), Some("EMITTER_DENIAL_PROCESSING_ERROR"));
    let cascade = callback.field("cascadeErrors").unwrap();
    assert_eq!(
        serde_json::from_str::<Value>(&cascade).unwrap()[0]["errorCategory"],
        "EMITTER_DENIAL_PROCESSING_ERROR"
    );
    assert!(callback.is_signed());
}

#[tokio::test]
async fn challenges_and_time_outs_are_announced_too() {
    let (world, mut shop) = world().await;
    let answer = pay(&world, &shop, "a", CHALLENGE).await;
    world.visit(answer["form_url"].as_str().unwrap()).await;
    let id = world.order("a").await.processing_id;
    world.submit(&format!("/acs/{id}"), &[("answer", "approve")]).await;
    assert_eq!(shop.next().await.field("status").as_deref(), Some("2"));
    pay(&world, &shop, "b", CHALLENGE).await;
    world.advance(601).await;
    let callback = shop.next().await;
    assert_eq!(
        callback.field("errorCategory").as_deref(),
        Some("3DS_REDIRECT_TIMEOUT_PROCESSING_ERROR")
    );
}

#[tokio::test]
async fn an_order_without_callback_url_announces_nothing() {
    let (world, _shop) = world().await;
    world.pay(card_payment("a", FRICTIONLESS)).await;
    assert_eq!(world.order("a").await.callbacks, []);
}

#[tokio::test]
async fn signatures_can_be_wrong_missing_or_in_capitals() {
    let (world, mut shop) = world().await;
    world.set(json!({"callbacks": {"wrong_sign": true}})).await;
    pay(&world, &shop, "wrong", FRICTIONLESS).await;
    let callback = shop.next().await;
    assert_eq!(callback.field("sign").unwrap().len(), 64);
    assert!(!callback.is_signed());

    world.set(json!({"callbacks": {"wrong_sign": false, "unsigned": true}})).await;
    pay(&world, &shop, "unsigned", FRICTIONLESS).await;
    assert_eq!(shop.next().await.field("sign"), None);

    world.set(json!({"callbacks": {"unsigned": false, "uppercase_sign": true}})).await;
    pay(&world, &shop, "capitals", FRICTIONLESS).await;
    let callback = shop.next().await;
    let sign = callback.field("sign").unwrap();
    assert_eq!(sign, sign.to_ascii_uppercase());
    assert!(callback.is_signed());
}

#[tokio::test]
async fn names_in_any_script_are_signed_as_they_arrive() {
    let (world, mut shop) = world().await;
    let request = but(card_payment("шоп-0042", FRICTIONLESS), "callback_url", json!(shop.url));
    let request = but(request, "customer_first_name", json!("Zoë & Ann = 100%+"));
    world.pay(but(request, "card_holder", json!("Łukasiewicz|Иванова"))).await;
    let callback = shop.next().await;
    assert_eq!(callback.field("orderId").as_deref(), Some("шоп-0042"));
    assert_eq!(callback.field("firstName").as_deref(), Some("Zoë & Ann = 100%+"));
    assert!(callback.is_signed());
}

#[tokio::test]
async fn callbacks_can_be_json_with_numbers_signed_as_their_text() {
    let (world, mut shop) = world().await;
    world.set(json!({"callbacks": {"encoding": "json"}})).await;
    pay(&world, &shop, "a", FRICTIONLESS).await;
    let callback = shop.next().await;
    assert_eq!(callback.content_type, "application/json");
    let object: Value = serde_json::from_str(&callback.body).unwrap();
    assert_eq!((&object["status"], &object["amount"]), (&json!(2), &json!(1999)));
    let pairs = object.as_object().unwrap().iter();
    let body = form_urlencoded::Serializer::new(String::new())
        .extend_pairs(pairs.map(|(name, value)| {
            (name, value.as_str().map_or_else(|| value.to_string(), str::to_owned))
        }))
        .finish();
    assert!(Received { content_type: String::new(), body }.is_signed());
}

#[tokio::test]
async fn callbacks_can_be_lost() {
    let (world, mut shop) = world().await;
    for faults in [json!({"lose": true}), json!({"lose": false, "repeat": 0})] {
        world.set(json!({"callbacks": faults})).await;
        let id = faults.to_string().replace('"', "");
        pay(&world, &shop, &id, FRICTIONLESS).await;
        let order = world.until(&id, |order| !order.callbacks.is_empty()).await;
        assert!(order.callbacks.iter().all(|sent| sent.lost && sent.http_status.is_none()));
    }
    assert!(shop.waiting().is_none());
}

#[tokio::test]
async fn callbacks_can_come_again_late_and_out_of_order() {
    let (world, mut shop) = world().await;
    world
        .set(json!({"callbacks": {"repeat": 2, "statuses_before": [1], "statuses_after": [-1, 0], "delay_ms": 150}}))
        .await;
    let start = Instant::now();
    pay(&world, &shop, "a", FRICTIONLESS).await;
    let mut statuses = Vec::new();
    for _ in 0..5 {
        let callback = shop.next().await;
        assert!(callback.is_signed());
        statuses.push(callback.field("status").unwrap());
    }
    assert!(start.elapsed() >= Duration::from_millis(150));
    assert_eq!(statuses, ["1", "2", "2", "-1", "0"]);
    assert_eq!(world.order("a").await.status, 2, "what callbacks say changes nothing");
    let order = world.until("a", |order| order.callbacks.len() == 5).await;
    assert_eq!(order.charges.len(), 1);
}

#[tokio::test]
async fn a_callback_can_arrive_before_the_reply() {
    let (world, mut shop) = world().await;
    world.set(json!({"callbacks": {"before_reply": true}})).await;
    pay(&world, &shop, "a", FRICTIONLESS).await;
    // No waiting: it is here already, and answered.
    assert_eq!(shop.waiting().unwrap().field("orderId").as_deref(), Some("a"));
    assert_eq!(world.order("a").await.callbacks[0].http_status, Some(200));
}

#[tokio::test]
async fn the_ledger_says_what_the_receiver_answered() {
    let (world, mut shop) = world().await;
    shop.answer(503);
    pay(&world, &shop, "refused", FRICTIONLESS).await;
    shop.next().await;
    let order = world.until("refused", |order| !order.callbacks.is_empty()).await;
    assert_eq!(order.callbacks[0].http_status, Some(503));

    // A port that was free a moment ago.
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let nowhere = json!(format!("http://127.0.0.1:{port}/callback"));
    world.pay(but(card_payment("nowhere", FRICTIONLESS), "callback_url", nowhere)).await;
    let order = world.until("nowhere", |order| !order.callbacks.is_empty()).await;
    assert_eq!((order.callbacks[0].http_status, order.callbacks[0].lost), (None, false));
}

#[tokio::test]
async fn a_callback_can_be_sent_again_by_hand_and_its_bytes_are_told() {
    let (world, mut shop) = world().await;
    pay(&world, &shop, "a/b ü", FRICTIONLESS).await;
    let first = shop.next().await;
    let path = "a%2Fb%20%C3%BC";
    let sent = world.resend(path, json!({})).await;
    let second = shop.next().await;
    assert_eq!((second.body.as_str(), sent.http_status), (first.body.as_str(), Some(200)));
    assert_eq!(
        (sent.body, sent.url.as_str(), sent.content_type),
        (first.body, shop.url.as_str(), first.content_type)
    );

    let stale = world.resend(path, json!({"send": false, "status": -1})).await;
    assert_eq!(stale.http_status, None);
    let stale = Received { content_type: stale.content_type, body: stale.body };
    assert_eq!((stale.field("status").as_deref(), stale.is_signed()), (Some("-1"), true));
    assert!(shop.waiting().is_none());
    world.until("a/b ü", |order| order.callbacks.len() == 2).await;
}

#[tokio::test]
async fn a_callback_of_nobody_or_to_nowhere_is_refused() {
    let (world, _shop) = world().await;
    let status = async |id: &str| {
        world.call(reqwest::Method::POST, &format!("/_control/callbacks/{id}"), None).await.status()
    };
    assert_eq!(status("nobody").await, 404);
    world.pay(card_payment("a", FRICTIONLESS)).await;
    assert_eq!(status("a").await, 409);
}
