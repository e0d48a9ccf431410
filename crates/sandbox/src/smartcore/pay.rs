//! `initPaymentHost2Host` and `initPayment`.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{ConnectInfo, State as Shares};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use farthing_gateways::smartcore::wire::path;
use jiff::Timestamp;
use serde_json::Value;
use zeroize::Zeroize;

use super::answer::{self, About};
use super::method::WalletTerms;
use super::request::Fields;
use super::{Refusal, is_authorized, is_json, step, unauthorized};
use crate::control::{Endpoint, OrderKind, ReplyKind};
use crate::net::Scissors;
use crate::reply::{self, Reply};
use crate::sandbox::Shared;
use crate::state::Dispatch;

/// `POST /smartcore/card/initPaymentHost2Host`.
pub(crate) async fn host2host(
    Shares(shared): Shares<Arc<Shared>>,
    ConnectInfo(scissors): ConnectInfo<Scissors>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Response {
    pay(shared, OrderKind::Host2host, scissors, headers, body).await
}

/// `POST /smartcore/api/initPayment`.
pub(crate) async fn form(
    Shares(shared): Shares<Arc<Shared>>,
    ConnectInfo(scissors): ConnectInfo<Scissors>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Response {
    pay(shared, OrderKind::Form, scissors, headers, body).await
}

async fn pay(
    shared: Arc<Shared>,
    kind: OrderKind,
    scissors: Scissors,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Response {
    let endpoint = match kind {
        OrderKind::Form => path::INIT_PAYMENT,
        OrderKind::Host2host => path::INIT_PAYMENT_HOST2HOST,
    };
    let authorized = is_authorized(&shared, &headers);
    let faults = {
        let mut state = shared.lock();
        state.requests.count(endpoint, authorized);
        state.take_replies(Endpoint::Pay)
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
    let (status, value, about, dispatch) = decide(&shared, kind, endpoint, &faults, body);
    if let Some(dispatch) = dispatch {
        if shared.lock().faults.callbacks.before_reply {
            shared.deliver(dispatch).await;
        } else {
            shared.dispatch(Some(dispatch));
        }
    }
    reply::finish(&shared, Reply { status, value, about, faults, scissors }).await
}

/// Everything between reading and replying, without waiting.
fn decide(
    shared: &Shared,
    kind: OrderKind,
    endpoint: &'static str,
    faults: &[ReplyKind],
    body: Bytes,
) -> (StatusCode, Value, About, Option<Dispatch>) {
    let mut named = None;
    let parsed = Fields::parse(&body);
    wipe(body);
    let accepted = parsed
        .and_then(|fields| {
            named = fields.order_id();
            let (known, unknown) = fields.shape();
            shared.lock().requests.shape(endpoint, known, unknown);
            reply::refuse(faults)?;
            fields.into_payment(kind, &wallet_terms(shared))
        })
        .and_then(|(new, card)| {
            let silent = faults.contains(&ReplyKind::Silence);
            let mut state = shared.lock();
            let processing_id = processing_id(state.clock.now())?;
            state.accept(new, card.as_ref(), processing_id, silent)
        });
    let state = shared.lock();
    let echo = state.faults.order_id_echo;
    match accepted {
        Ok(accepted) => {
            let (value, about) = state.order(&accepted.processing_id).map_or_else(
                // Dropped between two locks: only with a ledger of a handful of orders.
                || (Value::Null, About::unknown(named)),
                |order| {
                    let step = (!accepted.final_now)
                        .then(|| step::fields(shared, &state, order, order.first_step()));
                    (answer::paying(order, step, echo), About::order(order))
                },
            );
            (StatusCode::OK, value, about, accepted.dispatch)
        }
        Err(refusal) => {
            let about = About::unknown(named);
            let value = answer::refused(kind, &refusal, &about, echo);
            (reply::code(state.faults.refusal_http), value, about, None)
        }
    }
}

/// What wallets' tokens are judged by at this moment. Taken out of the state, for opening a token takes a while.
fn wallet_terms(shared: &Shared) -> WalletTerms<'_> {
    let state = shared.lock();
    WalletTerms {
        now: state.clock.now(),
        opener: &shared.vendors().opener,
        apple_pay: state.faults.apple_pay,
        google_pay: state.faults.google_pay,
    }
}

/// Overwrites the request's bytes: they hold a card number. Possible when nobody else holds them, which is so here.
fn wipe(body: Bytes) {
    if let Ok(mut bytes) = body.try_into_mut() {
        bytes.zeroize();
    }
}

/// 24 hexadecimal digits: the second of creation, then chance.
fn processing_id(now: Timestamp) -> Result<String, Refusal> {
    let mut random = [0_u8; 8];
    getrandom::fill(&mut random)
        .map_err(|_| Refusal::new("TECHNICAL_PROCESSING_ERROR", "no randomness"))?;
    let seconds = u32::try_from(now.as_second().max(0)).unwrap_or(u32::MAX);
    Ok(format!("{seconds:08x}{}", hex::encode(random)))
}
