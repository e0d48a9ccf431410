//! Where wallets are offered, and where nothing of them is loaded.

use farthing_stories::World;
use farthing_stories::live::NUMBER;
use farthing_stories::purse::{GOOD, Place, Purse, Wallet};
use farthing_stories::wallets::{APPLE_SDK, GOOGLE_SCRIPT};
use serde_json::json;

/// Everything that the document looked at has asked for, and those in its frames that it can see.
const LOADED: &str = "return performance.getEntriesByType('resource').map(entry => entry.name)";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_cards_are_typed_at_the_gateway_wallets_pay_here() {
    let world = World::builder().wallets().hosted().start().await;
    world.decide_at_once().await;
    let browser = world.live_browser().await;
    for place in Place::BOTH {
        for wallet in Wallet::BOTH {
            let purse = Purse::open(&world, &browser, place).await;
            assert!(!browser.has(NUMBER).await, "card fields in hosted mode");
            purse.pay_with(wallet, GOOD, false).await;
            purse.is_paid(wallet).await;
        }
    }
    assert_eq!(world.sandbox.charges().await, 4);
    drop(browser);
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_without_wallets_asks_nothing_of_their_origin_or_of_the_vendors() {
    let world = World::builder().wallets().start().await;
    world.decide_at_once().await;
    let browser = world.live_browser().await;
    let vendors = [GOOGLE_SCRIPT, APPLE_SDK].map(|path| world.sandbox.url.join(path).unwrap());
    for (place, methods, scripts) in [
        (Place::Page, json!(["card"]), [false, false]),
        (Place::SHOP, json!(["card"]), [false, false]),
        (Place::Page, json!(["card", "google_pay"]), [true, false]),
        (Place::SHOP, json!(["card", "apple_pay"]), [false, true]),
    ] {
        let purse = Purse::open_with(&world, &browser, place, json!({"methods": methods})).await;
        let offered = scripts.contains(&true);
        assert_eq!(browser.has(".wallets").await, offered, "{methods}");
        assert_eq!(
            browser.script("return frames.length").await,
            json!(u32::from(offered)),
            "{methods}"
        );
        let own = world.public_url().origin().ascii_serialization();
        let loaded = browser.script(LOADED).await;
        let foreign = loaded
            .as_array()
            .unwrap()
            .iter()
            .filter(|name| !name.as_str().unwrap().starts_with(&own));
        assert_eq!(foreign.count(), usize::from(offered), "{methods}: {loaded}");
        // The checkout's own code for wallets is a program of its own, too.
        for (program, expected) in [("/frame_wallets-", offered), ("/frame-", !offered)] {
            assert_eq!(loaded.to_string().contains(program), expected, "{methods}: {loaded}");
        }
        if offered {
            purse.until_shown("1").await;
            purse.enter_buttons().await;
            let loaded = browser.script(LOADED).await;
            let has = |url: &url::Url| loaded.as_array().unwrap().contains(&json!(url.as_str()));
            assert_eq!(vendors.each_ref().map(has), scripts, "{methods}: {loaded}");
            purse.look().await;
        }
        browser.type_card(&world.good_card()).await;
        browser.submit_card().await;
        browser.wait_for_state("paid").await;
    }
    drop(browser);
    world.finish().await;
}
