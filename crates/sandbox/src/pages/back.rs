//! `/smartcore/3ds/…/{id}`: where the issuer's pages send the browser back to the gateway.

use std::sync::Arc;

use axum::extract::{Path, State as Shares};
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;

use super::acs::{Posted, refused, report};
use super::{Html, not_found, page, send_on};
use crate::control::Phase;
use crate::order::{Order, Protocol};
use crate::sandbox::Shared;
use crate::three_ds::{v1, v2};

/// The result of a 3-D Secure 2 challenge.
#[derive(Deserialize)]
pub(super) struct ChallengeResult {
    cres: Option<String>,
    #[serde(rename = "threeDSSessionData")]
    session_data: Option<String>,
}

/// `POST /smartcore/3ds/challenge/{id}`: sends the shopper to the merchant. The issuer has told the gateway more than this can.
pub(super) async fn challenge(
    Shares(shared): Shares<Arc<Shared>>,
    Path(id): Path<String>,
    Posted(posted): Posted<ChallengeResult>,
) -> Response {
    shared.sweep();
    let mut state = shared.lock();
    let Some(order) = state.challenged(&id, Protocol::V2) else { return not_found() };
    let names = state.names(order);
    let checked = posted
        .cres
        .ok_or("cres is missing.")
        .and_then(|cres| v2::check_cres(&names, &cres))
        .and_then(|()| same_session(posted.session_data.as_deref(), &names.session_data()));
    if let Err(why) = checked {
        return refused(why);
    }
    state.come_back(&id);
    match state.order(&id) {
        Some(order) if matches!(order.phase(), Phase::AwaitingResult | Phase::Ended) => {
            send_on(&shared, order)
        }
        Some(_) => refused("The issuer has told nothing about this payment yet."),
        None => not_found(),
    }
}

/// The result of a 3-D Secure 1 challenge.
#[derive(Deserialize)]
pub(super) struct TermResult {
    #[serde(rename = "PaRes")]
    pa_res: Option<String>,
    #[serde(rename = "MD")]
    md: Option<String>,
}

/// `POST /smartcore/3ds/term/{id}`: decides the payment, for nothing else tells the gateway how the issuer was answered.
pub(super) async fn term(
    Shares(shared): Shares<Arc<Shared>>,
    Path(id): Path<String>,
    Posted(posted): Posted<TermResult>,
) -> Response {
    shared.sweep();
    let (response, dispatch) = {
        let mut state = shared.lock();
        let Some(order) = state.challenged(&id, Protocol::V1) else { return not_found() };
        let names = state.names(order);
        let said = posted
            .pa_res
            .ok_or("PaRes is missing.")
            .and_then(|pa_res| v1::read_pa_res(&names, order, &pa_res))
            .and_then(|said| {
                same_session(posted.md.as_deref(), &names.session_data()).map(|()| said)
            });
        let dispatch = match said {
            // The first one counts, even while what it says is on its way.
            Ok(said) if order.phase() == Phase::Challenge && said == order.answer() => {
                report(&shared, &mut state, &id)
            }
            Ok(_) => None,
            Err(why) => return refused(why),
        };
        state.come_back(&id);
        (state.order(&id).map_or_else(not_found, |order| send_on(&shared, order)), dispatch)
    };
    shared.dispatch(dispatch);
    response
}

/// The end of the device data step.
#[derive(Deserialize)]
pub(super) struct MethodResult {
    #[serde(rename = "threeDSMethodData")]
    data: Option<String>,
}

/// `POST /smartcore/3ds/method/{id}`: the gateway goes on. The page is seen by nobody.
pub(super) async fn method(
    Shares(shared): Shares<Arc<Shared>>,
    Path(id): Path<String>,
    Posted(posted): Posted<MethodResult>,
) -> Response {
    shared.sweep();
    let dispatch = {
        let mut state = shared.lock();
        let Some(order) = state.order(&id).filter(|order| Order::has_method(order)) else {
            return not_found();
        };
        let names = state.names(order);
        let checked = posted
            .data
            .ok_or("threeDSMethodData is missing.")
            .and_then(|data| v2::check_method_done(&names, &data));
        if let Err(why) = checked {
            return refused(why);
        }
        let now = state.clock.now();
        state.end_method(&id, now)
    };
    shared.dispatch(dispatch);
    let mut html = Html::default();
    html.raw("<main class=\"sheet\"><h1>Thank you</h1><p>The gateway goes on.</p></main>");
    page(StatusCode::OK, "Device data", &html)
}

fn same_session(given: Option<&str>, issued: &str) -> Result<(), &'static str> {
    match given {
        Some(given) if given == issued => Ok(()),
        Some(_) => Err("The session data is not what was issued for this payment."),
        None => Err("The session data has not come back."),
    }
}
