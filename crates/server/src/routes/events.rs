//! `GET /v1/events`: every event in order, for merchants who would rather pull.

#![expect(unused_qualifications, reason = "written by the macro that describes query parameters")]

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::ApiQuery;
use crate::app::App;
use crate::auth::Caller;
use crate::config::Scope;
use crate::problem::ApiError;

/// Where to go on.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ListEvents {
    /// Only events with a greater `seq`; 0 if left out.
    pub after: Option<u64>,
    /// 1 to 100; 100 if left out.
    pub limit: Option<u32>,
}

/// Events in order.
#[derive(Debug, Serialize, ToSchema)]
pub struct EventList {
    /// Oldest first.
    pub data: Vec<EventInOrder>,
    /// Pass it as `after`; null when there is nothing more now.
    pub next_cursor: Option<String>,
}

/// An event with its position.
#[derive(Debug, Serialize, ToSchema)]
pub struct EventInOrder {
    /// Position among all events.
    pub seq: u64,
    /// The event: exactly what webhooks carry.
    #[serde(flatten)]
    #[schema(value_type = crate::views::Event)]
    pub event: serde_json::Map<String, serde_json::Value>,
}

/// `GET /v1/events?after=SEQ`.
#[utoipa::path(get, path = "/v1/events", tag = "events", params(ListEvents), responses((status = 200, body = EventList)))]
pub async fn list(
    State(app): State<App>,
    caller: Caller,
    ApiQuery(wanted): ApiQuery<ListEvents>,
) -> Result<Json<EventList>, ApiError> {
    caller.require(Scope::Read)?;
    let limit = wanted.limit.unwrap_or(100);
    if !(1..=100).contains(&limit) {
        return Err(ApiError::field("limit", "must be 1 to 100"));
    }
    let after = wanted.after.unwrap_or(0);
    if i64::try_from(after).is_err() {
        return Err(ApiError::field("after", "must be the seq of an event"));
    }
    let mut found = app.store.events(after, limit + 1).await?;
    let more = found.len() > limit as usize;
    found.truncate(limit as usize);
    let next_cursor = if more { found.last().map(|event| event.seq.to_string()) } else { None };
    let mut data = Vec::with_capacity(found.len());
    for stored in found {
        let event = serde_json::from_str(&stored.body).map_err(ApiError::internal)?;
        data.push(EventInOrder { seq: stored.seq, event });
    }
    Ok(Json(EventList { data, next_cursor }))
}
