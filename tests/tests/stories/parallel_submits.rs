//! Fifty submits at the same moment, and twenty orders at once.

use farthing_stories::{Shopper, World};
use futures_util::future::join_all;
use serde_json::json;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn case_25_fifty_copies_of_one_submit_are_one_attempt_with_one_answer() {
    let world = World::builder().call_timeout("5s").start().await;
    world.sandbox.reply_fault("pay", None, json!({"fault": "slow", "ms": 300})).await;
    let session = world.session().await;
    let shopper = world.shopper();
    let page = shopper.get(&session.path).await;
    let fields = Shopper::filled(&page, &world.good_card());
    let action = page.card_form().action.clone();
    let answers = join_all((0..50).map(|_| shopper.post(&action, &fields))).await;
    for answer in &answers {
        assert_eq!((answer.status, answer.location()), (answers[0].status, answers[0].location()));
    }
    assert_eq!(answers[0].status, 303);
    assert_eq!(world.api.payments_of(&session.order_id).await.len(), 1);
    assert_eq!(world.sandbox.requests("initPaymentHost2Host").await, 1);
    shopper.walk(answers[0].clone()).await;
    shopper.wait_for_state(&session.path, "paid").await;
    assert_eq!(world.sandbox.charges().await, 1);
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn case_26_fifty_different_forms_of_one_session_are_one_charge() {
    let world = World::builder().call_timeout("5s").start().await;
    world.sandbox.faults(json!({"next_step": "frictionless", "settle": "on_accept"})).await;
    let session = world.session().await;
    let shopper = world.shopper();
    let card = world.good_card();
    let pages = join_all((0..50).map(|_| shopper.get(&session.path))).await;
    let fields = pages.iter().map(|page| Shopper::filled(page, &card)).collect::<Vec<_>>();
    let keys = fields
        .iter()
        .map(|fields| fields.iter().find(|(name, _)| name == "attempt").unwrap().1.clone());
    assert_eq!(
        keys.collect::<std::collections::BTreeSet<_>>().len(),
        50,
        "each page is an attempt of its own"
    );
    let action = pages[0].card_form().action.clone();
    let answers = join_all(fields.iter().map(|fields| shopper.post(&action, fields))).await;
    for answer in &answers {
        assert!(
            matches!(answer.status, 303 | 404 | 409),
            "{} {}",
            answer.status,
            answer.html.text()
        );
    }
    shopper.wait_for_state(&session.path, "paid").await;
    assert_eq!(world.sandbox.orders().await.len(), 1);
    assert_eq!(world.sandbox.charges().await, 1);
    assert_eq!(world.api.payments_of(&session.order_id).await.len(), 1);
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn thirty_orders_at_once_are_all_paid_once_and_told_once() {
    let world = World::builder().call_timeout("10s").start().await;
    world.sandbox.faults(json!({"next_step": "frictionless", "settle": "on_accept"})).await;
    let card = world.good_card();
    let orders = join_all((0..30).map(|_| async {
        let session = world.session().await;
        world.pay(&session, &card).await;
        world.shopper().wait_for_state(&session.path, "paid").await;
        session.order_id
    }))
    .await;
    assert_eq!(world.sandbox.charges().await, 30);
    for order in &orders {
        let id = world.api.only_payment(order).await["id"].as_str().unwrap().to_owned();
        world.webhooks.wait_for("payment.paid", &id).await;
    }
    world.finish().await;
}
