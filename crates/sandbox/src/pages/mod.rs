//! Pages for people: plain HTML, plain forms, and no script but the one line that sends a form off where 3-D Secure expects it; and the
//! shell of wallets' sheets, which are nothing without one.

mod acs;
mod back;
mod challenge;
mod console;
mod form;
mod shell;

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};

pub(crate) use shell::{Html, framed, page, scripted, sending};

use crate::control::Phase;
use crate::order::{Order, Outcome, Protocol};
use crate::sandbox::Shared;

/// The largest form that 3-D Secure sends through a browser, bytes.
const MAX_FORM: usize = 64 * 1024;

/// The page at `/`, the hosted form, the issuer's pages, and where they lead back to.
pub(crate) fn router() -> Router<Arc<Shared>> {
    Router::new()
        .route("/acs/1/{id}", post(acs::v1::take).get(acs::by_post_only))
        .route("/acs/2/{id}", post(acs::v2::take).get(acs::by_post_only))
        .route("/acs/method/{id}", post(acs::method::take).get(acs::by_post_only))
        .route("/smartcore/3ds/challenge/{id}", post(back::challenge).get(acs::by_post_only))
        .route("/smartcore/3ds/method/{id}", post(back::method).get(acs::by_post_only))
        .route("/smartcore/3ds/term/{id}", post(back::term).get(acs::by_post_only))
        .layer(DefaultBodyLimit::max(MAX_FORM))
        .route("/", get(console::show))
        .route("/smartcore/pay/{id}", get(form::open).post(form::submit))
        .route("/acs/{id}", get(challenge::open).post(challenge::answer))
}

/// Sends the shopper on: back to the merchant after the issuer, else to the issuer.
fn send_on(shared: &Shared, order: &Order) -> Response {
    if let Some(url) = order.way_back() {
        return Redirect::to(url.as_str()).into_response();
    }
    match (order.phase(), order.protocol()) {
        (Phase::AwaitingChallenge | Phase::Challenge, Protocol::Form) => {
            Redirect::to(&shared.page(&format!("acs/{}", order.processing_id))).into_response()
        }
        (Phase::AwaitingResult, _) => pending(),
        (Phase::Ended, _) => order.outcome().map_or_else(not_found, ended),
        _ => not_found(),
    }
}

/// What a shopper sees whose merchant gave no way back, while the result is awaited.
fn pending() -> Response {
    let mut html = Html::default();
    html.raw("<main class=\"sheet\"><h1>Payment in progress</h1><p>Your bank’s answer is awaited. You may close this page.</p></main>");
    page(StatusCode::OK, "Payment in progress", &html)
}

/// What a shopper sees whose merchant gave no way back.
fn ended(outcome: &Outcome) -> Response {
    let (title, text) = match outcome {
        Outcome::Failed(_) => ("Payment failed", "Nothing was taken. You may close this page."),
        Outcome::Succeeded => {
            ("Payment complete", "You may close this page and go back to the shop.")
        }
    };
    let mut html = Html::default();
    html.raw("<main class=\"sheet\"><h1>")
        .text(title)
        .raw("</h1><p>")
        .text(text)
        .raw("</p></main>");
    page(StatusCode::OK, title, &html)
}

/// Nobody knows this payment.
fn not_found() -> Response {
    let mut html = Html::default();
    html.raw("<main class=\"sheet\"><h1>Unknown payment</h1><p>This sandbox knows no payment under this address. It may have been reset or restarted.</p></main>");
    page(StatusCode::NOT_FOUND, "Unknown payment", &html)
}
