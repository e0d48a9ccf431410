//! One payment, however often the button is pressed and in however many tabs.

use farthing_stories::live::{CODE, PAY};
use farthing_stories::{Site, World};
use serde_json::json;

/// Two presses of Enter. Source: WebDriver, "Keyboard actions".
const ENTER_TWICE: &str = "\u{e007}\u{e007}";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_double_click_and_a_double_enter_pay_once() {
    // The gateway takes its time, so that the second submit meets the first one under way.
    let world = World::builder().call_timeout("10s").start().await;
    world.decide_at_once().await;
    world.sandbox.reply_fault("pay", None, json!({"fault": "slow", "ms": 700})).await;
    let browser = world.live_browser().await;
    let mut paid = 0;
    for site in Site::BOTH {
        for way in ["click", "enter", "script"] {
            let session = world.session().await;
            browser.open_shop(&world.shop_page(&session, site)).await;
            browser.type_card(&world.good_card()).await;
            match way {
                "click" => {
                    let button = browser.find(PAY).await;
                    button.click().await.unwrap();
                    // It may be gone, covered or disabled by now.
                    let _ = button.click().await;
                }
                "enter" => browser.keys(CODE, ENTER_TWICE).await,
                _ => {
                    let script = "
                        const form = document.querySelector('form'), button = form.querySelector('button[type=submit]');
                        for (let i = 0; i < 5; i++) { button.click(); form.requestSubmit(); }
                        return true";
                    browser.script(script).await;
                }
            }
            browser.wait_for_state("paid").await;
            paid += 1;
            assert_eq!(world.api.payments_of(&session.order_id).await.len(), 1, "{way} {site:?}");
            assert_eq!(world.sandbox.requests("initPaymentHost2Host").await, paid, "{way}");
        }
    }
    drop(browser);
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_paid_in_one_tab_is_shown_in_the_other_without_a_reload() {
    let world = World::start().await;
    world.decide_at_once().await;
    let browser = world.live_browser().await;
    for site in Site::BOTH {
        let session = world.session().await;
        browser.open_shop(&world.shop_page(&session, site)).await;
        browser.script("window.sameDocument = true; return true").await;
        browser.type_card(&world.good_card()).await;
        let (first, second) = browser.new_tab().await;
        browser.open(&session.url).await;
        browser.until_live().await;
        browser.type_card(&world.good_card()).await;
        browser.submit_card().await;
        browser.wait_for_state("paid").await;
        browser.show_tab(&first).await;
        browser.enter_checkout().await;
        browser.wait_for_state("paid").await;
        assert_eq!(browser.script("return window.sameDocument").await, true, "it was reloaded");
        browser.until_card_is_gone().await;
        let complete = browser.wait_for_event("farthing-complete").await;
        assert_eq!(complete.detail["status"], "paid");
        assert_eq!(world.api.payments_of(&session.order_id).await.len(), 1);
        browser.show_tab(&second).await;
        browser.client.close_window().await.unwrap();
        browser.show_tab(&first).await;
    }
    assert_eq!(world.sandbox.charges().await, 2);
    drop(browser);
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn submits_from_two_tabs_at_once_make_one_payment() {
    let world = World::builder().call_timeout("10s").start().await;
    world.decide_at_once().await;
    world.sandbox.reply_fault("pay", Some(1), json!({"fault": "slow", "ms": 3000})).await;
    let browser = world.live_browser().await;
    let session = world.session().await;
    browser.open_shop(&world.shop_page(&session, Site::Cross)).await;
    browser.type_card(&world.good_card()).await;
    let (first, second) = browser.new_tab().await;
    browser.open(&session.url).await;
    browser.until_live().await;
    browser.type_card(&world.challenge_card()).await;
    browser.show_tab(&first).await;
    browser.enter_checkout().await;
    browser.submit_card().await;
    browser.show_tab(&second).await;
    // The form may have gone already: the first tab's submit is heard here.
    let press = "const b = document.querySelector('form button[type=submit]'); if (b) b.click(); return true";
    browser.script(press).await;
    browser.wait_for_state("paid").await;
    browser.show_tab(&first).await;
    browser.enter_checkout().await;
    browser.wait_for_state("paid").await;
    assert_eq!(world.sandbox.orders().await.len(), 1, "both tabs paid");
    assert_eq!(world.api.payments_of(&session.order_id).await.len(), 1);
    drop(browser);
    world.finish().await;
}
