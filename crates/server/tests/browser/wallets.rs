//! Two origins of one server: the checkout's and the wallets'.

use farthing_server::assets::has_wallets_document;
use serde_json::json;

use crate::support::{Answer, Running, SHOP, nowhere};

const NAMED: &str =
    "public_url = \"http://pay.example:8081\"\nwallet_origin = \"http://wallets.example\"";
const GOOGLE: &str = "[google_pay]\ngateway_merchant_id = \"shop-1\"";
const DOCUMENT: &str = "/wallets/google_pay";

async fn named() -> Running {
    Running::start_with(nowhere(), NAMED, GOOGLE).await
}

async fn on(running: &Running, host: &str, path: &str) -> Answer {
    running.get(path, &[("host", host)]).await
}

/// A build without what browsers load has no document, and offers no wallet.
fn if_built(status: u16) -> u16 {
    if has_wallets_document() { status } else { 404 }
}

#[tokio::test]
async fn the_wallets_name_has_their_document_and_nothing_of_a_checkout() {
    let running = named().await;
    let session = running.session(json!({})).await;
    for host in ["wallets.example", "Wallets.Example", "wallets.example:80"] {
        assert_eq!(on(&running, host, DOCUMENT).await.status, if_built(200), "{host}");
        assert_eq!(on(&running, host, "/healthz").await.status, 200, "{host}");
        for path in [
            session.path.as_str(),
            "/checkout/cst_x",
            "/v1/sessions/ses_1",
            "/openapi.json",
            "/return/rt_x",
            "/metrics",
            "/readyz",
            "/callbacks/smartcore/x",
            "/.well-known/apple-developer-merchantid-domain-association",
        ] {
            let answer = on(&running, host, path).await;
            assert_eq!(
                (answer.status, answer.header("content-type")),
                (404, "application/problem+json"),
                "{host} {path}"
            );
        }
        let status = on(&running, host, &format!("{}/status", session.path)).await;
        assert_eq!(status.status, 404, "{host}");
    }
}

#[tokio::test]
async fn no_other_name_has_the_wallets_document() {
    let running = named().await;
    let session = running.session(json!({})).await;
    let address = running.server.local_addr().to_string();
    for host in ["pay.example:8081", "wallets.example:8081", "wallets.example.", "other", &address]
    {
        assert_eq!(on(&running, host, DOCUMENT).await.status, 404, "{host}");
        assert_eq!(on(&running, host, &session.path).await.status, 200, "{host}");
    }
}

#[tokio::test]
async fn only_wallets_that_are_configured_have_a_document() {
    let running = named().await;
    for name in ["apple_pay", "apple_pay+google_pay", "card", "google_pay+google_pay", "", "x"] {
        let path = format!("/wallets/{name}");
        assert_eq!(on(&running, "wallets.example", &path).await.status, 404, "{name}");
    }
    let posted = running
        .client
        .post(running.url(DOCUMENT))
        .header("host", "wallets.example")
        .send()
        .await
        .unwrap();
    assert_eq!(posted.status(), 405);
}

#[tokio::test]
async fn the_document_is_framed_by_checkout_and_shops_and_loads_from_its_own_vendors() {
    let running = named().await;
    let page = on(&running, "wallets.example", DOCUMENT).await;
    if !has_wallets_document() {
        return assert_eq!(page.status, 404);
    }
    let policy = page.header("content-security-policy");
    assert!(policy.contains("'wasm-unsafe-eval' https://pay.google.com;"), "{policy}");
    assert!(!policy.contains("apple"), "{policy}");
    assert!(
        policy.ends_with(&format!("frame-ancestors http://pay.example:8081 {SHOP}")),
        "{policy}"
    );
    for (name, value) in [
        ("cache-control", "no-store"),
        ("cross-origin-opener-policy", "same-origin"),
        ("origin-agent-cluster", "?1"),
        ("referrer-policy", "same-origin"),
        ("content-type", "text/html; charset=utf-8"),
    ] {
        assert_eq!(page.header(name), value, "{name}");
    }
    assert!(page.header("permissions-policy").contains("payment=(self),"));
    assert!(page.text().contains("<title>Wallets</title>"), "{}", page.text());
    let (_, state) = page.text().split_once("type=\"application/json\"").unwrap();
    let state = state.split_once('>').unwrap().1.split_once("</script>").unwrap().0;
    let state: serde_json::Value = serde_json::from_str(state).unwrap();
    assert_eq!(
        state,
        json!({"parent": "http://pay.example:8081", "google_pay": {
            "script": "https://pay.google.com/gp/p/js/pay.js", "environment": "TEST",
            "merchant_name": "Corner Books", "gateway": "primepay", "gateway_merchant_id": "shop-1",
            "auth_methods": ["PAN_ONLY", "CRYPTOGRAM_3DS"], "networks": ["MASTERCARD", "VISA"],
        }})
    );
}

#[tokio::test]
async fn a_checkout_says_where_its_wallets_are_and_lets_them_ask_for_a_payment() {
    let running = named().await;
    let wanted = running.session(json!({})).await;
    let unwanted = running.session(json!({"order_id": "2", "methods": ["card"]})).await;
    for (session, offered) in [(&wanted, has_wallets_document()), (&unwanted, false)] {
        let view = running.get(&session.path, &[("accept", "application/json")]).await.json();
        let frame = "http://wallets.example/wallets/google_pay";
        let expected = json!({"frame": frame, "methods": ["google_pay"]});
        assert_eq!(view["wallets"], if offered { expected } else { json!(null) });
        let page = running.get(&session.path, &[]).await;
        let permissions = page.header("permissions-policy");
        assert!(permissions.contains("payment=(self \"http://wallets.example\")"), "{permissions}");
        let opener = if offered { "same-origin-allow-popups" } else { "same-origin" };
        assert_eq!(page.header("cross-origin-opener-policy"), opener);
        assert_eq!(page.header("origin-agent-cluster"), if offered { "?1" } else { "" });
    }
    let plain = Running::start_with(nowhere(), "", GOOGLE).await;
    let session = plain.session(json!({})).await;
    let view = plain.get(&session.path, &[("accept", "application/json")]).await.json();
    assert_eq!(view["wallets"], json!(null), "there is no wallet origin");
    let page = plain.get(&session.path, &[]).await;
    assert!(page.header("permissions-policy").contains("payment=(self),"));
}

#[tokio::test]
async fn an_address_of_their_own_has_the_wallets_whatever_the_host_but_a_checkouts_or_a_shops() {
    let lines = "public_url = \"http://pay.example:8081\"\nwallet_listen = \"127.0.0.1:0\"";
    let running = Running::start_with(nowhere(), lines, GOOGLE).await;
    let address = running.server.wallet_addr().unwrap();
    let origin = running.server.wallet_origin().unwrap().as_str().to_owned();
    assert_eq!(origin, format!("http://localhost:{}", address.port()));
    let session = running.session(json!({})).await;
    let ask = async |host: Option<&str>, path: &str| {
        let mut request = running.client.get(format!("http://{address}{path}"));
        if let Some(host) = host {
            request = request.header("host", host);
        }
        request.send().await.unwrap().status().as_u16()
    };
    for host in [None, Some("localhost"), Some("whatever.example")] {
        assert_eq!(ask(host, DOCUMENT).await, if_built(200), "{host:?}");
        assert_eq!(ask(host, &session.path).await, 404, "{host:?}");
    }
    for host in ["pay.example:8081", "shop.example:8080"] {
        assert_eq!(ask(Some(host), DOCUMENT).await, 404, "{host}");
        assert_eq!(ask(Some(host), &session.path).await, 404, "{host}");
    }
    assert_eq!(running.get(DOCUMENT, &[]).await.status, 404);
}

#[tokio::test]
async fn a_target_that_names_a_host_counts_more_than_the_header() {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    let running = named().await;
    let address = running.server.local_addr();
    let ask = async |head: &str| {
        let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
        stream.write_all(head.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await.unwrap();
        let answer = String::from_utf8_lossy(&answer).into_owned();
        answer.split(' ').nth(1).unwrap().parse::<u16>().unwrap()
    };
    let path = "/openapi.json";
    for (target, host, status) in [
        ("http://wallets.example/openapi.json", "Host: pay.example:8081\r\n", 404),
        ("http://pay.example:8081/openapi.json", "Host: wallets.example\r\n", 200),
        (path, "Host: wallets.example\r\n", 404),
        (path, "Host: pay.example:8081\r\n", 200),
    ] {
        let head = format!("GET {target} HTTP/1.1\r\n{host}Connection: close\r\n\r\n");
        assert_eq!(ask(&head).await, status, "{head}");
    }
    // Before version 1.1 a request needs no host: it is never the wallets'.
    assert_eq!(ask(&format!("GET {path} HTTP/1.0\r\n\r\n")).await, 200);
    assert_eq!(ask(&format!("GET {DOCUMENT} HTTP/1.0\r\n\r\n")).await, 404);
}

#[tokio::test]
async fn a_wallets_token_for_a_session_that_takes_none_is_refused_before_it_is_looked_at() {
    let running = named().await;
    let session = running.session(json!({"methods": ["card"]})).await;
    let fields = json!({"attempt": "att_0123456789", "version": 1, "google_pay_token": "e30=",
        "google_pay_network": "VISA"});
    let answer = running
        .client
        .post(running.url(&format!("{}/payments", session.path)))
        .header("sec-fetch-site", "same-origin")
        .header("content-type", "application/json")
        .body(fields.to_string())
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 400);
    let text = answer.text().await.unwrap();
    assert!(text.contains("the session's methods do not name this wallet"), "{text}");
}

#[tokio::test]
async fn methods_of_a_session_are_the_card_and_any_of_the_wallets() {
    let running = named().await;
    for (methods, status) in [
        (json!(["card"]), 201),
        (json!(["card", "apple_pay"]), 201),
        (json!(["apple_pay", "google_pay", "card"]), 201),
        (json!(["google_pay"]), 400),
        (json!([]), 400),
        (json!(["card", "paypal"]), 400),
    ] {
        let answer =
            running.create(json!({"order_id": methods.to_string(), "methods": methods})).await;
        assert_eq!(answer.status, status, "{methods}: {}", answer.text());
        if status == 400 {
            assert!(answer.text().contains("\"methods\""), "{}", answer.text());
        }
    }
}
