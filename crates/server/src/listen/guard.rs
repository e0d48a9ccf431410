//! What stands before the routes: limits on heads and bodies, and a net under panics.

use std::io;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes, HttpBody};
use axum::extract::Request;
use axum::http::header::{CONNECTION, CONTENT_LENGTH};
use axum::http::{HeaderMap, HeaderValue, Uri};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use futures_util::FutureExt as _;
use http_body_util::Limited;
use hyper::body::{Frame, SizeHint};
use tokio::time::{Instant, Sleep};
use tracing::info;

use super::Limits;
use crate::config::Mode;
use crate::headers;
use crate::problem::{ApiError, BODY_LIMIT};
use crate::telemetry::request_id;

/// Puts request ids, the limits and the net under panics before every route. [`super::serve`] does it; tests without
/// sockets may.
pub fn protect(router: Router, limits: &Limits) -> Router {
    let body_timeout = limits.body_timeout;
    let guard = from_fn(move |request: Request, next: Next| async move {
        match admit(request, body_timeout) {
            Ok(request) => catch_panic(next.run(request)).await,
            Err(refusal) => closing(refusal),
        }
    });
    router.layer(guard).layer(from_fn(request_id::layer))
}

/// The answer, or a 500 in place of a panic.
///
/// A panic leaves nothing half-written that others see: what counts is in the store, behind transactions.
pub(crate) async fn catch_panic(answer: impl Future<Output = Response>) -> Response {
    match AssertUnwindSafe(answer).catch_unwind().await {
        Ok(response) => response,
        // The payload stays here: it may hold what the client sent. The panic hook has logged where it happened.
        Err(_) => complete(ApiError::Panicked.into_response()),
    }
}

fn admit(request: Request, body_timeout: Duration) -> Result<Request, ApiError> {
    if url_length(request.uri()) > URL_LIMIT {
        return Err(ApiError::UriTooLong);
    }
    if headers_too_large(request.headers()) {
        return Err(ApiError::HeadersTooLarge);
    }
    let stated = request
        .headers()
        .get(CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    if stated.is_some_and(|length| length > BODY_LIMIT as u64) {
        return Err(ApiError::BodyTooLarge);
    }
    let deadline = Box::pin(tokio::time::sleep_until(Instant::now() + body_timeout));
    Ok(request.map(|body| Body::new(TimedBody { inner: Limited::new(body, BODY_LIMIT), deadline })))
}

/// The rest of such a request is not read, so the connection cannot go on.
fn closing(refusal: ApiError) -> Response {
    info!(status = refusal.status().as_u16(), "a request was refused before its route");
    let mut response = complete(refusal.into_response());
    response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    response
}

/// Answers made here pass no other layer. Strict transport security is left to those that know the mode.
fn complete(mut response: Response) -> Response {
    headers::complete(response.headers_mut(), Mode::Sandbox);
    response
}

fn url_length(uri: &Uri) -> usize {
    uri.path_and_query().map_or(0, |path| path.as_str().len())
}

fn headers_too_large(headers: &HeaderMap) -> bool {
    let mut total = 0_usize;
    for (name, value) in headers {
        let line = name.as_str().len() + value.len();
        if line >= HEADER_LIMIT {
            return true;
        }
        total += line;
    }
    total > HEADERS_LIMIT
}

/// A body that has to be read before its deadline.
struct TimedBody {
    inner: Limited<Body>,
    deadline: Pin<Box<Sleep>>,
}

impl HttpBody for TimedBody {
    type Data = Bytes;
    type Error = axum::BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::BoxError>>> {
        if let Poll::Ready(frame) = Pin::new(&mut self.inner).poll_frame(context) {
            return Poll::Ready(frame);
        }
        match self.deadline.as_mut().poll(context) {
            Poll::Ready(()) => {
                Poll::Ready(Some(Err(io::Error::from(io::ErrorKind::TimedOut).into())))
            }
            Poll::Pending => Poll::Pending,
        }
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

const URL_LIMIT: usize = 4 * 1024;
const HEADER_LIMIT: usize = 8 * 1024;
const HEADERS_LIMIT: usize = 16 * 1024;
