//! `/return/{rt}`: the shopper's way back. What the address says is never believed: the gateway is asked.

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};

use super::pages::{self, Framing, Looks};
use crate::app::App;
use crate::checkout::view;
use crate::payments::checks;
use crate::payments::reducer::Evidence;
use crate::problem::ApiError;
use crate::token::{Token, TokenKind};

/// `GET|POST /return/{rt}`: asks the gateway, then shows the result or goes on to the merchant's page.
pub async fn arrive(State(app): State<App>, Path(token): Path<String>, looks: Looks) -> Response {
    pages::shown(&app, looks, show(&app, &token, looks).await)
}

async fn show(app: &App, token: &str, looks: Looks) -> Result<Response, ApiError> {
    let not_available = || Ok(pages::not_available(app, looks, Framing::None));
    let Some(token) = Token::parse(TokenKind::Return, token) else { return not_available() };
    let found = app.store.payment_by_return(&token.hash()).await?;
    let Some(payment) = found else { return not_available() };
    let session = app.store.session(&payment.session_id).await?.ok_or(ApiError::NotFound)?;
    if !view::is_viewable(&session, app.now()) && !payment.is_open() {
        return not_available();
    }
    let payment = if payment.is_open() {
        // Nothing on the way back is signed, so it says nothing about the payment: only that the shopper is here.
        app.store.apply(&payment.id, vec![Evidence::Returned], app.context()).await?;
        checks::trigger(app, &payment, pages::PATIENCE).await?
    } else {
        payment
    };
    let view = view::of_return(app, &session, &payment)?;
    // In the checkout's own frame the bank is done: the checkout around it goes on from here.
    if let Some(url) = view::onward(&session, view.state).filter(|_| !looks.framed) {
        return Ok(Redirect::to(url).into_response());
    }
    let path = format!("/return/{}", token.expose());
    let refresh = Some((pages::REFRESH_SECONDS, path.as_str()));
    let framing = if looks.framed { Framing::Checkout } else { Framing::None };
    Ok(pages::checkout(app, looks, &view, refresh, framing))
}
