//! The merchant's side of `/v1`.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use serde_json::Value;
use url::Url;

use crate::wait;

/// What went between the merchant, the shopper and the server, for the scanner.
#[derive(Clone, Debug)]
pub struct Capture(Arc<Mutex<File>>);

impl Capture {
    /// Appends to this file.
    pub fn new(path: &Path) -> Self {
        let file =
            OpenOptions::new().create(true).append(true).open(path).expect("a writable file");
        Self(Arc::new(Mutex::new(file)))
    }

    /// Appends a title and bytes.
    pub fn add(&self, title: &str, bytes: &[u8]) {
        let mut file = self.0.lock().expect("not poisoned");
        let _ = writeln!(file, "== {title}");
        let _ = file.write_all(bytes);
        let _ = writeln!(file);
    }
}

/// Headers as lines; as `{:?}` prints them, a length could look like a quoted security code.
pub fn header_lines(headers: &reqwest::header::HeaderMap) -> String {
    headers
        .iter()
        .map(|(name, value)| format!("{name}: {}\n", String::from_utf8_lossy(value.as_bytes())))
        .collect()
}

/// An answer of the server.
#[derive(Clone, Debug)]
pub struct Answer {
    /// HTTP status code.
    pub status: u16,
    /// Headers.
    pub headers: reqwest::header::HeaderMap,
    /// The body, byte for byte.
    pub bytes: Vec<u8>,
    /// The body as JSON, or null.
    pub json: Value,
}

impl Answer {
    /// Reads a whole answer.
    pub async fn read(answer: reqwest::Response) -> Result<Self, reqwest::Error> {
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        let bytes = answer.bytes().await?.to_vec();
        let json = serde_json::from_slice(&bytes).unwrap_or_default();
        Ok(Self { status, headers, bytes, json })
    }

    /// A header's text.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes).into_owned()
    }

    /// Asserts the status; shows the body if it is another.
    #[track_caller]
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}", self.text());
        self
    }

    /// Asserts a problem+json answer whose stable `type` ends in this word.
    #[track_caller]
    pub fn expect_problem(self, status: u16, kind: &str) -> Self {
        let answer = self.expect(status);
        assert!(
            answer.header("content-type").starts_with("application/problem+json"),
            "{}",
            answer.text()
        );
        assert!(
            answer.json["type"].as_str().unwrap_or_default().ends_with(kind),
            "{}",
            answer.text()
        );
        answer
    }
}

/// The merchant's program.
#[derive(Clone, Debug)]
pub struct Api {
    http: reqwest::Client,
    base: Url,
    key: String,
    capture: Option<Capture>,
}

static KEYS: AtomicU64 = AtomicU64::new(0);

/// An idempotency key that was not used before.
pub fn fresh_key() -> String {
    format!("story-{}-{}", std::process::id(), KEYS.fetch_add(1, Ordering::Relaxed))
}

impl Api {
    /// Talks to the server at `base` with this key.
    pub fn new(http: reqwest::Client, base: Url, key: &str, capture: Capture) -> Self {
        Self { http, base, key: key.to_owned(), capture: Some(capture) }
    }

    /// The same whose answers are not kept for the scanner: for whoever reads all there is again and again. Among so many numbers in quotes
    /// some are like security codes.
    pub fn uncaptured(&self) -> Self {
        Self { capture: None, ..self.clone() }
    }

    /// The same with another key.
    pub fn with_key(&self, key: &str) -> Self {
        Self { key: key.to_owned(), ..self.clone() }
    }

    /// Sends a request; `None` if no answer arrived.
    pub async fn send(
        &self,
        method: &str,
        path: &str,
        key: Option<&str>,
        body: Option<&[u8]>,
    ) -> Option<Answer> {
        let url = self.base.join(path).expect("a path");
        let method = reqwest::Method::from_bytes(method.as_bytes()).expect("a method");
        let mut request = self.http.request(method.clone(), url).bearer_auth(&self.key);
        if let Some(key) = key {
            request = request.header("idempotency-key", key);
        }
        if let Some(body) = body {
            self.capture(&format!("{method} {path}"), body);
            request = request.header("content-type", "application/json").body(body.to_vec());
        }
        let answer = Answer::read(request.send().await.ok()?).await.ok()?;
        self.capture(
            &format!("{method} {path} -> {}\n{}", answer.status, header_lines(&answer.headers)),
            &answer.bytes,
        );
        Some(answer)
    }

    fn capture(&self, title: &str, bytes: &[u8]) {
        if let Some(capture) = &self.capture {
            capture.add(title, bytes);
        }
    }

    /// GET.
    pub async fn get(&self, path: &str) -> Answer {
        self.send("GET", path, None, None).await.expect("the server answers")
    }

    /// POST with an idempotency key of its own.
    pub async fn post(&self, path: &str, body: &Value) -> Answer {
        self.post_with_key(path, &fresh_key(), body).await
    }

    /// POST with this idempotency key.
    pub async fn post_with_key(&self, path: &str, key: &str, body: &Value) -> Answer {
        self.send("POST", path, Some(key), Some(body.to_string().as_bytes()))
            .await
            .expect("the server answers")
    }

    /// One payment.
    pub async fn payment(&self, id: &str) -> Value {
        self.get(&format!("/v1/payments/{id}")).await.expect(200).json
    }

    /// All items of a list, over all its pages.
    pub async fn list(&self, path: &str) -> Vec<Value> {
        let mut items = Vec::new();
        let mut cursor = String::new();
        loop {
            let between = if path.contains('?') { '&' } else { '?' };
            let page = if cursor.is_empty() {
                path.to_owned()
            } else {
                format!("{path}{between}cursor={cursor}")
            };
            let page = self.get(&page).await.expect(200).json;
            items.extend(page["data"].as_array().expect("data is a list").iter().cloned());
            match page["next_cursor"].as_str() {
                Some(next) if !next.is_empty() => next.clone_into(&mut cursor),
                _ => return items,
            }
        }
    }

    /// Payments of one order, newest first.
    pub async fn payments_of(&self, order_id: &str) -> Vec<Value> {
        self.list(&format!("/v1/payments?order_id={order_id}")).await
    }

    /// The only payment of an order.
    pub async fn only_payment(&self, order_id: &str) -> Value {
        let mut payments = self.payments_of(order_id).await;
        assert_eq!(payments.len(), 1, "payments of {order_id}: {payments:?}");
        payments.remove(0)
    }

    /// Waits until a payment has this status; fails at once if it is over with another one.
    pub async fn wait_for_status(&self, id: &str, status: &str) -> Value {
        wait::until(&format!("payment {status}"), async || {
            let payment = self.payment(id).await;
            let now = payment["status"].as_str().unwrap_or_default().to_owned();
            assert!(
                now == status || matches!(&*now, "requires_action" | "processing"),
                "{now} instead of {status}: {payment}"
            );
            (now == status).then_some(payment)
        })
        .await
    }

    /// Every event, in order.
    pub async fn events(&self) -> Vec<Value> {
        let mut events: Vec<Value> = Vec::new();
        loop {
            let after =
                events.last().map_or_else(|| "0".to_owned(), |event| sequence(event).to_string());
            let page = self.get(&format!("/v1/events?after={after}")).await.expect(200).json;
            let page = page["data"].as_array().expect("data is a list").clone();
            if page.is_empty() {
                return events;
            }
            events.extend(page);
        }
    }

    /// Events about one payment.
    pub async fn events_about(&self, payment_id: &str) -> Vec<Value> {
        let events = self.events().await;
        events.into_iter().filter(|event| crate::receiver::mentions(event, payment_id)).collect()
    }
}

/// The position of an event in the list of all events.
pub fn sequence(event: &Value) -> u64 {
    event["seq"].as_u64().unwrap_or_else(|| panic!("an event without seq: {event}"))
}
