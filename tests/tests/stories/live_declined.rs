//! Declined: another card in the same frame, the pause that the gateway demands, and the end of all attempts.

use farthing_stories::live::{CODE, EXPIRY, NUMBER};
use farthing_stories::{Site, World, until};
use serde_json::json;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_card_pays_in_the_same_frame_and_only_the_card_is_typed_again() {
    let world = World::start().await;
    world.decide_at_once().await;
    let browser = world.live_browser().await;
    for site in Site::BOTH {
        let session = world.session_with(json!({"customer": null})).await;
        browser.open_shop(&world.shop_page(&session, site)).await;
        browser.script("window.sameDocument = true; return true").await;
        browser.type_card(&world.bad_card()).await;
        for (label, text) in [
            ("First name", "Zephyrine"),
            ("Last name", "Quillfeather"),
            ("Street and number", "77 Larkspur Row"),
            ("Postal code", "SW1A 2AA"),
            ("City", "London"),
            ("Phone", "+442079460612"),
            ("Email", "zephyrine.quillfeather@shopper.example"),
        ] {
            browser.labelled(label).await.send_keys(text).await.unwrap();
        }
        browser.labelled("Country").await.select_by_value("GB").await.unwrap();
        browser.submit_card().await;
        until("the decline", async || {
            browser.text().await.contains("did not go through").then_some(())
        })
        .await;
        browser.wait_for_state("ready").await;
        assert_eq!(browser.script("return window.sameDocument").await, true, "it was reloaded");
        for css in [NUMBER, EXPIRY, CODE] {
            assert_eq!(browser.value(css).await, "", "{css} still holds the declined card");
        }
        for (label, text) in [
            ("First name", "Zephyrine"),
            ("Street and number", "77 Larkspur Row"),
            ("Email", "zephyrine.quillfeather@shopper.example"),
            ("Country", "GB"),
        ] {
            let kept = browser.labelled(label).await.prop("value").await.unwrap();
            assert_eq!(kept.as_deref(), Some(text), "{label} was not kept");
        }
        // A decline is no mistake in the form.
        assert!(!browser.has("[aria-invalid=true]").await);
        let first = world.api.only_payment(&session.order_id).await;
        assert_eq!(first["status"], "failed");
        browser.type_card(&world.good_card()).await;
        browser.submit_card().await;
        browser.wait_for_state("paid").await;
        let payments = world.api.payments_of(&session.order_id).await;
        let statuses =
            payments.iter().map(|payment| payment["status"].as_str().unwrap()).collect::<Vec<_>>();
        assert_eq!(statuses, ["paid", "failed"], "newest first");
        let events = browser.events().await;
        let complete =
            events.iter().filter(|event| event.kind == "farthing-complete").collect::<Vec<_>>();
        assert_eq!(complete.len(), 1, "{events:?}");
        assert_eq!(
            complete[0].detail,
            json!({"status": "paid", "paymentId": payments[0]["id"]}),
            "{events:?}"
        );
    }
    assert_eq!(world.sandbox.charges().await, 2);
    drop(browser);
    world.finish().await;
}

/// The key of an attempt that was pending is spent like any other: the next press needs the next key.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_decline_that_comes_after_a_wait_leaves_a_form_that_pays() {
    let world = World::start().await;
    let browser = world.live_browser().await;
    for site in Site::BOTH {
        let session = world.session().await;
        browser.open_shop(&world.shop_page(&session, site)).await;
        browser.type_card(&world.bad_card()).await;
        world.hold_results().await;
        browser.submit_card().await;
        browser.wait_for_state("processing").await;
        world.tell_results().await;
        browser.wait_for_state("ready").await;
        assert!(browser.text().await.contains("did not go through"));
        assert_eq!(browser.value(NUMBER).await, "");
        world.decide_at_once().await;
        browser.type_card(&world.good_card()).await;
        browser.submit_card().await;
        browser.wait_for_state("paid").await;
        let payments = world.api.payments_of(&session.order_id).await;
        assert_eq!(payments.len(), 2, "{payments:?}");
    }
    assert_eq!(world.sandbox.charges().await, 2);
    drop(browser);
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_pause_that_the_gateway_demands_is_counted_down_and_another_card_need_not_wait() {
    let world = World::start().await;
    world.decide_at_once().await;
    world.sandbox.faults(json!({"card_time_limit": true})).await;
    let browser = world.live_browser().await;
    let session = world.session().await;
    let card = world.bad_card();
    browser.open_shop(&world.shop_page(&session, Site::Cross)).await;
    for attempt in 1..=2 {
        browser.wait_for_state("ready").await;
        browser.type_card(&card).await;
        browser.submit_card().await;
        until("the decline", async || {
            let payments = world.api.payments_of(&session.order_id).await;
            let over = payments.iter().all(|payment| payment["status"] == "failed");
            (payments.len() == attempt && over && browser.value(NUMBER).await.is_empty())
                .then_some(())
        })
        .await;
    }
    let payments = world.api.payments_of(&session.order_id).await;
    assert_eq!(payments[0]["decline"]["code"], "card_time_limit");
    let seconds = async || {
        let text = browser.text().await;
        let words = text.split_whitespace().collect::<Vec<_>>();
        let at = words.iter().position(|word| word.starts_with("second"))?;
        words[at - 1].parse::<u32>().ok()
    };
    let first = until("the countdown", seconds).await;
    assert!((1..=60).contains(&first), "{first}");
    until("the countdown to go down", async || seconds().await.filter(|now| *now < first)).await;
    // The pause is the card's, not the shopper's.
    browser.wait_for_state("ready").await;
    browser.type_card(&world.good_card()).await;
    browser.submit_card().await;
    browser.wait_for_state("paid").await;
    drop(browser);
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_fifth_decline_ends_the_checkout_in_the_frame() {
    let world = World::start().await;
    world.decide_at_once().await;
    let browser = world.live_browser().await;
    let session = world.session().await;
    browser.open_shop(&world.shop_page(&session, Site::Cross)).await;
    for attempt in 1..=5 {
        browser.wait_for_state("ready").await;
        browser.type_card(&world.bad_card()).await;
        browser.submit_card().await;
        until("the decline", async || {
            let payments = world.api.payments_of(&session.order_id).await;
            let over = payments.iter().all(|payment| payment["status"] == "failed");
            (payments.len() == attempt && over).then_some(())
        })
        .await;
        if attempt < 5 {
            until("empty card fields", async || {
                browser.value(NUMBER).await.is_empty().then_some(())
            })
            .await;
        }
    }
    browser.wait_for_state("failed").await;
    browser.until_card_is_gone().await;
    let complete = browser.wait_for_event("farthing-complete").await;
    assert_eq!(complete.detail["status"], "failed");
    drop(browser);
    world.finish().await;
}
