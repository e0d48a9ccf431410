//! Without WebAssembly, and with one that is not what was promised, the plain form goes on working.

use farthing_stories::browser::Browser;
use farthing_stories::front::Act;
use farthing_stories::{Site, World, until};
use serde_json::json;

/// V8 without a compiler has no WebAssembly.
const NO_WASM: &[&str] = &["--js-flags=--jitless"];

async fn pays_plainly(world: &World, browser: &Browser) {
    browser.wait_for_state("ready").await;
    assert!(!browser.has("[data-hydrated]").await, "it is live, which was to be prevented");
    browser.type_card(&world.good_card()).await;
    browser.submit_card().await;
    browser.wait_for_state("paid").await;
    assert!(browser.text().await.contains("Payment accepted"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_plain_form_pays_where_webassembly_is_absent() {
    let world = World::builder().proxied().start().await;
    world.decide_at_once().await;
    let browser = world.live_browser_with(NO_WASM).await;
    for site in Site::BOTH {
        let session = world.session().await;
        browser.open(&world.shop_page(&session, site)).await;
        browser.enter_checkout().await;
        assert_eq!(browser.script("return typeof WebAssembly").await, "undefined");
        pays_plainly(&world, &browser).await;
        let payment = world.api.only_payment(&session.order_id).await;
        assert_eq!(payment["status"], "paid");
        assert_eq!(world.wire().last_request_json()["browser_js_enabled"], json!(false));
        let events = browser.events().await;
        assert!(events.iter().any(|event| event.kind == "farthing-ready"), "{events:?}");
        // The loader runs without WebAssembly and the server has rendered the result: the shop is told.
        let complete = browser.wait_for_event("farthing-complete").await;
        assert_eq!(complete.detail, json!({"status": "paid", "paymentId": payment["id"]}));
    }
    let session = world.session().await;
    browser.open(&session.url).await;
    pays_plainly(&world, &browser).await;
    assert_eq!(world.sandbox.charges().await, 3);
    drop(browser);
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_plain_form_in_a_frame_leads_the_top_window_to_the_bank() {
    let world = World::start().await;
    let browser = world.live_browser_with(NO_WASM).await;
    for site in Site::BOTH {
        let session = world.session().await;
        browser.open(&world.shop_page(&session, site)).await;
        browser.enter_checkout().await;
        browser.type_card(&world.challenge_card()).await;
        browser.submit_card().await;
        // Either the loader leads there by itself, or a button does.
        until("the bank in the top window", async || {
            browser.top().await;
            if browser.url().await.port() == world.sandbox.url.port() {
                return Some(());
            }
            if browser.url().await.path() == "/pay" {
                browser.enter_checkout().await;
                let link =
                    "const a = document.querySelector('a.action'); if (a) a.click(); return true";
                let _ = browser.try_script(link).await;
            }
            None
        })
        .await;
        browser.press("Approve").await;
        browser.wait_for_state("paid").await;
    }
    assert_eq!(world.sandbox.charges().await, 2);
    drop(browser);
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_plain_page_that_waits_reloads_itself_and_shows_the_end() {
    let world = World::start().await;
    let browser = world.live_browser_with(NO_WASM).await;
    let session = world.session().await;
    browser.open(&world.shop_page(&session, Site::Cross)).await;
    browser.enter_checkout().await;
    browser.type_card(&world.good_card()).await;
    world.hold_results().await;
    browser.submit_card().await;
    browser.wait_for_state("processing").await;
    world.tell_results().await;
    browser.wait_for_state("paid").await;
    drop(browser);
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_changed_byte_of_the_wasm_or_of_its_glue_is_refused_and_the_plain_form_pays() {
    for (part, url) in [("/assets/*.wasm", ".wasm"), ("/assets/*.js", ".js")] {
        let world = World::builder().fronted().start().await;
        world.decide_at_once().await;
        world.front().on(part, Act::Flip);
        let browser = world.live_browser().await;
        for framed in [false, true] {
            let session = world.session().await;
            if framed {
                browser.open(&world.shop_page(&session, Site::Same)).await;
                browser.enter_checkout().await;
            } else {
                browser.open(&session.url).await;
            }
            let mut console = Vec::new();
            until("the browser to refuse it", async || {
                console.extend(browser.console().await);
                console
                    .iter()
                    .any(|line| line.contains("integrity") && line.contains(url))
                    .then_some(())
            })
            .await;
            assert!(world.front().count(part) >= 1, "{part} was never loaded");
            pays_plainly(&world, &browser).await;
        }
        assert_eq!(world.sandbox.charges().await, 2);
        drop(browser);
        world.finish().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wasm_that_never_arrives_leaves_a_form_that_pays() {
    for act in [Act::Refuse, Act::Hold] {
        let world = World::builder().fronted().start().await;
        world.decide_at_once().await;
        world.front().on(".wasm", act);
        let browser = world.live_browser().await;
        let session = world.session().await;
        browser.open(&world.shop_page(&session, Site::Cross)).await;
        browser.enter_checkout().await;
        world.front().wait_for(".wasm").await;
        pays_plainly(&world, &browser).await;
        drop(browser);
        world.finish().await;
    }
}
