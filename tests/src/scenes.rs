//! Every state of the checkout that a shopper can meet, one after the other, for those who look at them: the gallery and the check of
//! accessibility.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};
use url::Url;

use crate::browser::Browser;
use crate::cards::Card;
use crate::front::Act;
use crate::live::{CODE, EXPIRY, HOLDER, NUMBER, PAY};
use crate::process::{Plan, Process};
use crate::wait::until;
use crate::world::{Session, World};
use crate::{Look, Site};

/// Pages without a script, written by the widget's own example: name and file, in the order of their names.
pub fn plain_pages(dir: &Path) -> Vec<(String, PathBuf)> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let status = Command::new(cargo)
        .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
        .args([
            "run",
            "--quiet",
            "-p",
            "farthing-widget",
            "--features",
            "ssr",
            "--example",
            "gallery",
            "--",
        ])
        .arg(dir)
        .status()
        .expect("cargo runs");
    assert!(status.success(), "the widget's example `gallery` failed");
    let mut pages: Vec<_> = std::fs::read_dir(dir)
        .expect("a directory")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "html"))
        .map(|path| (path.file_stem().expect("a name").to_string_lossy().into_owned(), path))
        .collect();
    pages.sort();
    assert!(!pages.is_empty(), "the widget's example `gallery` wrote no page");
    pages
}

/// A world whose pages can be held in every state on the way.
pub async fn world() -> World {
    let world = World::builder().fronted().call_timeout("10s").start().await;
    world.decide_at_once().await;
    world
}

async fn open(browser: &Browser, session: &Session) {
    browser.top().await;
    browser.open(&session.url).await;
    browser.until_live().await;
    browser.wait_for_state("ready").await;
}

async fn decline(world: &World, browser: &Browser, session: &Session) {
    let before = world.api.payments_of(&session.order_id).await.len();
    browser.type_card(&world.bad_card()).await;
    browser.submit_card().await;
    until("the decline", async || {
        let payments = world.api.payments_of(&session.order_id).await;
        let over = payments.iter().all(|payment| payment["status"] == "failed");
        (over && payments.len() > before && browser.state().await? != "submitting").then_some(())
    })
    .await;
}

/// Goes through the states of the live checkout on its own page. `look` is called in each, with its name; it may change how the page is
/// looked at, but not what it shows.
pub async fn live(world: &World, browser: &Browser, mut look: impl AsyncFnMut(&str)) {
    let front = world.front();
    open(browser, &world.session().await).await;
    look("live-ready").await;
    browser.keys(NUMBER, "4012 0000 00").await;
    look("live-typing").await;
    browser.keys(EXPIRY, "12/31").await;
    browser.fill(NUMBER, "3782 8224 6310 005").await;
    look("live-brand").await;
    browser.fill(NUMBER, "4035 5010 0000 0008").await;
    look("live-co-badged").await;
    browser.fill(NUMBER, "4012 0000 0000 3011").await;
    browser.fill(EXPIRY, "13/2").await;
    browser.keys(HOLDER, "Zephyrine").await;
    browser.find(&format!("{EXPIRY}[aria-invalid=true]")).await;
    look("live-error-on-blur").await;

    open(browser, &world.session().await).await;
    browser.keys(CODE, "12").await;
    browser.submit_card().await;
    browser.find("[aria-invalid=true]").await;
    look("live-error-summary").await;

    open(browser, &world.session_with(json!({"customer": null})).await).await;
    look("live-all-fields").await;
    browser.submit_card().await;
    browser.find("[aria-invalid=true]").await;
    look("live-all-errors").await;

    let session = world.session().await;
    open(browser, &session).await;
    front.on("/payments", Act::Hold);
    browser.type_card(&world.good_card()).await;
    browser.submit_card().await;
    browser.wait_for_state("submitting").await;
    look("live-submitting").await;
    world.hold_results().await;
    front.off("/payments");
    front.release();
    browser.wait_for_state("processing").await;
    look("live-processing").await;
    world.tell_results().await;
    browser.wait_for_state("paid").await;
    look("live-paid").await;

    let session = world.session().await;
    open(browser, &session).await;
    decline(world, browser, &session).await;
    browser.wait_for_state("ready").await;
    look("live-declined").await;
    for _ in 1..5 {
        browser.wait_for_state("ready").await;
        decline(world, browser, &session).await;
    }
    browser.wait_for_state("failed").await;
    look("live-failed").await;

    world.sandbox.faults(json!({"card_time_limit": true})).await;
    let session = world.session().await;
    let card = world.bad_card();
    open(browser, &session).await;
    for attempts in 1..=2 {
        browser.wait_for_state("ready").await;
        browser.type_card(&card).await;
        browser.submit_card().await;
        until("the decline", async || {
            let payments = world.api.payments_of(&session.order_id).await;
            let over = payments.iter().all(|payment| payment["status"] == "failed");
            let empty = browser.value(NUMBER).await.is_empty();
            (over && payments.len() == attempts && empty).then_some(())
        })
        .await;
    }
    look("live-countdown").await;
    world.sandbox.faults(json!({"card_time_limit": false})).await;

    let session = world.session_with(json!({"return_url": world.shop.elsewhere(Site::Same)})).await;
    open(browser, &session).await;
    let path = format!("/v1/sessions/{}/expire", session.id);
    world.api.post(&path, &json!({})).await.expect(200);
    browser.wait_for_state("expired").await;
    look("live-expired").await;

    world.sandbox.faults(json!({"next_step": "form_url", "settle": "on_visit"})).await;
    let session = world.session().await;
    // Paid elsewhere, so that this page is not led away.
    let answer = world.shopper().pay(&session.path, &world.challenge_card()).await;
    assert!(answer.location().is_some_and(|url| url.path().ends_with("/step")), "no challenge");
    browser.open(&session.url).await;
    browser.until_live().await;
    browser.wait_for_state("challenge").await;
    look("live-challenge").await;

    bank(world, browser, &mut look).await;

    // Back from the bank before the gateway knows: a page without the widget.
    let session = world.session().await;
    open(browser, &session).await;
    browser.type_card(&world.challenge_card()).await;
    browser.submit_card().await;
    browser.button("Approve").await;
    let held = json!([{"on": "check", "fault": "status_value", "value": 1}]);
    world.sandbox.faults(json!({"callbacks": {"lose": true}, "replies": held})).await;
    browser.press("Approve").await;
    browser.wait_for_state("processing").await;
    look("return-processing").await;
    world.sandbox.faults(json!({"callbacks": {"lose": false}, "replies": []})).await;
    browser.wait_for_state("paid").await;
    look("return-paid").await;
    world.decide_at_once().await;
}

/// The bank's page in front of the checkout, from the first moment to each end.
async fn bank(world: &World, browser: &Browser, look: &mut impl AsyncFnMut(&str)) {
    let acs = |behaviour: Value| json!({"next_step": "creq", "acs": {"behaviour": behaviour}});
    world.sandbox.faults(acs(json!("silent"))).await;
    let session = world.session().await;
    open(browser, &session).await;
    browser.type_card(&world.challenge_card()).await;
    browser.submit_card().await;
    browser.find("dialog iframe").await;
    look("bank-connecting").await;
    browser.find("dialog .whole").await;
    look("bank-stuck").await;
    world.sandbox.faults(acs(json!("normal"))).await;
    browser.press("Close").await;
    browser.wait_for_state("challenge").await;
    browser.press("Continue to your bank").await;
    browser.enter_bank().await;
    browser.button("Continue with your bank").await;
    browser.top().await;
    look("bank-again").await;
    browser.enter_bank().await;
    browser.press("Continue with your bank").await;
    browser.top().await;
    browser.enter_bank().await;
    browser.button("Approve").await;
    browser.top().await;
    look("bank-open").await;
    world.sandbox.faults(acs(json!({"result_late": {"ms": 600_000}}))).await;
    browser.enter_bank().await;
    browser.press("Cancel").await;
    browser.top().await;
    browser.wait_for_state("processing").await;
    look("bank-returned").await;
    world.sandbox.faults(acs(json!("normal"))).await;
    world.sandbox.advance_clock(3600).await;
    browser.wait_for_state("ready").await;
    look("bank-timed-out").await;
    browser.type_card(&world.challenge_card()).await;
    browser.submit_card().await;
    browser.enter_bank().await;
    browser.press("Cancel").await;
    browser.top().await;
    browser.wait_for_state("ready").await;
    look("bank-canceled").await;
    world.sandbox.faults(json!({"next_step": "form_url", "settle": "on_visit"})).await;
}

/// A world whose checkouts offer both wallets, at the sandbox's vendors.
pub async fn wallets_world() -> World {
    let world = World::builder().wallets().call_timeout("10s").start().await;
    world.decide_at_once().await;
    world
}

/// Goes through what the wallets' buttons look like: loading, side by side, one alone, none; in the page and in a shop's.
pub async fn wallets(world: &World, browser: &Browser, mut look: impl AsyncFnMut(&str)) {
    let shown = async |count: u32| {
        browser.find(&format!(".wallets[data-shown=\"{count}\"]")).await;
    };
    open(browser, &world.session().await).await;
    shown(2).await;
    look("wallets-both").await;

    open(browser, &world.session_with(json!({"customer": null})).await).await;
    shown(2).await;
    look("wallets-all-fields").await;

    world.sandbox.faults(json!({"google_pay": {"script": "silent"}})).await;
    open(browser, &world.session().await).await;
    look("wallets-loading").await;
    world.sandbox.faults(json!({"google_pay": {"script": "missing"}})).await;
    open(browser, &world.session().await).await;
    shown(1).await;
    look("wallets-apple-alone").await;
    world
        .sandbox
        .faults(
            json!({"google_pay": {"script": "normal"}, "apple_pay": {"can_make_payments": false}}),
        )
        .await;
    open(browser, &world.session().await).await;
    shown(1).await;
    look("wallets-google-alone").await;
    world.sandbox.faults(json!({"google_pay": {"ready": false}})).await;
    open(browser, &world.session().await).await;
    shown(0).await;
    look("wallets-none").await;
    world
        .sandbox
        .faults(json!({"google_pay": {"ready": true}, "apple_pay": {"can_make_payments": true}}))
        .await;

    let session = world.session().await;
    browser.top().await;
    let page = Look::element(world.public_url(), session.token());
    browser.open(&world.shop.page(Site::Same, &page)).await;
    browser.enter_checkout().await;
    browser.until_live().await;
    shown(2).await;
    browser.top().await;
    look("wallets-in-shop").await;
}

/// Goes through what a shop's page shows: the loader's own states, and the form in its frame. The whole page is looked at.
pub async fn embedded(world: &World, browser: &Browser, mut look: impl AsyncFnMut(&str)) {
    let front = world.front();
    let session = world.session().await;
    // One site, so that one look is enough for page and frame.
    let page = world.shop.page(Site::Same, &Look::none(world.public_url(), session.token()));
    browser.open(&page).await;
    front.on("GET /checkout/", Act::Hold);
    // Put in afterwards: the driver waits for a page with all its frames.
    browser
        .script(&format!(
            "const form = document.createElement('farthing-checkout'); form.setAttribute('session', '{}');
             document.getElementById('place').append(form); return true",
            session.token()
        ))
        .await;
    browser.find("farthing-checkout [role=status]").await;
    look("loader-loading").await;
    // The loader's patience ends after eight seconds.
    browser.find("farthing-checkout button").await;
    look("loader-failed").await;
    front.off("GET /checkout/");
    browser.press("Try again").await;
    front.release();
    browser.enter_checkout().await;
    browser.until_live().await;
    browser.keys(NUMBER, "4012 0000 00").await;
    browser.top().await;
    look("loader-form").await;
    browser.enter_checkout().await;
    browser.find(PAY).await;
    browser.fill(NUMBER, "").await;
    world.sandbox.faults(json!({"next_step": "creq"})).await;
    browser.type_card(&world.challenge_card()).await;
    browser.submit_card().await;
    browser.enter_bank().await;
    browser.button("Approve").await;
    browser.top().await;
    look("loader-bank").await;
    browser.enter_checkout().await;
    browser.enter_bank().await;
    browser.press("Cancel").await;
    browser.top().await;
    browser.enter_checkout().await;
    browser.wait_for_state("ready").await;
    browser.type_card(&world.good_card()).await;
    browser.submit_card().await;
    browser.wait_for_state("paid").await;
    browser.top().await;
    look("loader-paid").await;
}

/// Goes through the demo's shop with the payment in its page. The whole page is looked at.
pub async fn demo(dir: &Path, browser: &Browser, mut look: impl AsyncFnMut(&str)) {
    let shop = |line: &str| -> Option<Url> {
        line.strip_prefix("shop listening on ")?.trim().parse().ok()
    };
    let demo = Process::start(&Plan {
        name: "demo",
        program: None,
        args: ["demo", "--port", "0"].map(str::to_owned).to_vec(),
        env: Vec::new(),
        dir,
        announced: shop,
    })
    .unwrap_or_else(|error| panic!("{error}"));
    browser.open(demo.url.as_str()).await;
    look("demo-shop").await;
    browser.open(&format!("{}book/small-coins", demo.url)).await;
    look("demo-book").await;
    browser.find(".buy button:not([name])").await.click().await.expect("a button");
    browser.enter_checkout().await;
    browser.until_live().await;
    browser.top().await;
    look("demo-order").await;
    browser.enter_checkout().await;
    browser.type_card(&Card::declined()).await;
    browser.submit_card().await;
    browser.find("#farthing-declined:not([hidden])").await;
    browser.top().await;
    look("demo-declined").await;
    browser.enter_checkout().await;
    browser.type_card(&Card::frictionless()).await;
    browser.submit_card().await;
    browser.top().await;
    until("the shop's thanks", async || {
        browser.text().await.contains("Your order number is").then_some(())
    })
    .await;
    look("demo-paid").await;
    browser.open(&format!("{}events", demo.url)).await;
    look("demo-events").await;
}
