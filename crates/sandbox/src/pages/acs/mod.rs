//! The issuer's pages of 3-D Secure proper: a browser comes with a request in a form, and leaves with a result in one.

pub(super) mod method;
pub(super) mod v1;
pub(super) mod v2;

use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use axum::Form;
use axum::extract::{FromRequest, Request};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;

use serde::de::DeserializeOwned;

use super::{Html, challenge, framed, not_found, page, sending};
use crate::control::{AcsBehaviour, Phase};
use crate::net::Scissors;
use crate::order::{Asked, Order, Protocol};
use crate::sandbox::Shared;
use crate::state::{Dispatch, State};
use crate::three_ds::v2::Window;

/// The longest data that the merchant's page may give along: EMV 3-D Secure, `threeDSSessionData`.
const MAX_SESSION_DATA: usize = 1024;

/// How much of a page arrives that closes early, its head included: nothing that could be seen or pressed.
const EARLY: u64 = 1200;

/// What comes of a request to the issuer.
pub(super) struct Turn {
    response: Response,
    /// Whether the page asks the shopper: then it comes as the switch lets it.
    asks: bool,
    /// What the gateway has to announce.
    dispatch: Option<Dispatch>,
}

impl Turn {
    /// The page that asks the shopper.
    pub(super) fn question(order: &Order) -> Self {
        Self { response: challenge::show(order), asks: true, dispatch: None }
    }

    /// Any other page, after something may have been decided.
    pub(super) fn other(response: Response, dispatch: Option<Dispatch>) -> Self {
        Self { response, asks: false, dispatch }
    }

    /// Sends the page, as the switch lets it come.
    pub(super) async fn finish(self, shared: &Arc<Shared>, scissors: &Scissors) -> Response {
        let Self { mut response, asks, dispatch } = self;
        shared.dispatch(dispatch);
        let behaviour = shared.lock().faults.acs.behaviour;
        match behaviour {
            AcsBehaviour::ClosesEarly if asks => scissors.cut_after(EARLY, false),
            AcsBehaviour::RefusesFraming => forbid_frames(&mut response),
            AcsBehaviour::Silent if asks => shared.until_stop(pending()).await,
            AcsBehaviour::Slow { ms } if asks => wait(shared, ms).await,
            _ => {}
        }
        response
    }
}

impl From<Response> for Turn {
    fn from(response: Response) -> Self {
        Self::other(response, None)
    }
}

fn forbid_frames(response: &mut Response) {
    let headers = response.headers_mut();
    headers.insert(header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    // Where there are several policies, each holds.
    let policy = HeaderValue::from_static("frame-ancestors 'none'");
    headers.append(header::CONTENT_SECURITY_POLICY, policy);
}

/// Lets the result of a challenge reach the gateway: at once, or in the background as late as the switch says.
pub(super) fn report(shared: &Arc<Shared>, state: &mut State, id: &str) -> Option<Dispatch> {
    let AcsBehaviour::ResultLate { ms } = state.faults.acs.behaviour else {
        return state.report(id);
    };
    let (late, id) = (Arc::clone(shared), id.to_owned());
    shared.spawn(async move {
        tokio::time::sleep(Duration::from_millis(ms)).await;
        let dispatch = late.lock().report(&id);
        if let Some(dispatch) = dispatch {
            late.deliver(dispatch).await;
        }
    });
    None
}

/// Where a shopper is left whose issuer never posts back, if the switch says so.
pub(super) fn stranded(state: &State, order: &Order) -> Option<Response> {
    if state.faults.acs.behaviour != AcsBehaviour::NeverPostsBack || order.answer().is_none() {
        return None;
    }
    let mut html = Html::default();
    html.raw("<main class=\"sheet\"><h1>Thank you</h1><p>Your answer was received.</p></main>");
    Some(framed("Thank you", &html, order.window()))
}

async fn wait(shared: &Shared, ms: u64) {
    shared.until_stop(tokio::time::sleep(Duration::from_millis(ms))).await;
}

/// A page that says what is wrong with a message; nothing has happened.
pub(super) fn refused(why: &str) -> Response {
    refusal(StatusCode::BAD_REQUEST, why)
}

/// A form that a browser has posted. One that is too long, of another type, or has a field twice is answered with a page.
pub(super) struct Posted<T>(pub(super) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Posted<T> {
    type Rejection = Response;

    async fn from_request(request: Request, state: &S) -> Result<Self, Response> {
        match Form::from_request(request, state).await {
            Ok(Form(posted)) => Ok(Self(posted)),
            Err(rejection) => Err(refusal(rejection.status(), "The form cannot be read.")),
        }
    }
}

/// The issuer's page of a challenge: `take` says what comes of what was posted, if this payment is challenged in this way.
async fn turn(
    shared: &Arc<Shared>,
    scissors: &Scissors,
    id: &str,
    protocol: Protocol,
    take: impl FnOnce(&mut State) -> Turn + Send,
) -> Response {
    shared.sweep();
    let turn = {
        let mut state = shared.lock();
        if state.challenged(id, protocol).is_none() {
            return not_found();
        }
        take(&mut state)
    };
    turn.finish(shared, scissors).await
}

/// Shows the question, as often as it is asked, until there is an answer; then the page that `lead_back` makes.
fn question(
    state: &mut State,
    id: &str,
    asked: Result<Asked, &'static str>,
    lead_back: impl FnOnce(&State, &Order, &Asked) -> Response,
) -> Turn {
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

/// The page for an answer that was taken: the one that `lead_back` makes, if a challenge was opened.
fn after_answer(
    state: &State,
    id: &str,
    lead_back: impl FnOnce(&State, &Order, &Asked) -> Response,
) -> Response {
    match state.order(id).map(|order| (order, order.asked())) {
        Some((order, Some(asked))) => lead_back(state, order, asked),
        Some((_, None)) => refused("No challenge was opened for this payment."),
        None => not_found(),
    }
}

/// `GET` of an address that browsers reach with a form alone.
pub(super) async fn by_post_only() -> Response {
    let why = "This address is reached by a form that another page sends. Nothing has happened.";
    let mut response = refusal(StatusCode::METHOD_NOT_ALLOWED, why);
    response.headers_mut().insert(header::ALLOW, HeaderValue::from_static("POST"));
    response
}

fn refusal(status: StatusCode, why: &str) -> Response {
    let mut html = Html::default();
    html.raw("<main class=\"sheet\"><h1>This request was refused</h1><p>")
        .text(why)
        .raw("</p></main>");
    page(status, "Refused", &html)
}

/// A page that sends a form on by itself, or when its button is pressed.
fn leading(
    title: &str,
    action: &str,
    fields: &[(&str, Option<&str>)],
    window: Option<Window>,
) -> Response {
    let mut html = Html::default();
    html.raw("<main class=\"sheet\"><h1>")
        .text(title)
        .raw("</h1><p class=\"soft\">If nothing happens, press the button.</p><form method=\"post\" action=\"")
        .text(action)
        .raw("\">");
    for (name, value) in fields {
        if let Some(value) = value {
            html.raw("<input type=\"hidden\" name=\"")
                .text(name)
                .raw("\" value=\"")
                .text(value)
                .raw("\">");
        }
    }
    html.raw("<button class=\"main\">Continue</button></form></main>");
    sending(title, &html, window)
}

/// What the merchant's page gave along, if it is not too long.
fn session_data(given: Option<String>) -> Result<Option<String>, &'static str> {
    if given.as_ref().is_some_and(|data| data.len() > MAX_SESSION_DATA) {
        return Err("The session data is longer than 1024 characters.");
    }
    Ok(given)
}
