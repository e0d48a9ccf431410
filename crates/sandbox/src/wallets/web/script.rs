//! The vendors' scripts.

use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::State as Shares;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use crate::control::ScriptBehaviour;
use crate::sandbox::Shared;

/// What stands in for Google's `pay.js`.
const GOOGLE: &str = concat!(
    include_str!("js/popup.js"),
    include_str!("js/google/rules.js"),
    include_str!("js/google/button.js"),
    include_str!("js/google/client.js"),
);
/// What stands in for Apple's JavaScript SDK.
const APPLE: &str = concat!(
    include_str!("js/popup.js"),
    include_str!("js/apple/rules.js"),
    include_str!("js/apple/course.js"),
    include_str!("js/apple/session.js"),
    include_str!("js/apple/button.js"),
);

/// `GET /wallets/google/pay.js`.
pub(super) async fn google(Shares(shared): Shares<Arc<Shared>>) -> Response {
    let faults = shared.lock().faults.google_pay;
    let switches = json!({"ready": faults.ready, "readyRejects": faults.ready_rejects});
    serve(&shared, faults.script, &switches, GOOGLE).await
}

/// `GET /wallets/apple/apple-pay-sdk.js`.
pub(super) async fn apple(Shares(shared): Shares<Arc<Shared>>) -> Response {
    let faults = shared.lock().faults.apple_pay;
    let switches =
        json!({"answerMs": faults.answer_ms, "canMakePayments": faults.can_make_payments});
    serve(&shared, faults.script, &switches, APPLE).await
}

/// One script, with the switches that it needs: nothing has to be asked once it is there.
async fn serve(
    shared: &Shared,
    behaviour: ScriptBehaviour,
    switches: &Value,
    parts: &str,
) -> Response {
    let text = || {
        format!(
            "// @ts-check\n// A stand-in of Farthing's sandbox. It reaches no wallet.\n\
             (() => {{\n'use strict';\nconst switches = {switches};\n{parts}}})();\n"
        )
    };
    match behaviour {
        ScriptBehaviour::Broken => {
            answer(StatusCode::OK, "// The sandbox was told to define nothing.\n".to_owned())
        }
        ScriptBehaviour::Missing => answer(StatusCode::NOT_FOUND, String::new()),
        ScriptBehaviour::Normal => answer(StatusCode::OK, text()),
        ScriptBehaviour::Silent => {
            shared.until_stop(pending()).await;
            answer(StatusCode::SERVICE_UNAVAILABLE, String::new())
        }
        ScriptBehaviour::Slow { ms } => {
            shared.until_stop(tokio::time::sleep(Duration::from_millis(ms))).await;
            answer(StatusCode::OK, text())
        }
    }
}

/// Any page may load it, with `crossorigin` or without.
fn answer(status: StatusCode, text: String) -> Response {
    let mut response = (status, text).into_response();
    for (name, value) in [
        (header::CONTENT_TYPE, "text/javascript; charset=utf-8"),
        (header::ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
        (header::CACHE_CONTROL, "no-store"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::HeaderName::from_static("cross-origin-resource-policy"), "cross-origin"),
    ] {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}
