//! Without a script, and with scripts but no WebAssembly: the same steps in the whole window.

use farthing_stories::form::Page;
use farthing_stories::front::Act;
use farthing_stories::{World, until};
use serde_json::{Value, json};

use super::{Place, Walk, neutral};

/// Every step with a page that a shopper sees, and whether it is posted.
const STEPS: [(&str, bool); 3] = [("form_url", false), ("creq", true), ("pa_req", true)];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_step_and_every_answer_works_without_a_script() {
    let world = World::start().await;
    let browser = world.browser().await;
    let mut paid = 0;
    for (step, is_posted) in STEPS {
        world.sandbox.faults(json!({ "next_step": step })).await;
        let session = world.session().await;
        for (button, state) in [("Decline", "ready"), ("Cancel", "ready"), ("Approve", "paid")] {
            browser.open(&session.url).await;
            browser.wait_for_state("ready").await;
            browser.type_card(&world.challenge_card()).await;
            browser.submit_card().await;
            if is_posted {
                browser.wait_for_state("challenge").await;
                neutral(&browser.text().await);
                browser.shots(&format!("plain-{step}")).await;
                browser.press("Continue to your bank").await;
            }
            browser.press(button).await;
            if is_posted {
                // The bank's page that leads back.
                browser.press("Continue").await;
            }
            browser
                .find("[data-state=paid], [data-state=failed], [data-state=ready], .farthing")
                .await;
            let payments = world.api.payments_of(&session.order_id).await;
            let expected = if button == "Approve" { "paid" } else { "failed" };
            world.api.wait_for_status(payments[0]["id"].as_str().unwrap(), expected).await;
            browser.open(&session.url).await;
            browser.wait_for_state(state).await;
        }
        paid += 1;
        assert_eq!(world.sandbox.charges().await, paid, "{step}");
    }
    drop(browser);
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_hand_over_page_leads_on_once_and_then_asks_first() {
    let world = World::start().await;
    for (step, is_posted) in STEPS {
        world.sandbox.faults(json!({ "next_step": step })).await;
        let session = world.session().await;
        let shopper = world.shopper();
        let answer = shopper.pay(&session.path, &world.challenge_card()).await;
        let path = answer.location().unwrap().path().to_owned();
        assert_eq!(path, format!("{}/step", session.path));
        let leads_on =
            |page: &Page| page.html.refresh().is_some() || page.html.text().contains("submit()");
        let first = shopper.get(&path).await;
        assert_eq!(first.html.refresh().is_some(), !is_posted, "{step}");
        let asked = world.sandbox.requests("check").await;
        let again = shopper.get(&path).await;
        assert!(!leads_on(&again), "{step}: {}", again.html.text());
        assert!(world.sandbox.requests("check").await > asked, "the gateway was not asked");
        assert_eq!(again.state(), "challenge");
        neutral(&again.html.text());
        let bank = shopper.walk(again).await;
        let answered = shopper.press(&bank, "Approve").await;
        shopper.walk(answered).await;
        shopper.wait_for_state(&session.path, "paid").await;
        // Over: the page leads back to the result.
        let over = shopper.get(&path).await;
        assert_eq!(over.location().unwrap().path(), session.path, "{step}");
    }
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_script_the_device_data_step_is_left_to_the_gateways_patience() {
    let world = World::start().await;
    let browser = world.browser().await;
    for step in ["method", "method_form_url"] {
        world.sandbox.faults(json!({ "next_step": step })).await;
        let session = world.session().await;
        browser.open(&session.url).await;
        browser.type_card(&world.challenge_card()).await;
        browser.submit_card().await;
        browser.wait_for_state("processing").await;
        neutral(&browser.text().await);
        world.sandbox.advance_clock(11).await;
        // The page looks again by itself.
        browser.wait_for_state("challenge").await;
        browser.press("Continue to your bank").await;
        if step == "method" {
            browser.wait_for_state("challenge").await;
            browser.press("Continue to your bank").await;
        }
        browser.press("Approve").await;
        let payment = world.api.only_payment(&session.order_id).await;
        world.api.wait_for_status(payment["id"].as_str().unwrap(), "paid").await;
    }
    drop(browser);
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_web_assembly_the_hand_over_page_goes_on_by_itself() {
    let world = World::builder().fronted().start().await;
    world.front().on(".wasm", Act::Refuse);
    let browser = world.live_browser().await;
    for (step, _) in STEPS {
        world.sandbox.faults(json!({ "next_step": step })).await;
        let session = world.session().await;
        browser.open(&session.url).await;
        browser.type_card(&world.challenge_card()).await;
        browser.submit_card().await;
        browser.press("Approve").await;
        let payment = until("a payment", async || {
            world.api.payments_of(&session.order_id).await.into_iter().next()
        })
        .await;
        world.api.wait_for_status(payment["id"].as_str().unwrap(), "paid").await;
        browser.wait_for_state("paid").await;
    }
    drop(browser);
    world.finish().await;
}

/// A framed checkout whose module does not come: the bank has no business in a shop's frame, and the way leads out of it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn in_a_shops_frame_without_web_assembly_the_way_leads_out_of_the_frame() {
    let world = World::builder().fronted().start().await;
    world.front().on(".wasm", Act::Refuse);
    let browser = world.live_browser().await;
    world.sandbox.faults(json!({"next_step": "creq"})).await;
    for place in Place::ALL.into_iter().filter(|place| place.site().is_some()) {
        let session = world.session().await;
        browser.top().await;
        browser.open(&world.shop_page(&session, place.site().unwrap())).await;
        browser.enter_checkout().await;
        browser.type_card(&world.challenge_card()).await;
        browser.submit_card().await;
        browser.wait_for_state("challenge").await;
        browser.press("Continue to your bank").await;
        browser.top().await;
        browser.press("Approve").await;
        let walk = Walk { world: &world, browser: &browser, place, session };
        walk.payment_is("paid").await;
    }
    assert_ne!(world.sandbox.ledger().await["totals"], Value::Null);
    drop(browser);
    world.finish().await;
}
