//! Card payments and hosted forms: who may ask, what is refused, and when money is taken.

use crate::common::{
    CHALLENGE, FRICTIONLESS, REFUSED, World, but, card_payment, form_payment, json_of, location,
};
use farthing_sandbox::control::{OrderKind, Phase};
use reqwest::Method;
use serde_json::{Value, json};

const PAY: &str = "/smartcore/card/initPaymentHost2Host";
const FORM: &str = "/smartcore/api/initPayment";
const CHECK: &str = "/smartcore/api/check";

#[tokio::test]
async fn wrong_or_missing_credentials_are_refused_by_every_call() {
    let world = World::new().await;
    for path in [PAY, FORM, CHECK] {
        // Right, but for one letter; of another scheme; not base64; nothing.
        for header in [
            Some("Basic dGVzdDpxd2VydHg="),
            Some("Bearer dGVzdDpxd2VydHk="),
            Some("Basic ???"),
            None,
        ] {
            let mut request = world.client.post(format!("{}{path}", world.base));
            if let Some(value) = header {
                request = request.header("authorization", value);
            }
            let body = card_payment("a", FRICTIONLESS).to_string();
            let response =
                request.header("content-type", "application/json").body(body).send().await.unwrap();
            assert_eq!(response.status(), 401);
            assert!(response.headers()["www-authenticate"].to_str().unwrap().starts_with("Basic"));
        }
    }
    let ledger = world.ledger().await;
    assert!(ledger.orders.is_empty());
    assert_eq!(ledger.requests["initPaymentHost2Host"].unauthorized, 4);
}

#[tokio::test]
async fn each_required_field_is_missed_by_name() {
    let world = World::new().await;
    let optional = ["purpose", "success_url", "fail_url", "status_url", "payment_method"];
    for (path, request) in [(PAY, card_payment("a", FRICTIONLESS)), (FORM, form_payment("a"))] {
        for name in request.as_object().unwrap().keys() {
            if optional.contains(&name.as_str()) || (path == FORM && name == "merchant_site") {
                continue;
            }
            for absent in [Value::Null, json!("")] {
                let answer = world.post(path, but(request.clone(), name, absent)).await;
                assert_eq!(answer["err"], "VALIDATION_PROCESSING_ERROR", "{name}");
                assert_eq!(answer["status"], -1);
                let text = answer["description"].as_str().unwrap();
                assert!(text.contains(name.as_str()), "{name}: {text}");
            }
        }
    }
    assert!(world.ledger().await.orders.is_empty());
}

#[tokio::test]
async fn each_rule_is_named_and_no_value_repeated() {
    let world = World::new().await;
    let wrong = [
        ("account", json!("USD-sandbox")),
        ("account", json!("EUR")),
        ("amount", json!(0)),
        ("amount", json!(-777)),
        ("amount", json!(10.5)),
        ("amount", json!("1999")),
        ("amount", json!(1_000_000_000_000_000_u64)),
        ("currency", json!("eur")),
        ("currency", json!("EURO")),
        ("order_id", json!(77_777)),
        ("order_id", json!("x".repeat(129))),
        ("order_id", json!("line\nbreak")),
        ("merchant_site", json!("shop.example")),
        ("success_url", json!("javascript:alert(1)")),
        ("fail_url", json!(77_777)),
        ("status_url", json!("https://")),
        ("callback_url", json!("ftp://shop.example/x")),
        ("recurrent", json!("perhaps")),
        ("recur_freq", json!("weekly")),
        ("recur_exp", json!("next year")),
        ("browser_js_enabled", json!({})),
        ("browser_color_depth", json!(["24"])),
        ("customer_first_name", json!(77_777)),
        ("customer_zip_code", json!(["LS1"])),
        ("customer_country", json!("GBR")),
        ("customer_phone", json!("+44 113 000")),
        ("customer_email", json!("ann.example.com")),
        ("customer_ip_address", json!("192.0.2")),
        ("payment_method", json!("paypal")),
        ("payment_method", json!(77_777)),
        ("card_number", json!("4012000000003011")),
        ("card_number", json!("4012 0000 0000 3010")),
        ("card_number", json!(4_012_000_000_003_010_u64)),
        ("card_exp_month", json!("13")),
        ("card_exp_month", json!("1")),
        ("card_exp_year", json!("2030")),
        ("card_cvv", json!("12")),
        ("card_cvv", json!(123)),
    ];
    for (name, value) in wrong {
        let answer = world.pay(but(card_payment("a", FRICTIONLESS), name, value.clone())).await;
        let text = answer["msg"].as_str().unwrap_or_else(|| panic!("{name} {value}: {answer}"));
        assert!(text.starts_with(name), "{name} {value}: {text}");
        let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        assert!(value.len() < 4 || !text.contains(&value), "{name}: {text}");
    }
    assert!(world.ledger().await.orders.is_empty());
}

#[tokio::test]
async fn several_broken_rules_are_named_at_once() {
    let world = World::new().await;
    let request =
        but(but(card_payment("a", "4012000000003011"), "card_cvv", json!("x")), "amount", json!(0));
    let text = world.pay(request).await["msg"].as_str().unwrap().to_owned();
    assert!(["amount", "card_cvv", "card_number"].iter().all(|name| text.contains(name)), "{text}");
}

#[tokio::test]
async fn what_the_documents_leave_open_is_taken_either_way() {
    let world = World::new().await;
    let either = [
        ("customer_zip_code", json!(121_165)),
        ("customer_zip_code", json!("121165")),
        ("recurrent", json!("true")),
        ("recur_freq", json!(30)),
        ("recur_exp", json!("2030-12-13T14:00:53.421Z")),
        ("browser_js_enabled", json!(true)),
        ("browser_js_enabled", json!("false")),
        ("browser_color_depth", json!(24)),
        ("browser_color_depth", json!("24")),
        ("a_field_of_tomorrow", json!({})),
        ("customer_ip_address", json!("2001:db8::1")),
    ];
    for (index, (name, value)) in either.into_iter().enumerate() {
        let answer = world
            .pay(but(card_payment(&format!("order-{index}"), FRICTIONLESS), name, value))
            .await;
        assert_eq!(answer["err"], Value::Null, "{name}: {answer}");
    }
}

#[tokio::test]
async fn bodies_that_are_not_a_json_object_are_refused() {
    let world = World::new().await;
    let send = async |content_type: &str, body: String| {
        let request =
            world.client.post(format!("{}{PAY}", world.base)).basic_auth("test", Some("qwerty"));
        request.header("content-type", content_type).body(body).send().await.unwrap()
    };
    for body in ["", "[]", "{", "\u{feff}{}", "null"] {
        let answer = json_of(send("application/json", body.to_owned()).await).await;
        assert_eq!(answer["err"], "VALIDATION_PROCESSING_ERROR", "{body:?}");
    }
    assert_eq!(send("text/plain", "{}".to_owned()).await.status(), 415);
    assert_eq!(send("application/json", " ".repeat(65 * 1024)).await.status(), 413);
}

#[tokio::test]
async fn the_http_code_of_a_refusal_is_a_switch() {
    let world = World::new().await;
    for code in [200, 400, 422] {
        world.set(json!({"refusal_http": code})).await;
        for (path, body) in [(PAY, json!({})), (FORM, json!({})), (CHECK, json!({}))] {
            let response = world.call(Method::POST, path, Some(body)).await;
            assert_eq!(response.status(), code);
            assert_eq!(json_of(response).await["err"], "VALIDATION_PROCESSING_ERROR");
        }
    }
}

#[tokio::test]
async fn a_payment_without_challenge_is_charged_when_the_shopper_arrives_and_only_once() {
    let world = World::new().await;
    let answer = world.pay(card_payment("a", FRICTIONLESS)).await;
    assert_eq!((&answer["status"], &answer["responseType"]), (&json!(1), &json!("REDIRECT")));
    let form_url = answer["form_url"].as_str().unwrap();
    assert!(form_url.starts_with(&format!("{}smartcore/pay/", world.sandbox.url())), "{form_url}");
    assert_eq!(world.check("a").await["status"], 0);
    assert_eq!(world.order("a").await.charges, []);

    let path = &form_url[world.sandbox.url().as_str().len() - 1..];
    let head = world.client.head(format!("{}{path}", world.base)).send().await.unwrap();
    assert_eq!(head.status(), 200);
    assert_eq!(world.order("a").await.phase, Phase::AwaitingVisit, "a HEAD is no visit");

    for _ in 0..3 {
        assert_eq!(location(&world.visit(form_url).await), "https://shop.example/ok");
    }
    let order = world.order("a").await;
    assert_eq!((order.status, order.kind, order.phase), (2, OrderKind::Host2host, Phase::Ended));
    assert_eq!(order.charges.iter().map(|charge| charge.amount).collect::<Vec<_>>(), [1999]);
    assert_eq!(order.card.as_deref(), Some("401200******3010"));
    let checked = world.check("a").await;
    assert_eq!(
        (&checked["status"], &checked["finalAmount"], &checked["errorMessage"]),
        (&json!(2), &json!(1999), &Value::Null)
    );
}

#[tokio::test]
async fn all_other_cards_fail_with_a_reason_and_without_a_charge() {
    let world = World::new().await;
    let cards = [
        (REFUSED, "EMITTER_DENIAL_PROCESSING_ERROR"),
        ("5555555555554444", "INSUFFICIENT_FUNDS_PROCESSING_ERROR"),
        ("4111111111111111", "DO_NOT_HONOUR_PROCESSING_ERROR"),
    ];
    for (number, code) in cards {
        let answer = world.pay(card_payment(number, number)).await;
        let back = location(&world.visit(answer["form_url"].as_str().unwrap()).await);
        assert_eq!(back, "https://shop.example/sorry");
        let checked = world.check(number).await;
        assert_eq!(checked["status"], -1);
        assert_eq!(checked["errorMessage"], code);
        assert_eq!(checked["cascadeErrors"], json!([{"gatePriority": 0, "errorCategory": code}]));
        assert_eq!(world.order(number).await.charges, []);
    }
}

#[tokio::test]
async fn the_way_back_falls_back_to_the_status_url_and_then_to_a_page() {
    let world = World::new().await;
    for (number, own) in [(FRICTIONLESS, "success_url"), (REFUSED, "fail_url")] {
        let request = but(card_payment(number, number), own, Value::Null);
        let answer = world.pay(request.clone()).await;
        assert_eq!(
            location(&world.visit(answer["form_url"].as_str().unwrap()).await),
            "https://shop.example/status"
        );
        let request =
            but(but(request, "status_url", Value::Null), "order_id", json!(format!("{number}-b")));
        let answer = world.pay(request).await;
        let page = world.visit(answer["form_url"].as_str().unwrap()).await;
        assert_eq!(page.status(), 200);
        let title = if number == FRICTIONLESS { "Payment complete" } else { "Payment failed" };
        assert!(page.text().await.unwrap().contains(title));
    }
}

#[tokio::test]
async fn money_can_be_taken_on_acceptance() {
    let world = World::new().await;
    world.set(json!({"settle": "on_accept"})).await;
    let answer = world.pay(card_payment("a", FRICTIONLESS)).await;
    assert_eq!(answer["status"], 1, "the reply still shows what the documents show");
    assert_eq!(world.order("a").await.charges.len(), 1);
    assert_eq!(
        location(&world.visit(answer["form_url"].as_str().unwrap()).await),
        "https://shop.example/ok"
    );
    assert_eq!(world.order("a").await.charges.len(), 1);
    world.pay(card_payment("b", CHALLENGE)).await;
    assert_eq!(world.order("b").await.phase, Phase::AwaitingVisit, "a challenge needs its shopper");
}

#[tokio::test]
async fn the_reply_can_say_the_end_of_a_payment_without_challenge() {
    let world = World::new().await;
    world.set(json!({"next_step": "frictionless"})).await;
    let paid = world.pay(card_payment("a", FRICTIONLESS)).await;
    assert_eq!(
        (&paid["status"], &paid["form_url"], &paid["responseType"]),
        (&json!(2), &Value::Null, &Value::Null)
    );
    assert!(paid["endDate"].is_string());
    let failed = world.pay(card_payment("b", REFUSED)).await;
    assert_eq!(
        (&failed["status"], &failed["err"]),
        (&json!(-1), &json!("EMITTER_DENIAL_PROCESSING_ERROR"))
    );
    let challenge = world.pay(card_payment("c", CHALLENGE)).await;
    assert_eq!((&challenge["status"], challenge["form_url"].is_string()), (&json!(1), true));
    let form = world.post(FORM, form_payment("d")).await;
    assert_eq!((&form["status"], form["form_url"].is_string()), (&json!(1), true));
}

#[tokio::test]
async fn every_documented_error_code_and_any_other_can_be_produced() {
    let world = World::new().await;
    let codes = [
        "PROCESSING_ERROR",
        "AUTHENTICATION_PROCESSING_ERROR",
        "DO_NOT_HONOUR_PROCESSING_ERROR",
        "EMITTER_DENIAL_PROCESSING_ERROR",
        "FORM_TIMEOUT_PROCESSING_ERROR",
        "INSUFFICIENT_FUNDS_PROCESSING_ERROR",
        "LIMIT_PROCESSING_ERROR",
        "PROCESSOR_DENIAL_PROCESSING_ERROR",
        "3DS_REDIRECT_TIMEOUT_PROCESSING_ERROR",
        "3DS_TIMEOUT_PROCESSING_ERROR",
        "TECHNICAL_PROCESSING_ERROR",
        "VALIDATION_PROCESSING_ERROR",
        "PLATFORM_ERROR_DUPLICATED_ORDER_ID",
        "PLATFORM_ERROR_ERROR_GATE_EXCHANGE_NOT_ALLOWED",
        "PLATFORM_ERROR_GATE_NOT_FOUND",
        "PLATFORM_ORDER_BILLING_ERROR",
        "CARD_TIME_LIMIT_PROCESSING_ERROR",
        "3DS Redirect Timeout",
        "3DS_CANCEL_PROCESSING_ERROR",
        "A_CODE_OF_TOMORROW",
    ];
    for code in codes {
        world.set(json!({"fail_code": code, "settle": "on_accept"})).await;
        world.pay(card_payment(code, FRICTIONLESS)).await;
        assert_eq!(world.check(code).await["errorMessage"], code);
        assert_eq!(world.order(code).await.charges, []);
    }
    world.set(json!({"fail_code": null})).await;
    world.pay(card_payment("after", FRICTIONLESS)).await;
    assert_eq!(world.order("after").await.status, 2);
}

#[tokio::test]
async fn an_order_id_is_taken_once_whatever_became_of_it() {
    let world = World::new().await;
    world.set(json!({"settle": "on_accept"})).await;
    for number in [FRICTIONLESS, REFUSED, CHALLENGE] {
        world.pay(card_payment(number, number)).await;
        let before = world.order(number).await;
        for (path, request) in
            [(PAY, card_payment(number, FRICTIONLESS)), (FORM, form_payment(number))]
        {
            let again = world.post(path, request).await;
            assert_eq!((&again["status"], &again["form_url"]), (&json!(-1), &Value::Null));
            assert_eq!(again["err"], "PLATFORM_ERROR_DUPLICATED_ORDER_ID");
        }
        assert_eq!(world.order(number).await, before);
    }
}

#[tokio::test]
async fn fifty_parallel_requests_with_one_order_id_make_one_charge() {
    let world = World::new().await;
    world.set(json!({"settle": "on_accept"})).await;
    let calls = (0..50).map(|_| world.pay(card_payment("a", FRICTIONLESS)));
    let answers = futures_util::future::join_all(calls).await;
    assert_eq!(answers.iter().filter(|answer| answer["err"].is_null()).count(), 1);
    assert_eq!(world.ledger().await.totals.charges, 1);
}

#[tokio::test]
async fn a_refused_request_does_not_use_its_order_id_up() {
    let world = World::new().await;
    world.pay(but(card_payment("a", FRICTIONLESS), "amount", json!(0))).await;
    assert_eq!(world.pay(card_payment("a", FRICTIONLESS)).await["err"], Value::Null);
}

#[tokio::test]
async fn the_sixty_second_rule_is_a_switch_and_goes_by_the_sandboxs_clock() {
    let world = World::new().await;
    let now = "2030-01-01T00:00:00Z";
    world.post("/_control/clock", json!({"now": now, "frozen": true})).await;
    world.set(json!({"settle": "on_accept"})).await;
    world.pay(card_payment("off-1", FRICTIONLESS)).await;
    world.pay(card_payment("off-2", FRICTIONLESS)).await;
    assert_eq!(world.order("off-2").await.status, 2);

    world.set(json!({"card_time_limit": true})).await;
    world.pay(card_payment("on-1", FRICTIONLESS)).await;
    world.advance(59).await;
    world.pay(card_payment("on-2", FRICTIONLESS)).await;
    world.pay(card_payment("other-card", REFUSED)).await;
    world.advance(1).await;
    world.pay(card_payment("on-3", FRICTIONLESS)).await;
    let error = async |id| world.order(id).await.error;
    assert_eq!(error("on-1").await, None);
    assert_eq!(error("on-2").await.as_deref(), Some("CARD_TIME_LIMIT_PROCESSING_ERROR"));
    assert_eq!(error("other-card").await.as_deref(), Some("EMITTER_DENIAL_PROCESSING_ERROR"));
    assert_eq!(error("on-3").await, None);
}

#[tokio::test]
async fn the_reply_calls_order_id_what_the_switch_says() {
    let world = World::new().await;
    for (path, request) in [(PAY, card_payment("", FRICTIONLESS)), (FORM, form_payment(""))] {
        for echo in ["merchant", "processing", "absent"] {
            world.set(json!({"order_id_echo": echo})).await;
            let id = format!("{echo}{}", path.len());
            let answer = world.post(path, but(request.clone(), "order_id", json!(id))).await;
            let form_url = answer["form_url"].as_str().unwrap();
            match echo {
                "merchant" => assert_eq!(answer["order_id"], id.as_str()),
                "processing" => {
                    assert_eq!(answer["order_id"], form_url.rsplit('/').next().unwrap());
                }
                _ => assert!(answer.get("order_id").is_none()),
            }
        }
    }
}

#[tokio::test]
async fn the_host_of_form_url_can_be_any() {
    let world = World::new().await;
    for base in [
        "https://evil.example",
        "http://payment.smartcore.pro.evil.example/deep/",
        "https://a:b@payment.smartcore.pro/",
    ] {
        world.set(json!({"form_base": base})).await;
        let answer = world.pay(card_payment(base, FRICTIONLESS)).await;
        let form_url = answer["form_url"].as_str().unwrap();
        assert!(form_url.starts_with(base.trim_end_matches('/')), "{form_url}");
    }
    world.set(json!({"form_base": null})).await;
    let answer = world.pay(card_payment("a", FRICTIONLESS)).await;
    assert!(answer["form_url"].as_str().unwrap().starts_with("http://localhost:"));
}

#[tokio::test]
async fn check_knows_the_processing_id_only_if_the_switch_says_so() {
    let world = World::new().await;
    world.pay(card_payment("a", FRICTIONLESS)).await;
    let processing_id = world.order("a").await.processing_id;
    assert_eq!(world.check(&processing_id).await, json!({"err": "ORDER_NOT_FOUND"}));
    world.set(json!({"check_by_processing_id": true})).await;
    let answer = world.check(&processing_id).await;
    assert_eq!((&answer["order_id"], &answer["status"]), (&json!("a"), &json!(0)));
}

#[tokio::test]
async fn check_says_when_it_knows_nothing_with_a_code_of_choice() {
    let world = World::new().await;
    for code in [200, 404, 400] {
        world.set(json!({"check_unknown_http": code})).await;
        let response = world.call(Method::POST, CHECK, Some(json!({"order_id": "nobody"}))).await;
        assert_eq!(response.status(), code);
        assert_eq!(json_of(response).await, json!({"err": "ORDER_NOT_FOUND"}));
    }
}

#[tokio::test]
async fn an_unvisited_order_waits_with_the_status_of_either_document() {
    let world = World::new().await;
    world.pay(card_payment("a", FRICTIONLESS)).await;
    assert_eq!(world.check("a").await["status"], 0);
    world.set(json!({"waiting_status": 1})).await;
    assert_eq!(world.check("a").await["status"], 1);
}

#[tokio::test]
async fn less_than_the_amount_can_be_taken_and_is_told_truly() {
    let world = World::new().await;
    world.set(json!({"settle": "on_accept", "final_amount": {"smaller_by": 99}})).await;
    world.pay(card_payment("a", FRICTIONLESS)).await;
    let checked = world.check("a").await;
    assert_eq!((&checked["amount"], &checked["finalAmount"]), (&json!(1999), &json!(1900)));
    assert_eq!(world.order("a").await.charges[0].amount, 1900);
    world.set(json!({"final_amount": "absent"})).await;
    assert!(world.check("a").await.get("finalAmount").is_none());
}
