//! Apple's sheet stays open while the gateway decides: it can be corrected, given up, and be too late.

use farthing_stories::World;
use farthing_stories::front::Act;
use farthing_stories::purse::{GOOD, Place, Purse, Wallet};
use serde_json::json;

/// What the checkout sends a token to.
const PAYMENTS: &str = "POST /checkout/*/payments";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_merchant_session_that_apple_refuses_closes_the_sheet_with_a_word_and_the_next_one_pays()
{
    let world = World::builder().wallets().start().await;
    world.decide_at_once().await;
    let browser = world.live_browser().await;
    for (place, way) in
        Place::BOTH.into_iter().zip([json!({"http_status": {"code": 503}}), json!("malformed")])
    {
        world.sandbox.faults(json!({"apple_pay": {"session": way}})).await;
        let purse = Purse::open(&world, &browser, place).await;
        purse.tap(Wallet::Apple).await;
        purse.look().await;
        purse.until_noticed("Apple Pay could not be used. You have not been charged.").await;
        purse.until_closed().await;
        assert_eq!(purse.shown().await.as_deref(), Some("2"), "it may work next time");
        if place.site().is_some() {
            purse.wait_for_error("wallet").await;
        }
        world.sandbox.faults(json!({"apple_pay": {"session": "normal"}})).await;
        purse.pay_with(Wallet::Apple, GOOD, false).await;
        purse.is_paid(Wallet::Apple).await;
    }
    assert_eq!(world.sandbox.charges().await, 2);
    drop(browser);
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sheet_that_is_cancelled_after_its_token_has_paid_once_and_the_page_says_so() {
    let world = World::builder().wallets().start().await;
    world.decide_at_once().await;
    let browser = world.live_browser().await;
    for place in Place::BOTH {
        let purse = Purse::open(&world, &browser, place).await;
        purse.open_sheet(Wallet::Apple).await;
        purse.ending("Pay, then cancel").await;
        purse.until_ended("failed").await;
        purse.look().await;
        purse.is_paid(Wallet::Apple).await;
        assert_eq!(purse.payments().await.len(), 1, "{place:?}");
    }
    assert_eq!(world.sandbox.charges().await, 2);
    drop(browser);
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sheet_that_ends_by_itself_is_like_a_cancel() {
    let world = World::builder().wallets().start().await;
    world.decide_at_once().await;
    let browser = world.live_browser().await;
    for (place, ending) in Place::BOTH.into_iter().zip(["Time out", "Session error"]) {
        let purse = Purse::open(&world, &browser, place).await;
        purse.open_sheet(Wallet::Apple).await;
        purse.ending(ending).await;
        purse.until_ended("failed").await;
        purse.look().await;
        purse.is_untouched().await;
        assert_eq!(purse.payments().await.len(), 0, "{ending}");
        purse.pay_with(Wallet::Apple, GOOD, false).await;
        purse.is_paid(Wallet::Apple).await;
    }
    assert_eq!(world.sandbox.charges().await, 2);
    drop(browser);
    world.finish().await;
}

/// The sheet has given up, and the gateway has not: the page knows better, and nobody pays twice.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_that_is_too_late_for_the_sheet_is_shown_by_the_page() {
    let world = World::builder().wallets().fronted().start().await;
    world.decide_at_once().await;
    world.sandbox.faults(json!({"apple_pay": {"answer_ms": 1500}})).await;
    let browser = world.live_browser().await;
    for place in Place::BOTH {
        // The page learns how it ended from the answer alone.
        world.front().on("/events", Act::Refuse);
        world.front().on("/status", Act::Hold);
        world.front().on(PAYMENTS, Act::HoldReply);
        let purse = Purse::open(&world, &browser, place).await;
        purse.open_sheet(Wallet::Apple).await;
        purse.pay(GOOD).await;
        let said = purse.until_ended("failed").await;
        assert_eq!(said, "Payment not completed");
        purse.look().await;
        // Until it is known, no other sheet opens.
        assert_eq!(browser.state().await.as_deref(), Some("submitting"));
        for wallet in Wallet::BOTH {
            purse.tap(wallet).await;
            assert_eq!(purse.sheets().await.len(), 0, "a sheet while a token is on its way");
        }
        for part in [PAYMENTS, "/status", "/events"] {
            world.front().off(part);
        }
        world.front().release();
        purse.look().await;
        purse.is_paid(Wallet::Apple).await;
        assert_eq!(purse.payments().await.len(), 1, "{place:?}");
    }
    assert_eq!(world.sandbox.charges().await, 2);
    drop(browser);
    world.finish().await;
}
/// The first sheet's merchant session arrives when the second one is open already.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_merchant_session_of_a_sheet_that_was_given_up_does_not_disturb_the_next_one() {
    let world = World::builder().wallets().start().await;
    world.decide_at_once().await;
    let browser = world.live_browser().await;
    for next in Wallet::BOTH {
        world.sandbox.faults(json!({"apple_pay": {"session": {"slow": {"ms": 1500}}}})).await;
        let purse = Purse::open(&world, &browser, Place::Page).await;
        purse.tap(Wallet::Apple).await;
        purse.sheet().await;
        browser.until_script(
            "the sheet to wait",
            "return document.querySelector('#wallet').dataset.view === 'loading' && document.querySelectorAll('.card').length > 0",
        ).await;
        let asked = world.metric("farthing_apple_merchant_sessions_total", "given").await;
        purse.cancel().await;
        purse.tap(next).await;
        purse.sheet().await;
        // All that was asked for has come.
        let wanted = asked + if next == Wallet::Apple { 2. } else { 1. };
        farthing_stories::until("the merchant sessions", async || {
            let given = world.metric("farthing_apple_merchant_sessions_total", "given").await;
            (given >= wanted).then_some(())
        })
        .await;
        purse.until_view("choosing").await;
        purse.pay_until(GOOD, "done").await;
        purse.is_paid(next).await;
    }
    assert_eq!(world.sandbox.charges().await, 2);
    drop(browser);
    world.finish().await;
}
