//! Mounted and taken away a hundred times, the page is as it was.

use farthing_stories::browser::Browser;
use farthing_stories::{Look, Site, World};
use serde_json::json;

/// Mounts a checkout, waits until it is ready, takes it away; as often as told. Calls back when done.
const MOUNT: &str = "
    const [session, times] = arguments, done = arguments[arguments.length - 1];
    (async () => {
        for (let i = 0; i < times; i++) {
            const element = document.createElement('farthing-checkout');
            element.setAttribute('session', session);
            const ready = new Promise((resolve, reject) => {
                element.addEventListener('farthing-ready', resolve, {once: true});
                element.addEventListener('farthing-error', event => reject(new Error(JSON.stringify(event.detail))), {once: true});
            });
            document.getElementById('place').append(element);
            await ready;
            element.remove();
        }
    })().then(() => done('done'), error => done(String(error)));";

async fn mount(browser: &Browser, session: &str, times: u32) {
    for _ in 0..times.div_ceil(10) {
        let part = vec![json!(session), json!(times.min(10))];
        let done = browser.client.execute_async(MOUNT, part).await.unwrap();
        assert_eq!(done, json!("done"));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hundred_mounts_leave_no_frame_and_no_listener() {
    let world = World::start().await;
    let browser = world.live_browser().await;
    // On the same site, frames share the page's process, and their documents and listeners are counted with it.
    for (site, times) in [(Site::Same, 100), (Site::Cross, 20)] {
        let session = world.session().await;
        let look = Look::none(world.public_url(), session.token());
        browser.open(&world.shop.page(site, &look)).await;
        browser
            .until_script("the loader", "return !!customElements.get('farthing-checkout')")
            .await;
        mount(&browser, session.token(), 5).await;
        // What the page keeps of itself for listening and counting is no leak.
        browser.script("window.events.length = 0; window.heard.length = 0; return true").await;
        let before = browser.counters().await;
        mount(&browser, session.token(), times).await;
        browser.script("window.events.length = 0; window.heard.length = 0; return true").await;
        assert_eq!(browser.script("return window.frames.length").await, json!(0));
        assert_eq!(
            browser
                .script("return document.querySelectorAll('iframe, farthing-checkout').length")
                .await,
            json!(0)
        );
        // The browser takes documents apart in its own time: what stays after that is a leak.
        let after = farthing_stories::wait::until_or_last(async || {
            let now = browser.counters().await;
            if now.0 <= before.0 + 2 && now.1 <= before.1 + 4 { Ok(now) } else { Err(now) }
        })
        .await;
        assert!(
            after.is_ok(),
            "{site:?}: documents and listeners were {before:?}, after {times} mounts {after:?}"
        );
        let targets = browser.cdp("Target.getTargets", json!({})).await;
        let frames = targets["targetInfos"].as_array().unwrap().iter();
        assert_eq!(frames.filter(|target| target["type"] == "iframe").count(), 0, "{targets}");
    }
    // The server was asked for a hundred pages, and its connections are gone: it can still be watched and stopped.
    let session = world.session().await;
    browser.open_shop(&world.shop_page(&session, Site::Cross)).await;
    browser.wait_for_state("ready").await;
    drop(browser);
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_element_that_moves_or_gets_another_session_shows_that_one() {
    let world = World::start().await;
    world.decide_at_once().await;
    let browser = world.live_browser().await;
    let (first, second) =
        (world.session().await, world.session_with(json!({"amount": 3495})).await);
    browser.open_shop(&world.shop_page(&first, Site::Cross)).await;
    assert!(browser.text().await.contains("12.95"));
    browser.top().await;
    let change = format!(
        "document.querySelector('farthing-checkout').setAttribute('session', '{}'); return true",
        second.token()
    );
    browser.script(&change).await;
    farthing_stories::until("the other session", async || {
        browser.enter_checkout().await;
        browser.text().await.contains("34.95").then_some(())
    })
    .await;
    browser.until_live().await;
    browser.type_card(&world.good_card()).await;
    browser.submit_card().await;
    browser.wait_for_state("paid").await;
    assert_eq!(world.session_status(&first).await, "open");
    assert_eq!(world.session_status(&second).await, "complete");
    drop(browser);
    world.finish().await;
}
