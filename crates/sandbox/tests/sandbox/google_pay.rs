//! Google Pay at the gateway: tokens that only it can open.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use farthing_sandbox::control::{PaymentMethod, Phase};
use serde_json::{Value, json};

use crate::common::{CHALLENGE, FRICTIONLESS, REFUSED, Shop, World, but, location};
use crate::wallets::{AppleMerchant, google_payment};

#[tokio::test]
async fn a_device_is_decided_in_the_reply_and_charged_once() {
    let world = World::new().await;
    for (number, network, status, error) in [
        (FRICTIONLESS, "VISA", 2, None),
        (CHALLENGE, "VISA", 2, None),
        ("5555555555554444", "MASTERCARD", -1, Some("INSUFFICIENT_FUNDS_PROCESSING_ERROR")),
        ("4111111111111111", "VISA", -1, Some("DO_NOT_HONOUR_PROCESSING_ERROR")),
        (REFUSED, "VISA", -1, Some("EMITTER_DENIAL_PROCESSING_ERROR")),
    ] {
        let wish = json!({"auth_method": "CRYPTOGRAM_3DS", "number": number});
        let data = world.google_data(wish).await;
        let method = &data["paymentMethodData"];
        assert_eq!(method["info"]["cardNetwork"], network);
        assert_eq!(method["info"]["cardDetails"], number[12..]);
        let token = method["tokenizationData"]["token"].as_str().unwrap();
        let request = but(
            google_payment(number, &STANDARD.encode(token)),
            "google_pay_payment_method_network",
            json!(network),
        );
        let answer = world.pay(request).await;
        assert_eq!(
            (&answer["status"], &answer["err"]),
            (&json!(status), &json!(error)),
            "{number}"
        );
        assert_eq!(answer["form_url"], Value::Null);
        let order = world.order(number).await;
        assert_eq!((order.method, order.phase), (PaymentMethod::GooglePay, Phase::Ended));
        assert_eq!(order.charges.len(), usize::from(status == 2));
    }
}

/// Presses a button of the issuer's page behind `form_url`.
async fn answer_form_url(world: &World, answer: &Value, button: &str) {
    let visited = world.visit(answer["form_url"].as_str().unwrap()).await;
    let challenge = location(&visited);
    world.visit(&challenge).await;
    let path = challenge.rsplit_once("/acs/").unwrap().1;
    world.submit(&format!("/acs/{path}"), &[("answer", button)]).await;
}

#[tokio::test]
async fn a_card_on_file_is_always_asked_for_and_then_the_number_decides() {
    let world = World::new().await;
    for (number, button, status, error) in [
        (FRICTIONLESS, "approve", 2, None),
        (FRICTIONLESS, "decline", -1, Some("AUTHENTICATION_PROCESSING_ERROR")),
        (FRICTIONLESS, "cancel", -1, Some("3DS_CANCEL_PROCESSING_ERROR")),
        (CHALLENGE, "approve", 2, None),
        ("4111111111111111", "approve", -1, Some("DO_NOT_HONOUR_PROCESSING_ERROR")),
        ("4111111111111111", "decline", -1, Some("AUTHENTICATION_PROCESSING_ERROR")),
    ] {
        let order_id = format!("{number}-{button}");
        let dpan = world.google_dpan(json!({"auth_method": "PAN_ONLY", "number": number})).await;
        let answer = world.pay(google_payment(&order_id, &dpan)).await;
        assert_eq!((&answer["status"], &answer["responseType"]), (&json!(1), &json!("REDIRECT")));
        assert_eq!(world.order(&order_id).await.method, PaymentMethod::GooglePay);
        answer_form_url(&world, &answer, button).await;
        let order = world.order(&order_id).await;
        assert_eq!((order.status, order.error.as_deref()), (status, error), "{order_id}");
    }
}

#[tokio::test]
async fn a_card_on_file_takes_whatever_step_the_switch_says() {
    let world = World::new().await;
    for (step, field) in [
        ("form_url", "form_url"),
        ("frictionless", "form_url"),
        ("creq", "creq"),
        ("pa_req", "paReq"),
        ("method", "threeDSMethodData"),
        ("method_form_url", "threeDSMethodData"),
    ] {
        world.set(json!({"next_step": step, "settle": "on_accept"})).await;
        let dpan = world.google_dpan(json!({"auth_method": "PAN_ONLY"})).await;
        let answer = world.pay(google_payment(step, &dpan)).await;
        assert_eq!(answer["status"], 1, "{step}");
        assert!(answer[field].is_string(), "{step}: {answer}");
        assert!(world.order(step).await.charges.is_empty(), "{step}");
    }
}

#[tokio::test]
async fn a_failure_of_choice_comes_after_the_issuer_has_asked() {
    let world = World::new().await;
    world.set(json!({"fail_code": "LIMIT_PROCESSING_ERROR"})).await;
    let dpan = world.google_dpan(json!({"auth_method": "PAN_ONLY"})).await;
    let answer = world.pay(google_payment("a", &dpan)).await;
    answer_form_url(&world, &answer, "approve").await;
    assert_eq!(world.order("a").await.error.as_deref(), Some("LIMIT_PROCESSING_ERROR"));
}

#[tokio::test]
async fn a_token_must_be_google_s_for_this_gateway_and_this_merchant() {
    let world = World::new().await;
    let faults = [
        ("broken_signature", "signed by Google"),
        ("expired_intermediate", "root key"),
        ("other_key", "encrypted to this gateway"),
        ("other_recipient", "signed by Google"),
        ("other_root", "root key"),
        ("rewritten", "not have been written anew"),
        ("tampered_message", "signed by Google"),
    ];
    let faults = faults.map(|(fault, rule)| (json!({"faults": [fault]}), rule));
    let others = [
        (json!({"gateway_merchant_id": "somebody-else"}), "another's"),
        (json!({"expires": "2020-01-01T00:00:00Z"}), "expired"),
    ];
    for (mut wish, rule) in faults.into_iter().chain(others) {
        wish["auth_method"] = json!("CRYPTOGRAM_3DS");
        let dpan = world.google_dpan(wish.clone()).await;
        let answer = world.pay(google_payment("a", &dpan)).await;
        let text = answer["msg"].as_str().unwrap_or_else(|| panic!("{wish}: {answer}"));
        assert!(text.starts_with("google_pay_dpan ") && text.contains(rule), "{wish}: {text}");
    }
    let decrypted = json!({
        "messageExpiration": "2154841200000", "messageId": "x", "paymentMethod": "CARD",
        "paymentMethodDetails": {"pan": FRICTIONLESS, "authMethod": "PAN_ONLY"},
    });
    let merchant = AppleMerchant::new(&world).await;
    for wrong in [
        STANDARD.encode(decrypted.to_string()),
        merchant.dpan(&world, json!({})).await,
        STANDARD.encode("examplePaymentMethodToken"),
        STANDARD.encode([0xff, 0xfe]),
    ] {
        let answer = world.pay(google_payment("a", &wrong)).await;
        let text = answer["msg"].as_str().unwrap();
        assert!(text.contains("still encrypted") && !text.contains(FRICTIONLESS), "{text}");
    }
    let other = World::new().await;
    let dpan = other.google_dpan(json!({"auth_method": "CRYPTOGRAM_3DS"})).await;
    let answer = world.pay(google_payment("a", &dpan)).await;
    assert!(answer["msg"].as_str().unwrap().contains("root key"), "{answer}");
    assert!(world.ledger().await.orders.is_empty());
}

#[tokio::test]
async fn a_message_expires_by_the_sandbox_s_clock() {
    let world = World::new().await;
    let dpan = world.google_dpan(json!({"auth_method": "CRYPTOGRAM_3DS"})).await;
    world.advance(8 * 24 * 3600).await;
    let answer = world.pay(google_payment("a", &dpan)).await;
    // Google's intermediate key is as old.
    assert!(answer["msg"].as_str().unwrap().contains("valid now"), "{answer}");
    let now = world.now().await;
    let soon = now + jiff::SignedDuration::from_secs(60);
    let wish = json!({"auth_method": "CRYPTOGRAM_3DS", "expires": soon});
    let (early, late) = (world.google_dpan(wish.clone()).await, world.google_dpan(wish).await);
    assert_eq!(world.pay(google_payment("early", &early)).await["status"], 2);
    world.advance(61).await;
    let answer = world.pay(google_payment("late", &late)).await;
    assert!(answer["msg"].as_str().unwrap().contains("must not have expired"), "{answer}");
    for years in [-10, 10] {
        let there = now + jiff::SignedDuration::from_hours(years * 365 * 24);
        world.post("/_control/clock", json!({"now": there})).await;
        let dpan = world.google_dpan(json!({"auth_method": "CRYPTOGRAM_3DS"})).await;
        let answer = world.pay(google_payment(&years.to_string(), &dpan)).await;
        assert_eq!(answer["status"], 2, "{years}: {answer}");
    }
}

#[tokio::test]
async fn a_message_counts_once_whatever_became_of_it() {
    let world = World::new().await;
    for auth_method in ["CRYPTOGRAM_3DS", "PAN_ONLY"] {
        let dpan = world.google_dpan(json!({"auth_method": auth_method})).await;
        world.pay(google_payment(auth_method, &dpan)).await;
        let again = world.pay(google_payment("again", &dpan)).await;
        assert!(again["msg"].as_str().unwrap().contains("was used before"), "{again}");
    }
    // A refused request has used nothing.
    let dpan = world.google_dpan(json!({"auth_method": "CRYPTOGRAM_3DS"})).await;
    world.pay(but(google_payment("b", &dpan), "customer_email", json!("none"))).await;
    assert_eq!(world.pay(google_payment("b", &dpan)).await["status"], 2);
    assert_eq!(world.ledger().await.totals.charges, 2);
}

#[tokio::test]
async fn both_sides_of_what_the_documents_leave_open_can_be_tried() {
    let world = World::new().await;
    let token = async || loop {
        // One in three has no padding.
        let dpan = world.google_dpan(json!({"auth_method": "CRYPTOGRAM_3DS"})).await;
        if dpan.ends_with('=') {
            return STANDARD.decode(dpan).unwrap();
        }
    };
    let network = "google_pay_payment_method_network";
    for (position, sent, refused) in [
        ("any", STANDARD.encode(token().await), None),
        ("any", STANDARD_NO_PAD.encode(token().await), None),
        ("any", URL_SAFE_NO_PAD.encode(token().await), None),
        ("padded", STANDARD_NO_PAD.encode(token().await), Some("with padding")),
        ("padded", STANDARD.encode(token().await), None),
        ("unpadded", STANDARD.encode(token().await), Some("without padding")),
        ("unpadded", STANDARD_NO_PAD.encode(token().await), None),
    ] {
        world.set(json!({"google_pay": {"padding": position}})).await;
        let answer = world.pay(google_payment(&sent[..40], &sent)).await;
        match refused {
            Some(rule) => assert!(answer["msg"].as_str().unwrap().contains(rule), "{answer}"),
            None => assert_eq!(answer["status"], 2, "{position}: {answer}"),
        }
        world.call(reqwest::Method::POST, "/_control/reset", None).await;
    }
    for (position, name, good) in [
        ("any", "visa", true),
        ("any", "Visa", true),
        ("capitals", "VISA", true),
        ("capitals", "Visa", false),
        ("mixed", "VISA", false),
        ("mixed", "Visa", true),
    ] {
        world.set(json!({"google_pay": {"network_case": position}})).await;
        let dpan = world.google_dpan(json!({"auth_method": "CRYPTOGRAM_3DS"})).await;
        let order_id = format!("{position}-{name}");
        let answer = world.pay(but(google_payment(&order_id, &dpan), network, json!(name))).await;
        assert_eq!(answer["status"] == 2, good, "{order_id}: {answer}");
    }
    let dpan = world.google_dpan(json!({"auth_method": "CRYPTOGRAM_3DS"})).await;
    world.set(json!({"google_pay": null})).await;
    for name in ["MASTERCARD", "PRIVATELABEL", ""] {
        let answer = world.pay(but(google_payment("a", &dpan), network, json!(name))).await;
        assert!(answer["msg"].as_str().unwrap().starts_with(network), "{name}: {answer}");
    }
}

#[tokio::test]
async fn the_end_is_announced_like_a_card_s() {
    let world = World::new().await;
    let mut shop = Shop::new().await;
    let dpan = world.google_dpan(json!({"auth_method": "CRYPTOGRAM_3DS"})).await;
    world.pay(but(google_payment("a", &dpan), "callback_url", json!(shop.url))).await;
    let callback = shop.next().await;
    assert!(callback.is_signed());
    assert_eq!(callback.field("status").as_deref(), Some("2"));
    assert_eq!(callback.field("card_number").as_deref(), Some("401200******3010"));
    assert_eq!(callback.field("card_holder").as_deref(), Some("N/A"), "Google tells no name");
}
