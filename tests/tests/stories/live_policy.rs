//! Content security: a strict shop hears of no violation, and the checkout's own pages violate nothing in any state.

use farthing_stories::browser::Browser;
use farthing_stories::{Look, Site, World, until};
use serde_json::json;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_shop_with_a_strict_policy_gets_no_report() {
    let world = World::start().await;
    world.decide_at_once().await;
    let browser = world.live_browser().await;
    let server = world.public_url().clone();
    for site in Site::BOTH {
        for way in [Look::element, Look::script] {
            let session = world.session().await;
            let look = way(&server, session.token()).strict().theme("dark");
            browser.open_shop(&world.shop.page(site, &look)).await;
            browser.type_card(&world.bad_card()).await;
            browser.submit_card().await;
            until("the decline", async || {
                browser.text().await.contains("did not go through").then_some(())
            })
            .await;
            browser.wait_for_state("ready").await;
            browser.type_card(&world.good_card()).await;
            browser.submit_card().await;
            browser.wait_for_state("paid").await;
            browser.wait_for_event("farthing-complete").await;
            assert_eq!(browser.script("return violations").await, json!([]), "{look:?}");
        }
    }
    assert_eq!(world.shop.reports(), Vec::<String>::new());
    drop(browser);
    world.finish().await;
}

/// The checkout is looked at; nothing was violated so far, in it or around it.
async fn clean(browser: &Browser, when: &str) {
    let violations = browser.violations().await;
    assert!(violations.is_empty(), "{when}: {violations:?}");
    let console = browser.console().await;
    let bad = console.iter().filter(|line| {
        let line = line.to_lowercase();
        ["content security policy", "trusted", "integrity", "panicked", "hydrat", "uncaught"]
            .iter()
            .any(|word| line.contains(word))
    });
    let bad = bad.collect::<Vec<_>>();
    assert!(bad.is_empty(), "{when}: {bad:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_state_of_the_checkout_violates_its_own_policy() {
    let world = World::start().await;
    let browser = world.live_browser().await;
    browser.watch_policy().await;
    for framed in [false, true] {
        world.decide_at_once().await;
        // A frame on the same site shares the page's process, and so what watches it.
        let page = |session: &farthing_stories::world::Session| {
            if framed { world.shop_page(session, Site::Same) } else { session.url.clone() }
        };
        let enter = async || {
            if framed {
                browser.enter_checkout().await;
            }
        };
        let open = async |session: &farthing_stories::world::Session| {
            browser.open(&page(session)).await;
            enter().await;
            browser.until_live().await;
        };

        let session = world.session_with(json!({"customer": null})).await;
        open(&session).await;
        clean(&browser, "ready").await;
        browser.submit_card().await;
        until("the summary", async || browser.has("[aria-invalid=true]").await.then_some(())).await;
        clean(&browser, "error summary").await;

        let session = world.session().await;
        open(&session).await;
        browser.type_card(&world.bad_card()).await;
        clean(&browser, "typed").await;
        browser.submit_card().await;
        until("the decline", async || {
            browser.text().await.contains("did not go through").then_some(())
        })
        .await;
        clean(&browser, "declined").await;
        browser.type_card(&world.good_card()).await;
        world.hold_results().await;
        browser.submit_card().await;
        browser.wait_for_state("processing").await;
        clean(&browser, "processing").await;
        world.tell_results().await;
        browser.wait_for_state("paid").await;
        clean(&browser, "paid").await;
        open(&session).await;
        browser.wait_for_state("paid").await;
        clean(&browser, "paid, opened again").await;

        let session = world.session().await;
        let answer = world.shopper().pay(&session.path, &world.challenge_card()).await;
        assert_eq!(answer.status, 303);
        open(&session).await;
        browser.wait_for_state("challenge").await;
        clean(&browser, "challenge").await;

        let session = world.session().await;
        open(&session).await;
        let path = format!("/v1/sessions/{}/expire", session.id);
        world.api.post(&path, &json!({})).await.expect(200);
        browser.wait_for_state("expired").await;
        clean(&browser, "expired").await;

        let session = world.session().await;
        for _ in 0..5 {
            world.pay(&session, &world.bad_card()).await;
            until("the decline", async || {
                let payments = world.api.payments_of(&session.order_id).await;
                payments.iter().all(|payment| payment["status"] == "failed").then_some(())
            })
            .await;
        }
        open(&session).await;
        browser.wait_for_state("failed").await;
        browser.until_card_is_gone().await;
        clean(&browser, "failed").await;
    }
    drop(browser);
    world.finish().await;
}
