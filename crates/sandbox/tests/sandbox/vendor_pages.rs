//! What a browser gets of the vendors: scripts, sheets, and what Apple's sheet asks.

use std::time::{Duration, Instant};

use farthing_sandbox::Settings;
use jiff::Timestamp;
use reqwest::{Client, Method, Response};
use serde_json::{Value, json};

use crate::apple_host::{self, ask, merchant, request};
use crate::common::{FRICTIONLESS, World, but, json_of};
use crate::wallets::{AppleMerchant, MERCHANT_ID};

const SCRIPTS: [(&str, &str, &str); 2] = [
    ("/wallets/google/pay.js", "google_pay", "window.google ="),
    ("/wallets/apple/apple-pay-sdk.js", "apple_pay", "window.ApplePaySession ="),
];
const SHEETS: [&str; 2] = ["/wallets/google/sheet", "/wallets/apple/sheet"];

async fn get(world: &World, path: &str) -> Response {
    world.call(Method::GET, path, None).await
}

#[tokio::test]
async fn any_page_may_load_the_scripts_and_none_is_cached() {
    let world = World::new().await;
    for (path, _, defines) in SCRIPTS {
        let response = get(&world, path).await;
        assert_eq!(response.status(), 200);
        let header = |name: &str| response.headers()[name].to_str().unwrap().to_owned();
        assert_eq!(header("content-type"), "text/javascript; charset=utf-8");
        assert_eq!(header("access-control-allow-origin"), "*");
        assert_eq!(header("cross-origin-resource-policy"), "cross-origin");
        assert_eq!(header("cache-control"), "no-store");
        assert_eq!(header("x-content-type-options"), "nosniff");
        let text = response.text().await.unwrap();
        assert!(text.starts_with("// @ts-check\n") && text.contains(defines), "{path}");
    }
}

#[tokio::test]
async fn a_script_can_be_missing_late_or_empty_and_the_next_position_replaces_the_last() {
    let world = World::new().await;
    for (path, wallet, defines) in SCRIPTS {
        let position = |value: Value| json!({wallet: {"script": value}});
        world.set(position(json!({"slow": {"ms": 300}}))).await;
        let start = Instant::now();
        let text = get(&world, path).await.text().await.unwrap();
        assert!(text.contains(defines) && start.elapsed() >= Duration::from_millis(300));
        world.set(position(json!("missing"))).await;
        let response = get(&world, path).await;
        assert_eq!(response.status(), 404);
        assert_eq!(response.headers()["access-control-allow-origin"], "*");
        world.set(position(json!("broken"))).await;
        let response = get(&world, path).await;
        assert_eq!(response.status(), 200);
        assert!(!response.text().await.unwrap().contains("window"));
        world.set(position(json!("normal"))).await;
        assert!(get(&world, path).await.text().await.unwrap().contains(defines));
    }
}

#[tokio::test]
async fn a_silent_script_is_never_answered_while_the_other_one_is() {
    let world = World::new().await;
    let [(google, ..), (apple, ..)] = SCRIPTS;
    world.set(json!({"google_pay": {"script": "silent"}})).await;
    let impatient = Client::builder()
        .tls_certs_only([])
        .no_proxy()
        .timeout(Duration::from_millis(300))
        .build()
        .unwrap();
    let error = impatient.get(format!("{}{google}", world.base)).send().await.unwrap_err();
    assert!(error.is_timeout(), "{error}");
    assert_eq!(get(&world, apple).await.status(), 200);
}

/// The switches that the script carries are JSON in its fourth line.
async fn carried(world: &World, path: &str) -> Value {
    let text = get(world, path).await.text().await.unwrap();
    let line = text.lines().find_map(|line| line.strip_prefix("const switches = ")).unwrap();
    serde_json::from_str(line.strip_suffix(';').unwrap()).unwrap()
}

#[tokio::test]
async fn a_script_carries_the_switches_that_it_needs() {
    let world = World::new().await;
    let [(google, ..), (apple, ..)] = SCRIPTS;
    assert_eq!(carried(&world, google).await, json!({"ready": true, "readyRejects": false}));
    assert_eq!(carried(&world, apple).await, json!({"answerMs": 30000, "canMakePayments": true}));
    world
        .set(json!({
            "google_pay": {"ready": false, "ready_rejects": true},
            "apple_pay": {"answer_ms": 250, "can_make_payments": false},
        }))
        .await;
    assert_eq!(carried(&world, google).await, json!({"ready": false, "readyRejects": true}));
    assert_eq!(carried(&world, apple).await, json!({"answerMs": 250, "canMakePayments": false}));
}

#[tokio::test]
async fn a_sheet_runs_its_own_script_alone_and_can_be_framed_by_nobody() {
    let world = World::new().await;
    for path in SHEETS {
        let mut nonces = Vec::new();
        for _ in 0..2 {
            let response = get(&world, path).await;
            assert_eq!(response.status(), 200);
            let policy = response.headers()["content-security-policy"].to_str().unwrap().to_owned();
            assert_eq!(response.headers()["cache-control"], "no-store");
            assert_eq!(response.headers()["x-content-type-options"], "nosniff");
            assert_eq!(response.headers()["referrer-policy"], "no-referrer");
            assert_eq!(
                response.headers().get("cross-origin-opener-policy"),
                None,
                "needs its opener"
            );
            assert!(!policy.contains("unsafe"), "{policy}");
            for rule in ["default-src 'none'", "connect-src 'self'", "frame-ancestors 'none'"] {
                assert!(policy.contains(rule), "{policy}");
            }
            let nonce = policy.split_once("'nonce-").unwrap().1.split_once('\'').unwrap().0;
            let page = response.text().await.unwrap();
            assert_eq!(page.matches("<script").count(), 1);
            assert_eq!(page.matches(&format!("nonce=\"{nonce}\"")).count(), 2, "script and style");
            assert!(!page.contains(" onclick=") && !page.contains(" style="), "{path}");
            assert!(page.contains("Not a real wallet."), "{path}");
            nonces.push(nonce.to_owned());
        }
        assert_ne!(nonces[0], nonces[1]);
    }
}

#[tokio::test]
async fn each_sheet_offers_every_test_card_and_every_ending_by_name() {
    let world = World::new().await;
    for path in SHEETS {
        let page = get(&world, path).await.text().await.unwrap();
        for number in
            ["4012000000003010", "4003830171874018", "5555555555554444", "4111111111111111"]
        {
            assert!(page.contains(&format!("name=\"card\" value=\"{number}\"")), "{path} {number}");
        }
        for button in ["Pay", "Cancel"] {
            assert!(page.contains(&format!(">{button}</button>")), "{path} {button}");
        }
    }
    let google = get(&world, SHEETS[0]).await.text().await.unwrap();
    for ending in [
        "BUYER_ACCOUNT_ERROR",
        "MERCHANT_ACCOUNT_ERROR",
        "DEVELOPER_ERROR",
        "INTERNAL_ERROR",
        "UNHEARD_OF_ERROR",
        "OR_BIBED_06",
    ] {
        assert!(google.contains(&format!(">{ending}</button>")), "{ending}");
    }
    let apple = get(&world, SHEETS[1]).await.text().await.unwrap();
    for ending in ["Session error", "Pay, then cancel", "Time out"] {
        assert!(apple.contains(&format!(">{ending}</button>")), "{ending}");
    }
}

/// What the sheets' flaws are called is what the phone knows.
#[tokio::test]
async fn every_flaw_that_a_sheet_offers_is_one_that_the_phone_can_make() {
    let world = World::new().await;
    let merchant = AppleMerchant::new(&world).await;
    for (path, wish, count) in [
        (SHEETS[0], json!({"auth_method": "PAN_ONLY"}), 7),
        (
            SHEETS[1],
            json!({"certificate": merchant.certificate, "amount": 1999, "currency": "EUR"}),
            14,
        ),
    ] {
        let page = get(&world, path).await.text().await.unwrap();
        let flaws: Vec<String> = page
            .split("<option value=\"")
            .skip(1)
            .map(|option| option.split_once('"').unwrap().0.to_owned())
            .filter(|flaw| !flaw.is_empty())
            .collect();
        assert_eq!(flaws.len(), count, "{path}");
        for flaw in flaws {
            let token = path.replace("/wallets/", "/_control/wallets/").replace("sheet", "token");
            let wish = but(wish.clone(), "faults", json!([flaw]));
            assert_eq!(world.call(Method::POST, &token, Some(wish)).await.status(), 200, "{flaw}");
        }
    }
}

const OPEN: &str = "/wallets/apple/session";
const AUTHORIZE: &str = "/wallets/apple/token";
/// The domain of [`request`].
const DOMAIN: &str = "checkout.example.com";

async fn open(world: &World, session: &Value, domain: &str) -> (u16, Value) {
    let body = json!({"session": session, "domain": domain});
    let response = world.call(Method::POST, OPEN, Some(body)).await;
    (response.status().as_u16(), json_of(response).await)
}

#[tokio::test]
async fn a_merchant_session_opens_one_sheet_and_gets_it_tokens() {
    let world = apple_host::world().await;
    let client = merchant(&world).await;
    let (_, session) = ask(&world, &client, &request()).await;
    let (status, opened) = open(&world, &session, DOMAIN).await;
    assert_eq!((status, &opened["displayName"]), (200, &json!("My Store")));
    let wish = json!({
        "ticket": opened["ticket"], "amount": "19.99", "currency": "EUR", "number": FRICTIONLESS,
        "application_data": "b3JkZXI=",
    });
    let refused = world.post(AUTHORIZE, wish.clone()).await;
    assert!(refused["error"].as_str().unwrap().contains(MERCHANT_ID), "no certificate: {refused}");

    // The newest certificate counts; data that the request carried is bound to the token.
    let old = AppleMerchant::new(&world).await;
    let new = AppleMerchant::new(&world).await;
    let token = world.post(AUTHORIZE, wish.clone()).await;
    let now = world.now().await;
    assert!(token["paymentData"]["header"]["applicationData"].is_string(), "{token}");
    assert!(old.open(&token, now).is_err());
    let plain = world.post(AUTHORIZE, but(wish.clone(), "application_data", Value::Null)).await;
    new.open(&plain, now).unwrap();
    // A payment that was refused is authorized again under the same sheet; the amount is what was agreed to.
    let cheap = world.post(AUTHORIZE, but(wish.clone(), "amount", json!("0.99"))).await;
    assert!(new.open(&cheap, now).is_err(), "another amount than the order's");
    for (name, value) in [
        ("ticket", json!("00")),
        ("amount", json!("19.999")),
        ("amount", json!(19.99)),
        ("number", json!("4012000000003011")),
        ("colour", json!("red")),
    ] {
        let wish = but(wish.clone(), name, value.clone());
        let response = world.call(Method::POST, AUTHORIZE, Some(wish)).await;
        assert_eq!(response.status(), 400, "{name} {value}");
        assert!(!response.text().await.unwrap().contains("401200"), "{name}");
    }

    let (status, again) = open(&world, &session, DOMAIN).await;
    assert_eq!(status, 409);
    assert!(again["error"].as_str().unwrap().contains("used before"), "{again}");
}

#[tokio::test]
async fn a_session_that_apple_has_not_made_for_this_page_opens_nothing() {
    let world = apple_host::world().await;
    let client = merchant(&world).await;
    let (_, session) = ask(&world, &client, &request()).await;
    for (session, domain) in [
        (but(session.clone(), "domainName", json!("evil.example")), "evil.example"),
        (but(session.clone(), "displayName", json!("Another")), DOMAIN),
        (but(session.clone(), "extra", json!(1)), DOMAIN),
        (session.clone(), "evil.example"),
        (session.clone(), ""),
        (json!(session.to_string()), DOMAIN),
        (json!({}), DOMAIN),
        (Value::Null, DOMAIN),
    ] {
        assert_eq!(open(&world, &session, domain).await.0, 409, "{session} {domain}");
    }
    world.advance(301).await;
    let (status, late) = open(&world, &session, DOMAIN).await;
    assert_eq!(status, 409);
    assert!(late["error"].as_str().unwrap().contains("five minutes"), "{late}");
    world.advance(-301).await;
    assert_eq!(open(&world, &session, DOMAIN).await.0, 200, "nothing has used it up");
}

#[tokio::test]
async fn another_site_s_page_gets_scripts_and_sheets_and_asks_apple_nothing() {
    let world = World::new().await;
    let from_elsewhere = |method: Method, path: &str| {
        let request = world.client.request(method, format!("{}{path}", world.base));
        request.header("sec-fetch-site", "cross-site").body("{}").send()
    };
    for path in [OPEN, AUTHORIZE, "/_control/wallets/google/token"] {
        assert_eq!(from_elsewhere(Method::POST, path).await.unwrap().status(), 403, "{path}");
    }
    for path in SCRIPTS.map(|(path, ..)| path).iter().chain(&SHEETS) {
        assert_eq!(from_elsewhere(Method::GET, path).await.unwrap().status(), 200, "{path}");
    }
}

#[tokio::test]
async fn a_certificate_is_remembered_over_a_restart_with_the_keys() {
    let folder = std::env::temp_dir().join(format!("farthing-phone-{}", std::process::id()));
    let settings = || Settings {
        apple_listen: Some(([127, 0, 0, 1], 0).into()),
        wallet_keys: Some(folder.join("keys")),
        ..Settings::default()
    };
    let first = World::with(settings()).await;
    let certified = AppleMerchant::new(&first).await;
    first.sandbox.stop().await;
    let second = World::with(settings()).await;
    let client = merchant(&second).await;
    let (_, session) = ask(&second, &client, &request()).await;
    let (_, opened) = open(&second, &session, DOMAIN).await;
    let wish = json!({
        "ticket": opened["ticket"], "amount": "19.99", "currency": "EUR", "number": FRICTIONLESS,
    });
    let token = second.post(AUTHORIZE, wish).await;
    let now: Timestamp = second.now().await;
    certified.open(&token, now).unwrap();
    second.sandbox.stop().await;
    std::fs::remove_dir_all(&folder).unwrap();
}
