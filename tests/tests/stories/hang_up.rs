//! Shoppers and merchants who close the connection before they are answered.

use std::time::Duration;

use farthing_stories::{Shopper, World};
use serde_json::json;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;

/// Sends a whole POST and closes the connection after `patience`, whatever has been answered by then.
async fn post_and_hang_up(
    world: &World,
    path: &str,
    headers: &str,
    body: &str,
    patience: Duration,
) {
    let port = world.origin.port().unwrap();
    let mut connection = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    let request = format!(
        "POST {path} HTTP/1.1\r\nhost: localhost:{port}\r\n{headers}content-length: {}\r\n\r\n{body}",
        body.len()
    );
    connection.write_all(request.as_bytes()).await.unwrap();
    connection.flush().await.unwrap();
    // The moment of hanging up is what the story is about, so here time does pass.
    tokio::time::sleep(patience).await;
    drop(connection);
}

// What went wrong: the handler was dropped while the intent was being written. The row was there, the call never came,
// and the order stayed locked until the next start.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_shopper_who_hangs_up_at_any_moment_leaves_no_order_locked() {
    let world = World::start().await;
    world.sandbox.faults(json!({"next_step": "frictionless", "settle": "on_accept"})).await;
    let shopper = world.shopper();
    let card = world.good_card();
    let mut orders = Vec::new();
    for n in 0..40_u64 {
        let session = world.session().await;
        let page = shopper.get(&session.path).await;
        let fields = Shopper::filled(&page, &card);
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(&fields).finish();
        let headers = format!(
            "origin: {}\r\ncontent-type: application/x-www-form-urlencoded\r\n",
            world.origin.origin().ascii_serialization()
        );
        let patience = Duration::from_micros(n * 250);
        post_and_hang_up(&world, &page.card_form().action, &headers, &body, patience).await;
        orders.push(session.order_id);
    }
    let mut begun = 0;
    for order in orders {
        for payment in world.api.payments_of(&order).await {
            world.api.wait_for_status(payment["id"].as_str().unwrap(), "paid").await;
            begun += 1;
        }
    }
    assert!(begun > 0, "no intent was ever written: the story shows nothing");
    assert_eq!(world.sandbox.charges().await, begun);
    world.finish().await;
}

// What went wrong: the key stayed claimed by the running process, and every repetition was told to wait for an answer
// that nobody was working on.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_merchant_who_hangs_up_gets_the_answer_by_repeating_the_call() {
    let world = World::start().await;
    world.sandbox.reply_fault("pay", None, json!({"fault": "slow", "ms": 300})).await;
    let mut order = world.order();
    order["customer_ip"] = json!("192.0.2.7");
    let key = farthing_stories::api::fresh_key();
    let headers = format!(
        "authorization: Bearer {}\r\nidempotency-key: {key}\r\ncontent-type: application/json\r\n",
        farthing_stories::config::API_KEY
    );
    let body = order.to_string();
    post_and_hang_up(&world, "/v1/links", &headers, &body, Duration::from_millis(100)).await;
    let link = farthing_stories::wait::until("the link", async || {
        let answer = world.api.post_with_key("/v1/links", &key, &order).await;
        (answer.status != 409).then_some(answer)
    })
    .await
    .expect(201);
    assert!(
        link.json["url"].as_str().is_some_and(|url| url.contains("/smartcore/pay/")),
        "{}",
        link.text()
    );
    assert_eq!(world.sandbox.orders().await.len(), 1);
    world.finish().await;
}
