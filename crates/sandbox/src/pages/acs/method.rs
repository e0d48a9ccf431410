//! `/acs/method/{id}`: the issuer's page that looks at the device, in a frame that nobody sees.

use std::future::pending;
use std::sync::Arc;

use axum::extract::{Path, State as Shares};
use axum::response::Response;
use serde::Deserialize;

use super::{Posted, leading, refused, wait};
use crate::control::MethodBehaviour;
use crate::order::Order;
use crate::pages::{Html, framed, not_found};
use crate::sandbox::Shared;
use crate::three_ds::v2;

const TITLE: &str = "Looking at your device";

/// A request for device data from the merchant's page.
#[derive(Deserialize)]
pub(in crate::pages) struct Message {
    #[serde(rename = "threeDSMethodData")]
    data: Option<String>,
}

/// `POST /acs/method/{id}`. It may come as often as it likes: only the gateway counts.
pub(in crate::pages) async fn take(
    Shares(shared): Shares<Arc<Shared>>,
    Path(id): Path<String>,
    Posted(message): Posted<Message>,
) -> Response {
    shared.sweep();
    let gateway = shared.way_in("method", &id);
    let (names, behaviour) = {
        let state = shared.lock();
        match state.order(&id).filter(|order| Order::has_method(order)) {
            Some(order) => (state.names(order), state.faults.acs.method),
            None => return not_found(),
        }
    };
    let checked = message
        .data
        .ok_or("threeDSMethodData is missing.")
        .and_then(|data| v2::check_method_request(&names, &gateway, &data));
    if let Err(why) = checked {
        return refused(why);
    }
    match behaviour {
        MethodBehaviour::Late { ms } => wait(&shared, ms).await,
        MethodBehaviour::Never => shared.until_stop(pending()).await,
        MethodBehaviour::NoNotification => return mute(),
        MethodBehaviour::Normal => {}
    }
    leading(TITLE, &gateway, &[("threeDSMethodData", Some(&v2::method_done(&names)))], None)
}

/// A page that looks at the device and tells nobody.
fn mute() -> Response {
    let mut html = Html::default();
    html.raw("<main class=\"sheet\"><h1>").text(TITLE).raw("</h1></main>");
    framed(TITLE, &html, None)
}
