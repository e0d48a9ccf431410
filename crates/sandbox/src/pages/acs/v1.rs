//! `/acs/1/{id}`: the issuer's page of 3-D Secure 1.

use std::sync::Arc;

use axum::Form;
use axum::extract::rejection::FormRejection;
use axum::extract::{ConnectInfo, Path, State as Shares};
use axum::response::Response;
use serde::Deserialize;

use super::{Turn, leading, refused, session_data, stranded, unreadable};
use crate::control::Phase;
use crate::net::Scissors;
use crate::order::{Answer, Asked, Order, Protocol};
use crate::pages::not_found;
use crate::sandbox::Shared;
use crate::state::State;
use crate::three_ds::v1;

/// A request from the merchant's page, or the answer from our own.
#[derive(Deserialize)]
pub(in crate::pages) struct Posted {
    #[serde(rename = "PaReq")]
    pa_req: Option<String>,
    #[serde(rename = "MD")]
    md: Option<String>,
    #[serde(rename = "TermUrl")]
    term_url: Option<String>,
    answer: Option<Answer>,
}

/// `POST /acs/1/{id}`.
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
        if state.challenged(&id, Protocol::V1).is_none() {
            return not_found();
        }
        match posted.answer {
            Some(answer) => answered(&mut state, &id, answer).into(),
            None => opened(&shared, &mut state, &id, posted),
        }
    };
    turn.finish(&shared, &scissors).await
}

/// Shows the question, as often as it is asked, until there is an answer.
fn opened(shared: &Shared, state: &mut State, id: &str, posted: Posted) -> Turn {
    let Some(order) = state.order(id) else { return not_found().into() };
    let asked = posted.pa_req.ok_or("PaReq is missing.").and_then(|pa_req| {
        v1::check_pa_req(&state.names(order), order, &pa_req)?;
        let term_url = posted.term_url.ok_or("TermUrl is missing.")?;
        // An issuer cannot know every gateway; this one knows the only one that it has.
        if !shared.is_own(&term_url) {
            return Err("TermUrl is not an address of the gateway.");
        }
        let session_data = session_data(posted.md)?;
        Ok(Asked { window: None, session_data, term_url: Some(term_url) })
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
        Some(order) => lead_back(state, order, &asked).into(),
        None => not_found().into(),
    }
}

/// Takes the answer. The gateway learns of it when the browser brings it there, and not before.
fn answered(state: &mut State, id: &str, answer: Answer) -> Response {
    state.answer(id, answer);
    match state.order(id).map(|order| (order, order.asked())) {
        Some((order, Some(asked))) => lead_back(state, order, asked),
        Some((_, None)) => refused("No challenge was opened for this payment."),
        None => not_found(),
    }
}

/// A page that takes the result to the gateway.
fn lead_back(state: &State, order: &Order, asked: &Asked) -> Response {
    if let Some(response) = stranded(state, order) {
        return response;
    }
    let pa_res = v1::pa_res(&state.names(order), order, order.answer());
    let fields = [("PaRes", Some(pa_res.as_str())), ("MD", asked.session_data.as_deref())];
    leading("Back to the shop", asked.term_url.as_deref().unwrap_or_default(), &fields, None)
}
