//! The device data step: seen by nobody, believed by nobody, and over after ten seconds whatever the issuer does.

use farthing_stories::{World, until};
use serde_json::json;

use super::{Place, Walk, neutral};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_card_that_is_not_challenged_is_paid_and_no_window_ever_opens() {
    let world = World::start().await;
    let browser = world.live_browser().await;
    browser
        .cdp(
            "Page.addScriptToEvaluateOnNewDocument",
            json!({"source": "new MutationObserver(() => { if (document.querySelector('dialog')) window.flashed = true; })
                              .observe(document, {childList: true, subtree: true});"}),
        )
        .await;
    for step in ["method", "method_form_url"] {
        world.sandbox.faults(json!({ "next_step": step })).await;
        let walk = Walk::open(&world, &browser, Place::Page).await;
        browser.type_card(&world.good_card()).await;
        browser.submit_card().await;
        browser.wait_for_state("paid").await;
        assert_eq!(browser.script("return !!window.flashed").await, json!(false), "{step}");
        browser.until_bank_is_gone().await;
        let payment = walk.payment().await;
        let told: Vec<&str> = payment["timeline"]
            .as_array()
            .unwrap()
            .iter()
            .filter_map(|entry| entry["event"].as_str())
            .collect();
        assert_eq!(told, ["started", "step", "step_opened", "paid"], "{payment}");
    }
    drop(browser);
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_the_issuers_page_does_the_challenge_follows() {
    let world = World::start().await;
    let browser = world.live_browser().await;
    for (method, place) in [json!("never"), json!("no_notification"), json!({"late": {"ms": 3000}})]
        .into_iter()
        .zip(Place::ALL)
    {
        world.sandbox.faults(json!({"next_step": "method", "acs": {"method": method}})).await;
        let walk = Walk::pay(&world, &browser, place).await;
        browser.wait_for_state("processing").await;
        neutral(&browser.text().await);
        // It stays, unseen, until the gateway has heard of it.
        browser.find("iframe[hidden]").await;
        let step = until("the page to be handed out", async || {
            let payment = walk.payment().await;
            let timeline = payment["timeline"].as_array()?.clone();
            timeline.into_iter().find(|entry| entry["event"] == "step_opened")
        })
        .await;
        assert_eq!(step["status"], "processing", "nothing is asked of the shopper");
        assert!(browser.has("iframe[hidden]").await, "{place:?}");
        browser.shots(&format!("method-{place:?}")).await;
        // The gateway has its own patience, by its own clock.
        if method.is_string() {
            world.sandbox.advance_clock(11).await;
        }
        walk.answer("Approve").await;
        walk.ends("paid").await;
        assert_eq!(world.api.payments_of(&walk.session.order_id).await.len(), 1);
    }
    assert_eq!(world.sandbox.charges().await, 3);
    drop(browser);
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_the_device_data_the_gateways_page_opens_in_the_whole_window() {
    let world = World::start().await;
    let browser = world.live_browser().await;
    world.sandbox.faults(json!({"next_step": "method_form_url"})).await;
    for place in Place::ALL {
        let walk = Walk::pay(&world, &browser, place).await;
        until("the bank in the whole window", async || {
            browser.top().await;
            (browser.url().await.port() == world.sandbox.url.port()).then_some(())
        })
        .await;
        browser.press("Approve").await;
        walk.payment_is("paid").await;
    }
    drop(browser);
    world.finish().await;
}

/// A gateway that waits for the issuer longer than we do: the shopper sees that it goes on, and nothing is begun twice.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_seconds_end_it_for_us_also_where_the_gateway_waits_on() {
    let world = World::start().await;
    let browser = world.live_browser().await;
    world
        .sandbox
        .faults(json!({"next_step": "method", "acs": {"method": "never"}, "timeouts": {"method_seconds": 3600}}))
        .await;
    let walk = Walk::pay(&world, &browser, Place::Page).await;
    browser.find("iframe[hidden]").await;
    // Loaded again, the page goes on where it was.
    browser.client.refresh().await.unwrap();
    browser.until_live().await;
    browser.wait_for_state("processing").await;
    until("our own patience to end", async || {
        let payment = walk.payment().await;
        let timeline = payment["timeline"].as_array().unwrap().clone();
        timeline.iter().any(|entry| entry["event"] == "method_over").then_some(())
    })
    .await;
    neutral(&browser.text().await);
    world.sandbox.advance_clock(3601).await;
    // The page has let the issuer look, so that the challenge is shown on it too.
    walk.answer("Approve").await;
    walk.ends("paid").await;
    drop(browser);
    world.finish().await;
}

/// The page is handed out once, to whoever asks first.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_windows_do_not_look_twice() {
    let world = World::start().await;
    world.sandbox.faults(json!({"next_step": "method"})).await;
    let session = world.session().await;
    let shopper = world.shopper();
    let answer = shopper.pay(&session.path, &world.challenge_card()).await;
    assert_eq!(
        answer.location().unwrap().path(),
        session.path,
        "nothing for a shopper without a script"
    );
    let path = format!("{}/step?in=hidden", session.path);
    let pages = futures_util::future::join_all((0..10).map(|_| shopper.get(&path))).await;
    let forms =
        pages.iter().filter(|page| page.html.form_with_field("threeDSMethodData").is_some());
    assert_eq!(forms.count(), 1);
    // In the whole window it is nobody's page.
    let top = shopper.get(&format!("{}/step", session.path)).await;
    assert_eq!(top.location().unwrap().path(), session.path);
    shopper.wait_for_state(&session.path, "processing").await;
    world.sandbox.advance_clock(3600).await;
    world.finish().await;
}
