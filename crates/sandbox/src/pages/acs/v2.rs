//! `/acs/2/{id}`: the issuer's page of 3-D Secure 2.

use std::sync::Arc;

use axum::extract::{ConnectInfo, Path, State as Shares};
use axum::response::Response;
use serde::Deserialize;

use super::{Posted, Turn, after_answer, leading, question, report, session_data, stranded, turn};
use crate::net::Scissors;
use crate::order::{Answer, Asked, Order, Protocol};
use crate::pages::not_found;
use crate::sandbox::Shared;
use crate::state::State;
use crate::three_ds::v2;

/// A challenge request from the merchant's page, or the answer from our own.
#[derive(Deserialize)]
pub(in crate::pages) struct Message {
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
    Posted(message): Posted<Message>,
) -> Response {
    turn(&shared, &scissors, &id, Protocol::V2, |state| match message.answer {
        Some(answer) => answered(&shared, state, &id, answer),
        None => opened(&shared, state, &id, message),
    })
    .await
}

fn opened(shared: &Shared, state: &mut State, id: &str, message: Message) -> Turn {
    let Some(order) = state.order(id) else { return not_found().into() };
    let asked = message.creq.ok_or("creq is missing.").and_then(|creq| {
        let window = v2::read_creq(&state.names(order), &creq)?;
        Ok(Asked { window, session_data: session_data(message.session_data)?, term_url: None })
    });
    question(state, id, asked, |state, order, asked| lead_back(shared, state, order, asked))
}

/// Takes the answer. The gateway learns of it from the issuer itself, not from the browser.
fn answered(shared: &Arc<Shared>, state: &mut State, id: &str, answer: Answer) -> Turn {
    let dispatch = if state.answer(id, answer) { report(shared, state, id) } else { None };
    let response =
        after_answer(state, id, |state, order, asked| lead_back(shared, state, order, asked));
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
