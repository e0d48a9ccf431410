//! Back, refresh, double submit, two tabs: one attempt, one answer.

use farthing_stories::{Shopper, World};
use serde_json::json;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn back_and_refresh_after_paying_show_the_payment_and_charge_nothing() {
    let world = World::start().await;
    let session = world.session().await;
    let browser = world.browser().await;
    browser.open(&session.url).await;
    browser.type_card(&world.good_card()).await;
    browser.submit_card().await;
    browser.wait_for_state("paid").await;
    browser.client.refresh().await.unwrap();
    browser.wait_for_state("paid").await;
    // All the way back to where the form was.
    for _ in 0..4 {
        browser.client.back().await.unwrap();
    }
    browser.open(&session.url).await;
    browser.wait_for_state("paid").await;
    assert!(!browser.has("[autocomplete~=cc-number]").await, "the form can be submitted again");
    assert_eq!(world.sandbox.orders().await.len(), 1);
    assert_eq!(world.sandbox.charges().await, 1);
    drop(browser);
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn case_26_a_second_tab_shows_the_first_ones_payment_and_cannot_pay_again() {
    let world = World::start().await;
    let session = world.session().await;
    let browser = world.browser().await;
    browser.open(&session.url).await;
    let first = browser.client.window().await.unwrap();
    let second = browser.client.new_window(true).await.unwrap().handle;
    browser.client.switch_to_window(second.clone()).await.unwrap();
    browser.open(&session.url).await;
    browser.type_card(&world.good_card()).await;
    browser.client.switch_to_window(first).await.unwrap();
    browser.type_card(&world.challenge_card()).await;
    browser.submit_card().await;
    browser.button("Approve").await;
    // Submitted from the form that is still open in the other tab, while the first payment is at the issuer.
    browser.client.switch_to_window(second).await.unwrap();
    browser.submit_card().await;
    browser.button("Continue").await;
    assert_eq!(world.sandbox.orders().await.len(), 1, "both tabs paid");
    assert_eq!(world.api.payments_of(&session.order_id).await.len(), 1);
    drop(browser);
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_form_sent_twice_gets_the_same_answer() {
    let world = World::start().await;
    let session = world.session().await;
    let shopper = world.shopper();
    let page = shopper.get(&session.path).await;
    let fields = Shopper::filled(&page, &world.challenge_card());
    let action = page.card_form().action.clone();
    let first = shopper.post(&action, &fields).await;
    let second = shopper.post(&action, &fields).await;
    assert_eq!((first.status, first.location()), (303, second.location()));
    assert_eq!(first.html.source, second.html.source);
    assert_eq!(second.status, 303);
    assert_eq!(world.sandbox.orders().await.len(), 1);
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn case_27_the_same_attempt_with_another_card_is_refused_and_nothing_is_sent() {
    let world = World::start().await;
    let session = world.session().await;
    let shopper = world.shopper();
    let page = shopper.get(&session.path).await;
    let action = page.card_form().action.clone();
    let first = shopper.post(&action, &Shopper::filled(&page, &world.challenge_card())).await;
    assert_eq!(first.status, 303);
    let other = Shopper::filled(&page, &world.good_card());
    shopper.post_json(&action, &other).await.expect_problem(422, "idempotency-mismatch");
    let second = shopper.post(&action, &other).await;
    assert!(
        second.status >= 400 || second.location() != first.location(),
        "another card got the first one's answer"
    );
    assert_eq!(world.sandbox.orders().await.len(), 1);
    assert_eq!(world.sandbox.requests("initPaymentHost2Host").await, 1);
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_changed_amount_is_shown_before_it_is_charged() {
    let world = World::start().await;
    let session = world.session().await;
    let shopper = world.shopper();
    let page = shopper.get(&session.path).await;
    let fields = Shopper::filled(&page, &world.good_card());
    let changed = world
        .api
        .send(
            "PATCH",
            &format!("/v1/sessions/{}", session.id),
            Some("patch-1"),
            Some(json!({"amount": 2095}).to_string().as_bytes()),
        )
        .await
        .expect("an answer")
        .expect(200);
    assert_eq!(
        (changed.json["amount"].as_u64(), changed.json["version"].as_u64()),
        (Some(2095), Some(2))
    );
    let answer = shopper.post(&page.card_form().action, &fields).await;
    let answer = shopper.walk(answer).await;
    assert_eq!(answer.state(), "ready", "{}", answer.html.text());
    assert!(answer.html.text().contains("20.95"), "{}", answer.html.text());
    assert_eq!(world.sandbox.orders().await.len(), 0);
    let paid = shopper
        .post(&answer.card_form().action, &Shopper::filled(&answer, &world.good_card()))
        .await;
    shopper.walk(paid).await;
    shopper.wait_for_state(&session.path, "paid").await;
    assert_eq!(world.sandbox.orders().await[0]["amount"], 2095);
    world.finish().await;
}
