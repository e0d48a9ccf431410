//! One id per request: in the `x-request-id` answer header, in problems and in logs.

use axum::extract::Request;
use axum::http::{HeaderName, HeaderValue};
use axum::middleware::Next;
use axum::response::Response;
use tracing::Instrument as _;

use crate::token::new_id;

/// The answer header that carries the id. A request's own header of that name is ignored: it could hold anything.
pub const HEADER: HeaderName = HeaderName::from_static("x-request-id");

tokio::task_local! {
    static CURRENT: String;
}

/// The id of the request that the calling task serves, if it serves one.
pub fn current() -> Option<String> {
    CURRENT.try_with(Clone::clone).ok()
}

/// Middleware (`axum::middleware::from_fn`): makes the id, keeps it for problems and logs, and sets the answer header.
pub async fn layer(request: Request, next: Next) -> Response {
    // Without randomness nothing else works either; the request then simply has no id.
    let Ok(id) = new_id("req_") else {
        return next.run(request).await;
    };
    let span = tracing::info_span!("request", request_id = %id);
    let header = HeaderValue::from_str(&id);
    let mut response = CURRENT.scope(id, next.run(request).instrument(span)).await;
    if let Ok(value) = header {
        response.headers_mut().insert(HEADER, value);
    }
    response
}
