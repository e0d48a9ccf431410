//! A gateway that is away, slow, cut off, refusing or wrong about itself.

use std::time::Instant;

use farthing_stories::proxy::Wire;
use farthing_stories::{World, until};
use serde_json::{Value, json};

async fn payment_id(world: &World, order_id: &str) -> String {
    world.api.only_payment(order_id).await["id"].as_str().unwrap().to_owned()
}

async fn decide_at_once(world: &World) {
    world.sandbox.faults(json!({"next_step": "frictionless", "settle": "on_accept", "callbacks": {"lose": true}})).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn case_04_silence_after_acceptance_settles_by_check() {
    let world = World::start().await;
    decide_at_once(&world).await;
    world.sandbox.reply_fault("pay", Some(1), json!({"fault": "silence"})).await;
    let session = world.session().await;
    let shopper = world.shopper();
    let start = Instant::now();
    let answer = shopper.pay(&session.path, &world.good_card()).await;
    // The call time-out is one second; the shopper gets "processing" a second later at most.
    assert!(start.elapsed().as_secs_f64() < 3.0, "the shopper waited {:?}", start.elapsed());
    let page = shopper.walk(answer).await;
    assert!(matches!(page.state(), "processing" | "paid"), "{}", page.state());
    if page.state() == "processing" {
        assert!(page.html.refresh().is_some(), "the waiting page does not refresh itself");
        assert!(page.html.form_with_field("card_number").is_none());
    }
    let id = payment_id(&world, &session.order_id).await;
    world.api.wait_for_status(&id, "paid").await;
    shopper.wait_for_state(&session.path, "paid").await;
    assert_eq!(
        world.sandbox.requests("initPaymentHost2Host").await,
        1,
        "the charge was sent again"
    );
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn case_05_a_gateway_that_cannot_be_reached_lets_the_shopper_try_again_at_once() {
    let world = World::builder().proxied().start().await;
    decide_at_once(&world).await;
    world.wire().down().await;
    let session = world.session().await;
    let shopper = world.shopper();
    let start = Instant::now();
    let answer = shopper.pay(&session.path, &world.good_card()).await;
    let page = shopper.walk(answer).await;
    assert!(start.elapsed().as_secs_f64() < 4.0, "the shopper waited {:?}", start.elapsed());
    assert_eq!(page.state(), "ready", "{}", page.html.text());
    assert!(page.html.text().contains("You have not been charged"), "{}", page.html.text());
    let id = payment_id(&world, &session.order_id).await;
    let payment = world.api.payment(&id).await;
    assert_eq!(payment["status"], "failed");
    assert_eq!(payment["decline"]["code"], "not_sent");
    world.wire().up().await;
    world.pay(&session, &world.good_card()).await;
    shopper.wait_for_state(&session.path, "paid").await;
    assert_eq!(world.sandbox.charges().await, 1);
    world.finish().await;
}

/// The card host's line of the configuration, changed.
fn with_card_host(text: &str, change: impl Fn(&str) -> String) -> String {
    let line = text.lines().find(|line| line.starts_with("card_url")).expect("a card host");
    assert_ne!(change(line), line, "nothing was changed");
    text.replace(line, &change(line))
}

async fn is_not_sent(world: World) {
    let session = world.session().await;
    let shopper = world.shopper();
    let answer = shopper.pay(&session.path, &world.good_card()).await;
    let page = shopper.walk(answer).await;
    let payment = world.api.only_payment(&session.order_id).await;
    assert_eq!(payment["status"], "failed", "{payment}");
    assert_eq!(payment["decline"]["code"], "not_sent");
    assert_eq!(page.state(), "ready", "{}", page.html.text());
    assert_eq!(world.sandbox.orders().await.len(), 0);
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn case_05_a_gateway_whose_name_is_unknown_was_sent_nothing() {
    is_not_sent(
        World::builder()
            .edit(|text| {
                with_card_host(&text, |line| {
                    line.replace("127.0.0.1", "gateway.invalid")
                        .replace("localhost", "gateway.invalid")
                })
            })
            .start()
            .await,
    )
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn case_05_a_gateway_that_does_not_speak_tls_was_sent_nothing() {
    is_not_sent(
        World::builder()
            .edit(|text| with_card_host(&text, |line| line.replace("http://", "https://")))
            .start()
            .await,
    )
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn case_06_a_reply_cut_anywhere_is_settled_by_check() {
    let world = World::builder().proxied().start().await;
    decide_at_once(&world).await;
    // From nothing at all, over the head, into the body.
    for after in [0, 1, 12, 40, 100, 150, 200, 300, 400] {
        world.wire().set(Wire::CutReplies(after));
        let session = world.session().await;
        let answer = world.shopper().pay(&session.path, &world.good_card()).await;
        assert!(answer.status < 500, "cut after {after}: {}", answer.status);
        let id = payment_id(&world, &session.order_id).await;
        world.api.wait_for_status(&id, "paid").await;
    }
    assert_eq!(world.sandbox.charges().await, 9);
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn case_07_server_errors_and_rate_limits_are_unresolved_and_never_sent_again() {
    let world = World::start().await;
    decide_at_once(&world).await;
    for code in [500, 502, 503, 504, 429] {
        // Accepted nevertheless: the money is taken, only the answer says otherwise.
        world
            .sandbox
            .reply_fault("pay", Some(1), json!({"fault": "http_status", "code": code}))
            .await;
        let session = world.session().await;
        world.shopper().pay(&session.path, &world.good_card()).await;
        let id = payment_id(&world, &session.order_id).await;
        world.api.wait_for_status(&id, "paid").await;
    }
    assert_eq!(world.sandbox.requests("initPaymentHost2Host").await, 5);
    assert_eq!(world.sandbox.charges().await, 5);

    // Thrown away: nobody knows the order, twice, two call time-outs apart; only then it counts as never accepted.
    world
        .sandbox
        .reply_fault(
            "pay",
            Some(1),
            json!({"fault": "http_status", "code": 503, "before_acceptance": true}),
        )
        .await;
    let session = world.session().await;
    let start = Instant::now();
    world.shopper().pay(&session.path, &world.good_card()).await;
    let id = payment_id(&world, &session.order_id).await;
    let payment = world.api.wait_for_status(&id, "failed").await;
    assert!(
        start.elapsed().as_secs_f64() >= 2.0,
        "not found was believed after {:?}",
        start.elapsed()
    );
    assert_eq!(payment["decline"]["code"], "not_accepted");
    world.pay(&session, &world.good_card()).await;
    world.shopper().wait_for_state(&session.path, "paid").await;
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn case_08_wrong_credentials_are_our_fault_and_leave_the_order_payable() {
    let world = World::builder().gateway_secret("not-the-right-one").start().await;
    let session = world.session().await;
    let shopper = world.shopper();
    let answer = shopper.pay(&session.path, &world.good_card()).await;
    let page = shopper.walk(answer).await;
    let id = payment_id(&world, &session.order_id).await;
    let payment = world.api.wait_for_status(&id, "failed").await;
    assert_eq!(payment["decline"]["code"], "misconfigured");
    assert!(page.html.text().contains("You have not been charged"), "{}", page.html.text());
    assert_eq!(world.sandbox.ledger().await["requests"]["initPaymentHost2Host"]["unauthorized"], 1);
    assert!(
        world.metric("farthing_gateway_calls_total", "misconfigured").await > 0.5,
        "nothing alarms the operator"
    );
    // A new session for the same order is not locked out.
    let again = world.session_with(json!({"order_id": session.order_id})).await;
    assert_eq!(world.session_status(&again).await, "open");
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn case_09_a_duplicate_order_id_on_the_first_send_is_left_to_the_check() {
    let world = World::start().await;
    decide_at_once(&world).await;
    let err = json!({"fault": "refuse", "err": "PLATFORM_ERROR_DUPLICATED_ORDER_ID"});
    world.sandbox.reply_fault("pay", Some(1), err).await;
    let session = world.session().await;
    world.shopper().pay(&session.path, &world.good_card()).await;
    let id = payment_id(&world, &session.order_id).await;
    assert_ne!(world.api.payment(&id).await["status"], "failed", "decided without a check");
    let payment = world.api.wait_for_status(&id, "failed").await;
    assert_eq!(payment["decline"]["code"], "not_accepted");
    assert_eq!(world.sandbox.charges().await, 0);
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_documented_error_code_fails_the_payment_and_tells_the_shopper_something() {
    let world = World::start().await;
    for code in [
        "INSUFFICIENT_FUNDS_PROCESSING_ERROR",
        "3DS_TIMEOUT_PROCESSING_ERROR",
        "SOMETHING_NOBODY_KNOWS",
    ] {
        world
            .sandbox
            .faults(json!({"fail_code": code, "next_step": "frictionless", "settle": "on_accept"}))
            .await;
        let session = world.session().await;
        let shopper = world.shopper();
        shopper.pay(&session.path, &world.good_card()).await;
        let id = payment_id(&world, &session.order_id).await;
        let payment: Value = world.api.wait_for_status(&id, "failed").await;
        assert_eq!(payment["decline"]["gateway_code"], code);
        let page = shopper.wait_for_state(&session.path, "ready").await;
        assert!(page.html.text().contains("You have not been charged"), "{}", page.html.text());
        assert!(!page.html.source.contains(code), "the page shows the gateway's own code");
    }
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_merchants_own_check_asks_the_gateway_now() {
    let world = World::start().await;
    world.sandbox.faults(json!({"callbacks": {"lose": true}})).await;
    let session = world.session().await;
    let shopper = world.shopper();
    let answer = shopper.pay(&session.path, &world.challenge_card()).await;
    let issuer = shopper.walk(answer).await;
    shopper.press(&issuer, "Approve").await;
    let id = payment_id(&world, &session.order_id).await;
    world.api.post(&format!("/v1/payments/{id}/check"), &json!({})).await.expect(200);
    until("paid", async || (world.api.payment(&id).await["status"] == "paid").then_some(())).await;
    world.finish().await;
}
