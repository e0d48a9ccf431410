//! The issuer's pages of 3-D Secure proper: a browser comes with a request in a form, and leaves with a result in one.

pub(super) mod method;
pub(super) mod v1;
pub(super) mod v2;

use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::rejection::FormRejection;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;

use super::{Html, challenge, framed, page, sending};
use crate::control::AcsBehaviour;
use crate::net::Scissors;
use crate::order::Order;
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

/// The answer to a form that is too long, of another type, or has a field twice.
pub(super) fn unreadable(rejection: &FormRejection) -> Response {
    refusal(rejection.status(), "The form cannot be read.")
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
