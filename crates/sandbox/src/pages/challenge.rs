//! `/acs/{id}`: the page of the card's issuer, where a shopper approves, declines or cancels.

use std::sync::Arc;

use axum::Form;
use axum::extract::{Path, State as Shares};
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;

use super::shell::amount;
use super::{Html, not_found, page, send_on};
use crate::control::Phase;
use crate::order::{Order, Outcome, code};
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
    let Some(order) = state.open_challenge(&id) else { return not_found() };
    match order.phase() {
        Phase::Challenge => show(order),
        Phase::Ended => send_on(&shared, order),
        Phase::AwaitingCard | Phase::AwaitingChallenge | Phase::AwaitingVisit => not_found(),
    }
}

/// A shopper's answer.
#[derive(Debug, Deserialize)]
pub(super) struct Answer {
    answer: Choice,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Choice {
    Approve,
    Cancel,
    Decline,
}

/// `POST /acs/{id}`. A second answer changes nothing and leads where the first one led.
pub(super) async fn answer(
    Shares(shared): Shares<Arc<Shared>>,
    Path(id): Path<String>,
    Form(Answer { answer }): Form<Answer>,
) -> Response {
    shared.sweep();
    let outcome = match answer {
        Choice::Approve => Outcome::Succeeded,
        Choice::Cancel => Outcome::Failed(code::THREE_DS_CANCEL.to_owned()),
        Choice::Decline => Outcome::Failed(code::AUTHENTICATION.to_owned()),
    };
    let (response, dispatch) = {
        let mut state = shared.lock();
        match state.order(&id).map(Order::phase) {
            Some(Phase::Challenge | Phase::AwaitingChallenge | Phase::Ended) => {}
            _ => return not_found(),
        }
        let dispatch = state.end(&id, outcome);
        (state.order(&id).map_or_else(not_found, |order| send_on(&shared, order)), dispatch)
    };
    shared.dispatch(dispatch);
    response
}

fn show(order: &Order) -> Response {
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
    page(StatusCode::OK, "Approve the payment", &html)
}
