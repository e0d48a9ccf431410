//! Apple Pay at the gateway: payment data that the merchant has decrypted.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};
use farthing_sandbox::control::{PaymentMethod, Phase};
use serde_json::{Value, json};

use crate::common::{CHALLENGE, FRICTIONLESS, REFUSED, World, but, card_payment, location};
use crate::wallets::{AppleMerchant, apple_payment};

#[tokio::test]
async fn a_payment_is_decided_in_the_reply_and_charged_once() {
    let world = World::new().await;
    let merchant = AppleMerchant::new(&world).await;
    let dpan = merchant.dpan(&world, json!({})).await;
    let answer = world.pay(apple_payment("a", &dpan)).await;
    assert_eq!((&answer["status"], &answer["form_url"]), (&json!(2), &Value::Null));
    assert_eq!(answer["responseType"], Value::Null);
    let order = world.order("a").await;
    assert_eq!((order.method, order.phase), (PaymentMethod::ApplePay, Phase::Ended));
    assert_eq!(order.card.as_deref(), Some("401200******3010"));
    assert_eq!(order.charges.len(), 1);
    assert_eq!(world.check("a").await["status"], 2);
}

#[tokio::test]
async fn the_number_decides_as_it_does_for_cards_but_nobody_is_asked() {
    let world = World::new().await;
    let merchant = AppleMerchant::new(&world).await;
    for (number, network, status, error) in [
        (FRICTIONLESS, "Visa", 2, None),
        (CHALLENGE, "Visa", 2, None),
        ("5555555555554444", "MasterCard", -1, Some("INSUFFICIENT_FUNDS_PROCESSING_ERROR")),
        ("4111111111111111", "Visa", -1, Some("DO_NOT_HONOUR_PROCESSING_ERROR")),
        (REFUSED, "Visa", -1, Some("EMITTER_DENIAL_PROCESSING_ERROR")),
    ] {
        let token = merchant.token(&world, json!({"number": number})).await;
        assert_eq!(token["paymentMethod"]["network"], network);
        let dpan = merchant.open(&token, world.now().await).unwrap();
        let request =
            but(apple_payment(number, &dpan), "apple_pay_payment_method_network", json!(network));
        let answer = world.pay(request).await;
        assert_eq!(
            (&answer["status"], &answer["err"]),
            (&json!(status), &json!(error)),
            "{number}"
        );
    }
}

#[tokio::test]
async fn a_step_is_asked_for_only_if_the_switch_wants_one() {
    let world = World::new().await;
    let merchant = AppleMerchant::new(&world).await;
    for step in ["form_url", "frictionless", "creq", "pa_req", "method", "method_form_url"] {
        world.set(json!({"next_step": step})).await;
        let dpan = merchant.dpan(&world, json!({"number": CHALLENGE})).await;
        assert_eq!(world.pay(apple_payment(step, &dpan)).await["status"], 2, "{step}");
    }
    world.set(json!({"next_step": "form_url", "wallet_step": true})).await;
    let dpan = merchant.dpan(&world, json!({"number": CHALLENGE})).await;
    let answer = world.pay(apple_payment("a", &dpan)).await;
    assert_eq!((&answer["status"], &answer["responseType"]), (&json!(1), &json!("REDIRECT")));
    let visited = world.visit(answer["form_url"].as_str().unwrap()).await;
    assert_eq!(location(&visited), "https://shop.example/ok");
    assert_eq!(world.order("a").await.status, 2);
}

#[tokio::test]
async fn payment_data_must_be_decrypted_whole_and_for_this_order() {
    let world = World::new().await;
    let merchant = AppleMerchant::new(&world).await;
    let token = merchant.token(&world, json!({})).await;
    let dpan = merchant.open(&token, world.now().await).unwrap();
    let data: Value = serde_json::from_slice(&STANDARD.decode(&dpan).unwrap()).unwrap();
    let with = |name: &str, value: Value| but(data.clone(), name, value);
    let inside = |name: &str, value: Value| {
        but(data.clone(), "paymentData", but(data["paymentData"].clone(), name, value))
    };
    let yesterday = world.now().await - jiff::SignedDuration::from_hours(24);
    let cases = [
        (token.clone(), "this is the encrypted token"),
        (token["paymentData"].clone(), "this is the encrypted token"),
        (json!([data]), "a JSON object"),
        (json!(1), "a JSON object"),
        (with("transactionAmount", json!("1999")), "a JSON object"),
        (with("applicationPrimaryAccountNumber", json!("4012000000003011")), "check digit"),
        (with("applicationPrimaryAccountNumber", json!(null)), "check digit"),
        (with("currencyCode", json!("840")), "currencyCode"),
        (with("currencyCode", json!("EUR")), "currencyCode"),
        (with("transactionAmount", json!(2000)), "transactionAmount"),
        (with("transactionAmount", json!(null)), "transactionAmount"),
        (
            with("applicationExpirationDate", json!(yesterday.strftime("%y%m%d").to_string())),
            "not past",
        ),
        (with("applicationExpirationDate", json!("301")), "not past"),
        (with("applicationExpirationDate", json!("301331")), "not past"),
        (with("paymentDataType", json!("EMV")), "3DSecure"),
        (inside("onlinePaymentCryptogram", json!(null)), "onlinePaymentCryptogram"),
        (inside("onlinePaymentCryptogram", json!("AAAA")), "onlinePaymentCryptogram"),
        (inside("onlinePaymentCryptogram", json!("***")), "onlinePaymentCryptogram"),
    ];
    for (payload, rule) in cases {
        let sent = STANDARD.encode(payload.to_string());
        let answer = world.pay(apple_payment("a", &sent)).await;
        let text = answer["msg"].as_str().unwrap_or_else(|| panic!("{payload}: {answer}"));
        assert!(text.starts_with("apple_pay_dpan ") && text.contains(rule), "{rule}: {text}");
        assert!(!text.contains("40120000"), "{text}");
        assert_eq!(answer["err"], "VALIDATION_PROCESSING_ERROR");
    }
    // The ciphertext itself is base64 too.
    let ciphertext = token["paymentData"]["data"].as_str().unwrap();
    let answer = world.pay(apple_payment("a", ciphertext)).await;
    assert!(answer["msg"].as_str().unwrap().contains("a JSON object"), "{answer}");
    for (name, value) in [
        ("apple_pay_dpan", json!(null)),
        ("apple_pay_dpan", json!("")),
        ("apple_pay_dpan", json!({})),
        ("apple_pay_payment_method_network", json!(null)),
        ("merchant_site", json!(null)),
    ] {
        let answer = world.pay(but(apple_payment("a", &dpan), name, value)).await;
        assert!(answer["msg"].as_str().unwrap().starts_with(name), "{name}: {answer}");
    }
    assert!(world.ledger().await.orders.is_empty());
    assert_eq!(
        world.pay(apple_payment("a", &dpan)).await["status"],
        2,
        "the untouched one is taken"
    );
}

#[tokio::test]
async fn every_form_of_base64_is_taken_unless_a_switch_wants_one() {
    let world = World::new().await;
    let merchant = AppleMerchant::new(&world).await;
    // A space more or less changes the length; JSON does not mind.
    let payload = async |len: usize| {
        let dpan = merchant.dpan(&world, json!({})).await;
        let mut payload = STANDARD.decode(dpan).unwrap();
        while payload.len() % 3 != len {
            payload.push(b' ');
        }
        payload
    };
    for (index, engine) in
        [&STANDARD, &STANDARD_NO_PAD, &URL_SAFE, &URL_SAFE_NO_PAD].into_iter().enumerate()
    {
        for len in 0..3 {
            let sent = engine.encode(payload(len).await);
            let order_id = format!("{index}-{len}");
            assert_eq!(world.pay(apple_payment(&order_id, &sent)).await["status"], 2, "{sent}");
        }
    }
    let (padded, unpadded) = (payload(1).await, payload(1).await);
    let (padded, unpadded) = (STANDARD.encode(padded), STANDARD_NO_PAD.encode(unpadded));
    for (position, taken, refused) in
        [("padded", &padded, &unpadded), ("unpadded", &unpadded, &padded)]
    {
        world.set(json!({"apple_pay": {"padding": position}})).await;
        let answer = world.pay(apple_payment(position, refused)).await;
        assert!(answer["msg"].as_str().unwrap().starts_with("apple_pay_dpan must be base64 with"));
        assert_eq!(world.pay(apple_payment(position, taken)).await["status"], 2);
    }
}

#[tokio::test]
async fn the_network_is_one_of_the_wallet_and_of_the_number() {
    let world = World::new().await;
    let merchant = AppleMerchant::new(&world).await;
    let dpan = merchant.dpan(&world, json!({})).await;
    let network = "apple_pay_payment_method_network";
    for name in ["MasterCard", "Visa Inc.", "", "VISA ", "ELO_DEBIT"] {
        let answer = world.pay(but(apple_payment("a", &dpan), network, json!(name))).await;
        assert!(answer["msg"].as_str().unwrap().starts_with(network), "{name}: {answer}");
    }
    world.set(json!({"apple_pay": {"network_case": "capitals"}})).await;
    let answer = world.pay(apple_payment("a", &dpan)).await;
    assert!(answer["msg"].as_str().unwrap().contains("network_case"), "{answer}");
    world.set(json!({"apple_pay": {"network_case": "mixed"}})).await;
    assert_eq!(world.pay(apple_payment("a", &dpan)).await["status"], 2);
    world.set(json!({"apple_pay": {"network_case": null}})).await;
    for (order_id, name) in [("b", "visa"), ("c", "CartesBancaires")] {
        let dpan = merchant.dpan(&world, json!({})).await;
        let request = but(apple_payment(order_id, &dpan), network, json!(name));
        assert_eq!(world.pay(request).await["status"], 2, "{name}");
    }
}

#[tokio::test]
async fn payment_data_counts_once() {
    let world = World::new().await;
    let merchant = AppleMerchant::new(&world).await;
    let dpan = merchant.dpan(&world, json!({})).await;
    assert_eq!(world.pay(apple_payment("a", &dpan)).await["status"], 2);
    let again = world.pay(apple_payment("b", &dpan)).await;
    assert!(again["msg"].as_str().unwrap().contains("was used before"), "{again}");
    let again = world.pay(apple_payment("a", &dpan)).await;
    assert_eq!(again["err"], "PLATFORM_ERROR_DUPLICATED_ORDER_ID");
    assert_eq!(world.ledger().await.totals.charges, 1);
}

#[tokio::test]
async fn wallet_fields_beside_a_card_are_passed_over_and_the_other_way_round() {
    let world = World::new().await;
    let merchant = AppleMerchant::new(&world).await;
    let dpan = merchant.dpan(&world, json!({})).await;
    let mut both = card_payment("a", FRICTIONLESS);
    both.as_object_mut().unwrap().extend(apple_payment("a", &dpan).as_object().unwrap().clone());
    both["payment_method"] = json!("card");
    assert_eq!(world.pay(both.clone()).await["responseType"], "REDIRECT");
    assert_eq!(world.order("a").await.method, PaymentMethod::Card);
    both["payment_method"] = json!("applePayDPan");
    both["order_id"] = json!("b");
    assert_eq!(world.pay(both).await["status"], 2);
    assert_eq!(world.order("b").await.method, PaymentMethod::ApplePay);
}
