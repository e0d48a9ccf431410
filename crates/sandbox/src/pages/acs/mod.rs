//! The issuer's pages of 3-D Secure proper: a browser comes with a request in a form, and leaves with a result in one.

pub(super) mod method;
pub(super) mod v1;
pub(super) mod v2;

use axum::extract::rejection::FormRejection;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;

use super::{Html, page, sending};
use crate::three_ds::v2::Window;

/// The longest data that the merchant's page may give along: EMV 3-D Secure, `threeDSSessionData`.
const MAX_SESSION_DATA: usize = 1024;

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
