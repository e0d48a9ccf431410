//! A decline is not the end: another card in the same session.

use farthing_stories::World;
use serde_json::json;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_card_in_the_same_session_is_paid() {
    let world = World::start().await;
    let session = world.session().await;
    let browser = world.browser().await;
    browser.open(&session.url).await;
    browser.type_card(&world.bad_card()).await;
    browser.submit_card().await;
    // The gateway sends the shopper back to the result, which never calls an open question lost.
    farthing_stories::until("the result", async || {
        browser.text().await.contains("You have not been charged").then_some(())
    })
    .await;
    browser.shots("result-declined").await;
    let first = {
        let payment = world.api.only_payment(&session.order_id).await;
        world.api.wait_for_status(payment["id"].as_str().unwrap(), "failed").await
    };
    assert_eq!(first["decline"]["code"], "declined");
    assert_eq!(world.session_status(&session).await, "open");
    browser.open(&session.url).await;
    browser.wait_for_state("ready").await;
    assert!(browser.text().await.contains("Try another card"), "{}", browser.text().await);
    browser.type_card(&world.good_card()).await;
    browser.submit_card().await;
    browser.wait_for_state("paid").await;

    let payments = world.api.payments_of(&session.order_id).await;
    let statuses =
        payments.iter().map(|payment| payment["status"].as_str().unwrap()).collect::<Vec<_>>();
    assert_eq!(statuses, ["paid", "failed"], "newest first");
    assert_ne!(payments[0]["gateway_order_id"], payments[1]["gateway_order_id"]);
    assert_eq!(world.sandbox.charges().await, 1);
    world.webhooks.wait_for("payment.failed", first["id"].as_str().unwrap()).await;
    world.webhooks.wait_for("payment.paid", payments[0]["id"].as_str().unwrap()).await;
    drop(browser);
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn case_46_a_session_takes_five_cards_and_no_sixth() {
    let world = World::start().await;
    world.sandbox.faults(json!({"next_step": "frictionless", "settle": "on_accept"})).await;
    let session = world.session().await;
    let shopper = world.shopper();
    for attempt in 1..=5 {
        shopper.pay(&session.path, &world.bad_card()).await;
        farthing_stories::until("the decline", async || {
            let payments = world.api.payments_of(&session.order_id).await;
            (payments.len() == attempt
                && payments.iter().all(|payment| payment["status"] == "failed"))
            .then_some(())
        })
        .await;
    }
    let page = shopper.get(&session.path).await;
    assert_eq!(page.state(), "failed", "{}", page.html.text());
    assert!(page.html.form_with_field("card_number").is_none());
    assert_eq!(world.sandbox.requests("initPaymentHost2Host").await, 5);
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_card_used_a_moment_ago_is_told_to_wait() {
    let world = World::start().await;
    world
        .sandbox
        .faults(
            json!({"next_step": "frictionless", "settle": "on_accept", "card_time_limit": true}),
        )
        .await;
    let card = world.bad_card();
    let session = world.session().await;
    let shopper = world.shopper();
    for attempt in 1..=2 {
        shopper.pay(&session.path, &card).await;
        farthing_stories::until("the decline", async || {
            let payments = world.api.payments_of(&session.order_id).await;
            (payments.len() == attempt
                && payments.iter().all(|payment| payment["status"] == "failed"))
            .then_some(())
        })
        .await;
    }
    let payments = world.api.payments_of(&session.order_id).await;
    assert_eq!(payments[0]["decline"]["code"], "card_time_limit", "{}", payments[0]);
    let page = shopper.get(&session.path).await;
    assert_eq!(page.state(), "ready");
    assert!(page.html.text().contains("used a moment ago"), "{}", page.html.text());
    world.finish().await;
}
