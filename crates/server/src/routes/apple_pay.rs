//! What Apple Pay needs besides a payment: a merchant session for each tap on the button, and the file that proves the domain.

use std::time::{Duration, Instant};

use axum::extract::{Path, Request, State};
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use farthing_types::Wallet;
use serde::Deserialize;
use tracing::info;

use super::checkout::{find, require_same_site};
use crate::app::App;
use crate::config::Origin;
use crate::json::{parse, read_body};
use crate::problem::ApiError;
use crate::sessions::record::Session;

/// Where Apple looks for the domain's file. Its portal has used both names.
pub const DOMAIN_FILES: [&str; 2] = [
    "/.well-known/apple-developer-merchantid-domain-association",
    "/.well-known/apple-developer-merchantid-domain-association.txt",
];

/// The domain's file, byte for byte.
pub async fn domain_file(State(app): State<App>) -> Result<Response, ApiError> {
    let apple = app.config.apple_pay.as_ref();
    let bytes = apple.and_then(|apple| apple.domain_association.clone());
    let bytes = bytes.ok_or(ApiError::NotFound)?;
    Ok(([(CONTENT_TYPE, "text/plain; charset=utf-8")], bytes).into_response())
}

/// What the page says of itself: which of two addresses, both known to us, the shopper sees.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Wish {
    /// Whether the checkout stands in a shop's page.
    framed: bool,
}

/// `POST /checkout/{cst}/apple-pay/session`: a merchant session for this tap on the button, as Apple gave it.
///
/// The body is empty or `{"framed": bool}`. No address of the browser's is read: Apple is told the host of the page that this server knows.
pub async fn session(
    State(app): State<App>,
    Path(token): Path<String>,
    request: Request,
) -> Result<Response, ApiError> {
    require_same_site(&app, request.headers())?;
    let found = find(&app, &token).await?.filter(|(session, _)| session.takes(Wallet::ApplePay));
    let Some((session, _)) = found else { return Err(ApiError::NotFound) };
    let (Some(apple), Some(host)) = (&app.config.apple_pay, &app.apple_host) else {
        return Err(ApiError::NotFound);
    };
    let body = read_body(request).await?;
    let wish: Wish = if body.is_empty() { Wish::default() } else { parse(&body)? };
    if !session.may_be_paid(app.now()) {
        return Err(ApiError::SessionNotOpen);
    }
    if !host.may_ask(&session.id, Instant::now()) {
        app.metrics.merchant_session("too_many");
        return Err(ApiError::Unavailable { retry_after: Duration::from_mins(5) });
    }
    let page = page_of(&app, &session, wish.framed);
    let domain = page.host().map(|host| host.to_string()).ok_or(ApiError::NotFound)?;
    match host.ask(apple, &domain).await {
        Ok(merchant_session) => {
            app.metrics.merchant_session("given");
            Ok(([(CONTENT_TYPE, "application/json")], merchant_session).into_response())
        }
        Err(why) => {
            info!(%why, "there is no merchant session");
            app.metrics.merchant_session(why.label());
            Err(ApiError::Unavailable { retry_after: Duration::from_secs(5) })
        }
    }
}

/// The page that the shopper sees: the session's own origin or, where the merchant named none, its first one; or the checkout itself.
fn page_of(app: &App, session: &Session, framed: bool) -> Origin {
    if !framed {
        return app.public_url.clone();
    }
    let named = session.terms.origin.as_deref().and_then(|origin| Origin::parse(origin).ok());
    named
        .or_else(|| app.config.merchant.origins.first().cloned())
        .unwrap_or_else(|| app.public_url.clone())
}
