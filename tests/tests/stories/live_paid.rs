//! Paid: in a frame on the same and on another site, as a full page, with and without the bank.

use farthing_stories::live::{CODE, EXPIRY, NUMBER, PAY};
use farthing_stories::{Look, Site, World, until};
use serde_json::{Value, json};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_card_is_paid_in_the_frame_and_the_shop_hears_of_it_once() {
    let world = World::builder().proxied().start().await;
    world.decide_at_once().await;
    let browser = world.live_browser().await;
    for site in Site::BOTH {
        let session = world.session().await;
        let card = world.good_card();
        browser.open_shop(&world.shop_page(&session, site)).await;
        browser.wait_for_state("ready").await;
        assert_eq!(browser.value(NUMBER).await, "", "nothing was typed yet");
        let button = browser.find(PAY).await.text().await.unwrap();
        assert!(button.contains("12.95"), "the button names the amount: {button}");
        browser.type_card(&card).await;
        assert_eq!(browser.value(NUMBER).await, "4012 0000 0000 3010");
        browser.find("form[data-brand=visa]").await;
        browser.submit_card().await;
        browser.wait_for_state("paid").await;
        let text = browser.text().await;
        assert!(text.contains("Payment accepted"), "{text}");
        browser.until_card_is_gone().await;

        let complete = browser.wait_for_event("farthing-complete").await;
        let payment = world.api.only_payment(&session.order_id).await;
        assert_eq!(complete.detail, json!({"status": "paid", "paymentId": payment["id"]}));
        assert_eq!(payment["status"], "paid");
        let events = browser.events().await;
        let count = |kind: &str| events.iter().filter(|event| event.kind == kind).count();
        assert_eq!(events[0].kind, "farthing-ready", "{events:?}");
        assert_eq!((count("farthing-ready"), count("farthing-complete")), (1, 1), "{events:?}");
        assert_eq!(count("farthing-error"), 0, "{events:?}");
        let changes = events.iter().filter(|event| event.kind == "farthing-change");
        let changes = changes.map(|event| event.detail.clone()).collect::<Vec<_>>();
        assert!(
            changes.iter().any(|detail| detail["brand"] == "visa" && detail["complete"] == true),
            "{changes:?}"
        );
        // What the shop hears holds no digit of the card.
        let heard = changes.iter().map(Value::to_string).collect::<String>();
        assert!(!heard.chars().any(|c| c.is_ascii_digit()), "{heard}");
        let windows = browser.script("return window.heard").await;
        assert_eq!(windows, json!([]), "the frame speaks over its port alone");
        // The shop's page stays where it is.
        assert_eq!(browser.url().await.path(), "/pay");
        world.webhooks.wait_for("payment.paid", payment["id"].as_str().unwrap()).await;

        let sent = world.wire().last_request_json();
        let told = |name: &str| sent[format!("browser_{name}")].to_string().replace('"', "");
        assert_eq!(told("js_enabled"), "true");
        for name in ["color_depth", "screen_height", "screen_width"] {
            let number: u32 = told(name).parse().unwrap_or_else(|_| panic!("{name}: {sent:?}"));
            assert!(number > 0, "{name}");
        }
        assert!(told("time_zone").parse::<i32>().is_ok(), "{}", told("time_zone"));
        for name in ["language", "user_agent", "accept_header", "java_enabled"] {
            assert!(!matches!(&*told(name), "" | "null"), "{name} is missing");
        }
        assert!(told("user_agent").contains("Chrome"), "{}", told("user_agent"));
    }
    assert_eq!(world.sandbox.charges().await, 2);
    drop(browser);
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_full_page_pays_and_goes_where_the_merchant_said() {
    let world = World::start().await;
    world.decide_at_once().await;
    let thanks = world.shop.thanks(Site::Cross);
    let browser = world.live_browser().await;
    let session = world.session_with(json!({"success_url": thanks})).await;
    browser.open(&session.url).await;
    browser.until_live().await;
    browser.type_card(&world.good_card()).await;
    browser.submit_card().await;
    until("the shop's page", async || (browser.url().await.as_str() == thanks).then_some(())).await;
    // Without such an address the page shows the result.
    let session = world.session().await;
    browser.open(&session.url).await;
    browser.until_live().await;
    browser.type_card(&world.good_card()).await;
    browser.submit_card().await;
    browser.wait_for_state("paid").await;
    assert!(browser.text().await.contains("Payment accepted"));
    assert_eq!(world.sandbox.charges().await, 2);
    drop(browser);
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_bank_opens_in_the_top_window_and_the_shopper_comes_back_to_the_shop() {
    let world = World::start().await;
    let browser = world.live_browser().await;
    for site in Site::BOTH {
        let thanks = world.shop.thanks(site);
        let session = world.session_with(json!({"success_url": thanks})).await;
        browser.open_shop(&world.shop_page(&session, site)).await;
        browser.type_card(&world.challenge_card()).await;
        browser.submit_card().await;
        browser.top().await;
        browser.button("Approve").await;
        assert_eq!(
            browser.url().await.port(),
            world.sandbox.url.port(),
            "the bank stands in the top window"
        );
        let payment = world.api.only_payment(&session.order_id).await;
        assert_eq!(payment["status"], "requires_action");
        browser.press("Approve").await;
        until("the shop's page", async || (browser.url().await.as_str() == thanks).then_some(()))
            .await;
        world.api.wait_for_status(payment["id"].as_str().unwrap(), "paid").await;
        // The page with the checkout shows the same, and cannot pay again.
        browser.open(&world.shop_page(&session, site)).await;
        browser.enter_checkout().await;
        browser.wait_for_state("paid").await;
        browser.until_card_is_gone().await;
    }
    assert_eq!(world.sandbox.charges().await, 2);
    drop(browser);
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_card_without_a_challenge_passes_the_gateways_page_and_comes_back() {
    let world = World::start().await;
    let browser = world.live_browser().await;
    let session = world.session().await;
    browser.open_shop(&world.shop_page(&session, Site::Cross)).await;
    browser.type_card(&world.good_card()).await;
    browser.submit_card().await;
    // Through the gateway's page and back to ours, all in the top window.
    until("our page in the top window", async || {
        browser.top().await;
        (browser.url().await.port() == world.public_url().port()).then_some(())
    })
    .await;
    browser.wait_for_state("paid").await;
    assert_eq!(world.sandbox.charges().await, 1);
    drop(browser);
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_script_tag_with_a_session_mounts_where_it_stands() {
    let world = World::start().await;
    world.decide_at_once().await;
    let browser = world.live_browser().await;
    let session = world.session().await;
    let look = Look::script(world.public_url(), session.token());
    browser.open_shop(&world.shop.page(Site::Cross, &look)).await;
    browser.type_card(&world.good_card()).await;
    browser.submit_card().await;
    browser.wait_for_state("paid").await;
    let complete = browser.wait_for_event("farthing-complete").await;
    assert_eq!(complete.detail["status"], "paid");
    drop(browser);
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_whole_checkout_works_by_keyboard_alone() {
    use fantoccini::key::Key;
    let world = World::start().await;
    world.decide_at_once().await;
    let browser = world.live_browser().await;
    let session = world.session().await;
    let card = world.good_card();
    browser.open(&session.url).await;
    browser.until_live().await;
    let mut passed = Vec::new();
    for (name, text) in [
        ("card_number", &card.number),
        ("card_expiry", &card.expiry),
        ("card_code", &card.code),
        ("card_holder", &card.holder),
    ] {
        for _ in 0..10 {
            if browser.focus().await == name {
                break;
            }
            browser.key(Key::Tab).await;
            passed.push(browser.focus().await);
        }
        assert_eq!(browser.focus().await, name, "Tab led over {passed:?}");
        let focus = browser.client.active_element().await.unwrap();
        focus.send_keys(text).await.unwrap();
    }
    for css in [NUMBER, EXPIRY, CODE] {
        assert_ne!(browser.value(css).await, "");
    }
    browser.key(Key::Tab).await;
    let on_button = "return document.activeElement.matches('button[type=submit]')";
    assert_eq!(browser.script(on_button).await, true, "{}", browser.focus().await);
    browser.key(Key::Enter).await;
    browser.wait_for_state("paid").await;
    assert_eq!(world.sandbox.charges().await, 1);
    drop(browser);
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn in_hosted_mode_the_frame_leads_the_top_window_to_the_gateways_form() {
    let world = World::builder().hosted().start().await;
    let browser = world.live_browser().await;
    for site in Site::BOTH {
        let session = world.session().await;
        browser.open_shop(&world.shop_page(&session, site)).await;
        assert!(!browser.has(NUMBER).await, "card fields in hosted mode");
        browser.submit_card().await;
        until("the gateway's form in the top window", async || {
            browser.top().await;
            (browser.url().await.port() == world.sandbox.url.port()).then_some(())
        })
        .await;
        assert_eq!(world.api.payments_of(&session.order_id).await.len(), 1);
    }
    drop(browser);
    world.finish().await;
}
