//! Reloads, other devices, the Back button and lost connections, at every step: the same attempt goes on.

use farthing_stories::World;
use serde_json::json;

use super::{Place, Walk, neutral};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_that_is_loaded_again_goes_on_with_the_same_attempt() {
    let world = World::start().await;
    let browser = world.live_browser().await;
    for (step, place) in ["creq", "pa_req", "creq"].into_iter().zip(Place::ALL) {
        world.sandbox.faults(json!({ "next_step": step })).await;
        let walk = Walk::pay(&world, &browser, place).await;
        browser.enter_bank().await;
        browser.button("Approve").await;
        browser.top().await;
        browser.client.refresh().await.unwrap();
        walk.back().await;
        browser.until_live().await;
        // Nothing opens by itself: the shopper may have been gone for a while.
        browser.wait_for_state("challenge").await;
        assert!(!browser.has("dialog").await);
        browser.press("Continue to your bank").await;
        browser.enter_bank().await;
        browser.press("Continue with your bank").await;
        walk.back().await;
        walk.answer("Approve").await;
        walk.ends("paid").await;
        assert_eq!(world.api.payments_of(&walk.session.order_id).await.len(), 1);
    }
    drop(browser);
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_begun_on_one_device_is_finished_on_another() {
    let world = World::start().await;
    let (desk, phone) = (world.live_browser().await, world.live_browser().await);
    for step in ["creq", "pa_req", "form_url"] {
        world.sandbox.faults(json!({ "next_step": step })).await;
        let walk = Walk::pay(&world, &desk, Place::Page).await;
        if step == "form_url" {
            desk.button("Approve").await;
        } else {
            desk.enter_bank().await;
            desk.button("Approve").await;
            walk.back().await;
        }
        phone.top().await;
        phone.open(&walk.session.url).await;
        phone.until_live().await;
        phone.wait_for_state("challenge").await;
        assert!(!phone.shows_card_fields().await, "a second attempt was offered");
        phone.press("Continue to your bank").await;
        if step == "form_url" {
            phone.press("Continue with your bank").await;
            phone.press("Approve").await;
        } else {
            phone.enter_bank().await;
            phone.press("Continue with your bank").await;
            phone.top().await;
            phone.enter_bank().await;
            phone.press("Approve").await;
            phone.top().await;
        }
        phone.wait_for_state("paid").await;
        if step != "form_url" {
            // The window on the desk closes by itself.
            walk.ends("paid").await;
        }
        assert_eq!(world.api.payments_of(&walk.session.order_id).await.len(), 1);
    }
    drop((desk, phone));
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn back_from_the_bank_by_the_browsers_button_does_not_pay_twice() {
    let world = World::start().await;
    let browser = world.live_browser().await;
    for step in ["form_url", "creq", "pa_req"] {
        world.sandbox.faults(json!({ "next_step": step })).await;
        let session = world.session().await;
        // In the whole window, as without WebAssembly.
        let answer = world.shopper().pay(&session.path, &world.challenge_card()).await;
        assert!(answer.location().is_some_and(|url| url.path().ends_with("/step")));
        browser.open(&session.url).await;
        browser.until_live().await;
        browser.open(&format!("{}/step", session.url)).await;
        browser.button("Approve").await;
        // The page that led on by itself is none to go back to.
        browser.client.back().await.unwrap();
        browser.wait_for_state("challenge").await;
        neutral(&browser.text().await);
        browser.open(&format!("{}/step", session.url)).await;
        browser.press("Continue with your bank").await;
        browser.press("Approve").await;
        browser.wait_for_state("paid").await;
        browser.client.back().await.unwrap();
        browser.open(&session.url).await;
        browser.wait_for_state("paid").await;
        assert_eq!(world.api.payments_of(&session.order_id).await.len(), 1);
    }
    assert_eq!(world.sandbox.charges().await, 3);
    drop(browser);
    world.finish().await;
}

/// Before the bank, on its page, and on the way back: without a connection nothing is lost, and nothing is said that nobody knows.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn case_30_a_connection_that_is_lost_at_any_step_loses_nothing() {
    let world = World::builder().fronted().start().await;
    let browser = world.live_browser().await;
    browser.cdp("Network.enable", json!({})).await;
    for step in ["creq", "pa_req"] {
        world.sandbox.faults(json!({ "next_step": step })).await;
        for moment in ["before", "on the page", "on the way back"] {
            let walk = Walk::open(&world, &browser, Place::Page).await;
            browser.type_card(&world.challenge_card()).await;
            if moment == "before" {
                // The answer to the submit is on its way when the connection ends.
                world.front().on("/payments", farthing_stories::front::Act::HoldReply);
                browser.submit_card().await;
                browser.wait_for_state("submitting").await;
                walk.payment_is("requires_action").await;
                offline(&browser, true).await;
                world.front().off("/payments");
                world.front().release();
                neutral(&browser.text().await);
                offline(&browser, false).await;
                browser.client.refresh().await.unwrap();
                browser.until_live().await;
                browser.wait_for_state("challenge").await;
                browser.press("Continue to your bank").await;
            } else {
                browser.submit_card().await;
            }
            browser.enter_bank().await;
            browser.button("Approve").await;
            if moment == "on the page" {
                walk.back().await;
                offline(&browser, true).await;
                browser.press("Close").await;
                neutral(&browser.text().await);
                offline(&browser, false).await;
                browser.wait_for_state("challenge").await;
                browser.press("Continue to your bank").await;
                browser.enter_bank().await;
                browser.press("Continue with your bank").await;
                walk.back().await;
                browser.enter_bank().await;
                browser.button("Approve").await;
            }
            if moment == "on the way back" {
                world.front().on("/return/", farthing_stories::front::Act::Refuse);
            }
            browser.press("Approve").await;
            walk.ends("paid").await;
            world.front().off("/return/");
            assert_eq!(
                world.api.payments_of(&walk.session.order_id).await.len(),
                1,
                "{step} {moment}"
            );
        }
    }
    assert_eq!(world.sandbox.charges().await, 6);
    drop(browser);
    world.finish().await;
}

async fn offline(browser: &farthing_stories::browser::Browser, offline: bool) {
    browser
        .cdp(
            "Network.emulateNetworkConditions",
            json!({"offline": offline, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1}),
        )
        .await;
}
