//! A sandbox on a free port, its merchant, its shopper, and a shop that receives callbacks.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use farthing_gateways::smartcore::sign::verify;
use farthing_sandbox::control::{Ledger, LedgerOrder, SentCallback};
use farthing_sandbox::{Sandbox, Settings};
use reqwest::{Client, Method, Response, redirect};
use secrecy::SecretString;
use serde_json::{Value, json};
use tokio::sync::mpsc;

pub const FRICTIONLESS: &str = "4012000000003010";
pub const CHALLENGE: &str = "4003830171874018";
pub const REFUSED: &str = "4242424242424242";

/// Longer than anything here takes, shorter than a person waits.
pub const PATIENCE: Duration = Duration::from_secs(20);

pub struct World {
    pub sandbox: Sandbox,
    pub client: Client,
    pub base: String,
}

impl World {
    pub async fn new() -> Self {
        Self::with(Settings::default()).await
    }

    pub async fn with(settings: Settings) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let sandbox = Sandbox::start(settings).await.unwrap();
        let client = Client::builder()
            .tls_certs_only([])
            .no_proxy()
            .redirect(redirect::Policy::none())
            .timeout(PATIENCE)
            .build()
            .unwrap();
        let base = format!("http://{}", sandbox.address());
        Self { sandbox, client, base }
    }

    pub async fn call(&self, method: Method, path: &str, body: Option<Value>) -> Response {
        let mut request = self.client.request(method, format!("{}{path}", self.base));
        if path.starts_with("/smartcore") {
            request = request
                .header("authorization", format!("Basic {}", STANDARD.encode("test:qwerty")));
        }
        if let Some(body) = body {
            request = request.header("content-type", "application/json").body(body.to_string());
        }
        request.send().await.unwrap()
    }

    pub async fn post(&self, path: &str, body: Value) -> Value {
        json_of(self.call(Method::POST, path, Some(body)).await).await
    }

    pub async fn pay(&self, request: Value) -> Value {
        self.post("/smartcore/card/initPaymentHost2Host", request).await
    }

    pub async fn check(&self, order_id: &str) -> Value {
        self.post("/smartcore/api/check", json!({"order_id": order_id})).await
    }

    pub async fn set(&self, faults: Value) {
        let response = self.call(Method::PUT, "/_control/faults", Some(faults)).await;
        let status = response.status();
        assert!(status.is_success(), "{status}: {}", response.text().await.unwrap());
    }

    pub async fn advance(&self, seconds: i64) {
        self.post("/_control/clock", json!({"advance_seconds": seconds})).await;
    }

    pub async fn ledger(&self) -> Ledger {
        let response = self.call(Method::GET, "/_control/ledger", None).await;
        serde_json::from_str(&response.text().await.unwrap()).unwrap()
    }

    pub async fn order(&self, order_id: &str) -> LedgerOrder {
        self.ledger().await.order(order_id).unwrap().clone()
    }

    /// Waits until the ledger says so; callbacks are written down a moment after they are received.
    pub async fn until(&self, order_id: &str, holds: impl Fn(&LedgerOrder) -> bool) -> LedgerOrder {
        let waiting = async {
            loop {
                let order = self.order(order_id).await;
                if holds(&order) {
                    return order;
                }
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(PATIENCE, waiting).await.unwrap()
    }

    /// A shopper's GET of one of the sandbox's pages.
    pub async fn visit(&self, url: &str) -> Response {
        self.client.get(format!("{}{}", self.base, path_of(url))).send().await.unwrap()
    }

    /// A shopper's form.
    pub async fn submit(&self, path: &str, fields: &[(&str, &str)]) -> Response {
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let request = self.client.post(format!("{}{path}", self.base));
        request
            .header("content-type", "application/x-www-form-urlencoded")
            .body(body)
            .send()
            .await
            .unwrap()
    }

    /// A form that another page sends to one of the sandbox's addresses.
    pub async fn submit_to(&self, url: &str, fields: &[(&str, String)]) -> Response {
        let fields: Vec<_> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
        self.submit(path_of(url), &fields).await
    }

    /// Presses the button of a form, or lets its script do it.
    pub async fn submit_form(&self, form: &Form) -> Response {
        let fields: Vec<_> =
            form.fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        self.submit(path_of(&form.action), &fields).await
    }

    pub async fn resend(&self, order_id: &str, wish: Value) -> SentCallback {
        serde_json::from_value(self.post(&format!("/_control/callbacks/{order_id}"), wish).await)
            .unwrap()
    }
}

/// The only form of a page, with its hidden fields.
#[derive(Clone, Debug)]
pub struct Form {
    pub action: String,
    pub fields: Vec<(String, String)>,
}

impl Form {
    pub async fn of(response: Response) -> Self {
        let status = response.status();
        let page = response.text().await.unwrap();
        assert_eq!((status.as_u16(), page.matches("<form").count()), (200, 1), "{page}");
        let after = |text: &str, mark: &str| {
            let value = text.split_once(mark).unwrap_or_else(|| panic!("{mark}: {page}")).1;
            value.split_once('"').unwrap().0.replace("&amp;", "&").replace("&#39;", "'")
        };
        let inputs = page.split("<input type=\"hidden\"").skip(1);
        let fields =
            inputs.map(|input| (after(input, " name=\""), after(input, " value=\""))).collect();
        Self { action: after(&page, " action=\""), fields }
    }

    pub fn field(&self, name: &str) -> &str {
        let found = self.fields.iter().find(|(field, _)| field == name);
        &found.unwrap_or_else(|| panic!("{name}: {:?}", self.fields)).1
    }
}

fn path_of(url: &str) -> &str {
    url.split_once("//").map_or(url, |(_, rest)| &rest[rest.find('/').unwrap()..])
}

pub async fn json_of(response: Response) -> Value {
    let text = response.text().await.unwrap();
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

pub fn location(response: &Response) -> String {
    assert_eq!(response.status(), 303);
    response.headers()["location"].to_str().unwrap().to_owned()
}

/// A card payment with every required field.
pub fn card_payment(order_id: &str, number: &str) -> Value {
    let mut request = form_payment(order_id);
    for (name, value) in [
        ("payment_method", "card"),
        ("card_holder", "Ann Lee"),
        ("card_number", number),
        ("card_exp_month", "12"),
        ("card_exp_year", "30"),
        ("card_cvv", "123"),
    ] {
        request[name] = json!(value);
    }
    request
}

/// A hosted form with every required field.
pub fn form_payment(order_id: &str) -> Value {
    json!({
        "account": "EUR-sandbox", "amount": 1999, "currency": "EUR", "order_id": order_id,
        "merchant_site": "https://shop.example", "purpose": "Two books",
        "customer_first_name": "Ann", "customer_last_name": "Lee", "customer_address": "1 High Street",
        "customer_city": "Leeds", "customer_zip_code": "LS1", "customer_country": "GB",
        "customer_phone": "+441130000000", "customer_email": "ann@example.com", "customer_ip_address": "192.0.2.7",
        "success_url": "https://shop.example/ok", "fail_url": "https://shop.example/sorry",
        "status_url": "https://shop.example/status",
    })
}

/// `request` with a field set, or removed by null.
pub fn but(mut request: Value, name: &str, value: Value) -> Value {
    request[name] = value;
    request
}

/// Something that was sent to the shop.
#[derive(Clone, Debug)]
pub struct Received {
    pub content_type: String,
    pub body: String,
}

impl Received {
    pub fn pairs(&self) -> Vec<(String, String)> {
        form_urlencoded::parse(self.body.as_bytes()).into_owned().collect()
    }

    pub fn field(&self, name: &str) -> Option<String> {
        self.pairs().into_iter().collect::<HashMap<_, _>>().remove(name)
    }

    pub fn is_signed(&self) -> bool {
        let sign = self.field("sign").unwrap_or_default();
        verify(&self.pairs(), &sign, [&SecretString::from("qwerty")])
    }
}

/// A shop that takes callbacks and answers with a status of the test's choice.
pub struct Shop {
    pub url: String,
    answers: Arc<Mutex<u16>>,
    inbox: mpsc::UnboundedReceiver<Received>,
}

type ShopState = (mpsc::UnboundedSender<Received>, Arc<Mutex<u16>>);

impl Shop {
    pub async fn new() -> Self {
        let (sender, inbox) = mpsc::unbounded_channel();
        let answers = Arc::new(Mutex::new(200));
        let app = Router::new()
            .route("/callback", post(receive))
            .with_state((sender, Arc::clone(&answers)));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/callback", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, app).await });
        Self { url, answers, inbox }
    }

    pub fn answer(&self, status: u16) {
        *self.answers.lock().unwrap() = status;
    }

    pub async fn next(&mut self) -> Received {
        tokio::time::timeout(PATIENCE, self.inbox.recv()).await.unwrap().unwrap()
    }

    /// What has arrived so far without being looked at.
    pub fn waiting(&mut self) -> Option<Received> {
        self.inbox.try_recv().ok()
    }
}

async fn receive(
    State((sender, answers)): State<ShopState>,
    headers: HeaderMap,
    body: Bytes,
) -> StatusCode {
    let content_type = headers["content-type"].to_str().unwrap().to_owned();
    let body = String::from_utf8(body.to_vec()).unwrap();
    sender.send(Received { content_type, body }).unwrap();
    StatusCode::from_u16(*answers.lock().unwrap()).unwrap()
}
