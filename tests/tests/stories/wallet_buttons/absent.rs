//! Wallets that are not there: the other one stays, and without any the card form pays.

use farthing_stories::live::NUMBER;
use farthing_stories::purse::{GOOD, Place, Purse, Wallet};
use farthing_stories::{World, until};
use serde_json::{Value, json};

/// How a vendor can fail to be there.
fn absences(wallet: Wallet) -> Vec<Value> {
    let mut ways = vec![
        json!({"script": "missing"}),
        json!({"script": "silent"}),
        json!({"script": "broken"}),
    ];
    match wallet {
        Wallet::Apple => ways.push(json!({"can_make_payments": false})),
        Wallet::Google => ways.extend([json!({"ready": false}), json!({"ready_rejects": true})]),
    }
    ways
}

fn normal() -> Value {
    json!({
        "apple_pay": {"script": "normal", "can_make_payments": true},
        "google_pay": {"script": "normal", "ready": true, "ready_rejects": false},
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wallet_that_is_not_there_is_not_shown_and_the_other_one_pays() {
    let world = World::builder().wallets().start().await;
    world.decide_at_once().await;
    let browser = world.live_browser().await;
    for [absent, there] in [[Wallet::Apple, Wallet::Google], [Wallet::Google, Wallet::Apple]] {
        for way in absences(absent) {
            world.sandbox.faults(normal()).await;
            world.sandbox.faults(json!({absent.name(): way})).await;
            let purse = Purse::open(&world, &browser, Place::Page).await;
            purse.until_shown("1").await;
            assert!(!purse.has_button(absent).await, "{absent} {way}");
            assert!(purse.has_button(there).await, "{absent} {way}");
            purse.is_untouched().await;
            purse.pay_with(there, GOOD, false).await;
            purse.is_paid(there).await;
        }
    }
    drop(browser);
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_no_wallet_is_there_their_place_goes_and_the_card_form_pays() {
    let world = World::builder().wallets().start().await;
    world.decide_at_once().await;
    let browser = world.live_browser().await;
    for (place, way) in [(Place::Page, "missing"), (Place::SHOP, "broken"), (Place::SHOP, "silent")]
    {
        world
            .sandbox
            .faults(json!({"apple_pay": {"script": way}, "google_pay": {"script": way}}))
            .await;
        let purse = Purse::open(&world, &browser, place).await;
        purse.until_shown("0").await;
        purse.is_untouched().await;
        browser.type_card(&world.good_card()).await;
        browser.submit_card().await;
        browser.wait_for_state("paid").await;
        let payments = purse.payments().await;
        assert_eq!((payments.len(), &payments[0]["method"]), (1, &json!("card")), "{way}");
    }
    assert_eq!(world.sandbox.charges().await, 3);
    drop(browser);
    world.finish().await;
}

/// Where the card number's input is, from the top of the window.
const NUMBER_AT: &str =
    "return document.querySelector('[autocomplete~=cc-number]').getBoundingClientRect().top";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_moves_under_a_shopper_who_types_already_when_no_wallet_comes() {
    let world = World::builder().wallets().start().await;
    world.decide_at_once().await;
    let late = json!({"script": "silent"});
    world.sandbox.faults(json!({"apple_pay": late, "google_pay": late})).await;
    let browser = world.live_browser().await;
    for place in Place::BOTH {
        let purse = Purse::arrive(&world, &browser, place, json!({})).await;
        assert_eq!(purse.shown().await, None, "known before the vendors' time is over");
        let card = world.good_card();
        browser.keys(NUMBER, &card.number[..6]).await;
        let before = browser.script(NUMBER_AT).await;
        purse.enter_buttons().await;
        until("both vendors' time to be over", async || {
            (!browser.has("#apple_pay, #google_pay").await).then_some(())
        })
        .await;
        purse.look().await;
        assert_eq!(browser.script(NUMBER_AT).await, before, "{place:?}");
        browser.type_card(&card).await;
        assert_eq!(browser.script(NUMBER_AT).await, before, "{place:?}");
        browser.submit_card().await;
        browser.wait_for_state("paid").await;
    }
    assert_eq!(world.sandbox.charges().await, 2);
    drop(browser);
    world.finish().await;
}
