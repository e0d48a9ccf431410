//! Merchant validation: Apple's word, through us, that this shop may ask for a payment.

use farthing_stories::World;
use farthing_stories::api::Answer;
use farthing_stories::wallets::{DOMAIN_FILE, MERCHANT_ID};
use farthing_stories::world::Session;
use serde_json::{Value, json};

async fn ask(world: &World, session: &Session, body: &str) -> Answer {
    ask_from(world, session, body, "same-origin").await
}

async fn ask_from(world: &World, session: &Session, body: &str, site: &str) -> Answer {
    let url = world.origin.join(&format!("{}/apple-pay/session", session.path)).expect("a path");
    let request = world
        .http()
        .post(url)
        .header("content-type", "application/json")
        .header("sec-fetch-site", site)
        .body(body.to_owned());
    Answer::read(request.send().await.expect("an answer")).await.expect("a body")
}

async fn asked_of_apple(world: &World) -> Vec<Value> {
    world.sandbox.ledger().await["sessions"].as_array().cloned().unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_merchant_session_comes_from_apple_and_names_the_page_that_the_shopper_sees() {
    let world = World::builder().wallets().start().await;
    let shop = "http://shop.localhost:8080";
    for (changes, body, domain) in [
        (json!({}), "", "localhost"),
        (json!({}), r#"{"framed": true}"#, "shop.localhost"),
        (json!({"origin": shop}), r#"{"framed": true}"#, "shop.localhost"),
        (json!({"origin": shop}), r#"{"framed": false}"#, "localhost"),
    ] {
        let session = world.session_with(changes).await;
        let answer = ask(&world, &session, body).await.expect(200);
        assert_eq!(answer.json["domainName"], domain, "{body}");
        assert_eq!(answer.json["displayName"], "Larkspur");
        assert!(answer.json["merchantSessionIdentifier"].is_string(), "{}", answer.text());
    }
    let asked = asked_of_apple(&world).await;
    assert_eq!(asked.len(), 4);
    assert!(asked.iter().all(|one| one["merchant_id"] == MERCHANT_ID && one["http_status"] == 200));
    assert!(world.metric("farthing_apple_merchant_sessions_total", "given").await >= 4.0);
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_browser_can_name_no_address_and_no_stranger_can_ask() {
    let world = World::builder().wallets().start().await;
    let session = world.session().await;
    for body in [
        r#"{"validationURL": "https://127.0.0.1:9/paymentSession"}"#,
        r#"{"framed": true, "origin": "https://evil.example"}"#,
        r#"{"framed": "https://evil.example"}"#,
        r#"{"framed": true, "framed": false}"#,
        "[]",
        "\"https://evil.example\"",
        "{",
    ] {
        let answer = ask(&world, &session, body).await;
        assert_eq!(answer.status, 400, "{body}: {}", answer.text());
        assert!(!answer.text().contains("evil"), "{}", answer.text());
    }
    let huge = " ".repeat(70_000);
    ask(&world, &session, &huge).await.expect_problem(413, "body-too-large");
    for site in ["cross-site", "same-site", "none"] {
        ask_from(&world, &session, "", site).await.expect_problem(403, "cross-site");
    }
    let stranger = Session { path: "/checkout/cst_nobody".to_owned(), ..session.clone() };
    ask(&world, &stranger, "").await.expect_problem(404, "not-found");
    assert_eq!(asked_of_apple(&world).await.len(), 0);
    world.api.post(&format!("/v1/sessions/{}/expire", session.id), &json!({})).await.expect(200);
    ask(&world, &session, "").await.expect_problem(409, "session-not-open");
    assert_eq!(asked_of_apple(&world).await.len(), 0);
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_apples_host_does_wrong_the_page_is_told_to_try_later_and_nothing_else() {
    let world = World::builder().wallets().start().await;
    let session = world.session().await;
    for (fault, told) in [
        (json!({"http_status": {"code": 500}}), "status"),
        (json!({"http_status": {"code": 417}}), "status"),
        (json!("redirects"), "status"),
        (json!({"huge": {"bytes": 100_000_000}}), "too_large"),
        (json!("malformed"), "malformed"),
    ] {
        world.sandbox.faults(json!({"apple_pay": {"session": fault}})).await;
        let answer = ask(&world, &session, "").await.expect_problem(503, "unavailable");
        assert!(!answer.text().contains("Payment Services"), "{}", answer.text());
        assert!(
            world.metric("farthing_apple_merchant_sessions_total", told).await >= 1.0,
            "{fault}"
        );
    }
    world.sandbox.faults(json!({"apple_pay": {"session": "normal"}})).await;
    ask(&world, &session, "").await.expect(200);
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_domain_that_is_not_registered_gets_no_session() {
    let world = World::builder().wallets().start().await;
    world.sandbox.register_domains(&["shop.localhost"]).await;
    let session = world.session().await;
    ask(&world, &session, r#"{"framed": true}"#).await.expect(200);
    ask(&world, &session, "").await.expect_problem(503, "unavailable");
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_that_asks_without_end_is_made_to_wait() {
    let world = World::builder().wallets().start().await;
    let session = world.session().await;
    for _ in 0..10 {
        ask(&world, &session, "").await.expect(200);
    }
    let answer = ask(&world, &session, "").await.expect_problem(503, "unavailable");
    assert_eq!(answer.header("retry-after"), "300");
    let other = world.session().await;
    ask(&world, &other, "").await.expect(200);
    assert_eq!(asked_of_apple(&world).await.len(), 11);
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn apples_file_for_the_domain_is_served_byte_for_byte_under_both_names() {
    const PATH: &str = "/.well-known/apple-developer-merchantid-domain-association";
    let world = World::builder().wallets().start().await;
    let get = async |world: &World, path: &str| {
        let url = world.origin.join(path).expect("a path");
        Answer::read(world.http().get(url).send().await.expect("an answer")).await.expect("a body")
    };
    for path in [PATH.to_owned(), format!("{PATH}.txt")] {
        let answer = get(&world, &path).await.expect(200);
        assert_eq!(answer.bytes, DOMAIN_FILE);
        assert!(answer.header("content-type").starts_with("text/plain"));
    }
    world.finish().await;
    let world = World::start().await;
    get(&world, PATH).await.expect_problem(404, "not-found");
    let session = world.session().await;
    ask(&world, &session, "").await.expect_problem(404, "not-found");
    world.finish().await;
}
