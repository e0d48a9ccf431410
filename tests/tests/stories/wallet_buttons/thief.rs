//! A vendor's script that has been taken over reads nothing of the card form, leads nobody away, and pays nothing.

use std::sync::OnceLock;

use farthing_stories::live::NUMBER;
use farthing_stories::purse::{Place, Purse, Wallet};
use farthing_stories::thief::Thief;
use farthing_stories::{World, until};
use serde_json::json;

/// What reaches into other documents, which browsers refuse with an error.
const OUT_OF_REACH: [&str; 15] = [
    "parent.document",
    "parent.eval",
    "parent.location",
    "parent.name",
    "parent.localStorage",
    "parent.fetch",
    "parent.performance",
    "top.document",
    "top.eval",
    "top.location",
    "top.name",
    "top.localStorage",
    "top.fetch",
    "top.performance",
    "frame",
];

/// A story's configuration is changed by a plain function: the address waits here.
static SCRIPT: OnceLock<String> = OnceLock::new();

/// The same for the story about the focus.
static GRABBER: OnceLock<String> = OnceLock::new();

/// Google's script is the thief's.
#[expect(clippy::needless_pass_by_value, reason = "as the builder wants it")]
fn with_thief(text: String) -> String {
    with_script(&text, SCRIPT.get().expect("the thief was started"))
}

/// Google's script is the thief's, which grabs the focus again and again.
#[expect(clippy::needless_pass_by_value, reason = "as the builder wants it")]
fn with_grabber(text: String) -> String {
    with_script(&text, GRABBER.get().expect("the thief was started"))
}

fn with_script(text: &str, script: &str) -> String {
    let lines = text.lines().map(|line| {
        if line.starts_with("script = ") {
            format!("script = \"{script}\"")
        } else {
            line.to_owned()
        }
    });
    lines.collect::<Vec<_>>().join("\n")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_vendors_script_that_was_taken_over_learns_nothing_of_the_card_and_leads_nobody_away() {
    let thief = Thief::start().await;
    SCRIPT.set(thief.script()).expect("one story");
    let world = World::builder().wallets().edit(with_thief).start().await;
    world.decide_at_once().await;
    let browser = world.live_browser().await;
    for place in Place::BOTH {
        thief.forget();
        let purse = Purse::open(&world, &browser, place).await;
        purse.until_shown("2").await;
        assert!(purse.has_button(Wallet::Google).await);
        browser.script("window.sameDocument = true; return true").await;
        let card = world.good_card();
        browser.type_card(&card).await;
        thief.until_it_tried_again().await;
        // It is tapped, too, and goes on: from then on it may open windows of its own, as Google's sheet is one.
        purse.tap(Wallet::Google).await;
        thief.until_it_tried_again().await;
        until("the thief's windows to be closed", async || {
            for window in purse.sheets().await {
                browser.show_tab(&window).await;
                browser.client.close_window().await.ok()?;
            }
            purse.sheets().await.is_empty().then_some(())
        })
        .await;
        purse.look().await;

        // Everything was tried, and what reaches out was refused.
        for tried in OUT_OF_REACH {
            let got = thief.got(tried);
            assert!(!got.is_empty(), "{tried} was not tried: {place:?}");
            for got in got {
                assert_eq!(got, "refused: SecurityError", "{tried} {place:?}");
            }
        }
        for tried in [
            "top.location =",
            "open _top",
            "link _top",
            "form _parent",
            "frameElement",
            "fetch own/checkout/x/status",
        ] {
            assert!(!thief.got(tried).is_empty(), "{tried} was not tried: {place:?}");
        }
        assert_eq!(thief.got("eval"), ["refused: EvalError"], "{place:?}");
        assert_eq!(thief.got("inline"), ["false"], "{place:?}");
        assert_eq!(thief.got("referrer"), [""], "{place:?}");
        assert_eq!(thief.got("cookie"), [""], "{place:?}");
        for path in ["/checkout/x/status", "/v1/payments", "/metrics", "/openapi.json"] {
            assert_eq!(thief.got(&format!("fetch own{path}")), ["404"], "{place:?}");
            assert_eq!(
                thief.got(&format!("fetch checkout{path}")),
                ["refused: TypeError"],
                "{place:?}"
            );
        }
        // It was told what every wallet is told, and its greetings got it no more than that.
        let terms = thief.got("isReadyToPay");
        assert!(!terms.is_empty(), "{place:?}");
        for (what, got) in thief.loot() {
            for (name, secret) in [
                ("the card's number", &card.number[..7]),
                ("the card's number", &card.number[5..12]),
                ("the card's number", &card.number[9..]),
                ("the card's number", "4012 0000"),
                ("the card's number", "0000 3010"),
                ("the expiry date", &card.expiry),
                ("the shopper's name", "Quillfeather"),
                ("the session's token", "cst_"),
                ("the session's token", &purse.session.token()[4..]),
                ("the session", purse.session.id.as_str()),
                ("the order", purse.session.order_id.as_str()),
            ] {
                assert!(!got.contains(secret), "{name} by {what}: {got}");
            }
        }
        // No key that was pressed in the form, not even one.
        for got in thief.got("event") {
            assert!(!got.contains("keydown") && !got.contains("input"), "{got}");
        }
        assert!(!thief.got("greeted").is_empty(), "{place:?}");
        for got in thief.got("greeted") {
            let got: serde_json::Value = serde_json::from_str(&got).unwrap();
            let names: Vec<&str> = got.as_object().unwrap().keys().map(String::as_str).collect();
            match got["type"].as_str().unwrap() {
                "terms" => {
                    assert_eq!(names, ["google_pay", "looks", "of", "open", "type"], "{got}");
                    let of: Vec<&String> = got["of"].as_object().unwrap().keys().collect();
                    assert_eq!(of, ["attempt", "version"]);
                }
                "result" => assert_eq!(got["ok"], false, "{got}"),
                "merchant_session" => {}
                other => panic!("told {other}: {got}"),
            }
        }

        // Nobody was led anywhere, and what was typed is still there and pays.
        assert_eq!(thief.visits(), Vec::<String>::new(), "{place:?}");
        assert_eq!(browser.script("return window.sameDocument").await, json!(true));
        assert_eq!(purse.payments().await.len(), 0, "{place:?}");
        assert_eq!(browser.value(NUMBER).await.replace(' ', ""), card.number);
        browser.submit_card().await;
        browser.wait_for_state("paid").await;
        assert_eq!(purse.payments().await.len(), 1, "{place:?}");
    }
    assert_eq!(world.sandbox.charges().await, 2);
    drop(browser);
    world.finish().await;
}

/// Browsers let a frame take the focus by itself, and with it what is typed.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_script_that_takes_the_focus_while_a_card_is_typed_loses_its_frame_and_gets_one_key_at_most()
 {
    let thief = Thief::start().await;
    GRABBER.set(format!("{}?focus", thief.script())).expect("one story");
    let world = World::builder().wallets().edit(with_grabber).start().await;
    world.decide_at_once().await;
    let browser = world.live_browser().await;
    for guarded in [true, false] {
        if !guarded {
            // Shows that the keys would be lost: the guard's event never reaches it.
            let mute = "addEventListener('blur', event => event.stopImmediatePropagation(), true)";
            browser.cdp("Page.addScriptToEvaluateOnNewDocument", json!({"source": mute})).await;
        }
        thief.forget();
        browser.open(&world.session().await.url).await;
        browser.until_live().await;
        browser.find(".wallets iframe").await;
        browser.script("document.querySelector('[name=card_number]').focus(); return true").await;
        let card = world.good_card();
        for digit in card.number.chars() {
            let key = |kind: &str| json!({"type": kind, "key": digit, "text": digit});
            browser.cdp("Input.dispatchKeyEvent", key("keyDown")).await;
            browser.cdp("Input.dispatchKeyEvent", key("keyUp")).await;
        }
        if guarded {
            until("the frame to be taken away", async || {
                (!browser.has(".wallets iframe").await).then_some(())
            })
            .await;
            assert!(thief.got("key").len() <= 1, "{:?}", thief.got("key"));
            assert!(!browser.value(NUMBER).await.is_empty(), "the focus came back");
            // The form goes on.
            browser.type_card(&card).await;
            browser.submit_card().await;
            browser.wait_for_state("paid").await;
        } else {
            until("the keys to be stolen", async || (thief.got("key").len() > 1).then_some(()))
                .await;
        }
    }
    drop(browser);
    world.finish().await;
}
