//! The server's state is the truth: reload, back, a lost connection and a killed server lead to it.

use farthing_stories::browser::Browser;
use farthing_stories::front::Act;
use farthing_stories::live::{CODE, EXPIRY, HOLDER, NUMBER};
use farthing_stories::world::Session;
use farthing_stories::{Site, World, until};
use serde_json::json;

const FIELDS: [&str; 4] = [NUMBER, EXPIRY, CODE, HOLDER];

/// A payment whose result the gateway does not tell until it is asked to.
async fn in_processing(world: &World, browser: &Browser, page: &str) {
    browser.open_shop(page).await;
    browser.type_card(&world.good_card()).await;
    world.hold_results().await;
    browser.submit_card().await;
    browser.wait_for_state("processing").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reload_while_submitting_finds_the_payment() {
    let world = World::builder().call_timeout("10s").start().await;
    world.decide_at_once().await;
    world.sandbox.reply_fault("pay", None, json!({"fault": "slow", "ms": 2500})).await;
    let browser = world.live_browser().await;
    for site in Site::BOTH {
        let session = world.session().await;
        let before = world.sandbox.requests("initPaymentHost2Host").await;
        browser.open_shop(&world.shop_page(&session, site)).await;
        browser.type_card(&world.good_card()).await;
        browser.submit_card().await;
        browser.wait_for_state("submitting").await;
        until("the submit at the gateway", async || {
            (world.sandbox.requests("initPaymentHost2Host").await > before).then_some(())
        })
        .await;
        browser.top().await;
        browser.client.refresh().await.unwrap();
        browser.enter_checkout().await;
        browser.wait_for_state("paid").await;
        let payment = world.api.only_payment(&session.order_id).await;
        let complete = browser.wait_for_event("farthing-complete").await;
        assert_eq!(complete.detail, json!({"status": "paid", "paymentId": payment["id"]}));
    }
    assert_eq!(world.sandbox.charges().await, 2);
    drop(browser);
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reload_while_processing_goes_on_waiting_and_shows_the_end() {
    let world = World::start().await;
    let browser = world.live_browser().await;
    for site in Site::BOTH {
        let session = world.session().await;
        in_processing(&world, &browser, &world.shop_page(&session, site)).await;
        browser.until_card_is_gone().await;
        browser.top().await;
        browser.client.refresh().await.unwrap();
        browser.enter_checkout().await;
        browser.until_live().await;
        browser.wait_for_state("processing").await;
        browser.script("window.sameDocument = true; return true").await;
        world.tell_results().await;
        browser.wait_for_state("paid").await;
        assert_eq!(browser.script("return window.sameDocument").await, true, "it was reloaded");
        world.api.only_payment(&session.order_id).await;
    }
    assert_eq!(world.sandbox.charges().await, 2);
    drop(browser);
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_shop_opened_again_during_the_challenge_leads_back_to_the_bank() {
    let world = World::start().await;
    let browser = world.live_browser().await;
    for site in Site::BOTH {
        let session = world.session().await;
        let page = world.shop_page(&session, site);
        browser.open_shop(&page).await;
        browser.type_card(&world.challenge_card()).await;
        browser.submit_card().await;
        browser.top().await;
        browser.button("Approve").await;
        // Away from the bank, back to the shop.
        browser.open(&page).await;
        browser.enter_checkout().await;
        browser.wait_for_state("challenge").await;
        browser.until_card_is_gone().await;
        browser.press("Continue").await;
        // The hand-over page asks before it leads there again.
        until("the hand-over page in the top window", async || {
            browser.top().await;
            let url = browser.url().await;
            (url.path().ends_with("/step") || url.port() == world.sandbox.url.port()).then_some(())
        })
        .await;
        if browser.url().await.path().ends_with("/step") {
            browser.press("Continue with your bank").await;
        }
        browser.press("Approve").await;
        browser.wait_for_state("paid").await;
        world.api.only_payment(&session.order_id).await;
    }
    assert_eq!(world.sandbox.charges().await, 2);
    drop(browser);
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_challenge_that_ends_elsewhere_is_shown_in_the_open_frame() {
    let world = World::start().await;
    let browser = world.live_browser().await;
    let session = world.session().await;
    // Paid up to the bank by another browser of the same shopper.
    let shopper = world.shopper();
    let answer = shopper.pay(&session.path, &world.challenge_card()).await;
    let issuer = shopper.walk(answer).await;
    browser.open_shop(&world.shop_page(&session, Site::Cross)).await;
    browser.wait_for_state("challenge").await;
    shopper.press(&issuer, "Approve").await;
    browser.wait_for_state("paid").await;
    assert_eq!(world.sandbox.charges().await, 1);
    drop(browser);
    world.finish().await;
}

/// Leaves the page and comes back with the browser's button.
async fn away_and_back(world: &World, browser: &Browser) {
    browser.top().await;
    browser.open(&world.shop.elsewhere(Site::Same)).await;
    browser.client.back().await.unwrap();
}

async fn assert_card_is_gone(browser: &Browser, what: &str) {
    for css in FIELDS {
        assert_eq!(browser.value(css).await, "", "{what}: {css} came back");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn coming_back_shows_the_true_state_and_no_card() {
    let world = World::start().await;
    world.decide_at_once().await;
    let browser = world.live_browser().await;
    for site in Site::BOTH {
        for framed in [true, false] {
            let what = format!("{site:?}, framed: {framed}");
            let session = world.session().await;
            let open = async || {
                if framed {
                    browser.open_shop(&world.shop_page(&session, site)).await;
                } else {
                    browser.open(&session.url).await;
                    browser.until_live().await;
                }
            };
            let back = async || {
                if framed {
                    browser.enter_checkout().await;
                }
                browser.until_live().await;
            };
            open().await;
            browser.type_card(&world.good_card()).await;
            away_and_back(&world, &browser).await;
            back().await;
            browser.wait_for_state("ready").await;
            assert_card_is_gone(&browser, &what).await;
            // Paid elsewhere while the page was left.
            browser.type_card(&world.good_card()).await;
            browser.top().await;
            browser.open(&world.shop.elsewhere(Site::Same)).await;
            world.pay(&session, &world.good_card()).await;
            browser.client.back().await.unwrap();
            if framed {
                browser.enter_checkout().await;
            }
            browser.wait_for_state("paid").await;
            browser.until_card_is_gone().await;
            world.api.only_payment(&session.order_id).await;
        }
    }
    drop(browser);
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reload_of_a_half_filled_form_brings_no_card_back() {
    let world = World::start().await;
    let browser = world.live_browser().await;
    let session = world.session().await;
    browser.open(&session.url).await;
    browser.until_live().await;
    browser.type_card(&world.good_card()).await;
    browser.client.refresh().await.unwrap();
    browser.until_live().await;
    assert_card_is_gone(&browser, "reload").await;
    drop(browser);
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slow_gateway_is_waited_for_and_the_end_comes_over_one_connection() {
    let world = World::builder().fronted().start().await;
    world.decide_at_once().await;
    let browser = world.live_browser().await;
    let session = world.session().await;
    in_processing(&world, &browser, &world.shop_page(&session, Site::Cross)).await;
    let text = browser.text().await;
    assert!(!text.contains("accepted") && !text.contains("failed"), "not known yet: {text}");
    // Asked once, after the submit.
    let asked = world.front().count("/status");
    assert!(asked <= 1, "it was asked {asked} times although events arrive");
    world.tell_results().await;
    browser.wait_for_state("paid").await;
    assert!(world.front().count("/events") >= 1, "nothing listened");
    assert_eq!(world.front().count("/status"), asked, "it was asked although events arrive");
    assert_eq!(world.front().count("/payments"), 1);
    drop(browser);
    world.finish().await;
}

async fn polled(world: &World, browser: &Browser, session: &Session) {
    in_processing(world, browser, &world.shop_page(session, Site::Cross)).await;
    world.tell_results().await;
    browser.wait_for_state("paid").await;
    assert!(world.front().count("/status") >= 1, "it was not polled");
    assert_eq!(world.sandbox.charges().await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_events_the_page_asks_again_and_again() {
    let world = World::builder().fronted().start().await;
    world.decide_at_once().await;
    world.front().on("/events", Act::Refuse);
    let browser = world.live_browser().await;
    let session = world.session().await;
    polled(&world, &browser, &session).await;
    drop(browser);
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn events_that_are_swallowed_on_the_way_do_not_stop_the_page() {
    // A proxy that buffers: the connection stands and nothing comes.
    let world = World::builder().fronted().start().await;
    world.decide_at_once().await;
    world.front().on("/events", Act::HoldReply);
    let browser = world.live_browser().await;
    let session = world.session().await;
    polled(&world, &browser, &session).await;
    drop(browser);
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_that_waits_survives_a_killed_server() {
    let mut world = World::start().await;
    world.decide_at_once().await;
    let browser = world.live_browser().await;
    let session = world.session().await;
    in_processing(&world, &browser, &world.shop_page(&session, Site::Cross)).await;
    browser.script("window.sameDocument = true; return true").await;
    world.kill_server();
    // Long enough that the page has noticed.
    tokio::time::sleep(std::time::Duration::from_millis(1500)).await;
    browser.wait_for_state("processing").await;
    world.restart();
    world.tell_results().await;
    browser.wait_for_state("paid").await;
    assert_eq!(browser.script("return window.sameDocument").await, true, "it was reloaded");
    assert_eq!(world.sandbox.charges().await, 1);
    drop(browser);
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_submit_whose_server_dies_is_not_called_lost_and_pays_once() {
    // Dies with the outcome stored and the answer not sent.
    let mut world = World::builder().env("FARTHING_CRASH_AT", "K5").start().await;
    world.decide_at_once().await;
    let browser = world.live_browser().await;
    let session = world.session().await;
    browser.open_shop(&world.shop_page(&session, Site::Cross)).await;
    browser.type_card(&world.good_card()).await;
    browser.submit_card().await;
    world.server().ended(std::time::Duration::from_secs(20)).await;
    world.restart();
    browser.wait_for_state("paid").await;
    assert_eq!(world.sandbox.charges().await, 1);
    assert_eq!(world.api.payments_of(&session.order_id).await.len(), 1);
    drop(browser);
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_that_gets_no_stream_because_there_are_too_many_is_still_told() {
    let world = World::builder().fronted().start().await;
    let session = world.session().await;
    let url = world.origin.join(&format!("{}/events", session.path)).unwrap();
    // Other tabs that were left open, up to the server's limit.
    let mut streams = Vec::new();
    for _ in 0..30 {
        let answer = world.http().get(url.clone()).send().await.unwrap();
        if answer.status() != 200 {
            assert_eq!(answer.status(), 503);
            break;
        }
        streams.push(answer);
    }
    assert!(streams.len() < 30, "one session may hold any number of streams");
    let browser = world.live_browser().await;
    browser.open_shop(&world.shop_page(&session, Site::Cross)).await;
    world.api.post(&format!("/v1/sessions/{}/expire", session.id), &json!({})).await.expect(200);
    browser.wait_for_state("expired").await;
    drop(streams);
    drop(browser);
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_shop_that_comes_back_from_the_back_forward_cache_is_alive() {
    let world = World::start().await;
    world.decide_at_once().await;
    let browser = world.live_browser().await;
    let session = world.session().await;
    browser.open_shop(&world.shop_page(&session, Site::Cross)).await;
    browser.type_card(&world.good_card()).await;
    browser.top().await;
    // By a link, as shoppers do: what a driver opens by itself may not be kept.
    let leave = format!("location.href = '{}'; return true", world.shop.elsewhere(Site::Cross));
    browser.script(&leave).await;
    until("the other page", async || {
        browser.url().await.path().ends_with("/elsewhere").then_some(())
    })
    .await;
    browser.client.back().await.unwrap();
    browser.enter_checkout().await;
    browser.until_live().await;
    assert_card_is_gone(&browser, "the cache").await;
    browser.top().await;
    let shows = browser.script("return window.shows").await;
    assert_eq!(shows, json!([false, true]), "it did not come from the cache");
    // The frame has its port again: the shop hears of the payment.
    browser.enter_checkout().await;
    browser.type_card(&world.good_card()).await;
    browser.submit_card().await;
    browser.wait_for_state("paid").await;
    let complete = browser.wait_for_event("farthing-complete").await;
    assert_eq!(complete.detail["status"], "paid");
    drop(browser);
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_needs_cookies_or_storage() {
    let world = World::start().await;
    let browser = world.browser_without_storage().await;
    for site in Site::BOTH {
        world.decide_at_once().await;
        let session = world.session().await;
        browser.open_shop(&world.shop_page(&session, site)).await;
        let storage = "try { return localStorage.length } catch (error) { return error.name }";
        assert_eq!(browser.script(storage).await, "SecurityError", "there is storage");
        browser.type_card(&world.bad_card()).await;
        browser.submit_card().await;
        until("the decline", async || {
            browser.text().await.contains("did not go through").then_some(())
        })
        .await;
        browser.type_card(&world.challenge_card()).await;
        browser.submit_card().await;
        browser.top().await;
        browser.press("Approve").await;
        browser.wait_for_state("paid").await;
    }
    assert_eq!(world.sandbox.charges().await, 2);
    drop(browser);
    world.finish().await;
}

/// The module traps, as after a panic: what it leaves is no checkout any more, and the server knows how things stand.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn case_48_a_module_that_traps_is_replaced_by_a_page_with_the_servers_state() {
    let world = World::start().await;
    world.hold_results().await;
    let browser = world.live_browser().await;
    let session = world.session().await;
    browser.open(&session.url).await;
    browser.until_live().await;
    browser.type_card(&world.good_card()).await;
    browser.submit_card().await;
    browser.wait_for_state("processing").await;
    let trap = "window.old = true;
        window.dispatchEvent(new ErrorEvent('error', {error: new WebAssembly.RuntimeError('unreachable')})); return true";
    browser.script(trap).await;
    browser.until_script("a fresh page", "return !window.old").await;
    browser.until_live().await;
    browser.wait_for_state("processing").await;
    // A page that traps again is left as it is: nobody is sent round in circles.
    browser.script(trap).await;
    world.tell_results().await;
    browser.wait_for_state("paid").await;
    assert_eq!(browser.script("return !!window.old").await, json!(true));
    assert_eq!(world.sandbox.charges().await, 1);
    drop(browser);
    world.finish().await;
}
