//! Strangers: a shop that is not registered, and windows that shout at the frame.

use farthing_stories::live::NUMBER;
use farthing_stories::shop::Shop;
use farthing_stories::{Look, Site, World, until};
use serde_json::{Value, json};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn case_44_a_strangers_frame_is_blank_and_hears_nothing() {
    let world = World::start().await;
    let stranger = Shop::start().await;
    let browser = world.live_browser().await;
    for site in Site::BOTH {
        let session = world.session().await;
        let look = Look::element(world.public_url(), session.token());
        browser.open(&stranger.page(site, &look)).await;
        // The loader gives up, and says so on the page.
        let error = browser.wait_for_event("farthing-error").await;
        assert_eq!(error.detail["code"], "load");
        let frames = "
            const host = document.querySelector('farthing-checkout');
            return [...document.querySelectorAll('iframe'), ...(host.shadowRoot || host).querySelectorAll('iframe')].length";
        let heard = browser.script("return window.heard").await;
        assert_eq!(heard, json!([]), "the stranger got messages");
        let events = browser.events().await;
        assert!(events.iter().all(|event| event.kind == "farthing-error"), "{events:?}");
        if browser.script(frames).await != json!(0) && browser.has_checkout().await {
            let _ = browser.client.enter_frame(0).await;
            for css in [NUMBER, "[data-state]", "form"] {
                assert!(!browser.has(css).await, "the stranger's frame shows {css}");
            }
            browser.top().await;
        }
        // No network, no trick: the frame by itself is blank too.
        let script = format!(
            "const frame = document.createElement('iframe'); frame.id = 'bare'; frame.src = '{}';
             frame.onload = () => window.loaded = true; document.body.append(frame); return true",
            session.url
        );
        browser.script(&script).await;
        browser.until_script("the bare frame to load", "return window.loaded === true").await;
        browser.find("#bare").await.enter_frame().await.unwrap();
        for css in [NUMBER, "[data-state]", "form"] {
            assert!(!browser.has(css).await, "the stranger's frame shows {css}");
        }
        browser.top().await;
    }
    drop(browser);
    world.finish().await;
}

/// Posts `count` messages to a window: every shape of our protocol, with and without a port, and noise. Keeps what answers.
const SHOUT: &str = "
    window.answers = window.answers || [];
    let seed = 77;
    const random = below => (seed = (seed * 1103515245 + 12345) & 0x7fffffff) % below;
    const word = () => Math.abs(random(1e9)).toString(36);
    const shapes = [
        () => ({farthing: 1}), () => ({farthing: 2}), () => ({farthing: '1'}), () => ({farthing: 1, extra: word()}),
        () => ({type: 'hello', protocol: 1}), () => ({type: 'ready'}), () => ({type: 'size', height: 1e7}),
        () => ({type: 'complete', status: 'paid', paymentId: 'pay_' + word()}),
        () => ({type: 'state', state: 'paid'}), () => ({type: 'error', code: word(), message: word()}),
        () => ({type: 'navigate', path: '/elsewhere'}), () => ({type: 'navigate', path: '//127.0.0.1:1/'}),
        () => ({type: 'change', brand: 'visa', complete: true}),
        () => ({type: 'theme', theme: 'dark', properties: {'--farthing-accent': 'red'}}),
        () => word(), () => random(1e9), () => null, () => [word(), {farthing: 1}], () => ({[word()]: {[word()]: word()}}),
        () => ({__proto__: null, farthing: 1}), () => new Date(0), () => new Map([['farthing', 1]]), () => 'x'.repeat(random(5000)),
    ];
    window.shout = (target, count) => {
        for (let i = 0; i < count; i++) {
            const message = shapes[random(shapes.length)]();
            if (random(2)) {
                const {port1, port2} = new MessageChannel();
                port1.onmessage = event => answers.push(JSON.stringify(event.data));
                target.postMessage(message, '*', [port2]);
                if (i % 50) setTimeout(() => port1.close(), 2000);
            } else target.postMessage(message, '*');
        }
    };";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn case_44_ten_thousand_messages_of_strangers_are_not_heard() {
    let world = World::start().await;
    world.decide_at_once().await;
    let stranger = Shop::start().await;
    let browser = world.live_browser().await;
    let session = world.session().await;
    browser.open_shop(&world.shop_page(&session, Site::Cross)).await;
    browser.wait_for_event("farthing-ready").await;
    browser.enter_checkout().await;
    let frame = "
        const root = document.querySelector('[data-state]');
        return JSON.stringify([location.href.split('#')[0].length, root.dataset.state,
            document.documentElement.getAttribute('style'), document.documentElement.dataset.theme])";
    let before = browser.script(frame).await;
    browser.top().await;
    let size = "const host = document.querySelector('farthing-checkout'); return host.getBoundingClientRect().height";
    let height = browser.script(size).await;
    let events = browser.events().await;
    // A stranger's frame beside ours, as an advertisement would be.
    let add = format!(
        "const frame = document.createElement('iframe'); frame.id = 'stranger'; frame.src = '{}';
         frame.onload = () => window.strangerLoaded = true; document.body.append(frame); return true",
        stranger.elsewhere(Site::Cross)
    );
    browser.script(&add).await;
    browser.until_script("the stranger", "return window.strangerLoaded === true").await;
    browser.find("#stranger").await.enter_frame().await.unwrap();
    browser.script(SHOUT).await;
    for _ in 0..10 {
        // To the shop's page and to every frame in it, ours among them.
        let shout = "
            const targets = [parent];
            for (let i = 0; i < parent.frames.length; i++) if (parent.frames[i] !== self) targets.push(parent.frames[i]);
            for (const target of targets) shout(target, 1000 / targets.length);
            return targets.length";
        let targets = browser.script(shout).await;
        assert!(targets.as_u64().unwrap() >= 2, "the stranger does not see the checkout's frame");
    }
    // The last message has passed when a later one comes back.
    browser.script("parent.postMessage({last: true}, '*'); return true").await;
    let answers = browser.script("return window.answers").await;
    browser.top().await;
    browser
        .until_script("the last message", "return heard.some(m => m.data === '{\"last\":true}')")
        .await;
    let heard = browser.script("return heard.length").await.as_u64().unwrap();
    assert!(heard >= 4000, "only {heard} messages reached the shop's page");
    assert_eq!(answers, json!([]), "a stranger's port was taken");
    assert_eq!(browser.events().await, events, "a stranger's message became an event");
    assert_eq!(browser.url().await.path(), "/pay", "a stranger's message led elsewhere");
    assert_eq!(browser.script(size).await, height, "a stranger's message changed the size");
    browser.enter_checkout().await;
    assert_eq!(browser.script(frame).await, before, "a stranger's message changed the frame");

    // And it still works.
    browser.type_card(&world.good_card()).await;
    browser.submit_card().await;
    browser.wait_for_state("paid").await;
    let complete = browser.wait_for_event("farthing-complete").await;
    assert_eq!(complete.detail["status"], "paid");
    browser.find("#stranger").await.enter_frame().await.unwrap();
    assert_eq!(browser.script("return window.answers").await, json!([]));
    drop(browser);
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn case_44_a_window_that_opened_the_full_page_is_not_heard() {
    let world = World::start().await;
    let stranger = Shop::start().await;
    let browser = world.live_browser().await;
    let session = world.session().await;
    browser.open(&stranger.elsewhere(Site::Cross)).await;
    let first = browser.client.window().await.unwrap();
    browser.script(SHOUT).await;
    let open = format!("window.opened = window.open('{}'); return opened !== null", session.url);
    assert_eq!(browser.script(&open).await, Value::Bool(true));
    let second = until("the new window", async || {
        let windows = browser.client.windows().await.ok()?;
        windows.into_iter().find(|window| *window != first)
    })
    .await;
    browser.show_tab(&second).await;
    browser.until_live().await;
    let style = "return document.documentElement.getAttribute('style')";
    let before = browser.script(style).await;
    browser.show_tab(&first).await;
    browser.script("shout(opened, 2000); return true").await;
    browser.show_tab(&second).await;
    browser.wait_for_state("ready").await;
    assert_eq!(browser.script(style).await, before);
    browser.show_tab(&first).await;
    assert_eq!(browser.script("return answers").await, json!([]), "a stranger's port was taken");
    drop(browser);
    world.finish().await;
}
