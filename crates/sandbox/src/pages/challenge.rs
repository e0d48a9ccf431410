//! `/acs/{id}`: the page of the card's issuer behind `form_url`, where a shopper approves, declines or cancels.

use std::sync::Arc;

use axum::Form;
use axum::extract::{ConnectInfo, Path, State as Shares};
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;

use super::acs::{Turn, report, stranded};
use super::shell::amount;
use super::{Html, framed, not_found, send_on};
use crate::control::Phase;
use crate::net::Scissors;
use crate::order::{Answer, Asked, Order, Protocol};
use crate::sandbox::Shared;
use crate::state::State;

/// `GET /acs/{id}`.
pub(super) async fn open(
    Shares(shared): Shares<Arc<Shared>>,
    ConnectInfo(scissors): ConnectInfo<Scissors>,
    method: Method,
    Path(id): Path<String>,
) -> Response {
    if method == Method::HEAD {
        return StatusCode::OK.into_response();
    }
    shared.sweep();
    let turn = {
        let mut state = shared.lock();
        if !is_here(&state, &id) {
            return not_found();
        }
        state.open_challenge(&id, Asked::default());
        match state.order(&id) {
            Some(order) if order.phase() == Phase::Challenge => Turn::question(order),
            Some(order) => lead_back(&shared, &state, order).into(),
            None => not_found().into(),
        }
    };
    turn.finish(&shared, &scissors).await
}

/// A shopper's answer.
#[derive(Debug, Deserialize)]
pub(super) struct Answered {
    answer: Answer,
}

/// `POST /acs/{id}`. A second answer changes nothing and leads where the first one led.
pub(super) async fn answer(
    Shares(shared): Shares<Arc<Shared>>,
    ConnectInfo(scissors): ConnectInfo<Scissors>,
    Path(id): Path<String>,
    Form(Answered { answer }): Form<Answered>,
) -> Response {
    shared.sweep();
    let turn = {
        let mut state = shared.lock();
        if !is_here(&state, &id) {
            return not_found();
        }
        // An answer is taken from a shopper who has not been seen: this page has no secrets.
        state.open_challenge(&id, Asked::default());
        let is_first = state.answer(&id, answer);
        let dispatch = if is_first { report(&shared, &mut state, &id) } else { None };
        state.come_back(&id);
        let order = state.order(&id);
        let response = order.map_or_else(not_found, |order| lead_back(&shared, &state, order));
        Turn::other(response, dispatch)
    };
    turn.finish(&shared, &scissors).await
}

/// Whether this page is the one that asks about the order.
fn is_here(state: &State, id: &str) -> bool {
    state.order(id).is_some_and(|order| order.protocol() == Protocol::Form)
}

/// Where the shopper goes after the answer: this issuer is a part of the gateway, so no form is needed.
fn lead_back(shared: &Shared, state: &State, order: &Order) -> Response {
    stranded(state, order).unwrap_or_else(|| match order.phase() {
        // Nobody was sent here yet.
        Phase::AwaitingMethod | Phase::AwaitingVisit => not_found(),
        _ => send_on(shared, order),
    })
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
    html.raw("</dl><form class=\"buttons\" method=\"post\">")
        .raw("<button class=\"main\" name=\"answer\" value=\"approve\">Approve</button>")
        .raw("<button name=\"answer\" value=\"decline\">Decline</button>")
        .raw("<button name=\"answer\" value=\"cancel\">Cancel</button></form>")
        .raw("<p class=\"hint\">Approve: the payment succeeds. Decline: the authentication fails. Cancel: you leave without an answer. ")
        .raw("Or close the page: the payment times out by the sandbox’s clock.</p></main>");
    framed("Approve the payment", &html, order.window())
}
