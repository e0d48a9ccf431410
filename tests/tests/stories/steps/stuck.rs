//! A bank's page that does not do what it should: nobody is left before a blank window, and nobody is told more than we know.

use farthing_stories::browser::Browser;
use farthing_stories::{World, until};
use serde_json::{Value, json};

use super::{Place, Walk, neutral, over_at_gateway};

/// Waits until the shopper is offered another way, and sees that the window says so.
async fn until_stuck(browser: &Browser) {
    browser.find("dialog .whole").await;
    let text = browser.text().await;
    assert!(text.contains("Continue in a full window") && text.contains("Close"), "{text}");
    neutral(&text);
}

/// What cannot be shown in a frame, or is never shown, is shown in the whole window; the same attempt is paid there.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn case_31_after_ten_seconds_the_whole_window_is_offered_and_pays() {
    let world = World::start().await;
    let browser = world.live_browser().await;
    for (behaviour, step, place) in [
        ("refuses_framing", "creq", Place::ALL[0]),
        ("silent", "pa_req", Place::ALL[1]),
        ("closes_early", "creq", Place::ALL[2]),
    ] {
        world.sandbox.faults(json!({"next_step": step, "acs": {"behaviour": behaviour}})).await;
        let walk = Walk::pay(&world, &browser, place).await;
        until_stuck(&browser).await;
        browser.shots(&format!("stuck-{behaviour}-{place:?}")).await;
        if behaviour != "refuses_framing" {
            world.sandbox.faults(json!({"acs": {"behaviour": "normal"}})).await;
        }
        browser.press("Continue in a full window").await;
        browser.top().await;
        // It was opened before, so the gateway is asked, and the shopper decides.
        browser.wait_for_state("challenge").await;
        browser.shots(&format!("whole-{behaviour}-{place:?}")).await;
        browser.press("Continue with your bank").await;
        browser.press("Approve").await;
        browser.wait_for_state("paid").await;
        walk.payment_is("paid").await;
        assert_eq!(world.api.payments_of(&walk.session.order_id).await.len(), 1);
    }
    assert_eq!(world.sandbox.charges().await, 3);
    drop(browser);
    world.finish().await;
}

/// The bank has its answer and never leads back: under version 2 the gateway knows all the same.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn case_31_a_bank_that_never_leads_back_does_not_keep_the_window_open() {
    let world = World::start().await;
    let browser = world.live_browser().await;
    for place in Place::ALL {
        for (button, state) in [("Decline", "ready"), ("Approve", "paid")] {
            world
                .sandbox
                .faults(json!({"next_step": "creq", "acs": {"behaviour": "never_posts_back"}}))
                .await;
            let walk = Walk::pay(&world, &browser, place).await;
            walk.answer(button).await;
            walk.ends(state).await;
        }
    }
    assert_eq!(world.sandbox.charges().await, 3);
    drop(browser);
    world.finish().await;
}

/// Under version 1 nobody else brings the result: the gateway gives up some time, and then the form is there again.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn case_31_a_shopper_who_is_left_alone_times_out_and_can_try_again() {
    let world = World::start().await;
    let browser = world.live_browser().await;
    for (place, step) in Place::ALL.into_iter().zip(["pa_req", "pa_req", "creq"]) {
        let behaviour = if step == "creq" { "silent" } else { "never_posts_back" };
        world.sandbox.faults(json!({"next_step": step, "acs": {"behaviour": behaviour}})).await;
        let walk = Walk::pay(&world, &browser, place).await;
        if behaviour == "never_posts_back" {
            walk.answer("Approve").await;
        } else {
            until("the bank's page to be asked for", async || {
                let payment = walk.payment().await;
                let id = payment["gateway_order_id"].as_str()?.to_owned();
                world.sandbox.order(&id).await.filter(|order| order["phase"] == "challenge")
            })
            .await;
        }
        neutral(&browser.text().await);
        world.sandbox.advance_clock(3600).await;
        over_at_gateway(&world, &walk.payment().await).await;
        walk.ends("ready").await;
        browser.shots(&format!("timed-out-{place:?}")).await;
        let text = browser.text().await;
        assert!(text.contains("too long") || text.contains("in time"), "{text}");
        let payment = walk.payment_is("failed").await;
        assert_eq!(payment["decline"]["code"], "authentication_timeout");
        world.sandbox.faults(json!({"acs": {"behaviour": "normal"}})).await;
        walk.submit().await;
        walk.answer("Approve").await;
        walk.ends("paid").await;
        walk.one_open_attempt().await;
    }
    assert_eq!(world.sandbox.charges().await, 3);
    drop(browser);
    world.finish().await;
}

/// Back from the bank, and the gateway does not know yet.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn case_31_a_result_that_comes_late_is_waited_for_in_neutral_words() {
    let world = World::start().await;
    let browser = world.live_browser().await;
    for place in Place::ALL {
        for (button, state) in [("Approve", "paid"), ("Decline", "ready")] {
            world
                .sandbox
                .faults(json!({"next_step": "creq", "acs": {"behaviour": {"result_late": {"ms": 4000}}}}))
                .await;
            let walk = Walk::pay(&world, &browser, place).await;
            walk.answer(button).await;
            walk.ends("processing").await;
            let text = browser.text().await;
            neutral(&text);
            assert!(text.contains("Not done at your bank?"), "{text}");
            assert!(!browser.shows_card_fields().await, "the attempt may still be paid");
            browser.shots(&format!("returned-{place:?}")).await;
            walk.ends(state).await;
        }
    }
    assert_eq!(world.sandbox.charges().await, 3);
    drop(browser);
    world.finish().await;
}

/// A page that comes late is merely late.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slow_bank_is_waited_for() {
    let world = World::start().await;
    let browser = world.live_browser().await;
    world
        .sandbox
        .faults(json!({"next_step": "creq", "acs": {"behaviour": {"slow": {"ms": 2500}}}}))
        .await;
    let walk = Walk::pay(&world, &browser, Place::Page).await;
    let connecting = browser.find("dialog .place").await.text().await.unwrap();
    assert_eq!(connecting, "Connecting to your bank…");
    browser.shots("connecting").await;
    walk.answer("Approve").await;
    walk.ends("paid").await;
    assert_ne!(walk.payment().await, Value::Null);
    drop(browser);
    world.finish().await;
}
