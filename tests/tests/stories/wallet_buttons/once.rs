//! One payment, however many taps, sheets and forms there are; and none for a checkout that has gone.

use farthing_stories::front::Act;
use farthing_stories::purse::{GOOD, Place, Purse, Wallet};
use farthing_stories::{Site, World};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_double_tap_opens_one_sheet_and_so_do_taps_on_both_wallets() {
    use Wallet::{Apple, Google};
    let world = World::builder().wallets().start().await;
    world.decide_at_once().await;
    let browser = world.live_browser().await;
    for (place, taps) in [
        (Place::Page, [Apple, Apple]),
        (Place::SHOP, [Google, Google]),
        (Place::SHOP, [Apple, Google]),
        (Place::Page, [Google, Apple]),
    ] {
        let purse = Purse::open(&world, &browser, place).await;
        purse.tap_fast(&taps).await;
        purse.sheet().await;
        purse.until_view("choosing").await;
        assert_eq!(purse.sheets().await.len(), 1, "{taps:?}");
        purse.pay_until(GOOD, "done").await;
        purse.is_paid(taps[0]).await;
        assert_eq!(purse.sheets().await.len(), 0, "{taps:?}");
        assert_eq!(purse.payments().await.len(), 1, "{taps:?}");
    }
    assert_eq!(world.sandbox.charges().await, 4);
    drop(browser);
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_checkout_that_the_shop_takes_away_takes_its_sheet_with_it_and_nothing_is_charged() {
    let world = World::builder().wallets().start().await;
    world.decide_at_once().await;
    let browser = world.live_browser().await;
    for wallet in Wallet::BOTH {
        let purse = Purse::open(&world, &browser, Place::SHOP).await;
        purse.open_sheet(wallet).await;
        purse.leave_sheet().await;
        browser.script("document.querySelector('farthing-checkout').remove(); return true").await;
        purse.sheet().await;
        purse.until_view("gone").await;
        let pay = browser.find("#pay").await;
        assert_eq!(pay.prop("disabled").await.unwrap().as_deref(), Some("true"), "{wallet}");
        purse.close_sheet().await;
        assert!(!browser.has_checkout().await);
        assert_eq!(purse.payments().await.len(), 0, "{wallet}");
    }
    assert_eq!(world.sandbox.requests("initPaymentHost2Host").await, 0);
    drop(browser);
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_that_is_left_takes_its_sheet_with_it_and_can_be_paid_when_the_shopper_is_back() {
    let world = World::builder().wallets().start().await;
    world.decide_at_once().await;
    let browser = world.live_browser().await;
    for (place, wallet) in Place::BOTH.into_iter().zip(Wallet::BOTH) {
        let purse = Purse::open(&world, &browser, place).await;
        purse.open_sheet(wallet).await;
        purse.leave_sheet().await;
        browser.open(&world.shop.elsewhere(Site::Cross)).await;
        purse.sheet().await;
        purse.until_view("gone").await;
        purse.close_sheet().await;
        assert_eq!(purse.payments().await.len(), 0, "{wallet}");
        browser.client.back().await.unwrap();
        purse.look().await;
        browser.until_live().await;
        purse.until_shown("2").await;
        purse.pay_with(wallet, GOOD, false).await;
        browser.wait_for_state("paid").await;
        assert_eq!(purse.payments().await.len(), 1, "{wallet}");
    }
    assert_eq!(world.sandbox.charges().await, 2);
    drop(browser);
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_card_that_is_sent_while_a_sheet_is_open_is_the_only_payment() {
    let world = World::builder().wallets().start().await;
    world.decide_at_once().await;
    let browser = world.live_browser().await;
    for place in Place::BOTH {
        for wallet in Wallet::BOTH {
            let purse = Purse::open(&world, &browser, place).await;
            browser.type_card(&world.good_card()).await;
            purse.open_sheet(wallet).await;
            purse.look().await;
            browser.submit_card().await;
            browser.wait_for_state("paid").await;
            purse.until_dropped(wallet).await;
            browser.wait_for_state("paid").await;
            let payments = purse.payments().await;
            assert_eq!(payments.len(), 1, "{wallet} {place:?}: {payments:?}");
            assert_eq!(payments[0]["method"], "card");
            assert_eq!(purse.sent().await.len(), 1, "{wallet} {place:?}");
        }
    }
    assert_eq!(world.sandbox.charges().await, 4);
    drop(browser);
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_card_cannot_be_sent_while_a_token_is_on_its_way() {
    let world = World::builder().wallets().fronted().start().await;
    world.decide_at_once().await;
    let browser = world.live_browser().await;
    for wallet in Wallet::BOTH {
        let purse = Purse::open(&world, &browser, Place::Page).await;
        browser.type_card(&world.good_card()).await;
        world.front().on("POST /checkout/*/payments", Act::Hold);
        purse.open_sheet(wallet).await;
        purse.pay(GOOD).await;
        if wallet == Wallet::Google {
            purse.until_ended("done").await;
            purse.look().await;
        }
        purse.look().await;
        browser.wait_for_state("submitting").await;
        let before = world.front().count("POST /checkout/*/payments");
        browser.script("document.querySelector('form').requestSubmit(); return true").await;
        world.front().off("POST /checkout/*/payments");
        world.front().release();
        if wallet == Wallet::Apple {
            purse.sheet().await;
            purse.until_ended("done").await;
            purse.look().await;
        }
        purse.is_paid(wallet).await;
        assert_eq!(world.front().count("POST /checkout/*/payments"), before, "{wallet}");
        assert_eq!(purse.payments().await.len(), 1, "{wallet}");
    }
    assert_eq!(world.sandbox.charges().await, 2);
    drop(browser);
    world.finish().await;
}
