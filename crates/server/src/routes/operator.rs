//! For the operator: `/healthz`, `/readyz`, `/metrics`.

use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};

use crate::app::App;
use crate::auth::carries_token;
use crate::listen::ClientAddr;
use crate::problem::ApiError;
use crate::telemetry::metrics;

/// `GET /healthz`: the process is alive.
pub async fn healthz() -> &'static str {
    "ok\n"
}

/// `GET /readyz`: payments can be taken. 503 while the store cannot be written, while money is known that it does not
/// know yet, and while the server is stopping.
pub async fn readyz(State(app): State<App>) -> Response {
    let ready = !app.is_behind() && !app.stopping.is_cancelled() && app.store.ready().await.is_ok();
    if ready {
        "ready\n".into_response()
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, "not ready\n").into_response()
    }
}

/// `GET /metrics`: the Prometheus text format, to loopback or with the configured token.
pub async fn metrics(
    State(app): State<App>,
    client: ClientAddr,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let by_token = app
        .config
        .server
        .metrics_token
        .as_ref()
        .is_some_and(|token| carries_token(&headers, token));
    if !by_token && !client.is_local() {
        return Err(ApiError::NotFound);
    }
    let text = app.metrics.render();
    Ok(([(CONTENT_TYPE, metrics::CONTENT_TYPE)], text).into_response())
}
