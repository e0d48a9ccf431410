//! The demo as someone meets it who tries it out: a shop, a book, a payment inside the shop's page, and the log beside it.

use std::path::Path;

use farthing_stories::axe::Axe;
use farthing_stories::browser::Browser;
use farthing_stories::live::NUMBER;
use farthing_stories::pose::Pose;
use farthing_stories::process::{Plan, Process};
use farthing_stories::{Card, until};
use url::Url;

/// The demo's last announcement is the shop's.
fn shop_line(line: &str) -> Option<Url> {
    line.strip_prefix("shop listening on ")?.trim().parse().ok()
}

fn demo(dir: &Path) -> Process {
    let data = dir.join("data").display().to_string();
    let plan = Plan {
        name: "demo",
        program: None,
        args: ["demo", "--port", "0", "--data", &data].map(str::to_owned).to_vec(),
        env: Vec::new(),
        dir,
        announced: shop_line,
    };
    Process::start(&plan).unwrap_or_else(|error| panic!("{error}"))
}

/// The log's lines on the page, newest first: source and words.
async fn log(browser: &Browser) -> Vec<String> {
    let script = "return [...document.querySelectorAll('.log li')].map(line => line.dataset.source + ': ' + line.querySelector('strong').textContent + ' ' + line.querySelector('.detail').textContent)";
    let lines = browser.script(script).await;
    lines
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|line| line.as_str().map(str::to_owned))
        .collect()
}

async fn wait_for_line(browser: &Browser, source: &str, words: &str) {
    until(&format!("a line of {source} with {words}"), async || {
        log(browser)
            .await
            .iter()
            .any(|line| line.starts_with(&format!("{source}: ")) && line.contains(words))
            .then_some(())
    })
    .await;
}

async fn order_state(browser: &Browser) -> String {
    let state = browser.find("[data-order-state]").await.attr("data-order-state").await.unwrap();
    state.unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_book_is_paid_inside_the_shops_page_and_the_log_tells_of_it_as_it_happens() {
    let dir = tempfile::tempdir().unwrap();
    let mut demo = demo(dir.path());
    let browser = Browser::with_scripts(dir.path()).await;
    browser.watch_policy().await;
    browser.open(demo.url.as_str()).await;
    browser.find("h3 a[href='/book/small-coins']").await.click().await.unwrap();
    browser.find(".buy button:not([name])").await.click().await.unwrap();
    browser.find("farthing-checkout").await;
    let address = browser.url().await;
    assert!(address.path().starts_with("/order/FB-"), "{address}");
    assert_eq!(order_state(&browser).await, "unpaid");

    browser.enter_checkout().await;
    browser.until_live().await;
    assert!(!browser.source().await.contains("Ada"), "the frame shows what the shop said of Ada");
    browser.type_card(&Card::frictionless()).await;
    browser.submit_card().await;

    // The shop says so itself, on the page where it was, after asking its own server.
    browser.top().await;
    until("the shop's own thanks", async || {
        browser.text().await.contains("Your order number is FB-").then_some(())
    })
    .await;
    assert_eq!(browser.url().await, address, "the page went somewhere by itself");
    assert_eq!(order_state(&browser).await, "paid");
    assert!(!browser.has_checkout().await, "there is still something to press");
    wait_for_line(&browser, "page", "farthing-ready").await;
    wait_for_line(&browser, "page", "farthing-change").await;
    wait_for_line(&browser, "page", "farthing-complete status paid, paymentId pay_").await;
    wait_for_line(&browser, "shop", "confirmed: paid").await;
    wait_for_line(&browser, "webhook", "payment.paid signature verified, evt_").await;
    wait_for_line(&browser, "event", "payment.paid").await;
    wait_for_line(&browser, "order", "paid session complete").await;
    assert!(log(&browser).await.iter().all(|line| !line.contains("4012000000003010")));

    // A strict policy had nothing to stop, by the browser's count and by the shop's.
    assert_eq!(browser.violations().await, Vec::<String>::new());
    assert_eq!(browser.find("[data-reports]").await.text().await.unwrap(), "0");

    // The page that is loaded anew says the same, and the shop closes although a log is being followed.
    browser.open(address.as_str()).await;
    assert!(browser.text().await.contains("Thank you"));
    browser
        .until_script(
            "the log to be followed",
            "return document.body.textContent.includes('Live.')",
        )
        .await;
    assert_eq!(demo.terminate().await.code(), Some(0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_guest_is_asked_for_everything_and_other_colours_lose_nothing_that_was_typed() {
    let dir = tempfile::tempdir().unwrap();
    let demo = demo(dir.path());
    let browser = Browser::with_scripts(dir.path()).await;
    browser.watch_policy().await;
    browser.open(&format!("{}book/ledgers", demo.url)).await;
    browser.find(".buy button[name=guest]").await.click().await.unwrap();
    browser.enter_checkout().await;
    browser.until_live().await;
    browser.fill("[autocomplete~=email]", "zephyrine.quillfeather@shopper.example").await;
    browser.keys(NUMBER, "40120000").await;
    browser.top().await;
    browser.find("[data-theme-choice=dark]").await.click().await.unwrap();
    browser
        .until_script("a dark shop", "return document.documentElement.dataset.theme === 'dark'")
        .await;
    assert!(browser.url().await.query().is_some_and(|query| query.contains("theme=dark")));
    browser.enter_checkout().await;
    browser
        .until_script("a dark form", "return document.documentElement.dataset.theme === 'dark'")
        .await;
    assert_eq!(browser.value(NUMBER).await.replace(' ', ""), "40120000");
    // The shop's accent is the form's.
    let accent = "return getComputedStyle(document.documentElement).getPropertyValue('--farthing-accent').trim()";
    assert_eq!(browser.script(accent).await, "#f0a870");
    browser.top().await;
    assert_eq!(browser.violations().await, Vec::<String>::new());

    // The other way round is one press away, and the colours stay.
    browser.press("Use the address of Ada Reader").await;
    until("a checkout that asks for no email", async || {
        browser.top().await;
        browser.find("button[value=yes]").await;
        browser.enter_checkout().await;
        (!browser.has("[autocomplete~=email]").await).then_some(())
    })
    .await;
    assert_eq!(browser.url().await.query(), Some("theme=dark"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_scripts_the_shop_leads_to_the_checkout_and_back() {
    let dir = tempfile::tempdir().unwrap();
    let demo = demo(dir.path());
    let browser = Browser::without_scripts(dir.path()).await;
    browser.open(demo.url.as_str()).await;
    browser.find("form button[aria-label*='Mint Mark']").await.click().await.unwrap();
    // A form's answer may come after the click was done.
    let order = until("the order's page", async || {
        Some(browser.url().await).filter(|url| url.path().starts_with("/order/"))
    })
    .await;
    browser.press("Pay €0.99").await;
    browser.wait_for_state("ready").await;
    browser.type_card(&Card::frictionless()).await;
    browser.submit_card().await;
    // By itself, and although a form may not be sent to another host, not even by way of ours.
    until("the way back to the shop", async || {
        (browser.url().await.as_str() == order.as_str()).then_some(())
    })
    .await;
    until("the order to be paid", async || (order_state(&browser).await == "paid").then_some(()))
        .await;
    assert!(browser.text().await.contains("Your order number is FB-"));
    wait_for_line_without_scripts(&browser).await;
}

/// The same log, as text: what came later is there when the page is loaded again.
async fn wait_for_line_without_scripts(browser: &Browser) {
    until("the webhook in the log", async || {
        browser.client.refresh().await.unwrap();
        browser.text().await.contains("signature verified").then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_page_of_the_shop_keeps_to_wcag_2_2_aa() {
    let axe = Axe::load();
    let dir = tempfile::tempdir().unwrap();
    let demo = demo(dir.path());
    let browser = Browser::with_scripts(dir.path()).await;
    let mut found = Vec::new();
    let mut look = async |page: &str| {
        for pose in
            [Pose::light(360), Pose::dark(360), Pose::light(1280), Pose::light(360).text(200)]
        {
            browser.pose(pose).await;
            for violation in axe.check(&browser).await {
                found.push(format!("{page}, {}: {violation}", pose.name()));
            }
            let sideways = browser.sideways().await;
            if sideways > 0 {
                found.push(format!("{page}, {}: scrolls {sideways} px sideways", pose.name()));
            }
        }
    };
    for page in ["", "book/counting-house", "events", "nothing"] {
        browser.open(&format!("{}{page}", demo.url)).await;
        look(page).await;
    }
    browser.open(&format!("{}book/halfpenny-kitchen", demo.url)).await;
    browser.find(".buy button:not([name])").await.click().await.unwrap();
    browser.enter_checkout().await;
    browser.until_live().await;
    browser.top().await;
    look("the checkout").await;
    for (card, words) in
        [(Card::declined(), "did not go through"), (Card::frictionless(), "Your order number is")]
    {
        browser.enter_checkout().await;
        browser.type_card(&card).await;
        browser.submit_card().await;
        browser.top().await;
        until(words, async || browser.text().await.contains(words).then_some(())).await;
        look(words).await;
    }
    browser.open(&format!("{}events", demo.url)).await;
    look("events with lines").await;
    assert!(found.is_empty(), "{} findings:\n  {}", found.len(), found.join("\n  "));
}
