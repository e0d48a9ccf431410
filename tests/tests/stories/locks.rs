//! One order, one payment: sessions that share an order share one lock.

use farthing_stories::{Shopper, World, until};
use serde_json::json;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_session_for_an_order_ends_the_first_if_nothing_is_under_way() {
    let world = World::start().await;
    let first = world.session().await;
    let second = world.session_with(json!({"order_id": first.order_id})).await;
    assert_eq!(world.session_status(&first).await, "expired");
    assert_eq!(world.session_status(&second).await, "open");
    let page = world.shopper().get(&first.path).await;
    assert_eq!(page.state(), "expired");
    world.pay(&second, &world.good_card()).await;
    world.shopper().wait_for_state(&second.path, "paid").await;
    assert_eq!(world.sandbox.charges().await, 1);
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_order_under_way_or_paid_takes_no_second_session_and_names_the_payment() {
    let world = World::start().await;
    let session = world.session().await;
    let shopper = world.shopper();
    let answer = shopper.pay(&session.path, &world.challenge_card()).await;
    let issuer = shopper.walk(answer).await;
    let payment = world.api.only_payment(&session.order_id).await;
    let id = payment["id"].as_str().unwrap();
    let mut again = world.order();
    again["order_id"] = json!(session.order_id);
    let open =
        world.api.post("/v1/sessions", &again).await.expect_problem(409, "order-already-open");
    assert!(open.text().contains(id), "{}", open.text());
    shopper.press(&issuer, "Approve").await;
    world.api.wait_for_status(id, "paid").await;
    let paid =
        world.api.post("/v1/sessions", &again).await.expect_problem(409, "order-already-paid");
    assert!(paid.text().contains(id), "{}", paid.text());
    assert_eq!(world.sandbox.charges().await, 1);
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_sessions_of_one_order_made_at_once_leave_one_that_can_be_paid() {
    let world = World::start().await;
    for _ in 0..5 {
        let mut order = world.order();
        order["order_id"] = json!(farthing_stories::world::fresh_order());
        let made =
            futures_util::future::join_all((0..8).map(|_| world.api.post("/v1/sessions", &order)))
                .await;
        let sessions = made
            .into_iter()
            .map(|answer| world.read_session(&answer.expect(201)))
            .collect::<Vec<_>>();
        let mut open = Vec::new();
        for session in &sessions {
            if world.session_status(session).await == "open" {
                open.push(session);
            }
        }
        assert_eq!(open.len(), 1, "sessions of one order that can be paid");
    }
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_loser_of_a_race_between_a_payment_and_a_new_session_charges_nothing() {
    let world = World::start().await;
    world.sandbox.faults(json!({"next_step": "frictionless", "settle": "on_accept"})).await;
    for _ in 0..5 {
        let first = world.session().await;
        let mut order = world.order();
        order["order_id"] = json!(first.order_id);
        let shopper = world.shopper();
        let page = shopper.get(&first.path).await;
        let fields = Shopper::filled(&page, &world.good_card());
        let action = page.card_form().action.clone();
        let (answer, second) =
            tokio::join!(shopper.post(&action, &fields), world.api.post("/v1/sessions", &order));
        if second.status == 201 {
            // The new session won, and the old form pays nothing.
            shopper.refused(answer).await;
            let second = world.read_session(&second);
            world.pay(&second, &world.good_card()).await;
        } else {
            assert_eq!(second.status, 409, "{}", second.text());
            assert!(answer.status < 400, "{}", answer.html.text());
        }
        until("one payment of the order to be paid", async || {
            let payments = world.api.payments_of(&first.order_id).await;
            (payments.iter().filter(|payment| payment["status"] == "paid").count() == 1)
                .then_some(())
        })
        .await;
    }
    assert_eq!(world.sandbox.charges().await, 5);
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_idempotency_key_gives_the_same_bytes_and_another_body_is_refused() {
    let world = World::start().await;
    let order = world.order();
    let first = world.api.post_with_key("/v1/sessions", "key-1", &order).await.expect(201);
    let second = world.api.post_with_key("/v1/sessions", "key-1", &order).await.expect(201);
    assert_eq!(first.bytes, second.bytes);
    world.read_session(&first);
    let mut other = order.clone();
    other["amount"] = json!(1296);
    world
        .api
        .post_with_key("/v1/sessions", "key-1", &other)
        .await
        .expect_problem(422, "idempotency-mismatch");
    // Refused by validation: not remembered.
    other["amount"] = json!(-1);
    world.api.post_with_key("/v1/sessions", "key-2", &other).await.expect(400);
    other["amount"] = json!(1296);
    other["order_id"] = json!(farthing_stories::world::fresh_order());
    let kept = world.api.post_with_key("/v1/sessions", "key-2", &other).await.expect(201);
    world.read_session(&kept);
    let body = order.to_string();
    let missing = world
        .api
        .send("POST", "/v1/sessions", None, Some(body.as_bytes()))
        .await
        .expect("an answer");
    missing.expect_problem(400, "idempotency-required");
    world.finish().await;
}
