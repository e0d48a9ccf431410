//! `/acs/method/{id}`: the issuer's page that looks at the device, in a frame that nobody sees.

use std::sync::Arc;

use axum::Form;
use axum::extract::rejection::FormRejection;
use axum::extract::{Path, State as Shares};
use axum::response::Response;
use serde::Deserialize;

use super::{leading, refused, unreadable};
use crate::order::Order;
use crate::pages::not_found;
use crate::sandbox::Shared;
use crate::three_ds::v2;

/// A request for device data from the merchant's page.
#[derive(Deserialize)]
pub(in crate::pages) struct Posted {
    #[serde(rename = "threeDSMethodData")]
    data: Option<String>,
}

/// `POST /acs/method/{id}`. It may come as often as it likes: only the gateway counts.
pub(in crate::pages) async fn take(
    Shares(shared): Shares<Arc<Shared>>,
    Path(id): Path<String>,
    form: Result<Form<Posted>, FormRejection>,
) -> Response {
    let posted = match form {
        Ok(Form(posted)) => posted,
        Err(rejection) => return unreadable(&rejection),
    };
    shared.sweep();
    let state = shared.lock();
    let Some(order) = state.order(&id).filter(|order| Order::has_method(order)) else {
        return not_found();
    };
    let (names, gateway) = (state.names(order), shared.way_in("method", &id));
    let checked = posted
        .data
        .ok_or("threeDSMethodData is missing.")
        .and_then(|data| v2::check_method_request(&names, &gateway, &data));
    if let Err(why) = checked {
        return refused(why);
    }
    let done = v2::method_done(&names);
    leading("Looking at your device", &gateway, &[("threeDSMethodData", Some(&done))], None)
}
