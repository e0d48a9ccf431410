//! `Idempotency-Key`: the same key and body give the same bytes back, for 7 days.

use axum::body::Body;
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde::Serialize;
use sha2::Sha256;

use crate::app::App;
use crate::problem::ApiError;
use crate::store::{KeyClaim, KeyScope, KeyState, StoreError};

/// Runs `work` once for an idempotency key, and remembers its answer.
///
/// `body` is what the request's body said; only a keyed hash of it is kept. Answers are stored sealed, for they may hold a
/// checkout token. A request that `work` refuses is not remembered.
pub async fn once<T, W>(
    app: &App,
    caller: &str,
    route: String,
    headers: &HeaderMap,
    body: &[u8],
    work: W,
) -> Result<Response, ApiError>
where
    T: Serialize,
    W: Future<Output = Result<(StatusCode, T), ApiError>>,
{
    let scope = KeyScope { caller: caller.to_owned(), route, key: key_of(headers)? };
    let request = fingerprint(app, &scope, body);
    let claim =
        KeyClaim { scope: scope.clone(), request, process: app.process.clone(), now: app.now() };
    match app.store.claim_key(claim).await.map_err(store_error)? {
        KeyState::Answered(status, sealed) => return replay(app, &scope, status, &sealed),
        KeyState::Different => return Err(ApiError::IdempotencyMismatch),
        KeyState::Running => return Err(ApiError::IdempotencyInProgress),
        KeyState::Claimed => {}
    }
    let (status, answer) = match work.await {
        Ok(done) => done,
        Err(error) => {
            // Nothing was done, so the key is free for a corrected request.
            let _ = app.store.release_key(&scope).await;
            return Err(error);
        }
    };
    let bytes = serde_json::to_vec(&answer).map_err(ApiError::internal)?;
    let sealed = app.sealer.seal(&context(&scope), &bytes).map_err(ApiError::internal)?;
    app.store.finish_key(&scope, status.as_u16(), sealed).await.map_err(store_error)?;
    Ok(json(status, bytes))
}

/// The header: 1 to 255 printable ASCII characters.
fn key_of(headers: &HeaderMap) -> Result<String, ApiError> {
    let mut values = headers.get_all("idempotency-key").iter();
    let (Some(value), None) = (values.next(), values.next()) else {
        return Err(ApiError::IdempotencyRequired);
    };
    let key = value.to_str().map_err(|_| ApiError::IdempotencyRequired)?;
    if key.is_empty()
        || key.len() > 255
        || !key.bytes().all(|byte| byte.is_ascii_graphic() || byte == b' ')
    {
        return Err(ApiError::IdempotencyRequired);
    }
    Ok(key.to_owned())
}

/// A keyed hash, so that the store holds nothing that could be tried against guessed bodies.
fn fingerprint(app: &App, scope: &KeyScope, body: &[u8]) -> [u8; 32] {
    let key = app.config.server.master_key.expose();
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key.as_slice()) else { return [0; 32] };
    mac.update(b"idempotent request\0");
    mac.update(scope.route.as_bytes());
    mac.update(b"\0");
    mac.update(body);
    mac.finalize().into_bytes().into()
}

fn replay(app: &App, scope: &KeyScope, status: u16, sealed: &[u8]) -> Result<Response, ApiError> {
    let bytes = app.sealer.open(&context(scope), sealed).map_err(ApiError::internal)?;
    let status = StatusCode::from_u16(status).map_err(ApiError::internal)?;
    let mut response = json(status, bytes.to_vec());
    response.headers_mut().insert("idempotent-replayed", HeaderValue::from_static("true"));
    Ok(response)
}

fn context(scope: &KeyScope) -> String {
    format!("idempotency:{}:{}:{}", scope.caller, scope.route, scope.key)
}

fn json(status: StatusCode, bytes: Vec<u8>) -> Response {
    (status, [(CONTENT_TYPE, HeaderValue::from_static("application/json"))], Body::from(bytes))
        .into_response()
}

/// What a store's failure means to a caller of the API.
pub fn store_error(error: StoreError) -> ApiError {
    match error {
        StoreError::Busy | StoreError::Full => {
            ApiError::Unavailable { retry_after: std::time::Duration::from_secs(5) }
        }
        StoreError::Missing => ApiError::NotFound,
        error @ StoreError::Internal(_) => ApiError::internal(error),
    }
}
