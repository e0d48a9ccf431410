//! Refusals: they name the field and the rule and repeat no value, and they cost no money.

use farthing_stories::{Shopper, World};
use serde_json::{Value, json};

/// A value that no answer may repeat.
const MARK: &str = "zqxjkvbp";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn refused_sessions_name_the_field_and_repeat_no_value() {
    let world = World::start().await;
    let bad: Vec<(&str, Value)> = vec![
        ("amount", json!({"amount": 0})),
        ("amount", json!({"amount": -5})),
        ("amount", json!({"amount": 12.5})),
        ("amount", json!({"amount": "1295"})),
        ("currency", json!({"currency": MARK})),
        ("currency", json!({"currency": "USD"})),
        ("order_id", json!({"order_id": ""})),
        ("order_id", json!({"order_id": format!("{MARK}\n{MARK}")})),
        ("customer.first_name", json!({"customer": {"first_name": format!("{MARK}|x")}})),
        ("customer.email", json!({"customer": {"email": MARK}})),
        ("customer.country", json!({"customer": {"country": MARK}})),
        ("success_url", json!({"success_url": format!("https://{MARK}.example/")})),
        ("return_url", json!({"return_url": format!("javascript:{MARK}")})),
        ("purpose", json!({"purpose": MARK.repeat(2000)})),
        ("nonsense", json!({"nonsense": MARK})),
        ("customer.nonsense", json!({"customer": {"nonsense": MARK}})),
        // A name that could itself be data is not repeated either.
        ("", json!({"4012000000003010": MARK})),
    ];
    for (field, change) in bad {
        let mut order = world.order();
        farthing_stories::world::merge(&mut order, change.clone());
        let answer = world.api.post("/v1/sessions", &order).await;
        assert_eq!(
            answer.status,
            400,
            "{change} was answered with {}: {}",
            answer.status,
            answer.text()
        );
        assert!(answer.header("content-type").starts_with("application/problem+json"), "{change}");
        assert!(answer.text().contains(field), "{change}: {}", answer.text());
        assert!(
            !answer.text().contains(MARK),
            "{change}: the answer repeats the value: {}",
            answer.text()
        );
    }
    for body in [
        &b"{"[..],
        b"",
        b"[]",
        b"null",
        b"\"x\"",
        b"{\"amount\":1,\"amount\":2}",
        b"\xff\xfe",
        b"{\"a\":NaN}",
    ] {
        let answer = world
            .api
            .send("POST", "/v1/sessions", Some("bad-bytes"), Some(body))
            .await
            .expect("an answer");
        assert_eq!(answer.status, 400, "{body:?}: {}", answer.text());
    }
    assert_eq!(world.api.list("/v1/payments").await.len(), 0);
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keys_open_what_their_scopes_say_and_nothing_without() {
    let world = World::start().await;
    let order = world.order();
    for key in ["sk_", "sk_nobody", "", "sk_test_4eC39HqLyjWDarjtT1zdp7dcStoryStory9999"] {
        let api = world.api.with_key(key);
        assert_eq!(api.post("/v1/sessions", &order).await.status, 401, "{key}");
        assert_eq!(api.get("/v1/payments").await.status, 401, "{key}");
    }
    let reader = world.api.with_key(farthing_stories::config::READ_KEY);
    assert_eq!(reader.get("/v1/payments").await.status, 200);
    reader.post("/v1/sessions", &order).await.expect_problem(403, "missing-scope");
    assert_eq!(world.api.get("/v1/payments/pay_00000000000000000000000000").await.status, 404);
    assert_eq!(world.api.get("/v1/nothing").await.status, 404);
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn case_28_what_the_browser_sends_can_not_change_what_is_charged() {
    let world = World::start().await;
    let session = world.session().await;
    let shopper = world.shopper();
    let page = shopper.get(&session.path).await;
    let action = page.card_form().action.clone();
    let fields = Shopper::filled(&page, &world.good_card());
    for (name, value) in [
        ("amount", "1"),
        ("currency", "USD"),
        ("account", "OTHER"),
        ("order_id", "x"),
        ("gateway", "http://evil.example"),
        ("status", "paid"),
        ("customer_ip", "1.1.1.1"),
        ("success_url", "http://evil.example"),
    ] {
        let mut tampered = fields.clone();
        tampered.push((name.to_owned(), value.to_owned()));
        shopper.post_json(&action, &tampered).await.expect_problem(400, "validation");
        let answer = shopper.post(&action, &tampered).await;
        shopper.refused(answer).await;
    }
    let mut doubled = fields.clone();
    doubled.push(("card_code".to_owned(), "999".to_owned()));
    let answer = shopper.post(&action, &doubled).await;
    shopper.refused(answer).await;
    for query in ["?amount=1", "?currency=USD&amount=1"] {
        shopper.post(&format!("{action}{query}"), &fields[..2]).await;
    }
    assert_eq!(world.sandbox.orders().await.len(), 0);
    // Untouched, it pays what the merchant said.
    let answer = shopper.post(&action, &fields).await;
    shopper.walk(answer).await;
    shopper.wait_for_state(&session.path, "paid").await;
    let order = &world.sandbox.orders().await[0];
    assert_eq!((order["amount"].as_u64(), order["currency"].as_str()), (Some(1295), Some("EUR")));
    assert_eq!(order["account"], "EUR-sandbox");
    world.finish().await;
}

/// Whatever a member of the JSON is replaced by or added with: the request is refused, or the gateway hears what the merchant said.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn case_28_no_change_of_the_json_changes_what_the_gateway_hears() {
    let world = World::builder().proxied().start().await;
    world.decide_at_once().await;
    let shopper = world.shopper();
    let values = [
        json!(1),
        json!(-1),
        json!("1"),
        json!(true),
        json!(null),
        json!([1]),
        json!({"amount": 1}),
    ];
    let (mut refused, mut paid) = (0, 0);
    for name in [
        "amount",
        "final_amount",
        "currency",
        "account",
        "gateway",
        "status",
        "state",
        "order_id",
        "session",
        "version",
        "attempt",
        "browser_language",
        "browser_time_zone",
    ] {
        for value in &values {
            let session = world.session().await;
            let page = shopper.get(&session.path).await;
            let fields = Shopper::filled(&page, &world.good_card());
            let mut body: serde_json::Map<String, Value> =
                fields.into_iter().map(|(name, value)| (name, value.into())).collect();
            body.insert(name.to_owned(), value.clone());
            let url = world.origin.join(&page.card_form().action).unwrap();
            let answer = world
                .http()
                .post(url.clone())
                .header("content-type", "application/json")
                .header("sec-fetch-site", "same-origin")
                .body(Value::Object(body).to_string())
                .send()
                .await
                .unwrap();
            let payments = world.api.payments_of(&session.order_id).await;
            if answer.status() != 200 {
                assert!(answer.status().is_client_error(), "{name} {value}: {}", answer.status());
                assert_eq!(
                    payments.len(),
                    0,
                    "{name} {value}: refused, and a payment all the same"
                );
                refused += 1;
                continue;
            }
            paid += 1;
            let sent = world.wire().last_request_json();
            assert_eq!(sent["amount"], 1295, "{name} {value}");
            assert_eq!(
                (&sent["currency"], &sent["account"]),
                (&json!("EUR"), &json!("EUR-sandbox"))
            );
            assert_eq!(sent["order_id"], payments[0]["gateway_order_id"], "{name} {value}");
        }
    }
    assert!(refused > 50 && paid > 5, "{refused} refused, {paid} paid");
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_form_from_another_site_is_refused() {
    let world = World::start().await;
    let session = world.session().await;
    let shopper = world.shopper();
    let page = shopper.get(&session.path).await;
    let card = world.good_card();
    let fields = Shopper::filled(&page, &card);
    let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(&fields).finish();
    let url = world.origin.join(&page.card_form().action).unwrap();
    for headers in [
        vec![("sec-fetch-site", "cross-site"), ("origin", "http://evil.example")],
        vec![("sec-fetch-site", "same-site"), ("origin", "http://evil.example")],
        vec![("sec-fetch-site", "none")],
        vec![("origin", "http://evil.example")],
        vec![("origin", "null")],
        vec![],
    ] {
        let mut request = world
            .http()
            .post(url.clone())
            .header("content-type", "application/x-www-form-urlencoded");
        for (name, value) in &headers {
            request = request.header(*name, *value);
        }
        let status = request.body(body.clone()).send().await.unwrap().status().as_u16();
        assert_eq!(status, 403, "{headers:?}");
    }
    assert_eq!(world.sandbox.orders().await.len(), 0);
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn case_36_huge_requests_are_refused_without_harm() {
    let world = World::start().await;
    let session = world.session().await;
    let huge = json!({"order_id": "x".repeat(70_000)});
    world.api.post("/v1/sessions", &huge).await.expect(413);
    let shopper = world.shopper();
    let fields = vec![("card_holder".to_owned(), "x".repeat(70_000))];
    shopper.post_json(&format!("{}/payments", session.path), &fields).await.expect(413);
    let answer = shopper.post(&format!("{}/payments", session.path), &fields).await;
    shopper.refused(answer).await;
    let many = (0..10_000).map(|index| (format!("k{index}"), String::new())).collect::<Vec<_>>();
    let answer = shopper.post(&format!("{}/payments", session.path), &many).await;
    shopper.refused(answer).await;
    let long = format!("/checkout/{}", "a".repeat(20_000));
    assert!(matches!(shopper.get(&long).await.status, 404 | 414 | 431));
    let deep = format!("{}{}", "[".repeat(20_000), "]".repeat(20_000));
    let body = format!("{{\"metadata\":{{\"a\":{deep}}}}}");
    let answer = world
        .api
        .send("POST", "/v1/sessions", Some("deep"), Some(body.as_bytes()))
        .await
        .expect("an answer");
    assert_eq!(answer.status, 400, "{}", answer.text());
    // Compressed bodies are not unpacked.
    let url = world.origin.join("/v1/sessions").unwrap();
    let zipped = world
        .http()
        .post(url)
        .bearer_auth(farthing_stories::config::API_KEY)
        .header("idempotency-key", "zip")
        .header("content-type", "application/json")
        .header("content-encoding", "gzip")
        .body(vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3])
        .send()
        .await
        .unwrap();
    assert!(matches!(zipped.status().as_u16(), 400 | 415), "{}", zipped.status());
    assert_eq!(shopper.get("/healthz").await.status, 200);
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn case_43_what_merchants_shoppers_and_gateways_write_is_shown_as_text() {
    let world = World::start().await;
    for payload in [
        "<script>alert(1)</script>",
        "\"><img src=x onerror=alert(1)>",
        "'-alert(1)-'",
        "</title><svg onload=alert(1)>",
        "{{constructor.constructor('alert(1)')()}}",
        "<!--<script>",
        "&lt;b&gt;",
        "javascript:alert(1)",
    ] {
        let session = world.session_with(json!({"purpose": payload, "customer": null})).await;
        let shopper = world.shopper();
        let page = shopper.get(&session.path).await;
        assert!(
            page.html.text().contains(payload),
            "{payload} is not shown as it was written: {}",
            page.html.text()
        );
        let mut fields = Shopper::filled(&page, &world.bad_card());
        for (name, value) in &mut fields {
            if matches!(name.as_str(), "card_expiry") {
                "13 / 99".clone_into(value);
            }
            if matches!(name.as_str(), "city" | "address") {
                payload.clone_into(value);
            }
        }
        let again = shopper.post(&page.card_form().action, &fields).await;
        let again = shopper.refused(again).await;
        assert_eq!(
            again.html.form_with_field("city").and_then(|form| form.value("city")),
            Some(payload)
        );
        for page in [&page, &again] {
            for tag in &page.html.tags {
                assert!(
                    !matches!(tag.name.as_str(), "script" | "svg" | "img")
                        || tag.get("src") != Some("x"),
                    "{tag:?}"
                );
                assert!(
                    tag.attributes.iter().all(|(name, _)| !name.starts_with("on")),
                    "{payload} became {tag:?}"
                );
            }
            let policy = page
                .headers
                .get("content-security-policy")
                .and_then(|value| value.to_str().ok())
                .unwrap_or_default();
            assert!(
                policy.contains("default-src 'none'") && !policy.contains("unsafe-inline"),
                "{policy}"
            );
        }
    }
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_page_carries_the_headers_that_keep_it_to_itself() {
    let world = World::start().await;
    let session = world.session().await;
    let shopper = world.shopper();
    let paths = [
        session.path.clone(),
        "/checkout/cst_nothing".to_owned(),
        format!("{}/status", session.path),
    ];
    for path in paths {
        let page = shopper.get(&path).await;
        let header = |name: &str| {
            page.headers
                .get(name)
                .and_then(|value| value.to_str().ok())
                .unwrap_or_default()
                .to_owned()
        };
        assert!(header("cache-control").contains("no-store"), "{path}");
        assert_eq!(header("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(header("referrer-policy"), "same-origin", "{path}");
        assert!(page.headers.get("set-cookie").is_none(), "{path} sets a cookie");
        assert!(
            page.headers.get("access-control-allow-origin").is_none(),
            "{path} is open to other origins"
        );
    }
    let page = shopper.get(&session.path).await;
    let policy = page.headers["content-security-policy"].to_str().unwrap();
    for part in ["default-src 'none'", "form-action 'self'", "base-uri 'none'", "frame-ancestors"] {
        assert!(policy.contains(part), "{part} is missing in {policy}");
    }
    assert!(
        policy.contains(farthing_stories::config::SHOP),
        "the shop may not frame the checkout: {policy}"
    );
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn case_45_addresses_that_lead_inside_or_elsewhere_are_refused() {
    let world = World::start().await;
    for url in [
        "http://169.254.169.254/latest/meta-data",
        "http://[::ffff:169.254.169.254]/",
        "http://10.0.0.1/",
        "file:///etc/passwd",
        "gopher://shop.localhost/",
        "http://user:secret@shop.localhost:8080/",
        "http://shop.localhost.evil.example/",
        "//evil.example/",
    ] {
        for name in ["success_url", "fail_url", "return_url", "webhook_url"] {
            let mut order = world.order();
            order[name] = json!(url);
            let answer = world.api.post("/v1/sessions", &order).await;
            assert_eq!(answer.status, 400, "{name} = {url}: {}", answer.text());
        }
    }
    world.finish().await;
}
