//! `check`.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{ConnectInfo, State as Shares};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use farthing_gateways::smartcore::wire::{self, path};
use serde_json::Value;

use super::answer::{self, About};
use super::request::Fields;
use super::{Refusal, is_authorized, is_json, step, unauthorized};
use crate::control::Endpoint;
use crate::net::Scissors;
use crate::reply::{self, Reply};
use crate::sandbox::Shared;

/// `POST /smartcore/api/check`.
pub(crate) async fn check(
    Shares(shared): Shares<Arc<Shared>>,
    ConnectInfo(scissors): ConnectInfo<Scissors>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Response {
    let authorized = is_authorized(&shared, &headers);
    let faults = {
        let mut state = shared.lock();
        state.requests.count(path::CHECK, authorized);
        state.take_replies(Endpoint::Check)
    };
    if let Some(early) = reply::before_acceptance(&faults) {
        return early;
    }
    let body = match body {
        Ok(body) => body,
        Err(rejection) => return rejection.into_response(),
    };
    if !authorized {
        return unauthorized();
    }
    if !is_json(&headers) {
        return StatusCode::UNSUPPORTED_MEDIA_TYPE.into_response();
    }
    shared.sweep();
    let asked = reply::refuse(&faults).and_then(|()| Fields::parse(&body)).and_then(|fields| {
        let (known, unknown) = fields.shape();
        shared.lock().requests.shape(path::CHECK, known, unknown);
        fields.into_checked_id()
    });
    let (status, value, about) = find(&shared, asked);
    reply::finish(&shared, Reply { status, value, about, faults, scissors }).await
}

fn find(shared: &Shared, asked: Result<String, Refusal>) -> (StatusCode, Value, About) {
    let state = shared.lock();
    let faults = &state.faults;
    let id = match asked {
        Ok(id) => id,
        Err(refusal) => {
            return (
                reply::code(faults.refusal_http),
                answer::refused_check(&refusal),
                About::unknown(None),
            );
        }
    };
    let by_processing_id = || state.order(&id).filter(|_| faults.check_by_processing_id);
    if let Some(order) = state.by_order_id(&id).or_else(by_processing_id) {
        let open = order.open_step().filter(|_| faults.check_step);
        let step = open.map(|step| step::fields(shared, &state, order, step)).unwrap_or_default();
        let value = answer::checked(order, step, faults.waiting_status, faults.final_amount);
        return (StatusCode::OK, value, About::order(order));
    }
    let refusal = Refusal::new(wire::ORDER_NOT_FOUND, "");
    (
        reply::code(faults.check_unknown_http),
        answer::refused_check(&refusal),
        About::unknown(Some(id)),
    )
}
