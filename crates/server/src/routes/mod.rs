//! The HTTP edge: one file for each family of routes; this one holds the table.

pub mod apple_pay;
pub mod callbacks;
pub mod checkout;
pub mod events;
pub mod idempotent;
pub mod links;
pub mod live;
pub mod openapi;
pub mod operator;
pub mod pages;
pub mod payments;
pub mod returns;
pub mod sessions;
pub mod step;
pub mod wallets;

use axum::Router;
use axum::extract::{FromRequestParts, Request};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::middleware;
use axum::routing::{MethodRouter, get, post};
use serde::de::DeserializeOwned;
use tower::ServiceExt as _;

use crate::app::App;
use crate::auth::HasKeys;
use crate::config::Key;
use crate::problem::{ApiError, FieldError};
use crate::{assets, headers, telemetry};

/// Every route of the server but those of the wallets' origin, which are in [`wallets`].
///
/// Merchants' routes need a key and answer JSON; browsers' routes use no cookie and, but for the loader, no CORS; the operator's
/// are for loopback.
pub fn router(app: App) -> Router {
    let merchant = merchant_routes()
        .into_iter()
        .fold(Router::new(), |router, (path, methods)| router.route(path, methods))
        .route("/openapi.json", get(openapi::document));
    let browser = Router::new()
        .route("/checkout/{token}", get(checkout::page))
        .route("/checkout/{token}/payments", post(checkout::pay).get(checkout::refuse_get))
        .route("/checkout/{token}/status", get(checkout::status))
        .route("/checkout/{token}/events", get(live::events).head(no_content))
        // A HEAD is a look by a machine: it must neither use up the hand-over nor ask the gateway.
        .route("/checkout/{token}/step", get(step::step).head(no_content))
        .route("/checkout/{token}/check", post(step::check))
        .route("/checkout/{token}/apple-pay/session", post(apple_pay::session))
        .route(apple_pay::DOMAIN_FILES[0], get(apple_pay::domain_file))
        .route(apple_pay::DOMAIN_FILES[1], get(apple_pay::domain_file))
        .route("/return/{token}", get(returns::arrive).post(returns::arrive).head(no_content));
    let others = Router::new()
        .route("/callbacks/{gateway}/{token}", post(callbacks::receive))
        .route("/healthz", get(operator::healthz))
        .route("/readyz", get(operator::readyz))
        .route("/metrics", get(operator::metrics));
    finish(merchant.merge(browser).merge(others), app)
}

/// What every origin of the server has around its routes: the embedded files, answers to everything else, and what each answer gets.
fn finish(routes: Router<App>, app: App) -> Router {
    routes
        .merge(assets::routes())
        .method_not_allowed_fallback(|| async { ApiError::MethodNotAllowed })
        .fallback(|| async { ApiError::NotFound })
        .layer(middleware::from_fn_with_state(app.clone(), headers::layer))
        .layer(middleware::from_fn_with_state(app.clone(), telemetry::http::layer))
        .layer(middleware::from_fn(telemetry::request_id::layer))
        .with_state(app)
}

/// Both origins on one address: what a request's host names as the wallets' is `wallets`' alone, everything else `main`'s.
pub fn by_host(app: &App, main: Router, wallets: Router) -> Router {
    let Some(origin) = app.wallet_origin.clone() else { return main };
    Router::new().fallback(move |request: Request| {
        let router = if wallets::names(&request, &origin) { &wallets } else { &main };
        router.clone().oneshot(request)
    })
}

/// The merchant API: `/openapi.json` describes exactly these, and a test holds the two together.
pub fn merchant_routes() -> Vec<(&'static str, MethodRouter<App>)> {
    vec![
        ("/v1/sessions", post(sessions::create)),
        ("/v1/sessions/{id}", get(sessions::show).patch(sessions::amend)),
        ("/v1/sessions/{id}/expire", post(sessions::expire)),
        ("/v1/payments", get(payments::list)),
        ("/v1/payments/{id}", get(payments::show)),
        ("/v1/payments/{id}/check", post(payments::check)),
        ("/v1/links", post(links::create)),
        ("/v1/events", get(events::list)),
    ]
}

async fn no_content() -> StatusCode {
    StatusCode::NO_CONTENT
}

impl HasKeys for App {
    fn keys(&self) -> &[Key] {
        &self.config.merchant.keys
    }
}

/// A query string, read strictly: unknown and malformed parameters are named, values never repeated.
#[derive(Debug)]
pub struct ApiQuery<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for ApiQuery<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        let mut members = serde_json::Map::new();
        for (name, value) in
            form_urlencoded::parse(parts.uri.query().unwrap_or_default().as_bytes())
        {
            // Whole numbers become numbers, for serde reads text and numbers apart.
            let number =
                value.parse::<u64>().ok().filter(|_| matches!(name.as_ref(), "limit" | "after"));
            let value = number
                .map_or_else(|| serde_json::Value::from(value.as_ref()), serde_json::Value::from);
            if members.insert(name.clone().into_owned(), value).is_some() {
                return Err(ApiError::Validation(vec![FieldError::new(
                    "query",
                    "must not repeat a parameter",
                )]));
            }
        }
        let text = serde_json::to_vec(&members).map_err(ApiError::internal)?;
        crate::json::parse(&text).map(Self)
    }
}
