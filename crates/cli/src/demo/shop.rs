//! The shop: what a merchant would write around Farthing, in little.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Form, Path, Request, State};
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HOST, REFERRER_POLICY,
    X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::middleware::{self, Next};
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use farthing_types::Currency;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::Mutex;

use super::orders::{Order, Orders};
use super::pages::{self, BOOKS, Places, Standing};
use super::webhooks::{Inbox, Secret};
use crate::args::Repeat;
use crate::client::Client;
use crate::outcome::{Failure, Result};

/// The shop's one currency, ISO 4217.
pub(super) const CURRENCY: &str = "EUR";
/// How many events the page shows.
const EVENTS: usize = 50;

/// Everything the shop needs.
pub(super) struct Shop {
    client: Client,
    secret: Secret,
    orders: Orders,
    places: Places,
    port: u16,
    inbox: Inbox,
    refused: AtomicU64,
    feed: Mutex<Feed>,
}

/// What was read of `GET /v1/events` so far.
#[derive(Default)]
struct Feed {
    /// The last event's `seq`.
    after: u64,
    /// The latest events, oldest first.
    events: VecDeque<Value>,
}

type Shared = State<Arc<Shop>>;

impl Shop {
    /// A shop that calls the server by `client` and listens on `port`.
    pub(super) fn new(
        client: Client,
        secret: Secret,
        orders: Orders,
        places: Places,
        port: u16,
    ) -> Self {
        Self {
            client,
            secret,
            orders,
            places,
            port,
            inbox: Inbox::default(),
            refused: AtomicU64::new(0),
            feed: Mutex::default(),
        }
    }

    /// Creates a checkout session for an order, as a merchant's server does: over HTTP, with the secret key.
    async fn session(
        &self,
        id: &str,
        title: &str,
        amount: u64,
        guest: bool,
    ) -> Result<(String, String)> {
        let mut body = json!({
            "order_id": id,
            "amount": amount,
            "currency": CURRENCY,
            "purpose": title,
            "return_url": format!("http://localhost:{}/order/{id}", self.port),
        });
        if !guest && let Some(body) = body.as_object_mut() {
            body.insert("customer".to_owned(), reader());
        }
        let session =
            self.client.post(&["sessions"], &body, &Repeat { idempotency_key: None }).await?;
        let member = |name: &str| session.get(name).and_then(Value::as_str).map(str::to_owned);
        member("id")
            .zip(member("url"))
            .ok_or_else(|| Failure::Unknown("the server's answer names no session".to_owned()))
    }

    /// What the server knows of an order.
    async fn standing(&self, order: &Order) -> Result<Standing> {
        let payments = self.client.get(&["payments"], &[("order_id", order.id.clone())]).await?;
        let session = self.client.get(&["sessions", &order.session_id], &[]).await?;
        Ok(Standing {
            payments: payments.get("data").and_then(Value::as_array).cloned().unwrap_or_default(),
            session: session.get("status").and_then(Value::as_str).unwrap_or("unknown").to_owned(),
        })
    }

    /// The latest events, oldest first. Each look goes on where the one before ended.
    async fn events(&self) -> Result<Vec<Value>> {
        let mut feed = self.feed.lock().await;
        loop {
            let page = self.client.get(&["events"], &[("after", feed.after.to_string())]).await?;
            let before = feed.after;
            for event in page.get("data").and_then(Value::as_array).into_iter().flatten() {
                feed.after = event.get("seq").and_then(Value::as_u64).unwrap_or(feed.after);
                feed.events.push_back(event.clone());
            }
            let excess = feed.events.len().saturating_sub(EVENTS);
            feed.events.drain(..excess);
            if page.get("next_cursor").is_none_or(Value::is_null) || feed.after == before {
                return Ok(feed.events.iter().cloned().collect());
            }
        }
    }

    fn trouble(&self, status: StatusCode, words: &str) -> Response {
        (status, Html(pages::trouble(words, &self.places))).into_response()
    }

    fn failed(&self, failure: &Failure) -> Response {
        self.trouble(StatusCode::BAD_GATEWAY, failure.text())
    }
}

/// A customer that does not exist, so that the checkout need not ask.
fn reader() -> Value {
    json!({
        "first_name": "Ada",
        "last_name": "Reader",
        "address": "1 Quay Street",
        "city": "Dublin",
        "zip": "D01 F5P2",
        "country": "IE",
        "phone": "+353100000000",
        "email": "ada.reader@shop.example",
    })
}

/// The shop's routes.
pub(super) fn router(shop: Shop) -> Router {
    let shop = Arc::new(shop);
    Router::new()
        .route("/", get(home))
        .route("/orders", post(buy))
        .route("/order/{id}", get(order))
        .route("/order/{id}/session", post(again))
        .route("/events", get(events))
        .route("/shop.css", get(style))
        .layer(middleware::from_fn_with_state(Arc::clone(&shop), to_localhost))
        // Not redirected: whoever sends a webhook follows no redirect.
        .route("/webhooks", post(webhook))
        .fallback(nothing)
        .layer(DefaultBodyLimit::max(64 * 1024))
        .layer(middleware::from_fn(headers))
        .with_state(shop)
}

/// `127.0.0.1` and `localhost` are two sites to a browser; the shop is one.
async fn to_localhost(State(shop): Shared, request: Request, next: Next) -> Response {
    let host = request.headers().get(HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let name = host
        .rsplit_once(':')
        .map_or(host, |(name, port)| if port.ends_with(']') { host } else { name });
    if name == "127.0.0.1" || name == "[::1]" {
        let path = request.uri().path_and_query().map_or("/", |path| path.as_str());
        return Redirect::temporary(&format!("http://localhost:{}{path}", shop.port))
            .into_response();
    }
    next.run(request).await
}

async fn headers(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let policy = "default-src 'none'; style-src 'self'; img-src data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
    for (name, value) in [
        (CONTENT_SECURITY_POLICY, policy),
        (REFERRER_POLICY, "same-origin"),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (CACHE_CONTROL, "no-store"),
    ] {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}

fn currency() -> Result<Currency> {
    CURRENCY.parse().map_err(|error| Failure::refused(CURRENCY, error))
}

async fn home(State(shop): Shared) -> Response {
    match currency() {
        Ok(currency) => {
            Html(pages::home(&shop.orders.ids().await, currency, &shop.places)).into_response()
        }
        Err(failure) => shop.failed(&failure),
    }
}

/// What the buy button sends.
#[derive(Debug, Deserialize)]
struct Purchase {
    book: String,
    #[serde(default)]
    guest: Option<String>,
}

async fn buy(State(shop): Shared, Form(purchase): Form<Purchase>) -> Response {
    let Some(book) = BOOKS.into_iter().find(|book| book.slug == purchase.book) else {
        return shop.trouble(StatusCode::BAD_REQUEST, "The shop has no such book.");
    };
    match place(&shop, book, purchase.guest.is_some()).await {
        Ok(order) => Redirect::to(&format!("/order/{}", order.id)).into_response(),
        Err(failure) => shop.failed(&failure),
    }
}

async fn place(shop: &Shop, book: pages::Book, guest: bool) -> Result<Order> {
    let mut bytes = [0_u8; 5];
    getrandom::fill(&mut bytes).map_err(|error| Failure::refused("no random numbers", error))?;
    let id = format!("FB-{}", hex::encode_upper(bytes));
    let (session_id, checkout_url) = shop.session(&id, book.title, book.price, guest).await?;
    let order = Order {
        id,
        title: book.title.to_owned(),
        amount: book.price,
        guest,
        session_id,
        checkout_url,
    };
    shop.orders.put(order.clone()).await;
    Ok(order)
}

async fn again(State(shop): Shared, Path(id): Path<String>) -> Response {
    let Some(order) = shop.orders.get(&id).await else {
        return nothing(State(shop)).await;
    };
    match shop.session(&order.id, &order.title, order.amount, order.guest).await {
        Ok((session_id, checkout_url)) => {
            shop.orders.put(Order { session_id, checkout_url, ..order }).await;
            Redirect::to(&format!("/order/{id}")).into_response()
        }
        Err(failure) => shop.failed(&failure),
    }
}

async fn order(State(shop): Shared, Path(id): Path<String>) -> Response {
    let Some(order) = shop.orders.get(&id).await else {
        return nothing(State(shop)).await;
    };
    let shown = match (shop.standing(&order).await, currency()) {
        (Ok(standing), Ok(currency)) => Ok(pages::order(&order, &standing, currency, &shop.places)),
        (Err(failure), _) | (_, Err(failure)) => Err(failure),
    };
    shown.map_or_else(|failure| shop.failed(&failure), |html| Html(html).into_response())
}

async fn events(State(shop): Shared) -> Response {
    match shop.events().await {
        Ok(events) => {
            let refused = shop.refused.load(Ordering::Relaxed);
            Html(pages::events(&events, &shop.inbox.list(), refused, &shop.places)).into_response()
        }
        Err(failure) => shop.failed(&failure),
    }
}

/// Verify, note, acknowledge. What to do about the order is decided by asking the API, never by the webhook's text.
async fn webhook(State(shop): Shared, headers: HeaderMap, body: Bytes) -> StatusCode {
    let now = Timestamp::now();
    match shop.secret.verify(&headers, &body, now) {
        Ok(id) => {
            shop.inbox.note(id, &body, now);
            StatusCode::NO_CONTENT
        }
        Err(refusal) => {
            shop.refused.fetch_add(1, Ordering::Relaxed);
            tracing::warn!(%refusal, "a webhook was refused");
            StatusCode::UNAUTHORIZED
        }
    }
}

async fn style() -> Response {
    (
        [(CONTENT_TYPE, HeaderValue::from_static("text/css; charset=utf-8"))],
        include_str!("shop.css"),
    )
        .into_response()
}

async fn nothing(State(shop): Shared) -> Response {
    shop.trouble(StatusCode::NOT_FOUND, "There is no such page.")
}
