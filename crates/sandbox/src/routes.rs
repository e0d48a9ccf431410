//! All routes, and the control interface.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{ConnectInfo, DefaultBodyLimit, Path, Query, Request, State as Shares};
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use crate::control::{
    ClockChange, Faults, Ledger, ReplyKind, ResendCallback, SentCallback, SessionBehaviour,
};
use crate::net::Scissors;
use crate::pages;
use crate::sandbox::Shared;
use crate::smartcore;
use crate::wallets;

/// The largest body of the control interface, bytes.
const MAX_BODY: usize = 256 * 1024;
/// How often a callback may be sent.
const MAX_REPEAT: u32 = 100;
/// Switches some of whose positions are objects: a new position replaces the old one, for both together are none.
const POSITIONS: &[&str] = &[
    "/acs/behaviour",
    "/acs/method",
    "/apple_pay/script",
    "/apple_pay/session",
    "/google_pay/script",
];
/// How many entries a list of a switch may have.
const MAX_LIST: usize = 64;

/// The whole sandbox.
pub(crate) fn router(shared: Arc<Shared>) -> Router {
    Router::new()
        .route("/_control/ledger", get(ledger))
        .route("/_control/faults", get(faults).put(set_faults).post(set_faults))
        .route("/_control/clock", get(clock).post(change_clock))
        .route("/_control/reset", post(reset))
        .route("/_control/callbacks/{order_id}", post(resend))
        .merge(wallets::router())
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .merge(pages::router())
        .merge(smartcore::router())
        .layer(middleware::from_fn(guard))
        .with_state(shared)
}

/// Keeps a cut from hitting the next reply of its connection, and strangers' pages from pulling the switches.
async fn guard(
    ConnectInfo(scissors): ConnectInfo<Scissors>,
    request: Request,
    next: Next,
) -> Response {
    scissors.mend();
    let foreign = request.headers().get("sec-fetch-site").is_some_and(|site| site == "cross-site");
    let path = request.uri().path();
    // Of wallets, strangers' pages get the scripts and open the sheets; what a sheet sends is its own affair.
    let is_ours = path.starts_with("/_control/")
        || (path.starts_with("/wallets/") && request.method() == Method::POST);
    if foreign && is_ours {
        return problem(StatusCode::FORBIDDEN, "another site's page may not do this");
    }
    next.run(request).await
}

#[derive(Debug, Deserialize)]
struct LedgerQuery {
    order_id: Option<String>,
}

async fn ledger(
    Shares(shared): Shares<Arc<Shared>>,
    Query(query): Query<LedgerQuery>,
) -> Json<Ledger> {
    shared.sweep();
    let ledger = shared.lock().ledger(query.order_id.as_deref());
    Json(ledger)
}

async fn faults(Shares(shared): Shares<Arc<Shared>>) -> Json<Faults> {
    let faults = shared.lock().faults.clone();
    Json(faults)
}

/// Merges what is given into what is set (RFC 7396): lists are replaced, null goes back to the default.
async fn set_faults(
    Shares(shared): Shares<Arc<Shared>>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let form = is_form(&headers, &body);
    let patch = if form {
        faults_of_form(&body)
    } else {
        serde_json::from_slice(&body).map_err(|e| e.to_string())
    };
    let set = patch.and_then(|patch| {
        // serde would take a list for a struct too.
        if !Value::is_object(&patch) {
            return Err("the body must be a JSON object".to_owned());
        }
        let mut state = shared.lock();
        let mut value = serde_json::to_value(&state.faults).map_err(|error| error.to_string())?;
        for position in POSITIONS.iter().filter(|path| patch.pointer(path).is_some()) {
            if let Some(before) = value.pointer_mut(position) {
                *before = Value::Null;
            }
        }
        merge(&mut value, patch);
        let faults: Faults = serde_json::from_value(value).map_err(|error| error.to_string())?;
        judge(&faults)?;
        state.set_faults(faults.clone());
        Ok(faults)
    });
    match set {
        Ok(_) if form => Redirect::to("/").into_response(),
        Ok(faults) => Json(faults).into_response(),
        Err(error) => problem(StatusCode::BAD_REQUEST, &error),
    }
}

async fn clock(Shares(shared): Shares<Arc<Shared>>) -> Response {
    let state = shared.lock().clock.state();
    Json(state).into_response()
}

async fn change_clock(
    Shares(shared): Shares<Arc<Shared>>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let form = is_form(&headers, &body);
    let change = if form {
        form_urlencoded::parse(&body)
            .find(|(name, _)| name == "advance_seconds")
            .and_then(|(_, value)| value.parse().ok())
            .map(|advance_seconds| ClockChange { advance_seconds, ..ClockChange::default() })
            .ok_or_else(|| "advance_seconds must be a whole number".to_owned())
    } else {
        serde_json::from_slice(&body).map_err(|error| error.to_string())
    };
    match change {
        Ok(change) => {
            let state = shared.lock().clock.change(change);
            shared.sweep();
            if form { Redirect::to("/").into_response() } else { Json(state).into_response() }
        }
        Err(error) => problem(StatusCode::BAD_REQUEST, &error),
    }
}

async fn reset(Shares(shared): Shares<Arc<Shared>>, headers: HeaderMap, body: Bytes) -> Response {
    shared.reset();
    if is_form(&headers, &body) {
        Redirect::to("/").into_response()
    } else {
        StatusCode::NO_CONTENT.into_response()
    }
}

/// Makes a callback of an order as it stands, sends it unless told not to, and returns it.
async fn resend(
    Shares(shared): Shares<Arc<Shared>>,
    Path(order_id): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let form = is_form(&headers, &body);
    let wish: ResendCallback = match optional(&body, form) {
        Ok(wish) => wish,
        Err(error) => return problem(StatusCode::BAD_REQUEST, &error),
    };
    shared.sweep();
    let (url, notice, id, epoch) = {
        let state = shared.lock();
        let Some(order) = state.by_order_id(&order_id) else {
            return problem(StatusCode::NOT_FOUND, "no order has this id");
        };
        let Some(url) = order.new.ways.callback.clone() else {
            return problem(StatusCode::CONFLICT, "the order has no callback_url");
        };
        (url, state.notice(order, wish.status), order.processing_id.clone(), state.epoch())
    };
    let http_status = if wish.send {
        let http = shared.post(&url, &notice).await;
        shared.lock().note_callback(epoch, &id, notice.status, http, false);
        http
    } else {
        None
    };
    if form {
        return Redirect::to("/").into_response();
    }
    let sent = SentCallback {
        url,
        content_type: notice.content_type.to_owned(),
        body: notice.body,
        http_status,
    };
    Json(sent).into_response()
}

/// A JSON body that may be left out. The page's form has no fields: one with some means something that would not be done.
fn optional<T: DeserializeOwned + Default>(body: &[u8], form: bool) -> Result<T, String> {
    if body.trim_ascii().is_empty() {
        return Ok(T::default());
    }
    if form {
        return Err("the body must be a JSON object".to_owned());
    }
    serde_json::from_slice(body).map_err(|error| error.to_string())
}

/// The two forms of the control page: all switches as JSON, or some by name.
fn faults_of_form(body: &[u8]) -> Result<Value, String> {
    let mut patch = Map::new();
    let mut callbacks = Map::new();
    let mut acs = Map::new();
    for (name, value) in form_urlencoded::parse(body) {
        let (member, value) = match name.as_ref() {
            "json" => return serde_json::from_str(&value).map_err(|error| error.to_string()),
            "callbacks_delay_ms" => {
                let delay: u64 = value
                    .parse()
                    .map_err(|_| "callbacks_delay_ms must be a whole number".to_owned())?;
                callbacks.insert("delay_ms".to_owned(), json!(delay));
                continue;
            }
            "callbacks_lose" => {
                callbacks.insert("lose".to_owned(), json!(value == "true"));
                continue;
            }
            "acs_behaviour" | "acs_method" => {
                let position: Value =
                    serde_json::from_str(&value).map_err(|error| error.to_string())?;
                acs.insert(name.trim_start_matches("acs_").to_owned(), position);
                continue;
            }
            "card_time_limit" => (name, json!(value == "true")),
            "fail_code" if value.is_empty() => (name, Value::Null),
            "fail_code" | "next_step" | "settle" => (name, json!(value)),
            _ => return Err("the form has a field that it should not have".to_owned()),
        };
        patch.insert(member.into_owned(), value);
    }
    patch.insert("acs".to_owned(), Value::Object(acs));
    patch.insert("callbacks".to_owned(), Value::Object(callbacks));
    Ok(Value::Object(patch))
}

/// JSON Merge Patch: RFC 7396, section 2.
fn merge(target: &mut Value, patch: Value) {
    match (target, patch) {
        (Value::Object(target), Value::Object(patch)) => {
            for (name, value) in patch {
                if value.is_null() {
                    target.remove(&name);
                } else {
                    merge(target.entry(name).or_insert(Value::Null), value);
                }
            }
        }
        (target, patch) => *target = patch,
    }
}

/// What types alone cannot refuse.
fn judge(faults: &Faults) -> Result<(), String> {
    let http = |name: &str, code: u16| {
        if (200..=599).contains(&code) {
            Ok(())
        } else {
            Err(format!("{name} must be an HTTP code from 200 to 599"))
        }
    };
    http("refusal_http", faults.refusal_http)?;
    http("check_unknown_http", faults.check_unknown_http)?;
    if let SessionBehaviour::HttpStatus { code } = faults.apple_pay.session {
        http("apple_pay: session: code", code)?;
    }
    if faults.waiting_status > 1 {
        return Err("waiting_status must be 0 or 1".to_owned());
    }
    let callbacks = &faults.callbacks;
    if callbacks.repeat > MAX_REPEAT {
        return Err("callbacks: repeat must be at most 100".to_owned());
    }
    let lists =
        [faults.replies.len(), callbacks.statuses_before.len(), callbacks.statuses_after.len()];
    if lists.into_iter().any(|len| len > MAX_LIST) {
        return Err("a list may have 64 entries".to_owned());
    }
    if faults.replies.iter().any(|fault| fault.percent.is_some_and(|percent| percent > 100)) {
        return Err("replies: percent must be at most 100".to_owned());
    }
    faults.replies.iter().try_for_each(|fault| match fault.kind {
        ReplyKind::HttpStatus { code, .. } => http("replies: code", code),
        _ => Ok(()),
    })
}

/// Whether the body is a form. `curl -d` calls everything a form, but no form of ours starts with a brace.
fn is_form(headers: &HeaderMap, body: &[u8]) -> bool {
    let is_object = body.trim_ascii_start().first() == Some(&b'{');
    let is_called_form = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|value| value.starts_with("application/x-www-form-urlencoded"));
    is_called_form && !is_object
}

/// A JSON object, whatever the content type says.
pub(crate) fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, String> {
    // serde would take a list for a struct too.
    if body.trim_ascii_start().first() != Some(&b'{') {
        return Err("the body must be a JSON object".to_owned());
    }
    serde_json::from_slice(body).map_err(|error| error.to_string())
}

pub(crate) fn problem(status: StatusCode, error: &str) -> Response {
    (status, Json(json!({"error": error}))).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_patch_changes_what_it_names_and_nothing_else() {
        let mut value = json!({"a": 1, "b": {"c": 2, "d": 3}, "e": "equal", "f": [1, 2]});
        merge(&mut value, json!({"b": {"c": null, "x": 9}, "e": {"smaller_by": 5}, "f": []}));
        assert_eq!(value, json!({"a": 1, "b": {"d": 3, "x": 9}, "e": {"smaller_by": 5}, "f": []}));
    }
}
