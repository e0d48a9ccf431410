//! `POST /callbacks/{gateway}/{path-token}`: the gateway's news, believed only after asking.

use std::time::Duration;

use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use farthing_gateways::{CallbackError, RawCallback};
use tracing::{info, warn};

use crate::app::App;
use crate::json::read_body;
use crate::payments::checks;
use crate::problem::ApiError;
use crate::token::{Token, TokenKind};

/// Answers 404 for an unknown token, 400 malformed, 401 bad signature, and 200 for everything that is signed: new,
/// repeated, late, or about another order. Nothing changes state without a check, which runs after the answer.
pub async fn receive(
    State(app): State<App>,
    Path((gateway, token)): Path<(String, String)>,
    request: Request,
) -> Result<Response, ApiError> {
    if gateway != app.gateway.name() {
        return Err(ApiError::NotFound);
    }
    let token = Token::parse(TokenKind::Callback, &token).ok_or(ApiError::NotFound)?;
    let payment = app.store.payment_by_callback(&token.hash()).await?.ok_or(ApiError::NotFound)?;
    let content_type = request
        .headers()
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .map(str::to_owned);
    let body = read_body(request).await?;
    let raw = RawCallback { content_type: content_type.as_deref(), body: &body };
    let notice = match app.gateway.read_callback(&raw) {
        Ok(notice) => notice,
        Err(CallbackError::Signature) => {
            app.metrics.callback("bad_signature");
            return Ok(StatusCode::UNAUTHORIZED.into_response());
        }
        Err(_) => {
            app.metrics.callback("malformed");
            return Err(ApiError::BadRequest);
        }
    };
    if notice.gateway_order_id != payment.gateway_order_id {
        // Signed, but about an order that this address was never given out for.
        warn!(payment = payment.id, "a signed callback names another order than its address");
        app.metrics.callback("orphan");
        app.store.record_orphan(&gateway, shown(&notice.gateway_order_id), app.now()).await?;
        return Ok(StatusCode::OK.into_response());
    }
    app.metrics.callback("accepted");
    // An open payment has its schedule. News of one that is over has only this callback, which is not repeated after a
    // 200: so the check that it asks for is planned on disk first.
    if !payment.is_open() && checks::is_worth_asking(&payment) {
        app.store.hasten_check(&payment.id, app.now()).await?;
    }
    // Answered at once: the gateway gives up on slow listeners, and the check needs nobody to wait.
    app.clone().tasks.spawn(async move {
        if let Err(error) = checks::trigger(&app, &payment, Duration::ZERO).await {
            info!(payment = payment.id, %error, "a callback's check could not be stored; the schedule goes on");
        }
    });
    Ok(StatusCode::OK.into_response())
}

/// An order id as the operator may see it. Values can be moved between the fields of a signed callback, so what does not
/// look like an id of ours may be anything, a name for example, and is not kept.
fn shown(order_id: &str) -> &str {
    let ours = order_id.strip_prefix("pay_").is_some_and(|rest| {
        rest.len() <= 40
            && rest.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
    });
    if ours { order_id } else { "(not an id of ours)" }
}
