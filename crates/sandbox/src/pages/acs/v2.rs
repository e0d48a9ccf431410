//! `/acs/2/{id}`: the issuer's page of 3-D Secure 2.

use std::sync::Arc;

use axum::Form;
use axum::extract::rejection::FormRejection;
use axum::extract::{ConnectInfo, Path, State as Shares};
use axum::response::Response;
use serde::Deserialize;

use super::{Turn, leading, refused, report, session_data, stranded, unreadable};
use crate::control::Phase;
use crate::net::Scissors;
use crate::order::{Answer, Asked, Order, Protocol};
use crate::pages::not_found;
use crate::sandbox::Shared;
use crate::state::State;
use crate::three_ds::v2;

/// A challenge request from the merchant's page, or the answer from our own.
#[derive(Deserialize)]
pub(in crate::pages) struct Posted {
    creq: Option<String>,
    #[serde(rename = "threeDSSessionData")]
    session_data: Option<String>,
    answer: Option<Answer>,
}

/// `POST /acs/2/{id}`.
pub(in crate::pages) async fn take(
    Shares(shared): Shares<Arc<Shared>>,
    ConnectInfo(scissors): ConnectInfo<Scissors>,
    Path(id): Path<String>,
    form: Result<Form<Posted>, FormRejection>,
) -> Response {
    let posted = match form {
        Ok(Form(posted)) => posted,
        Err(rejection) => return unreadable(&rejection),
    };
    shared.sweep();
    let turn = {
        let mut state = shared.lock();
        if state.challenged(&id, Protocol::V2).is_none() {
            return not_found();
        }
        match posted.answer {
            Some(answer) => answered(&shared, &mut state, &id, answer),
            None => opened(&shared, &mut state, &id, posted),
        }
    };
    turn.finish(&shared, &scissors).await
}

/// Shows the question, as often as it is asked, until there is an answer.
fn opened(shared: &Shared, state: &mut State, id: &str, posted: Posted) -> Turn {
    let Some(order) = state.order(id) else { return not_found().into() };
    let asked = posted.creq.ok_or("creq is missing.").and_then(|creq| {
        let window = v2::read_creq(&state.names(order), &creq)?;
        Ok(Asked { window, session_data: session_data(posted.session_data)?, term_url: None })
    });
    let asked = match asked {
        Ok(asked) => asked,
        Err(why) => return refused(why).into(),
    };
    state.open_challenge(id, asked.clone());
    match state.order(id) {
        Some(order) if order.phase() == Phase::Challenge && order.answer().is_none() => {
            Turn::question(order)
        }
        Some(order) => lead_back(shared, state, order, &asked).into(),
        None => not_found().into(),
    }
}

/// Takes the answer. The gateway learns of it from the issuer itself, not from the browser.
fn answered(shared: &Arc<Shared>, state: &mut State, id: &str, answer: Answer) -> Turn {
    let dispatch = if state.answer(id, answer) { report(shared, state, id) } else { None };
    let response = match state.order(id).map(|order| (order, order.asked())) {
        Some((order, Some(asked))) => lead_back(shared, state, order, asked),
        Some((_, None)) => refused("No challenge was opened for this payment."),
        None => not_found(),
    };
    Turn::other(response, dispatch)
}

/// A page that takes the result to the gateway.
fn lead_back(shared: &Shared, state: &State, order: &Order, asked: &Asked) -> Response {
    if let Some(response) = stranded(state, order) {
        return response;
    }
    let cres = v2::cres(&state.names(order), order.answer());
    let fields =
        [("cres", Some(cres.as_str())), ("threeDSSessionData", asked.session_data.as_deref())];
    let gateway = shared.way_in("challenge", &order.processing_id);
    leading("Back to the shop", &gateway, &fields, asked.window)
}
