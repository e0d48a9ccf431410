//! The sandbox's control interface, seen from outside.

use serde_json::{Value, json};
use url::Url;

use crate::wait;

/// A running sandbox.
#[derive(Clone, Debug)]
pub struct Sandbox {
    /// Where it listens.
    pub url: Url,
    http: reqwest::Client,
}

/// A callback made by the sandbox, to be tampered with and sent by the story.
#[derive(Clone, Debug)]
pub struct Callback {
    /// Where it goes.
    pub url: String,
    /// `Content-Type`.
    pub content_type: String,
    /// The body.
    pub body: String,
    /// What the server answered, if it was sent.
    pub http_status: Option<u16>,
}

impl Sandbox {
    /// Talks to the sandbox at `url`.
    pub fn new(url: Url, http: reqwest::Client) -> Self {
        Self { url, http }
    }

    async fn call(&self, method: reqwest::Method, path: &str, body: Option<&Value>) -> Value {
        let url = self.url.join(path).expect("a path");
        let mut request = self.http.request(method.clone(), url);
        if let Some(body) = body {
            request = request.header("content-type", "application/json").body(body.to_string());
        }
        let answer = request.send().await.expect("the sandbox answers");
        let status = answer.status();
        let text = answer.text().await.expect("a text");
        assert!(status.is_success(), "{method} {path}: {status} {text}");
        serde_json::from_str(&text).unwrap_or_default()
    }

    /// Everything that happened.
    pub async fn ledger(&self) -> Value {
        self.call(reqwest::Method::GET, "/_control/ledger", None).await
    }

    /// Orders, oldest first.
    pub async fn orders(&self) -> Vec<Value> {
        self.ledger().await["orders"].as_array().cloned().unwrap_or_default()
    }

    /// The order with this merchant id.
    pub async fn order(&self, gateway_order_id: &str) -> Option<Value> {
        self.orders().await.into_iter().find(|order| order["order_id"] == gateway_order_id)
    }

    /// How many times money was taken, over all orders.
    pub async fn charges(&self) -> usize {
        self.orders()
            .await
            .iter()
            .map(|order| order["charges"].as_array().map_or(0, Vec::len))
            .sum()
    }

    /// How many requests an endpoint got, such as `check`.
    pub async fn requests(&self, endpoint: &str) -> u64 {
        self.ledger().await["requests"][endpoint]["count"].as_u64().unwrap_or_default()
    }

    /// The switches as they stand.
    pub async fn switches(&self) -> Value {
        self.call(reqwest::Method::GET, "/_control/faults", None).await
    }

    /// Sets some of the switches.
    pub async fn faults(&self, faults: Value) {
        self.call(reqwest::Method::PUT, "/_control/faults", Some(&faults)).await;
    }

    /// The next `count` replies of `on` (`pay`, `check`, `both`) get this fault.
    pub async fn reply_fault(&self, on: &str, count: Option<u32>, mut fault: Value) {
        fault["on"] = json!(on);
        if let Some(count) = count {
            fault["count"] = json!(count);
        }
        self.faults(json!({"replies": [fault]})).await;
    }

    /// Replies are as they should be from now on.
    pub async fn no_reply_faults(&self) {
        self.faults(json!({"replies": []})).await;
    }

    /// Whom a server has to trust that takes the sandbox's wallets.
    pub async fn wallets(&self) -> Value {
        self.call(reqwest::Method::GET, "/_control/wallets", None).await
    }

    /// Apple's portal: a certificate of a kind with its key.
    pub async fn certificate(&self, kind: &str, merchant_id: &str) -> Value {
        let wish = json!({"kind": kind, "merchant_id": merchant_id});
        self.call(reqwest::Method::POST, "/_control/wallets/apple/certificates", Some(&wish)).await
    }

    /// Apple's portal: only these domains may show the button.
    pub async fn register_domains(&self, domains: &[&str]) {
        let wish = json!({"domains": domains});
        self.call(reqwest::Method::POST, "/_control/wallets/apple/domains", Some(&wish)).await;
    }

    /// The device in the shopper's hand: a token of `apple` or `google`.
    pub async fn token(&self, wallet: &str, wish: &Value) -> Value {
        let path = format!("/_control/wallets/{wallet}/token");
        self.call(reqwest::Method::POST, &path, Some(wish)).await
    }

    /// Moves the sandbox's clock.
    pub async fn advance_clock(&self, seconds: i64) {
        self.call(
            reqwest::Method::POST,
            "/_control/clock",
            Some(&json!({"advance_seconds": seconds})),
        )
        .await;
    }

    /// Forgets everything, switches included.
    pub async fn reset(&self) {
        self.call(reqwest::Method::POST, "/_control/reset", None).await;
    }

    /// Makes the callback of an order, and sends it if `send`.
    pub async fn callback(
        &self,
        gateway_order_id: &str,
        send: bool,
        status: Option<i64>,
    ) -> Callback {
        let path = format!("/_control/callbacks/{gateway_order_id}");
        let mut body = json!({"send": send});
        if let Some(status) = status {
            body["status"] = json!(status);
        }
        let made = self.call(reqwest::Method::POST, &path, Some(&body)).await;
        let text = |name: &str| made[name].as_str().unwrap_or_default().to_owned();
        Callback {
            url: text("url"),
            content_type: text("content_type"),
            body: text("body"),
            http_status: made["http_status"].as_u64().and_then(|code| u16::try_from(code).ok()),
        }
    }

    /// Waits until the order's callback was answered.
    pub async fn callback_answered(&self, gateway_order_id: &str) -> u16 {
        wait::until("the server's answer to the callback", async || {
            let order = self.order(gateway_order_id).await?;
            let callbacks = order["callbacks"].as_array()?.clone();
            callbacks.iter().rev().find_map(|callback| callback["http_status"].as_u64())
        })
        .await
        .try_into()
        .expect("an HTTP status")
    }
}
