//! `/checkout/{cst}/step` and `/checkout/{cst}/check`: the way to the bank, and the question how it went there.

use std::str::FromStr;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, Uri};
use axum::response::{IntoResponse, Response};
use farthing_types::{ChallengeWindow, StepKind, StepWay};
use farthing_widget::{HandOver, Opened};

use super::checkout::{find, require_same_site};
use super::pages::{self, Framing, Looks};
use crate::app::App;
use crate::checkout::view;
use crate::payments::record::{Payment, Stage};
use crate::payments::reducer::Evidence;
use crate::payments::{checks, steps};
use crate::problem::ApiError;

/// Where the page is to stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// In the whole window.
    Window,
    /// In the checkout's own frame, which is so large: `?in=modal&window=03`.
    Modal(ChallengeWindow),
    /// In the checkout's own frame that nobody sees: `?in=hidden`.
    Hidden,
    /// In a shop's frame, where a bank's page has no business: the checkout there shows the way.
    Shop,
}

impl Place {
    fn of(uri: &Uri, looks: Looks) -> Self {
        let query = uri.query().unwrap_or_default();
        let value = |wanted: &str| {
            form_urlencoded::parse(query.as_bytes())
                .find(|(name, _)| name == wanted)
                .map(|(_, value)| value.into_owned())
        };
        match value("in").as_deref() {
            Some("modal") => {
                let window = value("window").and_then(|code| ChallengeWindow::from_str(&code).ok());
                Self::Modal(window.unwrap_or(ChallengeWindow::Full))
            }
            Some("hidden") => Self::Hidden,
            _ if looks.framed => Self::Shop,
            _ => Self::Window,
        }
    }
}

/// `GET /checkout/{cst}/step`: hands the shopper over to the bank, once. Opened again, it asks the gateway first.
pub async fn step(
    State(app): State<App>,
    Path(token): Path<String>,
    looks: Looks,
    uri: Uri,
) -> Response {
    let place = Place::of(&uri, looks);
    pages::shown(&app, looks, hand_over(&app, &token, looks, place).await)
}

async fn hand_over(
    app: &App,
    token: &str,
    looks: Looks,
    place: Place,
) -> Result<Response, ApiError> {
    let Some((session, path)) = find(app, token).await? else {
        return Ok(pages::not_available(app, looks, Framing::Shop));
    };
    // Nothing to do here, or not here: on to the page that shows how things stand. Our own frame has that page around it.
    let elsewhere = || match place {
        Place::Window | Place::Shop => looks.back_to(&path),
        Place::Modal(_) | Place::Hidden => pages::back(app, looks),
    };
    let last = app.store.last_payment(&session.id).await?;
    let Some(payment) = last.filter(|payment| is_for(app, payment, place)) else {
        return Ok(elsewhere());
    };
    let (payment, again) = claim(app, payment).await?;
    if !is_for(app, &payment, place) {
        return Ok(elsewhere());
    }
    let Some(mut target) = steps::open(app, &payment) else { return Ok(elsewhere()) };
    match place {
        // The issuer has had its look; a second one would be a second transaction to it.
        Place::Hidden if again => return Ok(elsewhere()),
        Place::Hidden => return Ok(pages::method(app, looks, &target.target, &target.fields)),
        Place::Modal(window) => target.fit(window),
        Place::Window | Place::Shop => target.fit(ChallengeWindow::Full),
    }
    let page = HandOver {
        target: &target.target,
        fields: &target.fields,
        opened: if again { Opened::Again } else { Opened::First },
        in_modal: matches!(place, Place::Modal(_)),
    };
    let view = view::of_session(app, &session, Some(&payment), path)?;
    Ok(pages::step(app, looks, &view, page))
}

/// Whether the payment waits for a step that may stand in this place. A shopper may take every visible one in the whole window.
fn is_for(app: &App, payment: &Payment, place: Place) -> bool {
    let Some(step) = payment.step.as_ref().filter(|_| payment.is_open()) else { return false };
    match place {
        Place::Window => step.kind != StepKind::Method,
        Place::Modal(_) => steps::way(app, payment) == Some(StepWay::Modal),
        Place::Hidden => step.kind == StepKind::Method,
        Place::Shop => false,
    }
}

/// Takes the page for this browser. The first one to ask is sent on; all others ask the gateway first, if it has not been asked just now.
async fn claim(app: &App, payment: Payment) -> Result<(Payment, bool), ApiError> {
    {
        // Two windows at once: only one of them may be the first.
        let _turn = app.step_turn.lock().await;
        let payment = app.store.payment(&payment.id).await?.ok_or(ApiError::NotFound)?;
        if payment.step.as_ref().is_some_and(|step| step.stage == Stage::Offered) {
            let opened = vec![Evidence::StepOpened];
            return Ok((app.store.apply(&payment.id, opened, app.context()).await?, false));
        }
    }
    Ok((checks::trigger(app, &payment, pages::PATIENCE).await?, true))
}

/// `POST /checkout/{cst}/check`: asks the gateway now, because the shopper has left the bank's page, and tells how things stand.
pub async fn check(
    State(app): State<App>,
    Path(token): Path<String>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    require_same_site(&app, &headers)?;
    let Some((session, _)) = find(&app, &token).await? else { return Err(ApiError::NotFound) };
    if let Some(payment) = app.store.last_payment(&session.id).await?.filter(Payment::is_open) {
        checks::trigger(&app, &payment, pages::PATIENCE).await?;
    }
    let session = app.store.session(&session.id).await?.ok_or(ApiError::NotFound)?;
    let last = app.store.last_payment(&session.id).await?;
    Ok(Json(view::status_of(&app, &session, last.as_ref())?).into_response())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_stands_where_the_checkout_wants_it_and_never_in_a_shops_frame() {
        let framed = Looks { framed: true, ..Looks::default() };
        for (query, looks, place) in [
            ("", Looks::default(), Place::Window),
            ("?theme=dark", Looks::default(), Place::Window),
            ("", framed, Place::Shop),
            ("?in=window", framed, Place::Shop),
            ("?in=modal&window=03", framed, Place::Modal(ChallengeWindow::W500)),
            ("?window=01&in=modal", Looks::default(), Place::Modal(ChallengeWindow::W250)),
            ("?in=modal", framed, Place::Modal(ChallengeWindow::Full)),
            ("?in=modal&window=06", framed, Place::Modal(ChallengeWindow::Full)),
            ("?in=hidden", framed, Place::Hidden),
        ] {
            let uri = format!("/checkout/cst_x/step{query}").parse().unwrap();
            assert_eq!(Place::of(&uri, looks), place, "{query} {looks:?}");
        }
    }
}
