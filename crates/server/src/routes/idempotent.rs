//! `Idempotency-Key`: the same key and body give the same bytes back, for 7 days.

use std::time::Duration;

use axum::body::Body;
use axum::extract::Request;
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use tracing::warn;

use crate::app::App;
use crate::auth::Caller;
use crate::json::{parse, read_body};
use crate::keyed_hash::keyed_hash;
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

/// [`once`] for an operation on one resource that its path says all about: the body is empty, or an empty object.
/// `route` is the route's method and pattern.
pub async fn once_on<T, W>(
    app: &App,
    caller: &Caller,
    route: &str,
    id: String,
    request: Request,
    work: impl FnOnce(App, String) -> W,
) -> Result<Response, ApiError>
where
    T: Serialize + Send + 'static,
    W: Future<Output = Result<(StatusCode, T), ApiError>> + Send + 'static,
{
    #[derive(serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Nothing {}
    let headers = request.headers().clone();
    let body = read_body(request).await?;
    if !body.iter().all(u8::is_ascii_whitespace) {
        let Nothing {} = parse(&body)?;
    }
    let route = route.replace("{id}", &id);
    once(app, caller.key_id(), route, &headers, &body, work(app.clone(), id)).await
}

async fn run<T, W>(
    app: App,
    scope: KeyScope,
    request: [u8; 32],
    work: W,
) -> Result<Response, ApiError>
where
    T: Serialize + Send + 'static,
    W: Future<Output = Result<(StatusCode, T), ApiError>> + Send + 'static,
{
    let claim =
        KeyClaim { scope: scope.clone(), request, process: app.process.clone(), now: app.now() };
    match app.store.claim_key(claim).await? {
        KeyState::Answered(status, sealed) => return replay(&app, &scope, status, &sealed),
        KeyState::Different => return Err(ApiError::IdempotencyMismatch),
        KeyState::Running => return Err(ApiError::IdempotencyInProgress),
        KeyState::Claimed => {}
    }
    let done = app.tasks.spawn(work).await.map_err(ApiError::internal).and_then(|done| done);
    let (status, answer) = match done {
        Ok(done) => done,
        Err(error) => {
            // Nothing was done, so the key is free for a corrected request.
            let task = give_back(app.clone(), scope);
            let _ = tokio::time::timeout(PATIENCE, app.tasks.spawn(task)).await;
            return Err(error);
        }
    };
    let bytes = serde_json::to_vec(&answer).map_err(ApiError::internal)?;
    let sealed = app.sealer.seal(&context(&scope), &bytes).map_err(ApiError::internal)?;
    let task = remember(app.clone(), scope, status, sealed);
    // Stored before it is said; a store that is full or locked for long must not keep the caller waiting, though.
    let _ = tokio::time::timeout(PATIENCE, app.tasks.spawn(task)).await;
    Ok(json(status, bytes))
}

/// How long a caller waits until its answer is remembered, or its key given back.
const PATIENCE: Duration = Duration::from_secs(5);

/// The longest pause between two tries to write.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// What was done is done: a store that is full or locked must not leave the key claimed, so this goes on until it is written.
async fn remember(app: App, scope: KeyScope, status: StatusCode, sealed: Vec<u8>) {
    let mut pause = Duration::from_millis(50);
    while let Err(error) = app.store.finish_key(&scope, status.as_u16(), sealed.clone()).await {
        warn!(%error, "an answer cannot be remembered yet");
        if !wait(&app, &mut pause).await {
            return;
        }
    }
}

/// Frees a key for a corrected request.
async fn give_back(app: App, scope: KeyScope) {
    let mut pause = Duration::from_millis(50);
    while let Err(error) = app.store.release_key(&scope).await {
        warn!(%error, "an idempotency key cannot be given back yet");
        if !wait(&app, &mut pause).await {
            return;
        }
    }
}

/// Waits, longer each time; `false` when the server stops. The next process takes over what this one has claimed.
async fn wait(app: &App, pause: &mut Duration) -> bool {
    tokio::select! {
        () = app.stopping.cancelled() => return false,
        () = tokio::time::sleep(*pause) => {}
    }
    *pause = (*pause * 2).min(LONGEST_PAUSE);
    true
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
    *keyed_hash(key, &[b"idempotent request\0", scope.route.as_bytes(), b"\0", body])
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
