//! Sheets that end without a payment: by the shopper, or by the gateway's no. The next one pays.

use farthing_stories::World;
use farthing_stories::purse::{GOOD, POOR, Place, Purse, Wallet};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sheet_that_is_cancelled_leaves_no_word_and_no_payment_and_the_next_one_pays() {
    let world = World::builder().wallets().start().await;
    world.decide_at_once().await;
    let browser = world.live_browser().await;
    for place in Place::BOTH {
        for wallet in Wallet::BOTH {
            let purse = Purse::open(&world, &browser, place).await;
            purse.open_sheet(wallet).await;
            purse.cancel().await;
            // Windows can be closed too.
            purse.open_sheet(wallet).await;
            browser.client.close_window().await.unwrap();
            purse.look().await;
            purse.is_untouched().await;
            assert_eq!(purse.payments().await.len(), 0, "{wallet} {place:?}");
            if place.site().is_some() {
                let events = browser.events().await;
                assert!(events.iter().all(|event| event.kind != "farthing-error"), "{events:?}");
            }
            // Browsers tell nobody of a closed window: the vendor's script looks for it again and again.
            farthing_stories::until("another sheet", async || {
                purse.tap(wallet).await;
                (!purse.sheets().await.is_empty()).then_some(())
            })
            .await;
            purse.sheet().await;
            purse.until_view("choosing").await;
            purse.pay_until(GOOD, "done").await;
            purse.is_paid(wallet).await;
        }
    }
    assert_eq!(world.sandbox.charges().await, 4);
    drop(browser);
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_card_that_the_gateway_refuses_is_told_in_the_form_and_another_one_pays() {
    let world = World::builder().wallets().start().await;
    world.decide_at_once().await;
    let browser = world.live_browser().await;
    for place in Place::BOTH {
        for wallet in Wallet::BOTH {
            let purse = Purse::open(&world, &browser, place).await;
            purse.pay_with(wallet, POOR, true).await;
            purse.until_noticed("The payment was declined. You have not been charged.").await;
            browser.wait_for_state("ready").await;
            assert_eq!(browser.focus().await, "farthing-declined", "the notice is read first");
            if place.site().is_some() {
                purse.wait_for_error("declined").await;
            }
            purse.pay_with(wallet, GOOD, false).await;
            purse.is_paid(wallet).await;
            let statuses = purse.payments().await;
            let statuses: Vec<_> = statuses.iter().map(|one| one["status"].as_str()).collect();
            assert_eq!(statuses, [Some("paid"), Some("failed")], "{wallet} {place:?}");
        }
    }
    assert_eq!(world.sandbox.charges().await, 4);
    drop(browser);
    world.finish().await;
}
