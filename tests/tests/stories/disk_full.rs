//! A disk without room, before the call and after it.

use farthing_stories::{Shopper, World, wait};
use rustix::process::{Pid, Resource, Rlimit, prlimit};
use serde_json::json;

/// From now on no file of the server's may grow (or be written) beyond `bytes`; `None` lifts the limit.
fn limit(world: &mut World, bytes: Option<u64>) {
    let pid = Pid::from_raw(i32::try_from(world.server().id()).unwrap());
    let limit = Rlimit { current: bytes, maximum: None };
    prlimit(pid, Resource::Fsize, limit).expect("the limit of a process that we started");
}

async fn readiness(world: &World) -> u16 {
    world.http().get(world.origin.join("/readyz").unwrap()).send().await.unwrap().status().as_u16()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn case_18_without_room_for_the_intent_nothing_is_sent_and_the_same_form_pays_later() {
    let mut world = World::start().await;
    world.sandbox.faults(json!({"next_step": "frictionless", "settle": "on_accept"})).await;
    let session = world.session().await;
    let shopper = world.shopper();
    let page = shopper.get(&session.path).await;
    let fields = Shopper::filled(&page, &world.good_card());
    let action = page.card_form().action.clone();

    limit(&mut world, Some(0));
    let refused = shopper.post_json(&action, &fields).await.expect_problem(503, "unavailable");
    assert!(!refused.header("retry-after").is_empty());
    assert_eq!(world.sandbox.requests("initPaymentHost2Host").await, 0);
    assert_eq!(world.sandbox.charges().await, 0);

    limit(&mut world, None);
    assert_eq!(shopper.post_json(&action, &fields).await.expect(200).json["status"], "paid");
    assert_eq!(world.sandbox.charges().await, 1);
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn case_19_without_room_for_the_outcome_it_is_kept_until_there_is_some() {
    let mut world = World::builder().call_timeout("3s").start().await;
    // No callback: its check would store the result before the disk is full.
    let faults =
        json!({"next_step": "frictionless", "settle": "on_accept", "callbacks": {"lose": true}});
    world.sandbox.faults(faults).await;
    world.sandbox.reply_fault("pay", None, json!({"fault": "slow", "ms": 700})).await;
    let (session, other) = (world.session().await, world.session().await);
    let shopper = world.shopper();
    let page = shopper.get(&session.path).await;
    let fields = Shopper::filled(&page, &world.good_card());
    let action = page.card_form().action.clone();
    let submit = {
        let (shopper, fields) = (shopper.clone(), fields.clone());
        tokio::spawn(async move { shopper.post_json(&action, &fields).await })
    };
    // The money is taken, and the answer on its way: now the disk is full.
    wait::until("the charge", async || (world.sandbox.charges().await == 1).then_some(())).await;
    limit(&mut world, Some(0));
    wait::until("not ready", async || (readiness(&world).await == 503).then_some(())).await;
    let answer = submit.await.unwrap().expect(200);
    assert_eq!(answer.json["status"], "processing", "nobody may be told more than is stored");
    let other_page = shopper.get(&other.path).await;
    let other_fields = Shopper::filled(&other_page, &world.good_card());
    shopper
        .post_json(&other_page.card_form().action.clone(), &other_fields)
        .await
        .expect_problem(503, "unavailable");

    limit(&mut world, None);
    shopper.wait_for_state(&session.path, "paid").await;
    wait::until("ready", async || (readiness(&world).await == 200).then_some(())).await;
    assert_eq!(world.sandbox.charges().await, 1);
    world.finish().await;
}
