//! 3-D Secure after the sheet: a card on file with Google asks the bank when the sheet is closed already.

use farthing_stories::purse::{ON_FILE, Place, Purse, Wallet};
use farthing_stories::{Site, World, until};
use serde_json::json;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_card_on_file_asks_the_bank_in_front_of_the_checkout() {
    let world = World::builder().wallets().start().await;
    world.sandbox.faults(json!({"next_step": "creq"})).await;
    let browser = world.live_browser().await;
    for place in Place::BOTH {
        let purse = Purse::open(&world, &browser, place).await;
        purse.pay_with(Wallet::Google, ON_FILE, false).await;
        browser.wait_for_state("challenge").await;
        assert!(!purse.shows_buttons().await, "another sheet beside the bank's page");
        browser.enter_bank().await;
        browser.press("Approve").await;
        browser.leave_bank(place.site()).await;
        let payment = purse.is_paid(Wallet::Google).await;
        browser.until_bank_is_gone().await;
        world.webhooks.wait_for("payment.paid", payment["id"].as_str().unwrap()).await;
    }
    assert_eq!(world.sandbox.charges().await, 2);
    drop(browser);
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_card_on_file_asks_the_bank_in_the_top_window_and_the_shopper_comes_back() {
    let world = World::builder().wallets().start().await;
    let browser = world.live_browser().await;
    for place in Place::BOTH {
        let thanks = world.shop.thanks(Site::Same);
        let purse = Purse::open_with(&world, &browser, place, json!({"success_url": thanks})).await;
        purse.open_sheet(Wallet::Google).await;
        purse.pay(ON_FILE).await;
        purse.until_ended("done").await;
        browser.button("Approve").await;
        assert_eq!(browser.url().await.port(), world.sandbox.url.port());
        browser.press("Approve").await;
        until("the shop's page", async || (browser.url().await.as_str() == thanks).then_some(()))
            .await;
        let payments = purse.payments().await;
        assert_eq!(payments.len(), 1, "{payments:?}");
        world.api.wait_for_status(payments[0]["id"].as_str().unwrap(), "paid").await;
    }
    assert_eq!(world.sandbox.charges().await, 2);
    drop(browser);
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_no_of_the_bank_brings_the_buttons_back_and_the_next_sheet_pays() {
    let world = World::builder().wallets().start().await;
    world.sandbox.faults(json!({"next_step": "creq"})).await;
    let browser = world.live_browser().await;
    for (place, wallet) in Place::BOTH.into_iter().zip(Wallet::BOTH) {
        let purse = Purse::open(&world, &browser, place).await;
        purse.pay_with(Wallet::Google, ON_FILE, false).await;
        browser.enter_bank().await;
        browser.press("Decline").await;
        browser.leave_bank(place.site()).await;
        purse.until_noticed("did not go through").await;
        browser.until_bank_is_gone().await;
        purse.pay_with(wallet, farthing_stories::purse::GOOD, false).await;
        purse.is_paid(wallet).await;
    }
    assert_eq!(world.sandbox.charges().await, 2);
    drop(browser);
    world.finish().await;
}
