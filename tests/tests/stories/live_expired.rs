//! What happens to an open page when the session changes under it: it ends, or costs another sum.

use farthing_stories::front::Act;
use farthing_stories::live::{HOLDER, NUMBER, PAY};
use farthing_stories::world::Session;
use farthing_stories::{Site, World, until};
use serde_json::json;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_that_ends_while_the_page_is_open_shows_a_way_on() {
    let world = World::start().await;
    let browser = world.live_browser().await;
    for site in Site::BOTH {
        let back = world.shop.elsewhere(site);
        let session = world.session_with(json!({"return_url": back})).await;
        browser.open_shop(&world.shop_page(&session, site)).await;
        browser.script("window.sameDocument = true; return true").await;
        let card = world.good_card();
        browser.keys(NUMBER, &card.number[..8]).await;
        let path = format!("/v1/sessions/{}/expire", session.id);
        world.api.post(&path, &json!({})).await.expect(200);
        browser.wait_for_state("expired").await;
        assert_eq!(browser.script("return window.sameDocument").await, true, "it was reloaded");
        browser.until_card_is_gone().await;
        // The way on leads the top window back to the shop.
        browser.press("Back to Larkspur Books").await;
        until("the shop's page", async || {
            browser.top().await;
            (browser.url().await.as_str() == back).then_some(())
        })
        .await;
    }
    drop(browser);
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_whose_time_is_up_says_so_by_itself() {
    let world = World::start().await;
    let browser = world.live_browser().await;
    let session = world.session_with(json!({"expires_in": 5})).await;
    browser.open(&session.url).await;
    browser.until_live().await;
    browser.wait_for_state("expired").await;
    assert!(browser.text().await.contains("expired"));
    drop(browser);
    world.finish().await;
}

async fn change_amount(world: &World, session: &Session, amount: u64) {
    let body = json!({"amount": amount}).to_string();
    let path = format!("/v1/sessions/{}", session.id);
    let key = farthing_stories::api::fresh_key();
    let answer = world.api.send("PATCH", &path, Some(&key), Some(body.as_bytes())).await;
    answer.expect("an answer").expect(200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_amount_is_shown_while_the_page_is_open_and_that_is_what_is_paid() {
    let world = World::start().await;
    world.decide_at_once().await;
    let browser = world.live_browser().await;
    let session = world.session().await;
    browser.open_shop(&world.shop_page(&session, Site::Cross)).await;
    let card = world.good_card();
    browser.type_card(&card).await;
    change_amount(&world, &session, 2095).await;
    until("the new amount", async || {
        let button = browser.find(PAY).await.text().await.ok()?;
        let text = browser.text().await;
        (button.contains("20.95") && !text.contains("12.95")).then_some(())
    })
    .await;
    // What was typed stays.
    assert_eq!(browser.value(HOLDER).await, card.holder);
    assert_eq!(browser.value(NUMBER).await, "4012 0000 0000 3010");
    browser.submit_card().await;
    browser.wait_for_state("paid").await;
    assert_eq!(world.sandbox.orders().await[0]["amount"], 2095);
    drop(browser);
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_submit_of_the_old_amount_is_refused_with_the_new_one_shown() {
    let world = World::builder().fronted().start().await;
    world.decide_at_once().await;
    // The page cannot hear of the change before its submit is sent.
    world.front().on("/events", Act::Refuse);
    world.front().on("/status", Act::Hold);
    let browser = world.live_browser().await;
    let session = world.session().await;
    browser.open_shop(&world.shop_page(&session, Site::Cross)).await;
    change_amount(&world, &session, 2095).await;
    browser.type_card(&world.good_card()).await;
    let button = browser.find(PAY).await.text().await.unwrap();
    assert!(button.contains("12.95"), "{button}");
    browser.submit_card().await;
    world.front().wait_for("/payments").await;
    world.front().off("/status");
    world.front().release();
    until("the new amount", async || {
        let button = browser.find(PAY).await.text().await.ok()?;
        button.contains("20.95").then_some(())
    })
    .await;
    browser.wait_for_state("ready").await;
    assert_eq!(world.sandbox.orders().await.len(), 0, "the old amount was sent");
    if browser.value(NUMBER).await.is_empty() {
        browser.type_card(&world.good_card()).await;
    }
    browser.submit_card().await;
    browser.wait_for_state("paid").await;
    assert_eq!(world.sandbox.orders().await[0]["amount"], 2095);
    drop(browser);
    world.finish().await;
}
