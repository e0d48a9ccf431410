//! Google Pay tokens.

use farthing_stories::api::Answer;
use farthing_stories::wallets::Offer;
use farthing_stories::{Shopper, World};
use serde_json::{Value, json};

use super::assert_not_charged;

async fn submit(offer: &Offer, shopper: &Shopper, token: &(String, String)) -> Answer {
    let (token, network) = token;
    offer.submit(shopper, &[("google_pay_token", token), ("google_pay_network", network)]).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_device_token_is_paid_at_once() {
    let world = World::builder().wallets().start().await;
    let session = world.session().await;
    let offer = Offer::load(&world, &session).await;
    let token = world.google_token(json!({})).await;
    let answer = submit(&offer, &world.shopper(), &token).await.expect(200);
    assert_eq!(answer.json["next"], Value::Null);
    let id = answer.json["payment_id"].as_str().expect("a payment").to_owned();
    let payment = world.api.wait_for_status(&id, "paid").await;
    assert_eq!(payment["method"], "google_pay");
    assert_eq!(payment["card"]["brand"], "visa");
    world.webhooks.wait_for("payment.paid", &id).await;
    assert_eq!(world.sandbox.orders().await[0]["method"], "google_pay");
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_card_on_file_may_lead_to_the_bank_and_is_paid_there() {
    let world = World::builder().wallets().start().await;
    let session = world.session().await;
    let offer = Offer::load(&world, &session).await;
    let token = world.google_token(json!({"auth_method": "PAN_ONLY"})).await;
    let answer = submit(&offer, &world.shopper(), &token).await.expect(200);
    assert_eq!(answer.json["status"], "requires_action");
    let next = answer.json["next"].as_str().expect("a step").to_owned();
    assert!(next.starts_with(&offer.path), "{next}");
    let id = answer.json["payment_id"].as_str().expect("a payment").to_owned();
    let browser = world.browser().await;
    browser.open(world.origin.join(&next).expect("a path").as_str()).await;
    browser.press("Approve").await;
    browser.wait_for_state("paid").await;
    world.api.wait_for_status(&id, "paid").await;
    drop(browser);
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_is_used_once_for_whatever_session_and_also_after_a_decline() {
    let world = World::builder().wallets().start().await;
    let shopper = world.shopper();
    let first = world.session().await;
    let token = world.google_token(json!({"number": "4012000000003028"})).await;
    let offer = Offer::load(&world, &first).await;
    let declined = submit(&offer, &shopper, &token).await.expect(200);
    let id = declined.json["payment_id"].as_str().expect("a payment").to_owned();
    let told = world.api.payment(&id).await;
    let calls = world.sandbox.requests("initPaymentHost2Host").await;
    let (text, network) = &token;
    let rewritten = respelled(text);
    for (what, token) in [("as it was", text), ("written otherwise", &rewritten)] {
        for session in [&first, &world.session().await] {
            let offer = Offer::load(&world, session).await;
            if offer.attempt.is_empty() {
                continue;
            }
            let answer = submit(&offer, &shopper, &(token.clone(), network.clone())).await;
            assert_eq!(answer.status, 422, "{what}: {} after {told}", answer.text());
        }
    }
    assert_eq!(world.sandbox.requests("initPaymentHost2Host").await, calls);
    assert!(world.metric("farthing_wallet_tokens_refused_total", "used").await >= 3.0);
    world.finish().await;
}

/// The same token with white space in its JSON, which no signature covers.
fn respelled(base64: &str) -> String {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;

    let text = String::from_utf8(STANDARD.decode(base64).unwrap()).unwrap();
    STANDARD.encode(text.replacen('{', "{ ", 1))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_that_a_crash_interrupted_pays_no_other_session() {
    let mut world = World::builder().wallets().env("FARTHING_CRASH_AT", "K1").start().await;
    let session = world.session().await;
    let offer = Offer::load(&world, &session).await;
    let (token, network) = world.google_token(json!({})).await;
    let url = world.origin.join(&format!("{}/payments", offer.path)).expect("a path");
    let body = json!({
        "attempt": offer.attempt, "version": offer.version,
        "google_pay_token": token, "google_pay_network": network,
    });
    let request = world.http().post(url).header("content-type", "application/json");
    let request = request.header("sec-fetch-site", "same-origin").body(body.to_string());
    assert!(request.send().await.is_err(), "the server died before the gateway was called");
    world.restart();
    let other = Offer::load(&world, &world.session().await).await;
    let answer = submit(&other, &world.shopper(), &(token, network)).await;
    answer.expect_problem(422, "wallet-refused");
    assert_not_charged(&world).await;
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_that_google_has_not_signed_for_this_gateway_is_refused_here() {
    let world = World::builder().wallets().start().await;
    let session = world.session().await;
    let shopper = world.shopper();
    for fault in [
        "broken_signature",
        "expired_intermediate",
        "other_recipient",
        "other_root",
        "tampered_message",
        "rewritten",
    ] {
        let offer = Offer::load(&world, &session).await;
        let token = world.google_token(json!({"faults": [fault]})).await;
        submit(&offer, &shopper, &token).await.expect_problem(422, "wallet-refused");
    }
    let offer = Offer::load(&world, &session).await;
    let (token, _) = world.google_token(json!({})).await;
    for (token, network) in [
        ("not base64", "VISA"),
        ("e30=", "VISA"),
        ("", "VISA"),
        (token.as_str(), "4111111111111111"),
    ] {
        let answer = submit(&offer, &shopper, &(token.to_owned(), network.to_owned())).await;
        answer.expect_problem(422, "wallet-refused");
    }
    assert_not_charged(&world).await;
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_root_keys_the_gateway_judges_and_its_no_is_a_decline() {
    let without_keys = |text: String| text.replace("root_keys = \"file:google.json\"\n", "");
    let world = World::builder().wallets().edit(without_keys).start().await;
    let session = world.session().await;
    let offer = Offer::load(&world, &session).await;
    let token = world.google_token(json!({"faults": ["other_root"]})).await;
    let answer = submit(&offer, &world.shopper(), &token).await.expect(200);
    let id = answer.json["payment_id"].as_str().expect("a payment");
    world.api.wait_for_status(id, "failed").await;
    assert_eq!(world.sandbox.charges().await, 0);
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn padding_and_the_networks_letters_are_written_as_the_operator_says() {
    let as_in_the_sample = |text: String| {
        text.replace(
            "[google_pay]\n",
            "[google_pay]\npadding = \"unpadded\"\nnetwork_case = \"title\"\n",
        )
    };
    let strict = json!({"google_pay": {"padding": "unpadded", "network_case": "mixed"}});
    for (edit, paid) in [(as_in_the_sample as fn(String) -> String, true), (|text| text, false)] {
        let world = World::builder().wallets().edit(edit).start().await;
        world.sandbox.faults(strict.clone()).await;
        let session = world.session().await;
        let offer = Offer::load(&world, &session).await;
        let token = world.google_token(json!({})).await;
        let answer = submit(&offer, &world.shopper(), &token).await.expect(200);
        let id = answer.json["payment_id"].as_str().expect("a payment");
        world.api.wait_for_status(id, if paid { "paid" } else { "failed" }).await;
        world.finish().await;
    }
}
