//! `POST /callbacks/{gateway}/{path-token}`: the gateway's news, believed only after asking.

use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use farthing_gateways::{CallbackError, RawCallback};
use tracing::{info, warn};

use super::idempotent::store_error;
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
    let payment = app
        .store
        .payment_by_callback(&token.hash())
        .await
        .map_err(store_error)?
        .ok_or(ApiError::NotFound)?;
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
            return Ok(StatusCode::BAD_REQUEST.into_response());
        }
    };
    if notice.gateway_order_id != payment.gateway_order_id {
        // Signed, but about an order that this address was never given out for.
        warn!(payment = payment.id, "a signed callback names another order than its address");
        app.metrics.callback("orphan");
        let shown: String = notice.gateway_order_id.chars().take(100).collect();
        app.store.record_orphan(&gateway, &shown, app.now()).await.map_err(store_error)?;
        return Ok(StatusCode::OK.into_response());
    }
    app.metrics.callback("accepted");
    let task = app.clone();
    app.tasks.spawn(async move {
        if let Err(error) = checks::trigger(&task, &payment).await {
            info!(payment = payment.id, %error, "a callback's check could not be stored; the schedule goes on");
        }
    });
    Ok(StatusCode::OK.into_response())
}
