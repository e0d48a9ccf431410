//! `/acs/1/{id}`: the issuer's page of 3-D Secure 1.

use std::sync::Arc;

use axum::extract::{ConnectInfo, Path, State as Shares};
use axum::response::Response;
use serde::Deserialize;

use super::{Posted, Turn, after_answer, leading, question, session_data, stranded, turn};
use crate::net::Scissors;
use crate::order::{Answer, Asked, Order, Protocol};
use crate::pages::not_found;
use crate::sandbox::Shared;
use crate::state::State;
use crate::three_ds::v1;

/// A request from the merchant's page, or the answer from our own.
#[derive(Deserialize)]
pub(in crate::pages) struct Message {
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
    Posted(message): Posted<Message>,
) -> Response {
    turn(&shared, &scissors, &id, Protocol::V1, |state| match message.answer {
        Some(answer) => {
            // The gateway learns of it when the browser brings it there, and not before.
            state.answer(&id, answer);
            after_answer(state, &id, lead_back).into()
        }
        None => opened(&shared, state, &id, message),
    })
    .await
}

fn opened(shared: &Shared, state: &mut State, id: &str, message: Message) -> Turn {
    let Some(order) = state.order(id) else { return not_found().into() };
    let asked = message.pa_req.ok_or("PaReq is missing.").and_then(|pa_req| {
        v1::check_pa_req(&state.names(order), order, &pa_req)?;
        let term_url = message.term_url.ok_or("TermUrl is missing.")?;
        // An issuer cannot know every gateway; this one knows the only one that it has.
        if !shared.is_own(&term_url) {
            return Err("TermUrl is not an address of the gateway.");
        }
        let session_data = session_data(message.md)?;
        Ok(Asked { window: None, session_data, term_url: Some(term_url) })
    });
    question(state, id, asked, lead_back)
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
