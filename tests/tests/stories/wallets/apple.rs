//! Apple Pay tokens.

use farthing_stories::wallets::Offer;
use farthing_stories::{World, until};
use serde_json::{Value, json};

use super::assert_not_charged;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_apple_pay_token_is_paid_and_its_number_is_seen_by_the_gateway_alone() {
    let world = World::builder().wallets().start().await;
    let session = world.session().await;
    let offer = Offer::load(&world, &session).await;
    let token = world.apple_token(&offer, json!({})).await;
    let answer = offer.submit(&world.shopper(), &[("apple_pay_token", &token)]).await.expect(200);
    assert_eq!(answer.json["next"], Value::Null, "Apple Pay has no step");
    let id = answer.json["payment_id"].as_str().expect("a payment").to_owned();
    let payment = world.api.wait_for_status(&id, "paid").await;
    assert_eq!(payment["method"], "apple_pay");
    assert_eq!(payment["card"], json!({"brand": "visa", "last4": "3010"}));
    world.webhooks.wait_for("payment.paid", &id).await;
    let order = world.sandbox.orders().await.remove(0);
    assert_eq!(order["method"], "apple_pay");
    assert_eq!(order["charges"][0]["amount"], 1295);
    assert_eq!(world.api.list("/v1/payments?method=apple_pay").await.len(), 1);
    assert_eq!(world.api.list("/v1/payments?method=card").await.len(), 0);
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_copy_of_a_submit_is_answered_with_the_payment_that_it_began() {
    let world = World::builder().wallets().start().await;
    let session = world.session().await;
    let offer = Offer::load(&world, &session).await;
    let token = world.apple_token(&offer, json!({})).await;
    let shopper = world.shopper();
    let wallet = [("apple_pay_token", token.as_str())];
    let (one, two) = tokio::join!(offer.submit(&shopper, &wallet), offer.submit(&shopper, &wallet));
    let late = offer.submit(&shopper, &wallet).await;
    let id = |answer: &farthing_stories::api::Answer| answer.json["payment_id"].clone();
    assert!(one.status == 200 && two.status == 200 && late.status == 200, "{one:?} {two:?}");
    assert!(id(&one) == id(&two) && id(&two) == id(&late), "one payment");
    assert_eq!(world.sandbox.requests("initPaymentHost2Host").await, 1);
    assert_eq!(world.sandbox.charges().await, 1);
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_that_is_not_for_this_attempt_is_refused_alike_and_only_the_operator_learns_why() {
    let world = World::builder().wallets().start().await;
    let session = world.session().await;
    let other = Offer::load(&world, &world.session().await).await;
    let strangers = world.sandbox.certificate("processing", "merchant.somebody.else").await;
    let again =
        world.sandbox.certificate("processing", farthing_stories::wallets::MERCHANT_ID).await;
    let shopper = world.shopper();
    let mut texts = Vec::new();
    let mut stages = std::collections::BTreeSet::new();
    for (case, changes) in [
        ("another amount", json!({"amount": 1294})),
        ("another currency", json!({"currency": "USD"})),
        ("another session", json!({"application_data": other.application_data})),
        ("no session", json!({"application_data": null})),
        ("another merchant", json!({"certificate": strangers["certificate"]})),
        ("a certificate that is not configured", json!({"certificate": again["certificate"]})),
        ("another environment", json!({"faults": ["other_root"]})),
        ("old", json!({"faults": ["stale"]})),
        ("expired", json!({"faults": ["expired"]})),
        ("tampered with", json!({"faults": ["tampered_data"]})),
        ("not signed", json!({"faults": ["broken_signature"]})),
        ("under another name", json!({"faults": ["swapped_transaction_id"]})),
        ("another kind", json!({"faults": ["emv"]})),
        ("without a cryptogram", json!({"faults": ["no_cryptogram"]})),
        ("of several merchants", json!({"faults": ["several_merchants"]})),
        ("of a simulator", json!({"faults": ["simulator"]})),
    ] {
        let offer = Offer::load(&world, &session).await;
        let token = world.apple_token(&offer, changes).await;
        let answer = offer.submit(&shopper, &[("apple_pay_token", &token)]).await;
        let answer = answer.expect_problem(422, "wallet-refused");
        let mut json = answer.json.clone();
        json.as_object_mut().expect("an object").remove("request_id");
        texts.push((case, json));
        let metrics = world.metrics().await;
        let told: Vec<String> = metrics
            .lines()
            .filter(|line| line.starts_with("farthing_wallet_tokens_refused_total"))
            .map(str::to_owned)
            .collect();
        stages.extend(
            told.iter().filter_map(|line| {
                Some(line.split_once("stage=")?.1.split('}').next()?.to_owned())
            }),
        );
    }
    for (case, text) in &texts {
        assert_eq!(text, &texts[0].1, "{case} can be told from {}", texts[0].0);
    }
    assert!(stages.len() >= 8, "the operator sees at which step: {stages:?}");
    assert_not_charged(&world).await;
    assert_eq!(world.session_status(&session).await, "open", "no attempt was used up");
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_for_an_amount_that_has_changed_since_is_told_from_a_bad_one() {
    let world = World::builder().wallets().start().await;
    let session = world.session().await;
    let offer = Offer::load(&world, &session).await;
    let token = world.apple_token(&offer, json!({})).await;
    let path = format!("/v1/sessions/{}", session.id);
    let key = farthing_stories::api::fresh_key();
    let change = json!({"amount": 1500});
    let change = change.to_string();
    let answer = world.api.send("PATCH", &path, Some(&key), Some(change.as_bytes())).await;
    answer.expect("an answer").expect(200);
    let shopper = world.shopper();
    let answer = offer.submit(&shopper, &[("apple_pay_token", &token)]).await;
    answer.expect_problem(409, "session-changed");
    let answer = offer.submit(&shopper, &[("apple_pay_token", "{}")]).await;
    answer.expect_problem(409, "session-changed");
    let offer = Offer::load(&world, &session).await;
    let token = world.apple_token(&offer, json!({"amount": 1500})).await;
    let answer = offer.submit(&shopper, &[("apple_pay_token", &token)]).await.expect(200);
    let id = answer.json["payment_id"].as_str().expect("a payment");
    assert_eq!(world.api.wait_for_status(id, "paid").await["amount"], 1500);
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_no_token_at_all_is_refused_and_repeated_nowhere() {
    let world = World::builder().wallets().start().await;
    let session = world.session().await;
    let offer = Offer::load(&world, &session).await;
    let shopper = world.shopper();
    let huge = format!("{{\"x\":\"{}\"}}", "A".repeat(40_000));
    for text in ["", "{}", "null", "[]", "Zq9canary-not-json", &huge] {
        let answer = offer.submit(&shopper, &[("apple_pay_token", text)]).await;
        let answer = answer.expect_problem(422, "wallet-refused");
        assert!(!answer.text().contains("Zq9"), "{}", answer.text());
    }
    world.watch_token("Zq9canary-not-json");
    let card = world.good_card();
    let both = [("apple_pay_token", "{}"), ("card_number", card.number.as_str())];
    let answer = offer.submit(&shopper, &both).await.expect_problem(400, "validation");
    assert_eq!(answer.json["errors"][0]["field"], "apple_pay_token");
    let both =
        [("apple_pay_token", "{}"), ("google_pay_token", "e30="), ("google_pay_network", "VISA")];
    offer.submit(&shopper, &both).await.expect_problem(400, "validation");
    assert_not_charged(&world).await;
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_no_wallet_is_configured_no_token_is_taken() {
    let world = World::start().await;
    let session = world.session().await;
    let offer = Offer::load(&world, &session).await;
    assert_eq!(offer.application_data, "");
    let shopper = world.shopper();
    let apple = offer.submit(&shopper, &[("apple_pay_token", "{}")]).await;
    let apple = apple.expect_problem(400, "validation");
    assert_eq!(apple.json["errors"][0]["field"], "apple_pay_token");
    let google = [("google_pay_token", "e30="), ("google_pay_network", "VISA")];
    let google = offer.submit(&shopper, &google).await.expect_problem(400, "validation");
    assert_eq!(google.json["errors"][0]["field"], "google_pay_token");
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_merchant_that_takes_no_cards_takes_tokens_once_it_has_accepted_what_that_means() {
    let world = World::builder().wallets().hosted().start().await;
    let session = world.session().await;
    let offer = Offer::load(&world, &session).await;
    let token = world.apple_token(&offer, json!({})).await;
    let answer = offer.submit(&world.shopper(), &[("apple_pay_token", &token)]).await.expect(200);
    let id = answer.json["payment_id"].as_str().expect("a payment");
    world.api.wait_for_status(id, "paid").await;
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_whose_answer_is_lost_is_never_sent_again_and_the_gateway_is_asked() {
    let world = World::builder().wallets().start().await;
    world.sandbox.reply_fault("pay", Some(1), json!({"fault": "cut", "after_bytes": 3})).await;
    let session = world.session().await;
    let offer = Offer::load(&world, &session).await;
    let token = world.apple_token(&offer, json!({})).await;
    let shopper = world.shopper();
    let answer = offer.submit(&shopper, &[("apple_pay_token", &token)]).await.expect(200);
    let id = answer.json["payment_id"].as_str().expect("a payment").to_owned();
    world.api.wait_for_status(&id, "paid").await;
    let again = offer.submit(&shopper, &[("apple_pay_token", &token)]).await.expect(200);
    assert_eq!(again.json["payment_id"], id.as_str());
    assert_eq!(world.sandbox.requests("initPaymentHost2Host").await, 1);
    assert_eq!(world.sandbox.charges().await, 1);
    world.finish().await;
}

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_dies_leaves_no_core_dump() {
    let mut world = World::builder().wallets().start().await;
    let id = world.server().id();
    let limits = until("the process's limits", async || {
        std::fs::read_to_string(format!("/proc/{id}/limits")).ok()
    })
    .await;
    let core = limits.lines().find(|line| line.starts_with("Max core file size")).expect("a limit");
    let values: Vec<&str> =
        core.split_whitespace().filter(|word| word.parse::<u64>().is_ok()).collect();
    assert_eq!(values, ["0", "0"], "{core}");
    world.finish().await;
}
