//! Whether the instruments of the soak do what they say.

use std::time::Duration;

use farthing_stories::proxy::Wire;
use farthing_stories::receiver::Answer;
use farthing_stories::{World, until};
use serde_json::json;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_late_request_arrives_after_the_server_has_given_up_and_is_paid_once() {
    let world = World::builder().proxied().start().await;
    world.decide_at_once().await;
    world.wire().set(Wire::LateRequests { every: 1, by: Duration::from_millis(1_300) });
    let session = world.session().await;
    let page = world.pay(&session, &world.good_card()).await;
    assert_eq!(page.state(), "processing", "the call has timed out");
    assert_eq!(world.sandbox.orders().await.len(), 0);
    assert_eq!(world.wire().late(), (1, 1));
    world.shopper().wait_for_state(&session.path, "paid").await;
    until("the wire to be empty", async || (world.wire().late() == (0, 1)).then_some(())).await;
    assert_eq!(world.sandbox.charges().await, 1);
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn money_that_comes_after_we_gave_up_is_told_as_late_and_ends_the_second_checkout() {
    let world = World::builder().proxied().start().await;
    world.decide_at_once().await;
    world.wire().set(Wire::LateRequests { every: 1, by: Duration::from_secs(8) });
    let first = world.session().await;
    world.pay(&first, &world.good_card()).await;
    let payment = world.api.only_payment(&first.order_id).await;
    let id = payment["id"].as_str().unwrap();
    world.api.wait_for_status(id, "failed").await;
    let second = world.session_with(json!({"order_id": first.order_id})).await;
    let shopper = world.shopper();
    shopper.wait_for_state(&second.path, "ready").await;
    world.webhooks.wait_for("payment.needs_attention", id).await;
    assert_eq!(world.api.payment(id).await["attention"], "late_money");
    shopper.wait_for_state(&second.path, "expired").await;
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_endpoint_can_refuse_the_first_delivery_of_each_event() {
    let world = World::start().await;
    world.decide_at_once().await;
    world.webhooks.answer_by(|_, before| match before {
        0 => Answer::Status(500),
        _ => Answer::TakeSlowly(Duration::from_millis(50)),
    });
    let session = world.session().await;
    world.pay(&session, &world.good_card()).await;
    let payment = world.api.only_payment(&session.order_id).await;
    let taken = world.webhooks.wait_for("payment.paid", payment["id"].as_str().unwrap()).await;
    let all = world.webhooks.deliveries();
    assert_eq!(all.iter().map(|one| one.taken).collect::<Vec<_>>(), [false, true]);
    assert!(all.iter().all(|one| one.id == taken.id && one.body == taken.body));
    assert_eq!(world.webhooks.deliveries_after(1).len(), 1);
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_wire_knows_where_each_attempt_leads_back_to() {
    let world = World::builder().proxied().start().await;
    let session = world.session().await;
    let shopper = world.shopper();
    let issuer = shopper.walk(shopper.pay(&session.path, &world.challenge_card()).await).await;
    let payment = world.api.only_payment(&session.order_id).await;
    let id = payment["gateway_order_id"].as_str().unwrap();
    let back = world.wire().way_back(id).expect("a way back");
    world.watch_token(back.rsplit('/').next().unwrap());
    assert_eq!(shopper.get(&back).await.state(), "processing", "nobody has answered the bank");
    assert_eq!(world.wire().way_back("pay_unknown"), None);
    shopper.walk(shopper.press(&issuer, "Approve").await).await;
    shopper.wait_for_state(&session.path, "paid").await;
    world.finish().await;
}
