//! The merchant's endpoint is away, slow, or gone for good.

use std::time::Duration;

use farthing_stories::receiver::Answer;
use farthing_stories::wait::until_within;
use farthing_stories::{World, until};
use serde_json::{Value, json};

async fn decide_at_once(world: &World) {
    world.sandbox.faults(json!({"next_step": "frictionless", "settle": "on_accept", "callbacks": {"lose": true}})).await;
}

async fn paid(world: &World) -> String {
    let session = world.session().await;
    world.shopper().pay(&session.path, &world.good_card()).await;
    let id = world.api.only_payment(&session.order_id).await["id"].as_str().unwrap().to_owned();
    world.api.wait_for_status(&id, "paid").await;
    id
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn case_17_an_endpoint_that_is_down_gets_the_same_event_again_when_it_is_up() {
    let world = World::start().await;
    decide_at_once(&world).await;
    world.webhooks.answer(Answer::Status(500));
    let id = paid(&world).await;
    let first =
        until("a delivery that fails", async || world.webhooks.deliveries().into_iter().next())
            .await;
    assert!(!first.taken);
    // Payments go on meanwhile.
    let other = paid(&world).await;
    assert_eq!(world.webhooks.taken().len(), 0);
    world.webhooks.answer(Answer::Take);
    // The second try comes five seconds after the first: Standard Webhooks, "Retry schedule".
    for payment in [&id, &other] {
        until_within(Duration::from_secs(30), "the second try", async || {
            world.webhooks.taken_about(payment).into_iter().next()
        })
        .await;
    }
    for delivery in world.webhooks.deliveries() {
        let event = delivery.body["id"].as_str();
        assert_eq!(event, Some(delivery.id.as_str()), "the id changed between tries");
    }
    let again = world
        .webhooks
        .deliveries()
        .into_iter()
        .find(|delivery| delivery.taken && delivery.id == first.id);
    let again = again.expect("the first event");
    assert_eq!(again.body, first.body);
    assert!(again.timestamp > first.timestamp, "a repeat is signed with its own time");
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn case_17_events_of_one_payment_keep_their_order_while_the_endpoint_is_down() {
    let world = World::start().await;
    decide_at_once(&world).await;
    world
        .sandbox
        .faults(json!({"replies": [
            {"on": "pay", "count": 1, "fault": "silence"},
            {"on": "check", "fault": "refuse", "err": "ORDER_NOT_FOUND"},
        ]}))
        .await;
    world.webhooks.answer(Answer::Status(503));
    let session = world.session().await;
    world.shopper().pay(&session.path, &world.good_card()).await;
    let id = world.api.only_payment(&session.order_id).await["id"].as_str().unwrap().to_owned();
    world.api.wait_for_status(&id, "failed").await;
    until("the failed delivery", async || (!world.webhooks.deliveries().is_empty()).then_some(()))
        .await;
    world.sandbox.no_reply_faults().await;
    until("late money", async || {
        (world.api.payment(&id).await["status"] == "needs_attention").then_some(())
    })
    .await;
    world.webhooks.answer(Answer::Take);
    until_within(Duration::from_secs(40), "both events", async || {
        (world.webhooks.taken_about(&id).len() == 2).then_some(())
    })
    .await;
    let taken = world.webhooks.taken_about(&id);
    let kinds = taken.iter().map(farthing_stories::receiver::Delivery::kind).collect::<Vec<_>>();
    assert_eq!(kinds, ["payment.failed", "payment.needs_attention"]);
    let sequences =
        taken.iter().map(|delivery| delivery.body["sequence"].clone()).collect::<Vec<Value>>();
    assert_eq!(sequences, [json!(1), json!(2)]);
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn case_17_an_endpoint_that_is_gone_is_left_alone_and_nothing_is_lost() {
    let world = World::start().await;
    decide_at_once(&world).await;
    world.webhooks.answer(Answer::Status(410));
    let id = paid(&world).await;
    until("the delivery", async || (!world.webhooks.deliveries().is_empty()).then_some(())).await;
    let events = world.api.events_about(&id).await;
    assert_eq!(events.len(), 1);
    assert_eq!(events[0]["type"], "payment.paid");
    // Longer than the pause before a second try.
    tokio::time::sleep(Duration::from_secs(7)).await;
    assert_eq!(world.webhooks.deliveries().len(), 1, "410 did not stop the deliveries");
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_endpoint_that_never_answers_holds_nobody_up() {
    let mut world = World::start().await;
    decide_at_once(&world).await;
    world.webhooks.answer(Answer::Hang);
    for _ in 0..3 {
        paid(&world).await;
    }
    until("a delivery", async || (!world.webhooks.deliveries().is_empty()).then_some(())).await;
    // Events survive a restart and arrive with the same ids.
    world.webhooks.answer(Answer::Take);
    world.kill_server();
    world.restart();
    let ids =
        world.api.events().await.iter().map(farthing_stories::books::event_id).collect::<Vec<_>>();
    until_within(Duration::from_secs(40), "all events", async || {
        let taken = world.webhooks.taken();
        ids.iter().all(|id| taken.iter().any(|delivery| &delivery.id == id)).then_some(())
    })
    .await;
    world.finish().await;
}
