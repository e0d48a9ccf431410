//! `/v1/sessions`.

use std::fmt;

use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use axum::{Json, extract::Request};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::idempotent::{once, once_on};
use crate::app::App;
use crate::auth::Caller;
use crate::config::Scope;
use crate::json::{parse, read_json};
use crate::problem::ApiError;
use crate::sessions::create::{self, CreateSession};
use crate::store::{Amended, Amendment};
use crate::views::SessionView;

/// A session that was just created: the only time that its token is shown.
#[derive(Serialize, ToSchema)]
pub struct CreatedSession {
    /// The session.
    #[serde(flatten)]
    pub session: SessionView,
    /// `cst_…`, for `<farthing-checkout session="…">`. A secret of this shopper.
    pub token: String,
    /// The checkout as a page of its own.
    pub url: String,
}

impl fmt::Debug for CreatedSession {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { session, token: _, url: _ } = self; // both open the checkout
        write!(f, "CreatedSession({})", session.id)
    }
}

/// `POST /v1/sessions`: fixes an amount for an order.
#[utoipa::path(post, path = "/v1/sessions", tag = "sessions", request_body = CreateSession,
    params(("Idempotency-Key" = String, Header, description = "1 to 255 printable ASCII characters")),
    responses((status = 201, body = CreatedSession), (status = 400, description = "problem: validation, bad-body"),
        (status = 409, description = "problem: order-already-open, order-already-paid")))]
pub async fn create(
    State(app): State<App>,
    caller: Caller,
    headers: HeaderMap,
    request: Request,
) -> Result<Response, ApiError> {
    caller.require(Scope::Sessions)?;
    let body = read_json(request).await?;
    let wanted: CreateSession = parse(&body)?;
    let shared = app.clone();
    let work = async move {
        let app = shared;
        let (session, token) = create::create(&app, wanted).await?;
        let url = app.public_url.join(&format!("/checkout/{}", token.expose()));
        let session = SessionView::of(&session);
        Ok((StatusCode::CREATED, CreatedSession { session, token: token.expose().to_owned(), url }))
    };
    once(&app, caller.key_id(), "POST /v1/sessions".into(), &headers, &body, work).await
}

/// `GET /v1/sessions/{id}`.
#[utoipa::path(get, path = "/v1/sessions/{id}", tag = "sessions", params(("id" = String, Path)),
    responses((status = 200, body = SessionView), (status = 404, description = "problem: not-found")))]
pub async fn show(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<SessionView>, ApiError> {
    caller.require(Scope::Read)?;
    let session = app.store.session(&id).await?.ok_or(ApiError::NotFound)?;
    Ok(Json(SessionView::of(&session)))
}

/// What may change in an open session.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AmendSession {
    /// Integer minor units.
    #[serde(default)]
    pub amount: Option<u64>,
    /// What is being paid for.
    #[serde(default)]
    pub purpose: Option<String>,
}

/// `PATCH /v1/sessions/{id}`: changes amount or purpose while no attempt is open, and raises `version`.
#[utoipa::path(patch, path = "/v1/sessions/{id}", tag = "sessions", params(("id" = String, Path)),
    request_body = AmendSession,
    responses((status = 200, body = SessionView), (status = 409, description = "problem: session-not-open")))]
pub async fn amend(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    request: Request,
) -> Result<Json<SessionView>, ApiError> {
    caller.require(Scope::Sessions)?;
    let wanted: AmendSession = parse(&read_json(request).await?)?;
    let amendment = Amendment { amount: wanted.amount, purpose: wanted.purpose };
    create::check_amendment(&amendment)?;
    match app.store.amend_session(&id, amendment, app.now()).await? {
        Amended::Done(session) => Ok(Json(SessionView::of(&session))),
        Amended::Missing => Err(ApiError::NotFound),
        Amended::NotOpen(_) => Err(ApiError::SessionNotOpen),
    }
}

/// `POST /v1/sessions/{id}/expire`: ends an open session. Ending one that is over changes nothing.
#[utoipa::path(post, path = "/v1/sessions/{id}/expire", tag = "sessions", params(("id" = String, Path),
    ("Idempotency-Key" = String, Header)),
    responses((status = 200, body = SessionView), (status = 409, description = "problem: session-not-open")))]
pub async fn expire(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    request: Request,
) -> Result<Response, ApiError> {
    caller.require(Scope::Sessions)?;
    let work = |app: App, id: String| async move {
        let session = app.store.expire_session(&id, app.now()).await?.ok_or(ApiError::NotFound)?;
        app.event_written.notify_one();
        if session.status == farthing_types::SessionStatus::Expired {
            Ok((StatusCode::OK, SessionView::of(&session)))
        } else {
            Err(ApiError::SessionNotOpen)
        }
    };
    once_on(&app, &caller, "POST /v1/sessions/{id}/expire", id, request, work).await
}

#[cfg(test)]
mod tests {
    use farthing_types::SessionStatus;
    use jiff::Timestamp;

    use super::*;
    use crate::sessions::record::{Session, Terms};

    #[test]
    fn a_sessions_token_and_address_are_answered_and_not_printed() {
        let session = Session {
            id: "ses_1".to_owned(),
            order_id: "order-1".to_owned(),
            version: 1,
            amount: 1000,
            currency: "EUR".parse().unwrap(),
            status: SessionStatus::Open,
            attempts: 0,
            terms: Terms::default(),
            customer: None,
            created_at: Timestamp::UNIX_EPOCH,
            expires_at: Timestamp::UNIX_EPOCH,
        };
        let created = CreatedSession {
            session: SessionView::of(&session),
            token: "cst_secret".to_owned(),
            url: "https://pay.example/checkout/cst_secret".to_owned(),
        };
        assert_eq!(format!("{created:?}"), "CreatedSession(ses_1)");
        assert_eq!(serde_json::to_value(&created).unwrap()["token"], "cst_secret");
    }
}
