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
/// Inside another one of itself it does nothing.
pub async fn layer(request: Request, next: Next) -> Response {
    if current().is_some() {
        return next.run(request).await;
    }
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

#[cfg(test)]
mod tests {
    use axum::Router;
    use axum::body::{Body, to_bytes};
    use axum::middleware::from_fn;
    use axum::routing::get;
    use tower::ServiceExt as _;

    use super::*;
    use crate::problem::ApiError;

    async fn ask(router: Router) -> (String, String) {
        let request = Request::builder()
            .uri("/")
            .header("x-request-id", "theirs")
            .body(Body::empty())
            .unwrap();
        let response = router.oneshot(request).await.unwrap();
        assert_eq!(response.headers().get_all(HEADER).iter().count(), 1);
        let id = response.headers()[HEADER].to_str().unwrap().to_owned();
        (
            id,
            String::from_utf8(to_bytes(response.into_body(), 1 << 20).await.unwrap().to_vec())
                .unwrap(),
        )
    }

    #[tokio::test]
    async fn problem_and_header_carry_the_same_id_which_is_ours() {
        let router =
            Router::new().route("/", get(async || ApiError::NotFound)).layer(from_fn(layer));
        let (id, body) = ask(router.clone()).await;
        assert!(id.starts_with("req_"), "{id}");
        let problem: serde_json::Value = serde_json::from_str(&body).unwrap();
        assert_eq!(problem["request_id"], id.as_str());
        assert_ne!(ask(router).await.0, id, "the next request has another one");
    }

    #[tokio::test]
    async fn twice_applied_it_makes_one_id() {
        let router = Router::new()
            .route("/", get(async || current().unwrap()))
            .layer(from_fn(layer))
            .layer(from_fn(layer));
        let (id, body) = ask(router).await;
        assert_eq!(id, body);
    }

    #[tokio::test]
    async fn outside_a_request_there_is_none() {
        assert_eq!(current(), None);
    }
}
