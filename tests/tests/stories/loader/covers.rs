//! While a bank's page is shown the frame covers the shop's page, which is as it was afterwards.

use farthing_stories::browser::Browser;
use serde_json::json;

use super::stage::{Stage, assert_no_faults, in_form, wait_for_height};

/// A shop whose form stands deep in what cuts and moves it, beside things of which one cannot be reached anyway.
const DEEP: &str = "<header><a href=\"#\">Home</a></header><aside inert><a href=\"#\">Sleeping</a></aside>
    <main style=\"transform: translateX(40px); overflow: hidden; contain: paint; width: 500px; height: 700px\">
    <p>Your order</p><div style=\"position: relative; z-index: 0\">FORM</div></main><footer><a href=\"#\">Terms</a></footer>";

const COVERED: &str = "const box = document.querySelector('iframe').getBoundingClientRect();
    return box.x === 0 && box.y === 0 && box.width === innerWidth && box.height === innerHeight";
const INERT: &str =
    "return [...document.querySelectorAll('[inert]')].map(node => node.localName).sort().join(' ')";

async fn shop(stage: &Stage, browser: &Browser) {
    let form =
        format!("<farthing-checkout session=\"{}\"></farthing-checkout>", super::stage::TOKEN);
    let body = format!("{}{}", stage.tag(), DEEP.replace("FORM", &form));
    browser.open(&stage.shop_page(&body)).await;
    browser.wait_for_event("farthing-ready").await;
    wait_for_height(browser, 600).await;
}

async fn ask(browser: &Browser, open: bool) {
    in_form(
        browser,
        &format!("window.here = true; farthing.post({{type: 'modal', open: {open}}}); return true"),
    )
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_frame_covers_everything_and_gives_everything_back() {
    let stage = Stage::start().await;
    let browser = stage.browser().await;
    shop(&stage, &browser).await;
    let rest = "const main = document.querySelector('main'); return [main.offsetHeight, main.scrollHeight, document.body.scrollHeight]";
    let before = browser.script(rest).await;
    // Twice: what was asked for again changes nothing.
    for _ in 0..2 {
        ask(&browser, true).await;
        browser.until_script("the frame to cover the window", COVERED).await;
        let inert = browser.script(INERT).await;
        let inert = inert.as_str().unwrap();
        for part in ["aside", "footer", "header", "p"] {
            assert!(inert.split(' ').any(|node| node == part), "{part} can be reached: {inert}");
        }
        let focus =
            "return document.activeElement.localName + document.documentElement.style.overflow";
        assert_eq!(browser.script(focus).await, json!("iframehidden"));
        // Its place stays free, and the frame's own height is no matter meanwhile.
        assert_eq!(browser.script(rest).await, before);
        in_form(&browser, "content.style.height = '300px'; return true").await;
        in_form(&browser, "content.style.height = '600px'; return true").await;
        browser.until_script("the frame to cover the window", COVERED).await;
    }
    ask(&browser, false).await;
    wait_for_height(&browser, 600).await;
    assert_eq!(browser.script(INERT).await, json!("aside"), "what slept before sleeps on");
    assert_eq!(browser.script(rest).await, before);
    assert_eq!(browser.script("return document.documentElement.style.overflow").await, json!(""));
    let kept = in_form(&browser, "return window.here").await;
    assert_eq!(kept, json!(true), "the frame was loaded again");
    assert_no_faults(&browser).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_frame_that_goes_away_or_is_loaded_again_leaves_nothing_covered() {
    let stage = Stage::start().await;
    let browser = stage.browser().await;
    for end in [
        "document.querySelector('farthing-checkout').remove()",
        "document.querySelector('farthing-checkout').setAttribute('locale', 'fr')",
        "document.querySelector('iframe').src += ''",
    ] {
        shop(&stage, &browser).await;
        ask(&browser, true).await;
        browser.until_script("the frame to cover the window", COVERED).await;
        browser.script(&format!("{end}; return true")).await;
        browser
            .until_script(
                "the shop's page to be itself",
                "return document.querySelectorAll('[inert]').length === 1",
            )
            .await;
        assert_eq!(
            browser.script("return document.documentElement.style.overflow").await,
            json!(""),
            "{end}"
        );
    }
}

/// A browser without a top layer.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_top_layer_the_frame_still_covers_a_plain_page() {
    let stage = Stage::start().await;
    let browser = stage.browser().await;
    browser
        .cdp("Page.addScriptToEvaluateOnNewDocument", json!({"source": "delete HTMLElement.prototype.showPopover; delete HTMLElement.prototype.popover;"}))
        .await;
    stage.open_ready(&browser).await;
    wait_for_height(&browser, 600).await;
    ask(&browser, true).await;
    browser.until_script("the frame to cover the window", COVERED).await;
    ask(&browser, false).await;
    wait_for_height(&browser, 600).await;
    assert_no_faults(&browser).await;
}
