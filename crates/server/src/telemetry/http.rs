//! One log line and one measurement per request, by the route's pattern: never by the path, which may hold a token.

use std::sync::Arc;
use std::time::Instant;

use axum::extract::{MatchedPath, Request, State};
use axum::http::Method;
use axum::middleware::Next;
use axum::response::Response;
use tracing::{error, info};

use crate::app::App;
use crate::listen::catch_panic;
use crate::problem::ApiError;

/// Middleware: measures, logs the error that an answer carries, and catches panics so that they are counted.
pub async fn layer(State(app): State<App>, request: Request, next: Next) -> Response {
    // A request that no route took has no pattern.
    let route =
        request.extensions().get::<MatchedPath>().map_or("none", MatchedPath::as_str).to_owned();
    let method = method_label(request.method());
    let started = Instant::now();
    let response = catch_panic(next.run(request)).await;
    let elapsed = started.elapsed();
    let status = response.status().as_u16();
    app.metrics.http_request(&route, method, status, elapsed);
    let ms = u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX);
    match response.extensions().get::<Arc<ApiError>>().map(AsRef::as_ref) {
        Some(ApiError::Internal(cause)) => {
            error!(method, route, status, ms, cause = %cause, source = ?cause.source().map(ToString::to_string), "request");
        }
        Some(problem) => {
            info!(method, route, status, ms, problem = problem.problem_type(), "request");
        }
        None => info!(method, route, status, ms, "request"),
    }
    response
}

/// Methods are the client's to invent; a metric's labels are not.
fn method_label(method: &Method) -> &'static str {
    match method.as_str() {
        "DELETE" => "DELETE",
        "GET" => "GET",
        "HEAD" => "HEAD",
        "OPTIONS" => "OPTIONS",
        "PATCH" => "PATCH",
        "POST" => "POST",
        "PUT" => "PUT",
        _ => "other",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn invented_methods_share_a_label() {
        assert_eq!(method_label(&Method::POST), "POST");
        assert_eq!(method_label(&Method::from_bytes(b"X4012000000003010").unwrap()), "other");
    }
}
