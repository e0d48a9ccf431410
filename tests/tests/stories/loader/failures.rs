//! A server that is slow or broken gives the shopper a way on, never a blank.

use std::time::{Duration, Instant};

use farthing_stories::browser::Browser;
use serde_json::json;

use super::stage::{Mode, Stage, TOKEN, assert_no_faults, heard, in_form, wait_for_height};

const ELEMENT: &str = "document.querySelector('farthing-checkout')";

/// What stands where the form should be: visible text, the way out, and whether a frame is to be seen.
async fn shown(browser: &Browser) -> serde_json::Value {
    let script = format!(
        "const e = {ELEMENT}, a = e.querySelector('a'), f = e.querySelector('iframe');
         return [e.innerText.replace(/\\s+/g, ' ').trim(), a && [a.href, a.target, a.rel], e.querySelectorAll('button').length, !!f && f.offsetHeight > 0, e.state]"
    );
    browser.script(&script).await
}

fn failed(stage: &Stage) -> serde_json::Value {
    json!([
        "The payment form could not be loaded. Try again Open it in a new page",
        [format!("{}/checkout/{TOKEN}", stage.server()), "_blank", "noopener noreferrer"],
        1,
        false,
        "error"
    ])
}

/// The loader comes from the shop, as a copy, so that it is there when the server is not.
fn shop_with_copy(stage: &Stage) -> String {
    stage.shop_page(&format!(
        "<script src=\"/farthing.js\"></script><farthing-checkout session=\"{TOKEN}\" server=\"{}\"></farthing-checkout>",
        stage.server()
    ))
}

async fn fails_then_recovers(stage: &Stage, browser: &Browser, heal: impl AsyncFnOnce()) {
    let event = browser.wait_for_event("farthing-error").await;
    assert_eq!(
        event.detail,
        json!({"code": "load", "message": "The payment form could not be loaded."})
    );
    assert_eq!(shown(browser).await, failed(stage));
    // Still broken: the second failure is told again, and the keyboard is where it was.
    heal().await;
    browser.press("Try again").await;
    browser.wait_for_event("farthing-ready").await;
    wait_for_height(browser, 600).await;
    assert_eq!(shown(browser).await, json!(["", null, 0, true, "loading"]));
    assert_eq!(heard(browser).await.len(), 2);
    assert_no_faults(browser).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_refuses_connections_can_be_tried_again() {
    let stage = Stage::without_server().await;
    let browser = stage.browser().await;
    browser.open(&shop_with_copy(&stage)).await;
    fails_then_recovers(&stage, &browser, async || stage.start_server().await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_answers_with_an_error_can_be_tried_again() {
    let stage = Stage::start().await;
    stage.mode(Mode::Broken);
    let browser = stage.browser().await;
    browser.open(&stage.usual_shop()).await;
    let begun = Instant::now();
    browser.wait_for_event("farthing-error").await;
    assert!(
        begun.elapsed() < Duration::from_secs(6),
        "a page that came and is mute is not waited for"
    );
    fails_then_recovers(&stage, &browser, async || stage.mode(Mode::Page)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_never_answers_can_be_tried_again() {
    let stage = Stage::start().await;
    stage.mode(Mode::Hang);
    let browser = stage.browser().await;
    // The page's own load waits for its frames.
    browser.open(&stage.shop_page(&stage.tag())).await;
    let begun = Instant::now();
    let add = format!(
        "document.body.insertAdjacentHTML('beforeend', '<farthing-checkout session=\"{TOKEN}\"></farthing-checkout>'); return true"
    );
    browser.script(&add).await;
    browser.until_script("the frame", "return !!document.querySelector('iframe')").await;
    assert_eq!(shown(&browser).await, json!(["Loading secure payment…", null, 0, true, "loading"]));
    browser.wait_for_event("farthing-error").await;
    let waited = begun.elapsed();
    assert!(waited > Duration::from_secs(7) && waited < Duration::from_secs(12), "{waited:?}");
    fails_then_recovers(&stage, &browser, async || stage.mode(Mode::Page)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_answers_late_is_shown_after_all() {
    let stage = Stage::start().await;
    stage.mode(Mode::Hang);
    let browser = stage.browser().await;
    browser.open(&stage.shop_page(&stage.tag())).await;
    let add = format!(
        "document.body.insertAdjacentHTML('beforeend', '<farthing-checkout session=\"{TOKEN}\"></farthing-checkout>'); return true"
    );
    browser.script(&add).await;
    browser.wait_for_event("farthing-error").await;
    assert_eq!(shown(&browser).await, failed(&stage));
    stage.release();
    browser.wait_for_event("farthing-ready").await;
    wait_for_height(&browser, 600).await;
    assert_eq!(shown(&browser).await, json!(["", null, 0, true, "loading"]));
    assert_eq!(stage.asked().len(), 1, "it was not asked again");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn failing_again_keeps_the_keyboard_at_the_button() {
    let stage = Stage::start().await;
    stage.mode(Mode::Broken);
    let browser = stage.browser().await;
    browser.open(&stage.usual_shop()).await;
    browser.wait_for_event("farthing-error").await;
    browser.press("Try again").await;
    farthing_stories::until("a second failure", async || {
        (heard(&browser).await.len() == 2).then_some(())
    })
    .await;
    let focus = "return document.activeElement.textContent";
    assert_eq!(browser.script(focus).await, "Try again");
    let region = format!("return {ELEMENT}.querySelector('[role=status]').textContent");
    assert_eq!(browser.script(&region).await, "The payment form could not be loaded.");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_that_is_not_ours_in_a_frame_that_worked_is_left_alone() {
    let stage = Stage::start().await;
    stage.page("/bank", "<!DOCTYPE html><title>Bank</title><div data-state=\"bank\">Bank</div>");
    let browser = stage.browser().await;
    stage.open_ready(&browser).await;
    in_form(&browser, &format!("location.href = '{}/bank'; return true", stage.stranger())).await;
    wait_for_bank(&browser).await;
    // As long as the loader waits for a first word, and a little longer: here time does pass.
    tokio::time::sleep(Duration::from_millis(3500)).await;
    wait_for_bank(&browser).await;
    browser.top().await;
    assert_eq!(heard(&browser).await, ["farthing-ready {}"]);
}

async fn wait_for_bank(browser: &Browser) {
    farthing_stories::until("the bank's page", async || {
        browser.enter_checkout().await;
        (browser.try_script("return document.title").await? == "Bank").then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_from_the_back_forward_cache_works_and_a_dead_frame_in_it_is_replaced() {
    let stage = Stage::start().await;
    stage.page("/elsewhere", "<!DOCTYPE html><title>Elsewhere</title>");
    let browser = stage.browser().await;
    stage.open_ready(&browser).await;
    browser.open(&(stage.shop() + "/elsewhere")).await;
    browser.client.back().await.unwrap();
    browser.wait_for_event("farthing-ready").await;
    browser.enter_checkout().await;
    browser.until_script("a port", "return !!window.raw").await;
    browser
        .script("farthing.post({type: 'change', brand: null, complete: true}); return true")
        .await;
    browser.wait_for_event("farthing-change").await;

    // The browser says "restored" and the frame answers: it stays, with what was typed.
    in_form(&browser, "typed.value = 'kept'; window.raw = null; return true").await;
    let restored =
        "dispatchEvent(new PageTransitionEvent('pageshow', {persisted: true})); return true";
    browser.script(restored).await;
    browser.enter_checkout().await;
    browser.until_script("a new port", "return !!window.raw").await;
    browser
        .script("farthing.post({type: 'change', brand: 'jcb', complete: true}); return true")
        .await;
    browser.top().await;
    browser.until_script("its word", "return events.some(e => e.detail.brand === 'jcb')").await;
    tokio::time::sleep(Duration::from_millis(3500)).await;
    assert_eq!(in_form(&browser, "return typed.value").await, "kept");
    let ready = "return events.filter(e => e.type === 'farthing-ready').length";
    assert_eq!(
        browser.script(ready).await,
        json!(1),
        "the form said it again, the shop heard it once"
    );

    // It does not answer: there is a new one.
    in_form(&browser, "location.href = 'about:blank'; return true").await;
    browser.until_script("the dead frame", "return true").await;
    browser.script("document.querySelector('iframe').dead = true; return true").await;
    browser.script(restored).await;
    browser
        .until_script(
            "another frame",
            "return !!document.querySelector('iframe') && !document.querySelector('iframe').dead",
        )
        .await;
    wait_for_height(&browser, 600).await;
    assert_no_faults(&browser).await;
}
