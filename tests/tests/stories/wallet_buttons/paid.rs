//! Paid by wallet, where the checkout is a page of its own and where it stands in a shop.

use farthing_stories::World;
use farthing_stories::purse::{GOOD, Place, Purse, Wallet};
use serde_json::json;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_wallet_pays_on_the_full_page_and_in_the_shop() {
    let world = World::builder().wallets().start().await;
    world.decide_at_once().await;
    let browser = world.live_browser().await;
    for place in Place::ALL {
        for wallet in Wallet::BOTH {
            let purse = Purse::open(&world, &browser, place).await;
            purse.until_shown("2").await;
            purse.pay_with(wallet, GOOD, false).await;
            let payment = purse.is_paid(wallet).await;
            assert!(browser.text().await.contains("Payment accepted"));
            assert_eq!(purse.sent().await.len(), 1, "{wallet} {place:?}");
            assert!(!purse.shows_buttons().await, "the buttons stay after the payment");
            let order = world.sandbox.order(payment["gateway_order_id"].as_str().unwrap()).await;
            let order = order.expect("an order at the gateway");
            assert_eq!(order["method"], wallet.name());
            assert_eq!(order["charges"][0]["amount"], 1295);
            world.webhooks.wait_for("payment.paid", payment["id"].as_str().unwrap()).await;
            if place.site().is_some() {
                let complete = browser.wait_for_event("farthing-complete").await;
                assert_eq!(complete.detail, json!({"status": "paid", "paymentId": payment["id"]}));
                let events = browser.events().await;
                assert!(events.iter().all(|event| event.kind != "farthing-error"), "{events:?}");
            }
        }
    }
    assert_eq!(world.sandbox.charges().await, 6);
    drop(browser);
    world.finish().await;
}
