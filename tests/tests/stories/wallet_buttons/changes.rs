//! What happens to an open sheet when the session changes behind it: it ends, or costs another sum.

use farthing_stories::World;
use farthing_stories::live::PAY;
use farthing_stories::purse::{GOOD, Place, Purse, Wallet};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_that_ends_while_a_sheet_is_open_is_not_paid() {
    let world = World::builder().wallets().start().await;
    world.decide_at_once().await;
    let browser = world.live_browser().await;
    for place in Place::BOTH {
        for wallet in Wallet::BOTH {
            let purse = Purse::open(&world, &browser, place).await;
            purse.open_sheet(wallet).await;
            purse.expire().await;
            purse.look().await;
            browser.wait_for_state("expired").await;
            purse.until_dropped(wallet).await;
            browser.wait_for_state("expired").await;
            assert!(!purse.shows_buttons().await, "{wallet} {place:?}");
            assert_eq!(purse.sent().await.len(), 0, "a token left the page: {wallet} {place:?}");
            assert_eq!(purse.payments().await.len(), 0, "{wallet} {place:?}");
        }
    }
    assert_eq!(world.sandbox.requests("initPaymentHost2Host").await, 0);
    drop(browser);
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_amount_that_was_not_seen_in_the_sheet_is_never_charged() {
    let world = World::builder().wallets().start().await;
    world.decide_at_once().await;
    let browser = world.live_browser().await;
    let mut charged = 0;
    for place in Place::BOTH {
        for wallet in Wallet::BOTH {
            let purse = Purse::open(&world, &browser, place).await;
            purse.open_sheet(wallet).await;
            purse.change_amount(2095).await;
            purse.look().await;
            purse.until_total("20.95").await;
            // The sheet still shows the old one.
            purse.sheet().await;
            assert!(browser.find("#total").await.text().await.unwrap().contains("12.95"));
            purse.pay_until(GOOD, wallet.last_view(true)).await;
            purse.until_noticed("The order has changed. Check the new total, then pay.").await;
            purse.watch_sent().await;
            browser.wait_for_state("ready").await;
            assert_eq!(world.sandbox.charges().await, charged, "{wallet} {place:?}");
            assert_eq!(purse.payments().await.len(), 0, "{wallet} {place:?}");

            purse.open_sheet(wallet).await;
            assert!(browser.find("#total").await.text().await.unwrap().contains("20.95"));
            purse.pay_until(GOOD, "done").await;
            let payment = purse.is_paid(wallet).await;
            assert_eq!(payment["amount"], 2095);
            let order = world.sandbox.order(payment["gateway_order_id"].as_str().unwrap()).await;
            assert_eq!(order.unwrap()["charges"][0]["amount"], 2095);
            charged += 1;
        }
    }
    drop(browser);
    world.finish().await;
}

/// The page hears of the change with its own submit only.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_that_has_not_heard_of_the_change_charges_neither_sum() {
    let world = World::builder().wallets().fronted().start().await;
    world.decide_at_once().await;
    for part in ["/events", "/status"] {
        world.front().on(part, farthing_stories::front::Act::Refuse);
    }
    let browser = world.live_browser().await;
    for wallet in Wallet::BOTH {
        let purse = Purse::open(&world, &browser, Place::Page).await;
        purse.change_amount(2095).await;
        world.front().off("/status");
        purse.open_sheet(wallet).await;
        assert!(browser.find("#total").await.text().await.unwrap().contains("12.95"));
        purse.pay_until(GOOD, wallet.last_view(true)).await;
        purse.until_noticed("The order has changed.").await;
        purse.until_total("20.95").await;
        assert_eq!(purse.payments().await.len(), 0, "{wallet}");
        let button = browser.find(PAY).await.text().await.unwrap();
        assert!(button.contains("20.95"), "{button}");
        purse.pay_with(wallet, GOOD, false).await;
        assert_eq!(purse.is_paid(wallet).await["amount"], 2095);
        world.front().on("/status", farthing_stories::front::Act::Refuse);
    }
    assert_eq!(world.sandbox.charges().await, 2);
    drop(browser);
    world.finish().await;
}
