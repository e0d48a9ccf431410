//! Whether the instruments of the live stories measure: each of them has to be able to fail.

use farthing_stories::front::Act;
use farthing_stories::{Look, Site, World};
use serde_json::Value;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_strict_shop_reports_what_its_policy_forbids() {
    let world = World::start().await;
    let browser = world.live_browser().await;
    let look = Look::none(world.public_url(), "cst_none").strict();
    browser.open(&world.shop.page(Site::Cross, &look)).await;
    let before = world.shop.reports().len();
    browser.script("const i = new Image(); i.src = 'http://localhost:1/x.png'; return true").await;
    farthing_stories::until("a report", async || {
        (world.shop.reports().len() > before).then_some(())
    })
    .await;
    let violations = browser.script("return violations").await;
    assert!(violations.to_string().contains("img-src"), "{violations}");
    drop(browser);
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_shops_two_hosts_are_two_sites_and_violations_in_pages_are_seen() {
    let world = World::start().await;
    let session = world.session().await;
    let browser = world.live_browser().await;
    assert_eq!(world.public_url().host_str(), Some("localhost"));
    for (site, host) in [(Site::Same, "localhost"), (Site::Cross, "127.0.0.1")] {
        browser.open(&world.shop_page(&session, site)).await;
        assert_eq!(browser.script("return location.hostname").await, host);
    }
    browser.watch_policy().await;
    browser.open(&session.url).await;
    browser.wait_for_state("ready").await;
    let none = browser.violations().await;
    assert!(none.is_empty(), "{none:?}");
    browser.script("const i = new Image(); i.src = 'http://localhost:1/x.png'; return true").await;
    farthing_stories::until("a violation", async || {
        (!browser.violations().await.is_empty()).then_some(())
    })
    .await;
    let console = browser.console().await;
    assert!(console.iter().any(|line| line.contains("Content Security Policy")), "{console:?}");
    drop(browser);
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_front_holds_refuses_and_damages_what_it_is_told_to() {
    let world = World::builder().fronted().start().await;
    let front = world.front().clone();
    let http = world.http().clone();
    let get = async |path: &str| {
        let answer = http.get(front.url.join(path).unwrap()).send().await.ok()?;
        answer.text().await.ok()
    };
    let good = get("/openapi.json").await.expect("an answer");
    front.on("/openapi.json", Act::Flip);
    let bad = get("/openapi.json").await.expect("an answer");
    let differ = good.bytes().zip(bad.bytes()).filter(|(left, right)| left != right).count();
    assert_eq!((differ, bad.len()), (1, good.len()));
    front.off("/openapi.json");
    assert_eq!(get("/openapi.json").await.as_deref(), Some(good.as_str()));
    front.on("/healthz", Act::Refuse);
    assert_eq!(get("/healthz").await, None);
    front.off("/healthz");
    front.on("/healthz", Act::HoldReply);
    let held = get("/healthz");
    tokio::pin!(held);
    tokio::select! {
        answer = &mut held => panic!("not held: {answer:?}"),
        () = tokio::time::sleep(std::time::Duration::from_millis(300)) => {}
    }
    front.release();
    assert!(held.await.is_some());
    assert_eq!(front.count("GET /openapi.json"), 3);
    assert!(front.bytes("GET /openapi.json") > 3 * good.len() as u64);
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn webassembly_can_be_switched_off() {
    let world = World::start().await;
    for (flags, kind) in [(&["--js-flags=--jitless"][..], "undefined"), (&[], "object")] {
        let browser = world.live_browser_with(flags).await;
        browser.open(&world.shop.elsewhere(Site::Same)).await;
        assert_eq!(browser.script("return typeof WebAssembly").await, kind);
    }
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_listener_that_is_left_behind_is_counted() {
    let world = World::start().await;
    let browser = world.live_browser().await;
    browser.open(&world.shop.elsewhere(Site::Same)).await;
    let (documents, listeners) = browser.counters().await;
    let leak = "
        window.kept = [];
        for (let i = 0; i < 5; i++) {
            const frame = document.createElement('iframe');
            document.body.append(frame);
            kept.push(frame.contentDocument);
            addEventListener('x', () => i);
            frame.remove();
        }
        return kept.length";
    assert_eq!(browser.script(leak).await, Value::from(5));
    let after = browser.counters().await;
    assert!(after.0 >= documents + 5, "{} then {}", documents, after.0);
    assert!(after.1 >= listeners + 5, "{} then {}", listeners, after.1);
    drop(browser);
    world.finish().await;
}
