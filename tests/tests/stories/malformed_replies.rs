//! A gateway answer that we cannot read leaves the payment unresolved and polled: never paid and never failed by itself.

use farthing_stories::{World, until};
use serde_json::{Value, json};

/// Pays while the gateway's replies to `on` have this fault `count` times; what it charged stays true underneath.
async fn with_fault(world: &World, on: &str, count: u32, fault: Value) -> (String, Value) {
    let session = world.session().await;
    world.sandbox.reply_fault(on, Some(count), fault).await;
    let page = world.shopper().pay(&session.path, &world.good_card()).await;
    assert!(
        (200..400).contains(&page.status),
        "the shopper was shown {}: {}",
        page.status,
        page.html.text()
    );
    let payment = world.api.only_payment(&session.order_id).await;
    (session.path, payment)
}

async fn frictionless_world() -> World {
    let world = World::start().await;
    world.sandbox.faults(json!({"next_step": "frictionless", "settle": "on_accept", "callbacks": {"lose": true}})).await;
    world
}

const FORMS: [&str; 8] =
    ["html", "cut_json", "duplicate_keys", "deep", "bad_utf8", "bom", "nan", "empty"];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn case_34_a_malformed_reply_to_the_payment_is_settled_by_a_check() {
    let world = frictionless_world().await;
    for form in FORMS {
        let (path, payment) =
            with_fault(&world, "pay", 1, json!({"fault": "malformed", "form": form})).await;
        // Whatever the reply was, only the check that follows says "paid".
        assert_ne!(payment["status"], "failed", "{form}");
        world.api.wait_for_status(payment["id"].as_str().unwrap(), "paid").await;
        world.shopper().wait_for_state(&path, "paid").await;
    }
    assert!(
        world.metric("farthing_unclear_answers_total", "malformed").await > 5.5,
        "malformed replies are not counted"
    );
    assert_eq!(world.sandbox.charges().await, FORMS.len());
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn case_34_a_malformed_reply_to_a_check_settles_nothing() {
    let world = frictionless_world().await;
    for form in FORMS {
        let (_, payment) =
            with_fault(&world, "check", 1, json!({"fault": "malformed", "form": form})).await;
        assert_ne!(payment["status"], "failed", "{form}");
        let payment = world.api.wait_for_status(payment["id"].as_str().unwrap(), "paid").await;
        assert_eq!(payment["amount"], 1295);
    }
    assert_eq!(world.sandbox.charges().await, FORMS.len());
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn case_33_an_unknown_status_is_neither_paid_nor_failed() {
    let world = World::start().await;
    world.sandbox.faults(json!({"callbacks": {"lose": true}})).await;
    // A declined card whose checks lie: whatever is read as success shows as paid.
    for value in [
        json!(3),
        json!("x"),
        json!(1.5),
        json!(true),
        json!(null),
        json!("2 "),
        json!([2]),
        json!({"status": 2}),
        json!(""),
    ] {
        let session = world.session().await;
        world
            .sandbox
            .reply_fault("check", None, json!({"fault": "status_value", "value": value}))
            .await;
        let checks = world.sandbox.requests("check").await;
        world.pay(&session, &world.bad_card()).await;
        until("a check to be answered and judged", async || {
            (world.sandbox.requests("check").await > checks).then_some(())
        })
        .await;
        let payment = world.api.only_payment(&session.order_id).await;
        let id = payment["id"].as_str().unwrap().to_owned();
        // One more by hand, so that the answer above was certainly read.
        world.api.post(&format!("/v1/payments/{id}/check"), &json!({})).await.expect(200);
        let status = world.api.payment(&id).await["status"].clone();
        assert!(
            matches!(status.as_str(), Some("processing" | "requires_action")),
            "status {value} was read as {status}"
        );
        world.sandbox.no_reply_faults().await;
        world.api.post(&format!("/v1/payments/{id}/check"), &json!({})).await.expect(200);
        world.api.wait_for_status(&id, "failed").await;
    }
    assert_eq!(world.sandbox.charges().await, 0);
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn case_33_a_missing_status_is_neither_paid_nor_failed() {
    let world = frictionless_world().await;
    let (_, payment) = with_fault(&world, "both", 2, json!({"fault": "status_absent"})).await;
    assert_eq!(payment["status"], "processing");
    world.api.wait_for_status(payment["id"].as_str().unwrap(), "paid").await;
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn numbers_as_text_and_unknown_fields_are_read() {
    let world = frictionless_world().await;
    for fault in [json!({"fault": "numbers_as_text"}), json!({"fault": "extra_fields"})] {
        let (_, payment) = with_fault(&world, "both", 2, fault).await;
        world.api.wait_for_status(payment["id"].as_str().unwrap(), "paid").await;
    }
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_check_that_answers_for_another_order_is_thrown_away() {
    let world = frictionless_world().await;
    let (_, payment) = with_fault(&world, "check", 2, json!({"fault": "foreign_order_id"})).await;
    assert_eq!(payment["status"], "processing", "another order's success was taken for ours");
    world.api.wait_for_status(payment["id"].as_str().unwrap(), "paid").await;
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn less_money_than_the_order_needs_a_person() {
    let world = frictionless_world().await;
    world.sandbox.faults(json!({"final_amount": {"smaller_by": 100}})).await;
    let session = world.session().await;
    world.shopper().pay(&session.path, &world.good_card()).await;
    let id = world.api.only_payment(&session.order_id).await["id"].as_str().unwrap().to_owned();
    let payment = world.api.wait_for_status(&id, "needs_attention").await;
    assert_eq!(payment["attention"], "amount_differs");
    assert_eq!(payment["final_amount"], 1195);
    world.webhooks.wait_for("payment.needs_attention", &id).await;
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_next_step_on_a_foreign_host_is_not_followed() {
    let world = World::start().await;
    world
        .sandbox
        .faults(
            json!({"form_base": "https://payments.evil.example/pay/", "callbacks": {"lose": true}}),
        )
        .await;
    let session = world.session().await;
    let shopper = world.shopper();
    let answer = shopper.pay(&session.path, &world.good_card()).await;
    assert!(!answer.location().is_some_and(|url| url.as_str().contains("evil")));
    for path in ["", "/step"] {
        let page = shopper.get(&format!("{}{path}", session.path)).await;
        assert!(
            !page.html.source.contains("evil.example"),
            "{path} leads to a host that is not on the list"
        );
        assert!(!page.location().is_some_and(|url| url.as_str().contains("evil")));
    }
    let payment = world.api.only_payment(&session.order_id).await;
    assert_eq!(payment["status"], "processing");
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn case_35_a_reply_without_end_is_cut_and_does_not_fill_the_memory() {
    let mut world = frictionless_world().await;
    let before = world.server().resident_bytes();
    let session = world.session().await;
    world.sandbox.reply_fault("pay", Some(1), json!({"fault": "huge"})).await;
    let start = std::time::Instant::now();
    world.shopper().pay(&session.path, &world.good_card()).await;
    assert!(start.elapsed().as_secs() < 10);
    let grown = world.server().resident_bytes().saturating_sub(before);
    assert!(grown < 24 << 20, "a huge reply cost {grown} bytes");
    let id = world.api.only_payment(&session.order_id).await["id"].as_str().unwrap().to_owned();
    world.api.wait_for_status(&id, "paid").await;

    // A reply that arrives drop by drop ends with the call's time-out.
    let session = world.session().await;
    world.sandbox.reply_fault("pay", Some(1), json!({"fault": "drip", "ms": 200})).await;
    let start = std::time::Instant::now();
    world.shopper().pay(&session.path, &world.good_card()).await;
    assert!(start.elapsed().as_secs_f64() < 4.0, "the shopper waited {:?}", start.elapsed());
    let id = world.api.only_payment(&session.order_id).await["id"].as_str().unwrap().to_owned();
    world.api.wait_for_status(&id, "paid").await;
    world.finish().await;
}
