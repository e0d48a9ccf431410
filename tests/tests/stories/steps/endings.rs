//! In front of the checkout: approved, declined, canceled, closed.

use farthing_stories::World;
use serde_json::json;

use super::{Place, Walk, neutral};

/// The steps whose page stands in front of the checkout.
const STEPS: [&str; 3] = ["creq", "pa_req", "method"];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn approved_is_paid_wherever_the_checkout_stands() {
    let world = World::start().await;
    let browser = world.live_browser().await;
    for step in STEPS {
        world.sandbox.faults(json!({ "next_step": step })).await;
        for place in Place::ALL {
            let walk = Walk::pay(&world, &browser, place).await;
            browser.enter_bank().await;
            browser.button("Approve").await;
            let payment = walk.payment().await;
            assert_eq!(payment["status"], "requires_action", "{step} {place:?}");
            walk.back().await;
            neutral(&browser.text().await);
            browser.shots(&format!("modal-{step}-{place:?}")).await;
            walk.answer("Approve").await;
            walk.ends("paid").await;
            let paid = walk.payment_is("paid").await;
            world.webhooks.wait_for("payment.paid", paid["id"].as_str().unwrap()).await;
            walk.one_open_attempt().await;
        }
    }
    assert_eq!(world.sandbox.charges().await, 9);
    drop(browser);
    world.finish().await;
}
