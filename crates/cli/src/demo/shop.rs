//! The shop: what a merchant would write around Farthing, in little.

use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Form, OriginalUri, Path, Query, Request, State};
use axum::http::header::{CONTENT_TYPE, HOST};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::middleware::{self, Next};
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use farthing_types::Currency;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::{Mutex, watch};

use super::assets::Assets;
use super::books::{self, Book, MOST_COPIES};
use super::journal::Journal;
use super::live::{self, Live};
use super::orders::{Order, Orders};
use super::pages::{self, Known, Places, Theme, View};
use super::policy;
use super::standing::Standing;
use super::webhooks::Secret;
use crate::args::Repeat;
use crate::client::Client;
use crate::outcome::{Failure, Result};

/// The shop's one currency, ISO 4217.
pub(super) const CURRENCY: &str = "EUR";

/// Everything the shop needs.
pub(super) struct Shop {
    client: Client,
    secret: Secret,
    orders: Orders,
    places: Places,
    assets: Assets,
    currency: Currency,
    port: u16,
    /// The position in `GET /v1/events` up to which the journal has them.
    events_read: Mutex<u64>,
    /// What was heard and asked.
    pub(super) journal: Journal,
    /// Who listens.
    pub(super) live: Live,
    /// The content security policy of every page.
    pub(super) policy: HeaderValue,
}

type Shared = State<Arc<Shop>>;

impl Shop {
    /// A shop that calls the server by `client` and listens on `port`; live logs end when `ending` turns true.
    pub(super) fn new(
        client: Client,
        secret: Secret,
        orders: Orders,
        places: Places,
        port: u16,
        ending: watch::Receiver<bool>,
    ) -> Result<Self> {
        let assets = Assets::new();
        let shop = format!("http://localhost:{port}");
        let policy = policy::policy(&shop, assets.path("script"), &places.server);
        Ok(Self {
            client,
            secret,
            orders,
            assets,
            currency: CURRENCY.parse().map_err(|error| Failure::refused(CURRENCY, error))?,
            port,
            events_read: Mutex::new(0),
            journal: Journal::new(),
            live: Live::new(ending),
            policy: HeaderValue::try_from(policy)
                .map_err(|error| Failure::refused("the shop's policy", error))?,
            places,
        })
    }

    fn view(&self, theme: Theme) -> View<'_> {
        View { places: &self.places, assets: &self.assets, theme, currency: self.currency }
    }

    /// Creates a checkout session for an order, as a merchant's server does: over HTTP, with the secret key.
    async fn session(
        &self,
        id: &str,
        title: &str,
        amount: u64,
        guest: bool,
        theme: Theme,
    ) -> Result<(String, String)> {
        let mut body = json!({
            "order_id": id,
            "amount": amount,
            "currency": CURRENCY,
            "purpose": title,
            "return_url": format!("http://localhost:{}{}", self.port, theme.link(&format!("/order/{id}"))),
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

    /// Asks the server about an order and notes what it says.
    async fn standing(&self, order: &Order) -> Result<Standing> {
        let payments = self.client.get(&["payments"], &[("order_id", order.id.clone())]).await?;
        let session = self.client.get(&["sessions", &order.session_id], &[]).await?;
        let standing = Standing {
            payments: payments.get("data").and_then(Value::as_array).cloned().unwrap_or_default(),
            session: session.get("status").and_then(Value::as_str).unwrap_or("unknown").to_owned(),
        };
        // An answer about a session that has been replaced meanwhile is no news of the order.
        let now = self.orders.get(&order.id).await;
        if now.is_none_or(|now| now.session_id == order.session_id) {
            self.journal.standing(&order.id, &standing, Timestamp::now());
        }
        Ok(standing)
    }

    /// Notes all events that the server has had since the last look.
    async fn read_events(&self) -> Result {
        let mut read = self.events_read.lock().await;
        loop {
            let page = self.client.get(&["events"], &[("after", read.to_string())]).await?;
            let before = *read;
            for event in page.get("data").and_then(Value::as_array).into_iter().flatten() {
                *read = event.get("seq").and_then(Value::as_u64).unwrap_or(*read);
                self.journal.event(event, Timestamp::now());
            }
            if page.get("next_cursor").is_none_or(Value::is_null) || *read == before {
                return Ok(());
            }
        }
    }

    /// Asks the server in the background: for its events and, if one is named, about an order. The journal hears the answers.
    pub(super) fn look_later(self: &Arc<Self>, order: Option<String>) {
        let shop = Arc::clone(self);
        tokio::spawn(async move {
            let order = match order {
                Some(id) => shop.orders.get(&id).await,
                None => None,
            };
            let events = shop.read_events().await;
            let standing = match &order {
                Some(order) => shop.standing(order).await.map(|_| ()),
                None => Ok(()),
            };
            if let Err(failure) = events.and(standing) {
                tracing::warn!(failure = failure.text(), "the server was asked in vain");
            }
        });
    }

    fn trouble(&self, theme: Theme, status: StatusCode, words: &str) -> Response {
        (status, Html(self.view(theme).trouble(words))).into_response()
    }

    fn failed(&self, theme: Theme, failure: &Failure) -> Response {
        self.trouble(theme, StatusCode::BAD_GATEWAY, failure.text())
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
pub(super) fn router(shop: Arc<Shop>) -> Router {
    Router::new()
        .route("/", get(home))
        .route("/book/{slug}", get(book))
        .route("/orders", post(buy))
        .route("/order/{id}", get(order))
        .route("/order/{id}/state", get(state))
        .route("/order/{id}/session", post(again))
        .route("/events", get(events))
        .route("/live", get(live::live))
        .route("/assets/{file}", get(asset))
        .layer(middleware::from_fn_with_state(Arc::clone(&shop), to_localhost))
        // Not redirected: whoever sends a webhook or a report follows no redirect.
        .route("/webhooks", post(webhook))
        .route(policy::REPORTS, post(policy::report))
        .fallback(nothing)
        .layer(DefaultBodyLimit::max(64 * 1024))
        .layer(middleware::from_fn_with_state(Arc::clone(&shop), policy::headers))
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

/// What every address may carry.
#[derive(Debug, Deserialize)]
struct Look {
    theme: Option<String>,
}

impl Look {
    fn theme(&self) -> Theme {
        Theme::read(self.theme.as_deref())
    }
}

async fn home(State(shop): Shared, Query(look): Query<Look>) -> Response {
    let orders = shop.orders.ids().await;
    Html(pages::home(&shop.view(look.theme()), &orders)).into_response()
}

async fn book(State(shop): Shared, Path(slug): Path<String>, Query(look): Query<Look>) -> Response {
    match books::find(&slug) {
        Some(book) => Html(pages::book(&shop.view(look.theme()), &book)).into_response(),
        None => shop.trouble(look.theme(), StatusCode::NOT_FOUND, "The shop has no such book."),
    }
}

/// What the buy button sends.
#[derive(Debug, Deserialize)]
struct Purchase {
    book: String,
    #[serde(default)]
    copies: Option<u64>,
    #[serde(default)]
    guest: Option<String>,
}

async fn buy(
    State(shop): Shared,
    Query(look): Query<Look>,
    Form(purchase): Form<Purchase>,
) -> Response {
    let theme = look.theme();
    let refuse = |words| shop.trouble(theme, StatusCode::BAD_REQUEST, words);
    let Some(book) = books::find(&purchase.book) else {
        return refuse("The shop has no such book.");
    };
    let copies = purchase.copies.unwrap_or(1);
    if !(1..=MOST_COPIES).contains(&copies) {
        return refuse("The shop sends one to five copies.");
    }
    match place(&shop, book, copies, purchase.guest.is_some(), theme).await {
        Ok(order) => Redirect::to(&theme.link(&format!("/order/{}", order.id))).into_response(),
        Err(failure) => shop.failed(theme, &failure),
    }
}

async fn place(shop: &Shop, book: Book, copies: u64, guest: bool, theme: Theme) -> Result<Order> {
    let mut bytes = [0_u8; 5];
    getrandom::fill(&mut bytes).map_err(|error| Failure::refused("no random numbers", error))?;
    let id = format!("FB-{}", hex::encode_upper(bytes));
    let title = match copies {
        1 => book.title.to_owned(),
        copies => format!("{} ({copies} copies)", book.title),
    };
    let amount = book.price.saturating_mul(copies);
    let (session_id, checkout_url) = shop.session(&id, &title, amount, guest, theme).await?;
    let order = Order {
        id,
        title,
        amount,
        guest,
        book: book.slug.to_owned(),
        copies,
        session_id,
        checkout_url,
    };
    shop.orders.put(order.clone()).await;
    Ok(order)
}

/// What the buttons for another checkout send.
#[derive(Debug, Deserialize)]
struct Again {
    /// `yes` or `no`; as before if left out.
    guest: Option<String>,
}

/// Another session for the same order.
async fn again(
    State(shop): Shared,
    Path(id): Path<String>,
    Query(look): Query<Look>,
    Form(wanted): Form<Again>,
) -> Response {
    let theme = look.theme();
    let Some(order) = shop.orders.get(&id).await else {
        return shop.trouble(theme, StatusCode::NOT_FOUND, "There is no such order.");
    };
    let guest = match wanted.guest.as_deref() {
        Some("yes") => true,
        Some("no") => false,
        _ => order.guest,
    };
    match shop.session(&order.id, &order.title, order.amount, guest, theme).await {
        Ok((session_id, checkout_url)) => {
            shop.orders.put(Order { guest, session_id, checkout_url, ..order }).await;
            Redirect::to(&theme.link(&format!("/order/{id}"))).into_response()
        }
        Err(failure) => shop.failed(theme, &failure),
    }
}

async fn order(State(shop): Shared, Path(id): Path<String>, Query(look): Query<Look>) -> Response {
    let theme = look.theme();
    let Some(order) = shop.orders.get(&id).await else {
        return shop.trouble(theme, StatusCode::NOT_FOUND, "There is no such order.");
    };
    let asked = match shop.read_events().await {
        Ok(()) => shop.standing(&order).await,
        Err(failure) => Err(failure),
    };
    let standing = match asked {
        Ok(standing) => standing,
        Err(failure) => return shop.failed(theme, &failure),
    };
    // The mark first: an entry that comes between is told twice rather than never, and the page knows it by its key.
    let mark = shop.journal.mark_now();
    let known = Known {
        order: &order,
        standing: &standing,
        entries: &shop.journal.after(0, Some(&order.id)),
        mark: &mark,
        reports: shop.journal.count_reports(),
    };
    Html(pages::order(&shop.view(theme), &known)).into_response()
}

/// What the page's script asks before it says thank you: the API is asked anew, whatever the browser was told.
async fn state(State(shop): Shared, Path(id): Path<String>) -> Response {
    let Some(order) = shop.orders.get(&id).await else {
        return StatusCode::NOT_FOUND.into_response();
    };
    match shop.standing(&order).await {
        Ok(standing) => axum::Json(standing.to_json()).into_response(),
        Err(failure) => {
            tracing::warn!(failure = failure.text(), "the server was asked in vain");
            StatusCode::BAD_GATEWAY.into_response()
        }
    }
}

async fn events(State(shop): Shared, Query(look): Query<Look>) -> Response {
    if let Err(failure) = shop.read_events().await {
        return shop.failed(look.theme(), &failure);
    }
    let mark = shop.journal.mark_now();
    let entries = shop.journal.after(0, None);
    Html(pages::events(&shop.view(look.theme()), &entries, &mark)).into_response()
}

/// Verify, note, acknowledge. What to do about the order is decided by asking the API, never by the webhook's text.
async fn webhook(State(shop): Shared, headers: HeaderMap, body: Bytes) -> StatusCode {
    let now = Timestamp::now();
    match shop.secret.verify(&headers, &body, now) {
        Ok(id) => {
            let order = shop.journal.webhook(&id, &body, now);
            shop.look_later(order);
            StatusCode::NO_CONTENT
        }
        Err(refusal) => {
            shop.journal.refused(&refusal.to_string(), now);
            tracing::warn!(%refusal, "a webhook was refused");
            StatusCode::UNAUTHORIZED
        }
    }
}

async fn asset(State(shop): Shared, OriginalUri(uri): OriginalUri) -> Response {
    shop.assets.get(uri.path()).unwrap_or_else(|| {
        let kind = [(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"))];
        (StatusCode::NOT_FOUND, kind, "There is no such file.").into_response()
    })
}

async fn nothing(State(shop): Shared) -> Response {
    shop.trouble(Theme::Auto, StatusCode::NOT_FOUND, "There is no such page.")
}
