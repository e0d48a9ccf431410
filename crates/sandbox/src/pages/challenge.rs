//! `/acs/{id}`: the page of the card's issuer behind `form_url`, where a shopper approves, declines or cancels.

use std::sync::Arc;

use axum::Form;
use axum::extract::{Path, State as Shares};
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;

use super::shell::amount;
use super::{Html, framed, not_found, send_on};
use crate::control::Phase;
use crate::order::{Answer, Asked, Order, Protocol};
use crate::sandbox::Shared;

/// `GET /acs/{id}`.
pub(super) async fn open(
    Shares(shared): Shares<Arc<Shared>>,
    method: Method,
    Path(id): Path<String>,
) -> Response {
    if method == Method::HEAD {
        return StatusCode::OK.into_response();
    }
    shared.sweep();
    let mut state = shared.lock();
    if state.challenged(&id, Protocol::Form).is_none() {
        return not_found();
    }
    state.open_challenge(&id, Asked::default());
    match state.order(&id) {
        Some(order) if order.phase() == Phase::Challenge => show(order),
        // Nobody was sent here yet.
        Some(order) if order.phase() == Phase::AwaitingVisit => not_found(),
        Some(order) => send_on(&shared, order),
        None => not_found(),
    }
}

/// A shopper's answer.
#[derive(Debug, Deserialize)]
pub(super) struct Answered {
    answer: Answer,
}

/// `POST /acs/{id}`. A second answer changes nothing and leads where the first one led.
pub(super) async fn answer(
    Shares(shared): Shares<Arc<Shared>>,
    Path(id): Path<String>,
    Form(Answered { answer }): Form<Answered>,
) -> Response {
    shared.sweep();
    let (response, dispatch) = {
        let mut state = shared.lock();
        // An answer is taken from a shopper who has not been seen: this page has no secrets.
        if state.challenged(&id, Protocol::Form).is_none() {
            return not_found();
        }
        state.open_challenge(&id, Asked::default());
        let dispatch = if state.answer(&id, answer) { state.report(&id) } else { None };
        state.come_back(&id);
        (state.order(&id).map_or_else(not_found, |order| send_on(&shared, order)), dispatch)
    };
    shared.dispatch(dispatch);
    response
}

/// The question, with three buttons that send the answer to where the page came from.
pub(super) fn show(order: &Order) -> Response {
    let mut html = Html::default();
    let shop =
        order.new.merchant_site.as_ref().and_then(|site| site.host_str()).unwrap_or("The shop");
    let sum = amount(order.new.amount, &order.new.currency);
    html.raw("<main class=\"sheet\"><p class=\"soft\">Sandbox Bank</p><h1>Is this payment yours?</h1><p class=\"total\">")
        .text(&sum)
        .raw("</p><dl>")
        .fact("Shop", shop);
    if let Some(purpose) = &order.new.purpose {
        html.fact("For", purpose);
    }
    if let Some(card) = &order.card {
        html.fact("Card", &format!("{} {}", card.brand, card.masked));
    }
    html.raw("</dl><form method=\"post\">")
        .raw("<button class=\"main\" name=\"answer\" value=\"approve\">Approve</button>")
        .raw("<button name=\"answer\" value=\"decline\">Decline</button>")
        .raw("<button name=\"answer\" value=\"cancel\">Cancel</button></form>")
        .raw("<p class=\"hint\">Approve: the payment succeeds. Decline: the authentication fails. Cancel: you leave without an answer. ")
        .raw("Or close the page: the payment times out by the sandbox’s clock.</p></main>");
    framed("Approve the payment", &html, order.window())
}
