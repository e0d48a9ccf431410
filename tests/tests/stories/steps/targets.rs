//! Where a step may lead: never to an address that is none of a bank, and never without a way back.

use farthing_stories::World;
use serde_json::json;

use super::{Place, Walk, neutral};

/// A step that cannot be taken leaves the payment unresolved, tells the operator, and takes nobody anywhere.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_step_that_cannot_be_taken_is_waited_out() {
    let world = World::start().await;
    for faults in [
        json!({"next_step": "pa_req", "term_url_absent": true, "acs_base": null}),
        json!({"next_step": "creq", "acs_base": "ftp://bank.example/", "term_url_absent": false}),
    ] {
        world.sandbox.faults(faults).await;
        let unclear = world.metric("farthing_unclear_answers_total", "step").await;
        let session = world.session().await;
        let page = world.pay(&session, &world.challenge_card()).await;
        assert_eq!(page.state(), "processing", "{}", page.html.text());
        neutral(&page.html.text());
        assert!(world.metric("farthing_unclear_answers_total", "step").await > unclear);
        let step = world.shopper().get(&format!("{}/step", session.path)).await;
        assert_eq!(step.location().unwrap().path(), session.path);
        let payment = world.api.only_payment(&session.order_id).await;
        assert_eq!(payment["status"], "processing");
        world.sandbox.advance_clock(3600).await;
        world.api.wait_for_status(payment["id"].as_str().unwrap(), "failed").await;
        world.shopper().wait_for_state(&session.path, "ready").await;
    }
    world.finish().await;
}

/// The gateway's answer is lost, and its check tells the step: the shopper gets to the bank after all.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lost_answer_does_not_lose_the_way_to_the_bank() {
    let world = World::start().await;
    let browser = world.live_browser().await;
    for (step, place) in ["creq", "pa_req", "method"].into_iter().zip(Place::ALL) {
        world.sandbox.faults(json!({ "next_step": step })).await;
        world.sandbox.reply_fault("pay", Some(1), json!({"fault": "cut", "after_bytes": 20})).await;
        let walk = Walk::pay(&world, &browser, place).await;
        browser.wait_for_state("processing").await;
        neutral(&browser.text().await);
        browser.wait_for_state("challenge").await;
        // Minutes may have passed: the shopper is not taken by surprise.
        if browser.has("dialog").await {
            walk.answer("Approve").await;
        } else {
            browser.press("Continue to your bank").await;
            walk.answer("Approve").await;
        }
        walk.ends("paid").await;
        assert_eq!(world.api.payments_of(&walk.session.order_id).await.len(), 1);
    }
    drop(browser);
    world.finish().await;
}

/// A gateway that says so may be framed.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_gateways_page_stands_in_the_window_where_the_operator_says_so() {
    let world = World::builder()
        .edit(|text| {
            text.replace("profile = \"v1\"\n", "profile = \"v1\"\nframe_form_url = true\n")
        })
        .start()
        .await;
    let browser = world.live_browser().await;
    for place in Place::ALL {
        for (button, state) in [("Decline", "ready"), ("Approve", "paid")] {
            let walk = Walk::pay(&world, &browser, place).await;
            walk.answer(button).await;
            walk.ends(state).await;
        }
    }
    assert_eq!(world.sandbox.charges().await, 3);
    drop(browser);
    world.finish().await;
}

/// What the bank is told of its window is what the shopper sees.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_bank_is_told_the_size_of_its_window() {
    let world = World::start().await;
    let browser = world.live_browser().await;
    world.sandbox.faults(json!({"next_step": "creq"})).await;
    for place in Place::ALL {
        for (width, height, window, size) in [
            (1280, 900, "03", Some((500, 600))),
            (1280, 700, "04", Some((600, 400))),
            (540, 700, "02", Some((390, 400))),
            (400, 500, "05", None),
        ] {
            browser.resize(width, height).await;
            let walk = Walk::pay(&world, &browser, place).await;
            browser.enter_bank().await;
            browser.button("Approve").await;
            let seen = browser
                .script("return [innerWidth, innerHeight, document.documentElement.scrollWidth]")
                .await;
            let seen: Vec<u64> =
                seen.as_array().unwrap().iter().map(|n| n.as_u64().unwrap()).collect();
            if let Some((wide, high)) = size {
                assert_eq!((seen[0], seen[1]), (wide, high), "{place:?} {width} x {height}");
            }
            assert!(seen[2] <= seen[0], "the bank's page scrolls sideways: {seen:?}");
            let payment = walk.payment().await;
            let order = world.sandbox.order(payment["gateway_order_id"].as_str().unwrap()).await;
            assert_eq!(order.unwrap()["challenge_window"], window, "{place:?} {width} x {height}");
            walk.back().await;
            browser.shots(&format!("window-{window}-{place:?}")).await;
            browser.resize(width, height).await;
            walk.answer("Approve").await;
            walk.ends("paid").await;
        }
    }
    drop(browser);
    world.finish().await;
}
