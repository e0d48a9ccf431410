//! What the server's calls cost without the server: the same calls, made directly over connections that stay open.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use url::Url;

use crate::load::keep_alive_client;
use crate::rig::Gateway;

/// The calls that one payment makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Calls {
    /// The gateway says "step": nothing more is asked for now.
    Pay,
    /// The gateway says "over": the server asks how.
    PayAndCheck,
}

/// Somebody who talks to the gateway without the server.
#[derive(Clone, Debug)]
pub(crate) struct Direct {
    http: reqwest::Client,
    pay: Url,
    check: Url,
    calls: Calls,
}

static COUNT: AtomicU64 = AtomicU64::new(0);

impl Direct {
    /// Talks to this gateway.
    pub(crate) fn new(gateway: &Gateway, calls: Calls) -> Self {
        let url = |path: &str| gateway.url().join(path).expect("a path");
        Self {
            http: keep_alive_client(),
            pay: url("/smartcore/card/initPaymentHost2Host"),
            check: url("/smartcore/api/check"),
            calls,
        }
    }

    /// One payment; gives how long its calls took.
    pub(crate) async fn pay(&self) -> Duration {
        let order =
            format!("direct-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let body = request(&order).to_string();
        let check = json!({"order_id": order}).to_string();
        let start = Instant::now();
        let paid = self.call(&self.pay, body).await;
        let expected = match self.calls {
            Calls::Pay => {
                let time = start.elapsed();
                assert!(paid["form_url"].is_string(), "{paid}");
                return time;
            }
            Calls::PayAndCheck => 2,
        };
        let checked = self.call(&self.check, check).await;
        let time = start.elapsed();
        assert_eq!(
            (&paid["status"], &checked["status"]),
            (&json!(expected), &json!(expected)),
            "{paid} {checked}"
        );
        time
    }

    async fn call(&self, url: &Url, body: String) -> Value {
        let answer = self
            .http
            .post(url.clone())
            .basic_auth("test", Some("qwerty"))
            .header("content-type", "application/json")
            .body(body)
            .send()
            .await
            .expect("the sandbox answers");
        serde_json::from_slice(&answer.bytes().await.expect("a body")).expect("JSON")
    }
}

/// Every field that the server sends for the payments of this program ("SmartCore API", Create direct payment).
fn request(order: &str) -> Value {
    json!({
        "account": "EUR-sandbox",
        "amount": 1295,
        "currency": "EUR",
        "order_id": order,
        "merchant_site": "http://shop.localhost:8080",
        "recurrent": false,
        "purpose": "Larkspur and other poems",
        "customer_first_name": "Zephyrine",
        "customer_last_name": "Quillfeather",
        "customer_address": "77 Larkspur Row",
        "customer_city": "London",
        "customer_zip_code": "SW1A 2AA",
        "customer_country": "GB",
        "customer_phone": "+442079460612",
        "customer_email": "zephyrine.quillfeather@shopper.example",
        "customer_ip_address": "127.0.0.1",
        "success_url": "http://127.0.0.1:1/return/rt",
        "fail_url": "http://127.0.0.1:1/return/rt",
        "status_url": "http://127.0.0.1:1/return/rt",
        "payment_method": "card",
        "card_holder": "Zephyrine Quillfeather",
        "card_number": "4012000000003010",
        "card_exp_month": "12",
        "card_exp_year": "31",
        "card_cvv": "837",
        "browser_accept_header": "*/*",
        "browser_user_agent": "Mozilla/5.0 (bench)",
        "browser_js_enabled": true,
        "browser_language": "en-GB",
    })
}
