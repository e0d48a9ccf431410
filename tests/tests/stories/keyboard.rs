//! The whole checkout by keyboard alone, in a shop's page: no click, no focus set by a script, only keys.

use fantoccini::actions::{InputSource as _, KeyAction, KeyActions};
use fantoccini::key::Key;
use farthing_stories::browser::Browser;
use farthing_stories::{Card, Site, World, until};
use serde_json::json;

/// More stops than any page of ours has.
const MOST_STOPS: usize = 30;

/// Presses keys wherever the focus is, as a keyboard does.
async fn press(browser: &Browser, keys: &str) {
    let mut actions = KeyActions::new("keyboard".to_owned());
    for value in keys.chars() {
        actions = actions.then(KeyAction::Down { value }).then(KeyAction::Up { value });
    }
    browser.client.perform_actions(actions).await.expect("keys");
}

async fn key(browser: &Browser, key: Key) {
    press(browser, &char::from(key).to_string()).await;
}

async fn shift_tab(browser: &Browser) {
    let (shift, tab) = (char::from(Key::Shift), char::from(Key::Tab));
    let actions = KeyActions::new("keyboard".to_owned())
        .then(KeyAction::Down { value: shift })
        .then(KeyAction::Down { value: tab })
        .then(KeyAction::Up { value: tab })
        .then(KeyAction::Up { value: shift });
    browser.client.perform_actions(actions).await.expect("keys");
}

/// Tabs until something has the focus; it has to be seen that it has.
async fn tab_to(browser: &Browser, wanted: &str) {
    let mut stops = Vec::new();
    for _ in 0..MOST_STOPS {
        let focus = browser.focus().await;
        if focus == wanted {
            assert_visible(browser).await;
            return;
        }
        stops.push(focus);
        key(browser, Key::Tab).await;
    }
    panic!("Tab never comes to {wanted}, but to {stops:?}");
}

/// The focus is shown by an outline. Source: WCAG 2.2, 2.4.7.
async fn assert_visible(browser: &Browser) {
    let script = "
        const focus = document.activeElement, style = getComputedStyle(focus), box = focus.getBoundingClientRect();
        return focus.matches(':focus-visible') && style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2
            && box.width > 0 && box.height > 0";
    assert_eq!(
        browser.script(script).await,
        true,
        "it is not seen that {} has the focus",
        browser.focus().await
    );
}

async fn type_card(browser: &Browser, card: &Card) {
    for (name, text) in
        [("card_number", &card.number), ("card_expiry", &card.expiry), ("card_code", &card.code)]
    {
        tab_to(browser, name).await;
        press(browser, text).await;
    }
}

/// Whether the focus is inside of what the selector finds.
async fn until_focus_in(browser: &Browser, css: &str) {
    let script = format!(
        "const box = document.querySelector('{css}'); return !!box && box.contains(document.activeElement)"
    );
    browser.until_script(&format!("the focus in {css}"), &script).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn from_the_shops_page_to_paid_past_an_error_and_a_decline() {
    let world = World::start().await;
    world.decide_at_once().await;
    let browser = world.live_browser().await;
    for site in Site::BOTH {
        let session = world.session_with(json!({"customer": null})).await;
        browser.open(&world.shop_page(&session, site)).await;
        browser.enter_checkout().await;
        browser.until_live().await;

        // The first stop of the form, counted from the start of the shop's page.
        tab_to(&browser, "card_number").await;

        // Enter submits; the summary takes the focus, and each of its lines leads to its field.
        key(&browser, Key::Enter).await;
        until_focus_in(&browser, ".notice:not([hidden])").await;
        key(&browser, Key::Tab).await;
        let target = browser.script("return document.activeElement.getAttribute('href')").await;
        assert_eq!(target, "#farthing-card_number");
        key(&browser, Key::Enter).await;
        until("the number's field", async || {
            (browser.focus().await == "card_number").then_some(())
        })
        .await;

        let bad = world.bad_card();
        type_card(&browser, &bad).await;
        for (name, text) in [
            ("card_holder", bad.holder.as_str()),
            ("first_name", "Zephyrine"),
            ("last_name", "Quillfeather"),
            ("email", "zephyrine.quillfeather@shopper.example"),
            ("phone", "+442079460612"),
            ("address", "77 Larkspur Row"),
            ("zip", "SW1A 2AA"),
            ("city", "London"),
        ] {
            tab_to(&browser, name).await;
            press(&browser, text).await;
        }
        // A list is chosen from with arrows.
        tab_to(&browser, "country").await;
        key(&browser, Key::Down).await;
        let chosen = browser.value("[name=country]").await;
        assert_eq!(chosen.len(), 2, "an arrow chooses no country: {chosen}");
        tab_to(&browser, "BUTTON").await;
        press(&browser, " ").await;
        until("the decline", async || {
            let payments = world.api.payments_of(&session.order_id).await;
            (payments.len() == 1 && payments[0]["status"] == "failed").then_some(())
        })
        .await;
        browser.wait_for_state("ready").await;
        // The news has the focus, and the form follows it.
        until_focus_in(&browser, ".notice:not([hidden])").await;

        let good = world.good_card();
        type_card(&browser, &good).await;
        tab_to(&browser, "card_holder").await;
        press(&browser, &good.holder).await;
        // Back to the number: nothing holds the focus.
        for _ in 0..3 {
            shift_tab(&browser).await;
        }
        assert_eq!(browser.focus().await, "card_number");
        key(&browser, Key::Enter).await;
        browser.wait_for_state("paid").await;
        until_focus_in(&browser, "main").await;
        assert_eq!(browser.script("return document.activeElement.tagName").await, "H1");
        let payments = world.api.payments_of(&session.order_id).await;
        assert_eq!(payments.len(), 2, "{payments:?}");
    }
    assert_eq!(world.sandbox.charges().await, 2);
    let console = browser.console().await;
    let thrown = console.iter().filter(|line| line.contains("Uncaught")).collect::<Vec<_>>();
    assert!(thrown.is_empty(), "{thrown:?}");
    drop(browser);
    world.finish().await;
}
