//! What Google's sheet can say instead of a token: what the shopper reads, and what the shop hears.

use farthing_stories::World;
use farthing_stories::purse::{GOOD, Place, Purse, Wallet};

const FAILED: &str =
    "Google Pay could not be used. You have not been charged. Try again, or pay another way.";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_error_that_may_pass_is_told_and_the_next_try_pays() {
    let world = World::builder().wallets().start().await;
    world.decide_at_once().await;
    let browser = world.live_browser().await;
    let purse = Purse::open(&world, &browser, Place::SHOP).await;
    for (number, error) in
        ["BUYER_ACCOUNT_ERROR", "INTERNAL_ERROR", "UNHEARD_OF_ERROR"].into_iter().enumerate()
    {
        purse.open_sheet(Wallet::Google).await;
        purse.ending(error).await;
        purse.until_ended("failed").await;
        purse.look().await;
        purse.until_noticed(FAILED).await;
        assert_eq!(purse.shown().await.as_deref(), Some("2"), "{error}");
        assert!(purse.has_button(Wallet::Google).await, "{error}");
        let told = purse.wait_for_error("wallet").await;
        assert_eq!(told["message"], FAILED);
        let events = browser.events().await;
        let count = events.iter().filter(|event| event.kind == "farthing-error").count();
        assert_eq!(count, number + 1, "{error}: {events:?}");
        purse.look().await;
        assert_eq!(purse.payments().await.len(), 0, "{error}");
    }
    purse.pay_with(Wallet::Google, GOOD, false).await;
    purse.is_paid(Wallet::Google).await;
    drop(browser);
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_error_of_the_merchant_or_of_ours_takes_the_button_away_and_the_other_wallet_pays() {
    let world = World::builder().wallets().start().await;
    world.decide_at_once().await;
    let browser = world.live_browser().await;
    for (place, error) in [
        (Place::SHOP, "MERCHANT_ACCOUNT_ERROR"),
        (Place::SHOP, "DEVELOPER_ERROR"),
        (Place::Page, "DEVELOPER_ERROR"),
    ] {
        let purse = Purse::open(&world, &browser, place).await;
        purse.open_sheet(Wallet::Google).await;
        purse.ending(error).await;
        purse.until_ended("failed").await;
        purse.until_shown("1").await;
        assert!(!purse.has_button(Wallet::Google).await, "{error}");
        purse.until_noticed(FAILED).await;
        assert_eq!(browser.state().await.as_deref(), Some("ready"), "{error}");
        if place.site().is_some() {
            let told = purse.wait_for_error("wallet").await;
            assert_eq!(told["message"], FAILED);
        }
        purse.pay_with(Wallet::Apple, GOOD, false).await;
        purse.is_paid(Wallet::Apple).await;
    }
    assert_eq!(world.sandbox.charges().await, 3);
    drop(browser);
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_error_that_google_draws_itself_is_like_a_cancel() {
    let world = World::builder().wallets().start().await;
    world.decide_at_once().await;
    let browser = world.live_browser().await;
    let purse = Purse::open(&world, &browser, Place::SHOP).await;
    purse.open_sheet(Wallet::Google).await;
    purse.ending("OR_BIBED_06").await;
    purse.until_view("stuck").await;
    purse.cancel().await;
    purse.pay_with(Wallet::Google, GOOD, false).await;
    purse.is_paid(Wallet::Google).await;
    let events = browser.events().await;
    assert!(events.iter().all(|event| event.kind != "farthing-error"), "{events:?}");
    drop(browser);
    world.finish().await;
}
