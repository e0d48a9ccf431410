//! In front of the checkout: approved, declined, canceled, closed and gone on with.

use fantoccini::key::Key;
use farthing_stories::{World, until};
use serde_json::json;

use super::{Place, Walk, neutral};

/// The steps whose page stands in front of the checkout.
const STEPS: [&str; 3] = ["creq", "pa_req", "method"];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn approved_is_paid_wherever_the_checkout_stands() {
    let world = World::start().await;
    let browser = world.live_browser().await;
    for step in STEPS {
        world.sandbox.faults(json!({ "next_step": step })).await;
        for place in Place::ALL {
            let walk = Walk::pay(&world, &browser, place).await;
            browser.enter_bank().await;
            browser.button("Approve").await;
            let payment = walk.payment().await;
            assert_eq!(payment["status"], "requires_action", "{step} {place:?}");
            walk.back().await;
            neutral(&browser.text().await);
            browser.shots(&format!("modal-{step}-{place:?}")).await;
            walk.answer("Approve").await;
            walk.ends("paid").await;
            let paid = walk.payment_is("paid").await;
            world.webhooks.wait_for("payment.paid", paid["id"].as_str().unwrap()).await;
            walk.one_open_attempt().await;
        }
    }
    assert_eq!(world.sandbox.charges().await, 9);
    drop(browser);
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn declined_and_canceled_lead_back_to_a_form_that_pays() {
    let world = World::start().await;
    let browser = world.live_browser().await;
    for (step, place) in STEPS.into_iter().zip(Place::ALL) {
        world.sandbox.faults(json!({ "next_step": step })).await;
        let walk = Walk::pay(&world, &browser, place).await;
        for (button, code, words) in [
            ("Decline", "authentication_failed", "could not confirm that it was you"),
            ("Cancel", "authentication_canceled", "canceled"),
        ] {
            walk.answer(button).await;
            walk.ends("ready").await;
            let payment = walk.payment_is("failed").await;
            assert_eq!(payment["decline"]["code"], code, "{step} {place:?}");
            let text = browser.text().await;
            assert!(text.contains(words), "{button}: {text}");
            browser.shots(&format!("{button}-{step}-{place:?}")).await;
            walk.submit().await;
        }
        walk.answer("Approve").await;
        walk.ends("paid").await;
        walk.payment_is("paid").await;
    }
    assert_eq!(world.sandbox.charges().await, 3);
    drop(browser);
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_window_that_is_closed_asks_the_gateway_and_the_same_attempt_goes_on() {
    let world = World::start().await;
    let browser = world.live_browser().await;
    for (step, place) in ["creq", "pa_req", "creq"].into_iter().zip(Place::ALL) {
        world.sandbox.faults(json!({ "next_step": step })).await;
        let walk = Walk::pay(&world, &browser, place).await;
        for way in ["button", "key"] {
            browser.enter_bank().await;
            browser.button("Approve").await;
            walk.back().await;
            let asked = world.sandbox.requests("check").await;
            if way == "button" {
                browser.press("Close").await;
            } else {
                browser.find("dialog .close").await.send_keys(&Key::Escape).await.unwrap();
            }
            walk.ends("challenge").await;
            until("the gateway to be asked", async || {
                (world.sandbox.requests("check").await > asked).then_some(())
            })
            .await;
            neutral(&browser.text().await);
            browser.shots(&format!("closed-{place:?}")).await;
            // The form is not offered: the attempt may still be paid.
            assert!(!browser.shows_card_fields().await);
            browser.press("Continue to your bank").await;
            // Handed out again, the page asks before it leads on, and does nothing by itself.
            browser.enter_bank().await;
            browser.press("Continue with your bank").await;
            walk.back().await;
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
async fn behind_the_window_nothing_can_be_reached_and_the_focus_stays_in_it() {
    let world = World::start().await;
    let browser = world.live_browser().await;
    world.sandbox.faults(json!({"next_step": "creq"})).await;
    for place in Place::ALL {
        let walk = Walk::pay(&world, &browser, place).await;
        browser.enter_bank().await;
        browser.button("Approve").await;
        walk.back().await;
        // Wherever the key leads, it is in the window, or in the browser's own bars.
        for _ in 0..8 {
            let focus = "const at = document.activeElement; return at === document.body || !!at.closest('dialog')";
            assert_eq!(browser.script(focus).await, json!(true), "{place:?}");
            browser.key(Key::Tab).await;
        }
        if place.site().is_some() {
            browser.top().await;
            let reachable = "return [...document.querySelectorAll('a, button, input')].filter(node => !node.closest('[inert]')).length";
            assert_eq!(browser.script(reachable).await, json!(0), "{place:?}");
            let frame = "const box = document.querySelector('farthing-checkout iframe').getBoundingClientRect();
                         return [box.x, box.y, box.width === innerWidth, box.height === innerHeight]";
            assert_eq!(browser.script(frame).await, json!([0, 0, true, true]), "{place:?}");
            browser.enter_checkout().await;
        }
        walk.answer("Approve").await;
        walk.ends("paid").await;
        let focus = browser.script("return document.activeElement.textContent").await;
        assert_eq!(focus, json!("Payment accepted"), "{place:?}: the news have the focus");
    }
    drop(browser);
    world.finish().await;
}
