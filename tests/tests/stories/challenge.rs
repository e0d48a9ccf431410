//! The issuer wants to be sure: approved, declined, canceled, and left alone.

use farthing_stories::browser::Browser;
use farthing_stories::world::Session;
use farthing_stories::{World, until};
use serde_json::{Value, json};

/// Pays with the card that is challenged, and stops on the issuer's page.
async fn to_the_issuer(world: &World, browser: &Browser, session: &Session) -> Value {
    browser.open(&session.url).await;
    browser.type_card(&world.challenge_card()).await;
    browser.submit_card().await;
    browser.button("Approve").await;
    let payment = world.api.only_payment(&session.order_id).await;
    assert_eq!(payment["status"], "requires_action");
    assert_eq!(world.session_status(session).await, "processing");
    assert_eq!(world.sandbox.charges().await, 0);
    payment
}

fn id(payment: &Value) -> &str {
    payment["id"].as_str().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn approved_is_paid() {
    let world = World::start().await;
    let session = world.session().await;
    let browser = world.browser().await;
    let payment = to_the_issuer(&world, &browser, &session).await;
    browser.shots("issuer").await;
    browser.press("Approve").await;
    browser.wait_for_state("paid").await;
    world.api.wait_for_status(id(&payment), "paid").await;
    world.webhooks.wait_for("payment.paid", id(&payment)).await;
    assert_eq!(world.sandbox.charges().await, 1);
    drop(browser);
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn declined_fails_and_the_session_stays_open() {
    let world = World::start().await;
    let session = world.session().await;
    let browser = world.browser().await;
    let payment = to_the_issuer(&world, &browser, &session).await;
    browser.press("Decline").await;
    let payment = world.api.wait_for_status(id(&payment), "failed").await;
    assert_eq!(payment["decline"]["code"], "authentication_failed");
    world.webhooks.wait_for("payment.failed", id(&payment)).await;
    assert_eq!(world.session_status(&session).await, "open");
    browser.open(&session.url).await;
    browser.wait_for_state("ready").await;
    browser.shots("declined").await;
    assert!(
        browser.text().await.contains("could not confirm that it was you"),
        "{}",
        browser.text().await
    );
    assert_eq!(world.sandbox.charges().await, 0);
    drop(browser);
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn canceled_at_the_issuer_can_be_tried_again() {
    let world = World::start().await;
    let session = world.session().await;
    let browser = world.browser().await;
    let payment = to_the_issuer(&world, &browser, &session).await;
    browser.press("Cancel").await;
    let payment = until("the payment to be over", async || {
        let payment = world.api.payment(id(&payment)).await;
        matches!(payment["status"].as_str(), Some("failed" | "canceled")).then_some(payment)
    })
    .await;
    assert_eq!(payment["decline"]["code"], "authentication_canceled");
    assert_eq!(world.sandbox.charges().await, 0);
    browser.open(&session.url).await;
    browser.wait_for_state("ready").await;
    browser.type_card(&world.good_card()).await;
    browser.submit_card().await;
    browser.wait_for_state("paid").await;
    assert_eq!(world.sandbox.charges().await, 1);
    drop(browser);
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn case_31_an_issuer_that_never_hears_again_leaves_nothing_stuck() {
    let world = World::start().await;
    let session = world.session().await;
    let browser = world.browser().await;
    let payment = to_the_issuer(&world, &browser, &session).await;
    // The shopper closes the tab.
    drop(browser);
    assert_eq!(world.api.payment(id(&payment)).await["status"], "requires_action");
    // Nothing but the schedule of checks learns of the time-out: the callback is lost.
    world.sandbox.faults(json!({"callbacks": {"lose": true}})).await;
    world.sandbox.advance_clock(3600).await;
    let payment = world.api.wait_for_status(id(&payment), "failed").await;
    assert_eq!(payment["decline"]["code"], "authentication_timeout");
    assert_eq!(world.session_status(&session).await, "open");
    // The order is payable again.
    let page = world.pay(&session, &world.good_card()).await;
    assert_ne!(page.state(), "failed");
    world.shopper().wait_for_state(&session.path, "paid").await;
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn case_30_a_shopper_who_lost_the_way_goes_on_from_the_servers_state() {
    let world = World::start().await;
    let session = world.session().await;
    let shopper = world.shopper();
    // The answer to the submit never arrives at the browser: the shopper opens the checkout again.
    let answer = shopper.pay(&session.path, &world.challenge_card()).await;
    assert_eq!(answer.status, 303);
    let page = shopper.get(&session.path).await;
    assert_eq!(page.state(), "challenge", "{}", page.html.text());
    let issuer = shopper.walk(shopper.get(&format!("{}/step", session.path)).await).await;
    assert!(issuer.html.form_with_button("Approve").is_some(), "{}", issuer.html.text());
    // The connection breaks on the issuer's page; the hand-over page asks the gateway before it leads there again.
    let again = shopper.get(&format!("{}/step", session.path)).await;
    assert!(again.html.refresh().is_none(), "the hand-over page was submitted twice by itself");
    assert_eq!(again.state(), "challenge");
    // Approved, but the way back is lost.
    shopper.press(&issuer, "Approve").await;
    shopper.wait_for_state(&session.path, "paid").await;
    let step = shopper.get(&format!("{}/step", session.path)).await;
    assert_eq!(shopper.walk(step).await.state(), "paid");
    assert_eq!(world.sandbox.charges().await, 1);
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn case_32_the_return_page_opened_by_hand_shows_the_true_state() {
    let world = World::builder().proxied().start().await;
    let session = world.session().await;
    let shopper = world.shopper();
    let answer = shopper.pay(&session.path, &world.challenge_card()).await;
    shopper.walk(answer).await;
    // What the gateway was given as the way back.
    let sent = world.wire().last_request_json();
    let back = sent["success_url"].as_str().expect("a way back").to_owned();
    world.watch_token(back.rsplit('/').next().unwrap());
    for (name, value) in sent.as_object().unwrap() {
        assert!(
            !value.as_str().unwrap_or_default().contains("cst_"),
            "{name} shows the gateway the session's token"
        );
    }
    let page = shopper.walk(shopper.get(&back).await).await;
    assert!(
        matches!(page.state(), "challenge" | "processing"),
        "{} {}",
        page.state(),
        page.html.text()
    );
    assert!(!page.html.text().contains("accepted"));
    assert!(
        page.html.form_with_field("card_number").is_none(),
        "the return page must open the result and nothing else"
    );
    let payment = world.api.only_payment(&session.order_id).await;
    assert_eq!(payment["status"], "requires_action");
    world.finish().await;
}
