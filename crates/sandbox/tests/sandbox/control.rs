//! The control interface, its page, and what the sandbox must never say.

use crate::common::{
    CHALLENGE, FRICTIONLESS, REFUSED, Shop, World, but, card_payment, form_payment, json_of,
    location,
};
use crate::wallets::{AppleMerchant, apple_payment, google_payment};
use farthing_sandbox::Settings;
use farthing_sandbox::control::Faults;
use reqwest::Method;
use serde_json::{Value, json};

#[tokio::test]
async fn switches_are_changed_in_part_and_read_back() {
    let world = World::new().await;
    let before = json_of(world.call(Method::GET, "/_control/faults", None).await).await;
    assert_eq!(before, serde_json::to_value(Faults::default()).unwrap());
    world.set(json!({"callbacks": {"delay_ms": 5}, "fail_code": "X"})).await;
    world.set(json!({"callbacks": {"lose": true}, "fail_code": null})).await;
    let after = json_of(world.call(Method::GET, "/_control/faults", None).await).await;
    assert_eq!(
        (&after["callbacks"]["delay_ms"], &after["callbacks"]["lose"]),
        (&json!(5), &json!(true))
    );
    assert_eq!(after["fail_code"], Value::Null);
    assert_eq!(after["settle"], before["settle"]);
}

#[tokio::test]
async fn a_switch_that_does_not_exist_changes_nothing() {
    let world = World::new().await;
    let wrong = [
        json!({"settle": "on_accept", "unknown": 1}),
        json!({"settle": "sometimes"}),
        json!({"refusal_http": 700}),
        json!({"check_unknown_http": 99}),
        json!({"waiting_status": 2}),
        json!({"callbacks": {"repeat": 101}}),
        json!({"callbacks": {"statuses_after": vec![1; 65]}}),
        json!({"replies": [{"on": "pay", "fault": "unheard_of"}]}),
        json!({"replies": [{"on": "pay", "fault": "http_status", "code": 100}]}),
        json!({"form_base": "not a url"}),
        json!({"acs_base": "not a url"}),
        json!({"next_step": "paReq"}),
        json!([]),
    ];
    for faults in wrong {
        let response = world.call(Method::PUT, "/_control/faults", Some(faults.clone())).await;
        assert_eq!(response.status(), 400, "{faults}");
        assert!(json_of(response).await["error"].is_string());
    }
    let after = json_of(world.call(Method::GET, "/_control/faults", None).await).await;
    assert_eq!(after, serde_json::to_value(Faults::default()).unwrap());
}

#[tokio::test]
async fn the_clock_moves_stops_and_runs() {
    let world = World::new().await;
    let state =
        world.post("/_control/clock", json!({"now": "2030-01-01T00:00:00Z", "frozen": true})).await;
    assert_eq!(state, json!({"now": "2030-01-01T00:00:00Z", "frozen": true}));
    let state = world.post("/_control/clock", json!({"advance_seconds": 61})).await;
    assert_eq!(state, json!({"now": "2030-01-01T00:01:01Z", "frozen": true}));
    assert_eq!(json_of(world.call(Method::GET, "/_control/clock", None).await).await, state);
    assert_eq!(world.post("/_control/clock", json!({"frozen": false})).await["frozen"], false);
    for wrong in [json!({"advance": 1}), json!({"now": "noon"}), json!({"advance_seconds": 1.5})] {
        assert_eq!(world.call(Method::POST, "/_control/clock", Some(wrong)).await.status(), 400);
    }
}

#[tokio::test]
async fn reset_forgets_orders_switches_clock_and_callbacks_under_way() {
    let world = World::new().await;
    let mut shop = Shop::new().await;
    world.post("/_control/clock", json!({"now": "2030-01-01T00:00:00Z", "frozen": true})).await;
    world.set(json!({"settle": "on_accept", "callbacks": {"delay_ms": 200}})).await;
    world.pay(but(card_payment("a", FRICTIONLESS), "callback_url", json!(shop.url))).await;
    assert_eq!(world.call(Method::POST, "/_control/reset", None).await.status(), 204);
    let ledger = world.ledger().await;
    assert_eq!((ledger.orders.len(), ledger.requests.len(), ledger.totals.charges), (0, 0, 0));
    assert_eq!(
        json_of(world.call(Method::GET, "/_control/clock", None).await).await["frozen"],
        false
    );
    let faults = json_of(world.call(Method::GET, "/_control/faults", None).await).await;
    assert_eq!(faults, serde_json::to_value(Faults::default()).unwrap());

    world.set(json!({"settle": "on_accept", "callbacks": {"delay_ms": 300}})).await;
    world.pay(but(card_payment("a", REFUSED), "callback_url", json!(shop.url))).await;
    assert_eq!(
        shop.next().await.field("status").as_deref(),
        Some("-1"),
        "the one before the reset never came"
    );
}

#[tokio::test]
async fn the_ledger_can_be_asked_about_one_order() {
    let world = World::new().await;
    for id in ["a", "b"] {
        world.pay(card_payment(id, FRICTIONLESS)).await;
    }
    let ledger = json_of(world.call(Method::GET, "/_control/ledger?order_id=b", None).await).await;
    assert_eq!(ledger["orders"].as_array().unwrap().len(), 1);
    assert_eq!(
        (&ledger["orders"][0]["order_id"], &ledger["totals"]["orders"]),
        (&json!("b"), &json!(2))
    );
}

#[tokio::test]
async fn a_full_ledger_drops_its_oldest_orders() {
    let world = World::with(Settings { max_orders: 3, ..Settings::default() }).await;
    for id in ["a", "b", "c", "d", "e"] {
        world.pay(card_payment(id, FRICTIONLESS)).await;
    }
    let ledger = world.ledger().await;
    assert_eq!(
        ledger.orders.iter().map(|order| order.order_id.as_str()).collect::<Vec<_>>(),
        ["c", "d", "e"]
    );
    assert_eq!((ledger.totals.orders, ledger.totals.dropped), (3, 2));
    assert_eq!(world.check("a").await["err"], "ORDER_NOT_FOUND");
}

#[tokio::test]
async fn requests_are_counted_by_shape_without_a_single_value() {
    let world = World::new().await;
    for id in ["a", "b"] {
        world.pay(card_payment(id, FRICTIONLESS)).await;
    }
    world.pay(but(card_payment("c", FRICTIONLESS), "4012000000003010", json!(1))).await;
    world.check("a").await;
    let ledger = world.ledger().await;
    let log = &ledger.requests["initPaymentHost2Host"];
    assert_eq!(
        (log.count, log.shapes.len(), log.shapes[0].count, log.shapes[0].unknown),
        (3, 2, 2, 0)
    );
    assert!(log.shapes[0].fields.contains(&"card_cvv".to_owned()));
    assert_eq!(log.shapes[1].unknown, 1);
    assert_eq!(ledger.requests["check"].shapes[0].fields, ["order_id"]);
}

#[tokio::test]
async fn no_card_number_code_or_credential_is_ever_told() {
    let world = World::new().await;
    world.set(json!({"card_time_limit": true})).await;
    let mut told = String::new();
    for (index, number) in [FRICTIONLESS, CHALLENGE, REFUSED].into_iter().enumerate() {
        let id = format!("order-{index}");
        let request = but(card_payment(&id, number), "callback_url", json!("http://127.0.0.1:9/"));
        let answer = world.pay(but(request, "card_cvv", json!("9317"))).await;
        told += &answer.to_string();
        told += &world.visit(answer["form_url"].as_str().unwrap()).await.text().await.unwrap();
        let processing_id = world.order(&id).await.processing_id;
        told += &world.visit(&format!("http://x/acs/{processing_id}")).await.text().await.unwrap();
        told += &world.check(&id).await.to_string();
        told += &world.resend(&id, json!({"send": false})).await.body;
        // Refused, with all of it inside.
        told += &world
            .pay(but(card_payment(&id, number), "card_cvv", json!("93170")))
            .await
            .to_string();
        told +=
            &world.pay(but(card_payment(&id, number), "order_id", json!(null))).await.to_string();
    }
    let merchant = AppleMerchant::new(&world).await;
    for (index, number) in [FRICTIONLESS, CHALLENGE, REFUSED].into_iter().enumerate() {
        let dpan = merchant.dpan(&world, json!({"number": number})).await;
        let google = json!({"auth_method": "PAN_ONLY", "number": number});
        let google_dpan = world.google_dpan(google).await;
        for (wallet, request) in [
            ("apple", apple_payment(&format!("apple-{index}"), &dpan)),
            ("google", google_payment(&format!("google-{index}"), &google_dpan)),
        ] {
            // Refused, taken, and refused again.
            told +=
                &world.pay(but(request.clone(), "customer_email", json!("none"))).await.to_string();
            told += &world.pay(request.clone()).await.to_string();
            told += &world.pay(but(request, "order_id", json!("again"))).await.to_string();
            told += &world.check(&format!("{wallet}-{index}")).await.to_string();
        }
        assert!(!told.contains(&dpan[40..80]) && !told.contains(&google_dpan[40..80]));
    }
    told += &serde_json::to_string(&world.ledger().await).unwrap();
    told.extend([format!("{:?}", world.sandbox), format!("{:?}", world.ledger().await)]);
    assert!(told.contains("400383******4018"), "the test looks at the right place");
    for secret in [FRICTIONLESS, CHALLENGE, REFUSED, "9317", "qwerty", "dGVzdDpxd2VydHk"] {
        assert!(!told.contains(secret), "{secret}");
    }
}

#[tokio::test]
async fn the_page_shows_the_ledger_and_its_forms_work_without_script() {
    let world = World::new().await;
    let mut shop = Shop::new().await;
    assert!(world.visit("http://x/").await.text().await.unwrap().contains("No orders yet"));
    world
        .pay(but(card_payment("<b>&\"1/2 ü", FRICTIONLESS), "callback_url", json!(shop.url)))
        .await;
    let page = world.visit("http://x/").await.text().await.unwrap();
    assert!(
        page.contains("&lt;b&gt;&amp;&quot;1/2 ü")
            && !page.contains("<b>&")
            && !page.contains("<script")
    );
    assert!(page.contains("prefers-color-scheme:dark"));

    let start = page.find("/_control/callbacks/").unwrap();
    let action = page[start..].split('"').next().unwrap();
    assert_eq!(location(&world.submit(action, &[]).await), "/");
    assert_eq!(shop.next().await.field("orderId").as_deref(), Some("<b>&\"1/2 ü"));

    let slow = json!({"acs": {"behaviour": {"slow": {"ms": 77}}}});
    world.set(slow.clone()).await;
    let page = world.visit("http://x/").await.text().await.unwrap();
    let option = "<option value=\"{&quot;slow&quot;:{&quot;ms&quot;:77}}\" selected>";
    assert!(page.contains(option), "a position that the form does not offer is kept by it");
    let quick = [
        ("next_step", "frictionless"),
        ("acs_behaviour", r#"{"slow":{"ms":77}}"#),
        ("acs_method", r#""never""#),
        ("settle", "on_accept"),
        ("fail_code", ""),
        ("card_time_limit", "true"),
        ("callbacks_lose", "true"),
        ("callbacks_delay_ms", "7"),
    ];
    assert_eq!(location(&world.submit("/_control/faults", &quick).await), "/");
    let faults = json_of(world.call(Method::GET, "/_control/faults", None).await).await;
    assert_eq!(
        (&faults["next_step"], &faults["card_time_limit"]),
        (&json!("frictionless"), &json!(true))
    );
    assert_eq!(
        (&faults["callbacks"]["lose"], &faults["callbacks"]["delay_ms"]),
        (&json!(true), &json!(7))
    );
    assert_eq!(
        (&faults["acs"]["behaviour"], &faults["acs"]["method"]),
        (&slow["acs"]["behaviour"], &json!("never"))
    );
    let page = world.visit("http://x/").await.text().await.unwrap();
    assert!(page.contains("value=\"frictionless\" selected"));
    assert!(page.contains("value=\"&quot;never&quot;\" selected"));
    for next_step in ["form_url", "creq", "pa_req", "method", "method_form_url"] {
        let quick = [("next_step", next_step)];
        assert_eq!(location(&world.submit("/_control/faults", &quick).await), "/");
        let page = world.visit("http://x/").await.text().await.unwrap();
        assert!(page.contains(&format!("value=\"{next_step}\" selected")));
    }

    let merchant = AppleMerchant::new(&world).await;
    world.pay(apple_payment("apple", &merchant.dpan(&world, json!({})).await)).await;
    let page = world.visit("http://x/").await.text().await.unwrap();
    assert!(page.contains("Apple Pay 401200******3010"), "{page}");

    assert_eq!(
        location(&world.submit("/_control/faults", &[("json", r#"{"settle":"on_visit"}"#)]).await),
        "/"
    );
    assert_eq!(world.submit("/_control/faults", &[("json", "{")]).await.status(), 400);
    assert_eq!(world.submit("/_control/faults", &[("unknown", "x")]).await.status(), 400);
    assert_eq!(location(&world.submit("/_control/clock", &[("advance_seconds", "60")]).await), "/");
    assert_eq!(location(&world.submit("/_control/reset", &[]).await), "/");
    assert!(world.ledger().await.orders.is_empty());
}

#[tokio::test]
async fn another_sites_page_cannot_pull_the_switches() {
    let world = World::new().await;
    world.post("/smartcore/api/initPayment", form_payment("a")).await;
    for path in ["reset", "faults", "clock", "callbacks/a"] {
        let request = world
            .client
            .post(format!("{}/_control/{path}", world.base))
            .header("sec-fetch-site", "cross-site");
        assert_eq!(request.send().await.unwrap().status(), 403);
    }
    assert_eq!(world.ledger().await.orders.len(), 1);
}

#[tokio::test]
async fn the_public_url_is_localhost_or_what_the_settings_say() {
    let world = World::new().await;
    assert_eq!(
        world.sandbox.url().as_str(),
        format!("http://localhost:{}/", world.sandbox.address().port())
    );
    let public_url = Some("https://sandbox.example/below/".parse().unwrap());
    let world = World::with(Settings { public_url, ..Settings::default() }).await;
    let answer = world.pay(card_payment("a", CHALLENGE)).await;
    assert!(
        answer["form_url"]
            .as_str()
            .unwrap()
            .starts_with("https://sandbox.example/below/smartcore/pay/")
    );
}

#[tokio::test]
async fn localhost_is_reached_over_both_families_if_asked_to() {
    let world = World::with(Settings { dual_stack: true, ..Settings::default() }).await;
    let port = world.sandbox.address().port();
    if std::net::TcpListener::bind("[::1]:0").is_ok() {
        let response =
            world.client.get(format!("http://[::1]:{port}/_control/ledger")).send().await.unwrap();
        assert_eq!(response.status(), 200);
    }
}

#[tokio::test]
async fn an_object_is_json_even_if_it_is_called_a_form() {
    let shop = Shop::new().await;
    let world = World::new().await;
    let called_form = async |method: Method, path: &str, body: &'static str| {
        let request = world.client.request(method, format!("{}{path}", world.base));
        let request = request.header("content-type", "application/x-www-form-urlencoded");
        request.body(body).send().await.unwrap()
    };
    let faults = "{\"settle\": \"on_accept\", \"callbacks\": {\"lose\": true}}";
    let faults = json_of(called_form(Method::PUT, "/_control/faults", faults).await).await;
    assert_eq!(
        (&faults["settle"], &faults["callbacks"]["lose"]),
        (&json!("on_accept"), &json!(true))
    );
    let clock = "\n{\"now\": \"2030-01-01T00:00:00Z\", \"frozen\": true}";
    let clock = json_of(called_form(Method::POST, "/_control/clock", clock).await).await;
    assert_eq!(clock["now"], "2030-01-01T00:00:00Z");

    world.pay(but(card_payment("a", FRICTIONLESS), "callback_url", json!(shop.url))).await;
    let before = world.until("a", |order| !order.callbacks.is_empty()).await.callbacks.len();
    let callbacks = "/_control/callbacks/a";
    let made = json_of(called_form(Method::POST, callbacks, "{\"send\": false}").await).await;
    assert_eq!(made["http_status"], Value::Null);
    assert!(made["body"].as_str().unwrap().contains("sign="));
    assert_eq!(called_form(Method::POST, callbacks, "send=false").await.status(), 400);
    assert_eq!(world.order("a").await.callbacks.len(), before, "nothing was sent");
    assert_eq!(called_form(Method::POST, callbacks, "").await.status(), 303);
    world.until("a", |order| order.callbacks.len() == before + 1).await;
}
