//! `Idempotency-Key`: the same key and body give the same bytes back, for 7 days.

use std::time::Duration;

use axum::body::Body;
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde::Serialize;
use sha2::Sha256;
use tracing::warn;

use crate::app::App;
use crate::problem::ApiError;
use crate::store::{KeyClaim, KeyScope, KeyState};

/// Runs `work` once for an idempotency key, and remembers its answer.
///
/// `body` is what the request's body said; only a keyed hash of it is kept. Answers are stored sealed, for they may hold a
/// checkout token. A request that `work` refuses is not remembered. A caller who hangs up ends nothing: the work and the
/// remembering go on.
pub async fn once<T, W>(
    app: &App,
    caller: &str,
    route: String,
    headers: &HeaderMap,
    body: &[u8],
    work: W,
) -> Result<Response, ApiError>
where
    T: Serialize + Send + 'static,
    W: Future<Output = Result<(StatusCode, T), ApiError>> + Send + 'static,
{
    let scope = KeyScope { caller: caller.to_owned(), route, key: key_of(headers)? };
    let request = fingerprint(app, &scope, body);
    let task = run(app.clone(), scope, request, work);
    app.tasks.spawn(task).await.map_err(ApiError::internal)?
}

async fn run<T, W>(
    app: App,
    scope: KeyScope,
    request: [u8; 32],
    work: W,
) -> Result<Response, ApiError>
where
    T: Serialize + Send + 'static,
    W: Future<Output = Result<(StatusCode, T), ApiError>> + Send,
{
    let claim =
        KeyClaim { scope: scope.clone(), request, process: app.process.clone(), now: app.now() };
    match app.store.claim_key(claim).await? {
        KeyState::Answered(status, sealed) => return replay(&app, &scope, status, &sealed),
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
    remember(&app, &scope, status, &sealed).await;
    Ok(json(status, bytes))
}

/// What was done is done: a store that is full or locked for a moment must not leave the key claimed.
async fn remember(app: &App, scope: &KeyScope, status: StatusCode, sealed: &[u8]) {
    for pause in [50, 200, 1000, 3000] {
        let Err(error) = app.store.finish_key(scope, status.as_u16(), sealed.to_vec()).await else {
            return;
        };
        warn!(%error, "an answer cannot be remembered yet");
        tokio::time::sleep(Duration::from_millis(pause)).await;
    }
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
