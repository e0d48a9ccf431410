//! A session that is over, a token that never was, another session's token.

use farthing_stories::{World, until};
use serde_json::json;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_expired_session_cannot_be_paid() {
    let world = World::start().await;
    let session = world.session().await;
    let browser = world.browser().await;
    browser.open(&session.url).await;
    browser.wait_for_state("ready").await;
    world.api.post(&format!("/v1/sessions/{}/expire", session.id), &json!({})).await.expect(200);
    assert_eq!(world.session_status(&session).await, "expired");
    // The form was open before; its submit comes too late.
    browser.type_card(&world.good_card()).await;
    browser.submit_card().await;
    until("the page to say that it is over", async || {
        let text = browser.text().await;
        (text.contains("expired") || text.contains("not available")).then_some(())
    })
    .await;
    browser.shots("expired").await;
    assert_eq!(world.sandbox.orders().await.len(), 0);
    assert_eq!(world.api.payments_of(&session.order_id).await.len(), 0);
    drop(browser);
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_expires_by_itself_and_the_merchant_hears_of_it() {
    let world = World::start().await;
    let mut order = world.order();
    order["expires_in"] = json!(0);
    world.api.post("/v1/sessions", &order).await.expect(400);
    let session = world.session_with(json!({"expires_in": 1})).await;
    until("the session to be over", async || {
        (world.session_status(&session).await == "expired").then_some(())
    })
    .await;
    assert_eq!(world.shopper().get(&session.path).await.state(), "expired");
    let event = until("the event", async || {
        let events = world.api.events().await;
        events.into_iter().find(|event| event["type"] == "session.expired")
    })
    .await;
    until("the webhook", async || {
        world
            .webhooks
            .taken()
            .into_iter()
            .find(|delivery| delivery.id == event["id"].as_str().unwrap())
    })
    .await;
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn case_29_forged_and_foreign_tokens_get_one_and_the_same_answer() {
    let world = World::start().await;
    let session = world.session().await;
    let shopper = world.shopper();
    let token = session.path.strip_prefix("/checkout/").unwrap();
    let mut flipped = token.to_owned();
    let last = flipped.pop().unwrap();
    flipped.push(if last == 'A' { 'E' } else { 'A' });
    let forged = [
        flipped,
        format!("{token}A"),
        token[..20].to_owned(),
        "cst_".to_owned(),
        session.id.clone(),
        format!("rt_{}", &token[4..]),
        "cst_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA".to_owned(),
        "%00".to_owned(),
    ];
    let mut answers = Vec::new();
    for token in &forged {
        for path in ["", "/status", "/step"] {
            let page = shopper.get(&format!("/checkout/{token}{path}")).await;
            assert_eq!(page.status, 404, "/checkout/{token}{path}");
            if path.is_empty() {
                answers.push(page.html.text());
            }
        }
        let fields = [("attempt".to_owned(), "x".to_owned())];
        let payments = format!("/checkout/{token}/payments");
        shopper.post_json(&payments, &fields).await.expect_problem(404, "not-found");
        let answer = shopper.post(&payments, &fields).await;
        assert_eq!(shopper.refused(answer).await.status, 404);
        assert_eq!(shopper.get(&format!("/return/{token}")).await.status, 404);
    }
    answers.dedup();
    assert_eq!(answers.len(), 1, "different forged tokens get different pages");
    world.finish().await;
}
