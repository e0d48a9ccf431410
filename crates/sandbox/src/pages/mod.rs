//! Pages for people: plain HTML, plain forms, no script.

mod challenge;
mod console;
mod form;
mod shell;

use std::sync::Arc;

use axum::Router;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;

pub(crate) use shell::{Html, page};

use crate::order::{Order, Outcome};
use crate::sandbox::Shared;

/// The page at `/`, the hosted form and the issuer's page.
pub(crate) fn router() -> Router<Arc<Shared>> {
    Router::new()
        .route("/", get(console::show))
        .route("/smartcore/pay/{id}", get(form::open).post(form::submit))
        .route("/acs/{id}", get(challenge::open).post(challenge::answer))
}

/// Sends the shopper on: back to the merchant if it is over, else to the issuer.
fn send_on(shared: &Shared, order: &Order) -> Response {
    match (order.outcome(), order.way_back()) {
        (Some(_), Some(url)) => Redirect::to(url.as_str()).into_response(),
        (Some(outcome), None) => ended(outcome),
        (None, _) => {
            Redirect::to(&shared.page(&format!("acs/{}", order.processing_id))).into_response()
        }
    }
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
