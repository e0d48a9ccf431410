//! Apple's host: merchant sessions over mutual TLS.

use std::time::{Duration, Instant};

use farthing_sandbox::Settings;
use reqwest::{Certificate, Client, Identity, Response, redirect};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::common::{PATIENCE, World, but, json_of};
use crate::vendors::fixture;
use crate::wallets::MERCHANT_ID;

const SESSION: &str = "paymentservices/paymentSession";

/// A sandbox with Apple's host.
pub async fn world() -> World {
    let apple_listen = Some(([127, 0, 0, 1], 0).into());
    World::with(Settings { apple_listen, ..Settings::default() }).await
}

/// A server that trusts the sandbox's host and shows this identity: certificate and key, PEM.
async fn client(world: &World, identity: Option<String>) -> Client {
    let ca = world.vendors().await["apple_host_ca_pem"].as_str().unwrap().to_owned();
    let mut client = Client::builder()
        .tls_certs_only([Certificate::from_pem(ca.as_bytes()).unwrap()])
        .no_proxy()
        .redirect(redirect::Policy::none())
        .timeout(PATIENCE);
    if let Some(identity) = identity {
        client = client.identity(Identity::from_pem(identity.as_bytes()).unwrap());
    }
    client.build().unwrap()
}

/// An identity that the portal has made, key and all.
async fn identity(world: &World, merchant_id: &str) -> String {
    let wish = json!({"kind": "identity", "merchant_id": merchant_id});
    let files = world.certify(wish).await;
    format!("{}{}", files["certificate"].as_str().unwrap(), files["key"].as_str().unwrap())
}

pub async fn merchant(world: &World) -> Client {
    client(world, Some(identity(world, MERCHANT_ID).await)).await
}

pub fn request() -> Value {
    json!({
        "merchantIdentifier": MERCHANT_ID, "displayName": "My Store", "initiative": "web",
        "initiativeContext": "checkout.example.com",
    })
}

async fn send(world: &World, client: &Client, body: &Value) -> reqwest::Result<Response> {
    let url = world.sandbox.apple_url().unwrap().join(SESSION).unwrap();
    client.post(url).header("content-type", "application/json").body(body.to_string()).send().await
}

pub async fn ask(world: &World, client: &Client, body: &Value) -> (u16, Value) {
    let response = send(world, client, body).await.unwrap();
    let status = response.status().as_u16();
    (status, json_of(response).await)
}

#[tokio::test]
async fn a_merchant_with_its_identity_gets_a_session() {
    let world = world().await;
    let url = world.vendors().await["apple_host_url"].clone();
    assert_eq!(url, json!(world.sandbox.apple_url().unwrap()));
    let client = merchant(&world).await;
    let (status, session) = ask(&world, &client, &request()).await;
    assert_eq!(status, 200);
    let hash = hex::encode_upper(Sha256::digest(MERCHANT_ID));
    assert_eq!(session["merchantIdentifier"], hash);
    assert_eq!(session["domainName"], "checkout.example.com");
    assert_eq!(session["displayName"], "My Store");
    let times = ["epochTimestamp", "expiresAt"].map(|name| session[name].as_i64().unwrap());
    assert_eq!(times[1] - times[0], 3_600_000, "an hour, as was seen");
    for name in ["merchantSessionIdentifier", "nonce", "signature"] {
        assert!(!session[name].as_str().unwrap().is_empty(), "{name}");
    }
    let (_, other) = ask(&world, &client, &request()).await;
    assert_ne!(other["merchantSessionIdentifier"], session["merchantSessionIdentifier"]);

    let ledger = world.ledger().await;
    assert_eq!((ledger.requests["paymentSession"].count, ledger.sessions.len()), (2, 2));
    let entry = &ledger.sessions[0];
    assert_eq!((entry.merchant_id.as_str(), entry.http_status), (MERCHANT_ID, Some(200)));
    assert_eq!(
        (entry.merchant_identifier.as_str(), entry.domain.as_str(), entry.display_name.as_str()),
        (MERCHANT_ID, "checkout.example.com", "My Store")
    );
}

#[tokio::test]
async fn keys_that_the_merchant_has_made_are_as_good() {
    let world = world().await;
    for name in ["merchant-rsa", "merchant-ec"] {
        let csr = fixture(&format!("{name}.csr.pem"));
        let wish = json!({"kind": "identity", "merchant_id": MERCHANT_ID, "csr": csr});
        let files = world.certify(wish).await;
        assert_eq!(files.get("key"), None);
        let key = fixture(&format!("{name}.key.pem"));
        let identity = format!("{}{key}", files["certificate"].as_str().unwrap());
        let client = client(&world, Some(identity)).await;
        assert_eq!(ask(&world, &client, &request()).await.0, 200, "{name}");
    }
}

#[tokio::test]
async fn nobody_gets_in_without_an_identity_of_this_portal() {
    let world = world().await;
    let stranger = World::new().await;
    let processing = world.certify(json!({"kind": "processing", "merchant_id": MERCHANT_ID})).await;
    let text = |name: &str| processing[name].as_str().unwrap();
    for identity in [
        None,
        Some(identity(&stranger, MERCHANT_ID).await),
        Some(format!("{}{}", text("certificate"), text("key"))),
    ] {
        let client = client(&world, identity).await;
        assert!(send(&world, &client, &request()).await.is_err());
    }
    let url = world.sandbox.apple_url().unwrap();
    let plain = format!("http://localhost:{}/{SESSION}", url.port().unwrap());
    assert!(world.client.post(plain).send().await.is_err(), "no HTTP without TLS");
    // Nor does a client that trusts another sandbox take this one for Apple's.
    let ca = stranger.vendors().await["apple_host_ca_pem"].as_str().unwrap().to_owned();
    let wrong = Client::builder()
        .tls_certs_only([Certificate::from_pem(ca.as_bytes()).unwrap()])
        .identity(Identity::from_pem(identity(&world, MERCHANT_ID).await.as_bytes()).unwrap())
        .build()
        .unwrap();
    assert!(send(&world, &wrong, &request()).await.is_err());
    assert!(world.ledger().await.sessions.is_empty());
}

#[tokio::test]
async fn a_connection_that_says_nothing_holds_up_nobody() {
    let world = world().await;
    let url = world.sandbox.apple_url().unwrap();
    let address = ("127.0.0.1", url.port().unwrap());
    let mut hanging = Vec::new();
    for _ in 0..10 {
        hanging.push(tokio::net::TcpStream::connect(address).await.unwrap());
    }
    let begin = Instant::now();
    let client = merchant(&world).await;
    assert_eq!(ask(&world, &client, &request()).await.0, 200);
    assert!(begin.elapsed() < Duration::from_secs(5));
}

#[tokio::test]
async fn an_identity_asks_for_its_own_merchant_and_registered_domains() {
    let world = world().await;
    let client = merchant(&world).await;
    let exception = async |body: &Value| {
        let (status, error) = ask(&world, &client, body).await;
        assert_eq!(error["statusCode"], status.to_string());
        (status, error["statusMessage"].as_str().unwrap().to_owned())
    };
    let other = but(request(), "merchantIdentifier", json!("merchant.com.example.other"));
    let (status, text) = exception(&other).await;
    let [own, asked] =
        [MERCHANT_ID, "merchant.com.example.other"].map(|id| hex::encode_upper(Sha256::digest(id)));
    assert_eq!(status, 417);
    assert!(
        text.starts_with(&format!(
            "Payment Services Exception merchantId={own} unauthorized to process transactions on \
             behalf of merchantId={asked}"
        )),
        "{text}"
    );

    let domains = async |domains: Value| {
        world.post("/_control/wallets/apple/domains", json!({"domains": domains})).await
    };
    assert_eq!(domains(json!(["shop.example"])).await, json!({"domains": ["shop.example"]}));
    let (status, text) = exception(&request()).await;
    assert_eq!(
        (status, text),
        (
            417,
            format!(
                "Payment Services Exception merchantId={own} not registered for domain=checkout.example.com"
            )
        )
    );
    domains(json!(["checkout.example.com", "shop.example"])).await;
    assert_eq!(ask(&world, &client, &request()).await.0, 200);
    assert_eq!(
        world.vendors().await["apple_domains"],
        json!(["shop.example", "checkout.example.com"])
    );
    for wrong in [json!(["https://shop.example"]), json!(["shop"]), json!("shop.example")] {
        assert!(domains(wrong).await["error"].is_string());
    }
    world.call(reqwest::Method::POST, "/_control/reset", None).await;
    assert_eq!(world.vendors().await["apple_domains"], json!([]));
}

#[tokio::test]
async fn a_request_that_apple_would_not_take_is_refused() {
    let world = world().await;
    let client = merchant(&world).await;
    for (name, value) in [
        ("merchantIdentifier", json!(null)),
        ("merchantIdentifier", json!("")),
        ("displayName", json!("")),
        ("displayName", json!("x".repeat(65))),
        ("displayName", json!(1)),
        ("initiative", json!("in_app")),
        ("initiative", json!(null)),
        ("initiativeContext", json!("https://checkout.example.com")),
        ("initiativeContext", json!("checkout.example.com/pay")),
        ("initiativeContext", json!("checkout.example.com:443")),
        ("initiativeContext", json!("192.0.2.7")),
        ("initiativeContext", json!(null)),
    ] {
        let (status, error) = ask(&world, &client, &but(request(), name, value.clone())).await;
        assert_eq!((status, &error["statusCode"]), (400, &json!("400")), "{name} {value}");
    }
    let name = "ü".repeat(64);
    let long = but(request(), "displayName", json!(name));
    assert_eq!(ask(&world, &client, &long).await.0, 200, "characters count, not bytes");
    assert_eq!(ask(&world, &client, &json!([])).await.0, 400);
    let huge = but(request(), "more", json!("x".repeat(20_000)));
    assert_eq!(send(&world, &client, &huge).await.unwrap().status(), 413);
    let url = world.sandbox.apple_url().unwrap();
    let get = client.get(url.join(SESSION).unwrap()).send().await.unwrap();
    assert_eq!(get.status(), 405);
    let start = url.join("paymentservices/startSession").unwrap();
    assert_eq!(client.post(start).send().await.unwrap().status(), 404);
}

#[tokio::test]
async fn the_host_misbehaves_as_it_is_told() {
    let world = world().await;
    let client = merchant(&world).await;
    let set = async |position: Value| world.set(json!({"apple_pay": {"session": position}})).await;

    set(json!({"slow": {"ms": 300}})).await;
    let begin = Instant::now();
    assert_eq!(ask(&world, &client, &request()).await.0, 200);
    assert!(begin.elapsed() >= Duration::from_millis(300));

    set(json!({"http_status": {"code": 503}})).await;
    let (status, error) = ask(&world, &client, &request()).await;
    assert_eq!((status, &error["statusCode"]), (503, &json!("503")));

    set(json!("malformed")).await;
    let response = send(&world, &client, &request()).await.unwrap();
    assert_eq!(response.status(), 200);
    let text = response.text().await.unwrap();
    assert!(text.starts_with('{') && serde_json::from_str::<Value>(&text).is_err(), "{text}");

    set(json!("redirects")).await;
    let response = send(&world, &client, &request()).await.unwrap();
    assert_eq!(response.status(), 307);
    let location = response.headers()["location"].to_str().unwrap().to_owned();
    assert!(!world.ledger().await.requests.contains_key("elsewhere"));
    let there = world.sandbox.apple_url().unwrap().join(&location).unwrap();
    assert_eq!(client.post(there).send().await.unwrap().status(), 200);
    assert_eq!(world.ledger().await.requests["elsewhere"].count, 1, "whoever follows is seen");

    set(json!({"huge": {"bytes": 300_000}})).await;
    let response = send(&world, &client, &request()).await.unwrap();
    assert_eq!(response.bytes().await.unwrap().len(), 300_000);

    set(json!("silent")).await;
    let body = request();
    let asking = tokio::time::timeout(Duration::from_millis(300), send(&world, &client, &body));
    assert!(asking.await.is_err());

    let told: Vec<_> =
        world.ledger().await.sessions.iter().map(|session| session.http_status).collect();
    assert_eq!(told, [Some(200), Some(503), Some(200), Some(307), Some(200), None]);
    set(json!("normal")).await;
    assert_eq!(ask(&world, &client, &request()).await.0, 200);
    for wrong in [json!("loud"), json!({"http_status": {"code": 99}}), json!({"slow": {}})] {
        let faults = json!({"apple_pay": {"session": wrong}});
        let response = world.call(reqwest::Method::PUT, "/_control/faults", Some(faults)).await;
        assert_eq!(response.status(), 400);
    }
}

#[tokio::test]
async fn stopping_ends_an_answer_that_never_comes() {
    let world = world().await;
    let client = merchant(&world).await;
    world.set(json!({"apple_pay": {"session": "silent"}})).await;
    let url = world.sandbox.apple_url().unwrap().join(SESSION).unwrap();
    let asking = tokio::spawn(client.post(url).body(request().to_string()).send());
    let waiting = async {
        while world.ledger().await.sessions.is_empty() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, waiting).await.unwrap();
    let begin = Instant::now();
    world.sandbox.stop().await;
    assert!(begin.elapsed() < Duration::from_secs(5));
    let _ = asking.await.unwrap();
}

#[tokio::test]
async fn the_host_is_called_what_the_sandbox_is_called() {
    let settings = Settings {
        apple_listen: Some(([127, 0, 0, 1], 0).into()),
        public_url: Some("http://sandbox.example:9000/below/".parse().unwrap()),
        ..Settings::default()
    };
    let world = World::with(settings).await;
    let url = world.sandbox.apple_url().unwrap();
    assert_eq!((url.scheme(), url.host_str(), url.path()), ("https", Some("sandbox.example"), "/"));
    let ca = world.vendors().await["apple_host_ca_pem"].as_str().unwrap().to_owned();
    let client = Client::builder()
        .tls_certs_only([Certificate::from_pem(ca.as_bytes()).unwrap()])
        .identity(Identity::from_pem(identity(&world, MERCHANT_ID).await.as_bytes()).unwrap())
        .no_proxy()
        .resolve("sandbox.example", ([127, 0, 0, 1], url.port().unwrap()).into())
        .build()
        .unwrap();
    assert_eq!(ask(&world, &client, &request()).await.0, 200);
}
