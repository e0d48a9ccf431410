//! `/v1/payments`.

#![expect(unused_qualifications, reason = "written by the macro that describes query parameters")]

use axum::Json;
use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use axum::response::Response;
use farthing_types::PaymentStatus;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::ApiQuery;
use super::idempotent::once_on;
use crate::app::App;
use crate::auth::Caller;
use crate::config::Scope;
use crate::payments::checks;
use crate::payments::record::Method;
use crate::problem::ApiError;
use crate::store::PaymentFilter;
use crate::views::PaymentView;

/// A page of payments.
#[derive(Debug, Serialize, ToSchema)]
pub struct PaymentList {
    /// Newest first.
    pub data: Vec<PaymentView>,
    /// Pass it as `cursor` for the next page; null on the last one.
    pub next_cursor: Option<String>,
}

/// Which payments to list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ListPayments {
    /// Only this order.
    pub order_id: Option<String>,
    /// Only this status.
    #[param(value_type = Option<String>)]
    pub status: Option<PaymentStatus>,
    /// Only this method: `card`, `hosted`, `apple_pay` or `google_pay`.
    #[param(value_type = Option<String>)]
    pub method: Option<Method>,
    /// Only those created after this RFC 3339 time.
    #[param(value_type = Option<String>)]
    pub created_after: Option<Timestamp>,
    /// `next_cursor` of the page before.
    pub cursor: Option<String>,
    /// 1 to 100; 20 if left out.
    pub limit: Option<u32>,
}

/// `GET /v1/payments`.
#[utoipa::path(get, path = "/v1/payments", tag = "payments", params(ListPayments),
    responses((status = 200, body = PaymentList), (status = 400, description = "problem: validation")))]
pub async fn list(
    State(app): State<App>,
    caller: Caller,
    ApiQuery(wanted): ApiQuery<ListPayments>,
) -> Result<Json<PaymentList>, ApiError> {
    caller.require(Scope::Read)?;
    let limit = wanted.limit.unwrap_or(20);
    if !(1..=100).contains(&limit) {
        return Err(ApiError::field("limit", "must be 1 to 100"));
    }
    let before = wanted.cursor.as_deref().map(str::parse::<u64>).transpose();
    let before = before
        .ok()
        .filter(|before| before.is_none_or(|before| i64::try_from(before).is_ok()))
        .ok_or_else(|| ApiError::field("cursor", "must be the next_cursor of an answer"))?;
    let filter = PaymentFilter {
        order_id: wanted.order_id,
        status: wanted.status,
        method: wanted.method,
        created_after: wanted.created_after,
        before,
        limit: limit + 1,
    };
    let mut found = app.store.payments(filter).await?;
    let more = found.len() > limit as usize;
    found.truncate(limit as usize);
    let next_cursor =
        if more { found.last().map(|(position, _)| position.to_string()) } else { None };
    let data = found.iter().map(|(_, payment)| PaymentView::of(payment)).collect();
    Ok(Json(PaymentList { data, next_cursor }))
}

/// `GET /v1/payments/{id}`.
#[utoipa::path(get, path = "/v1/payments/{id}", tag = "payments", params(("id" = String, Path)),
    responses((status = 200, body = PaymentView), (status = 404, description = "problem: not-found")))]
pub async fn show(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<PaymentView>, ApiError> {
    caller.require(Scope::Read)?;
    let payment = app.store.payment(&id).await?.ok_or(ApiError::NotFound)?;
    Ok(Json(PaymentView::of(&payment)))
}

/// `POST /v1/payments/{id}/check`: asks the gateway now, at most once in 5 s, and answers with what is known then.
#[utoipa::path(post, path = "/v1/payments/{id}/check", tag = "payments",
    params(("id" = String, Path), ("Idempotency-Key" = String, Header)),
    responses((status = 200, body = PaymentView), (status = 404, description = "problem: not-found")))]
pub async fn check(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    request: Request,
) -> Result<Response, ApiError> {
    caller.require(Scope::Read)?;
    let work = |app: App, id: String| async move {
        let payment = app.store.payment(&id).await?.ok_or(ApiError::NotFound)?;
        let payment = checks::trigger(&app, &payment, app.browser_patience()).await?;
        Ok((StatusCode::OK, PaymentView::of(&payment)))
    };
    once_on(&app, &caller, "POST /v1/payments/{id}/check", id, request, work).await
}
