//! One submit: the form's fields, read once, in one request.

use farthing_types::PaymentStatus;
use farthing_types::checkout::{CheckoutState, FieldError};
use gloo_net::http::Request;
use js_sys::{JSON, Object, Reflect};
use leptos::prelude::*;
use leptos::task::spawn_local;
use wasm_bindgen::JsValue;
use web_sys::{FormData, HtmlFormElement};

use super::browser::Fingerprint;
use super::watch::status_of;
use super::wire;
use crate::errors;
use crate::event::CheckoutEvent;
use crate::model::{Model, Terms};

/// Sends a form that was found complete. Does nothing while another submit is under way.
pub fn submit(model: Model, form: &HtmlFormElement) {
    if model.submitting.get_untracked() {
        return;
    }
    let terms = model.terms.get_value();
    let (Some(path), Some(body)) = (terms.path.clone(), body(form, &terms)) else {
        super::refuse(model, errors::NOT_SENT);
        return;
    };
    model.submitting.set(true);
    // The card lives in this one JavaScript string until the request has taken it: never in a signal or an action.
    spawn_local(async move {
        let answer = send(&path, body).await;
        settle(model, &path, answer).await;
        model.submitting.set(false);
    });
}

/// What came back.
enum Answer {
    /// The payment was taken.
    Payment { status: Option<PaymentStatus>, next: Option<String> },
    /// It was refused, and nothing happened.
    Refused { message: Option<String>, errors: Vec<FieldError> },
    /// Nobody knows: cut, or not readable.
    Unclear,
}

/// The form as JSON text.
fn body(form: &HtmlFormElement, terms: &Terms) -> Option<JsValue> {
    let fields = FormData::new_with_form(form).ok()?;
    let fields = Object::from_entries(&fields).ok()?;
    let fingerprint = serde_wasm_bindgen::to_value(&Fingerprint::collect()).ok()?;
    let fields = Object::assign(&fields, &Object::from(fingerprint));
    let set = |name: &str, value: &JsValue| Reflect::set(&fields, &name.into(), value).ok();
    set("attempt", &JsValue::from_str(&terms.attempt))?;
    set("version", &JsValue::from(terms.version))?;
    JSON::stringify(&fields).ok().map(JsValue::from)
}

async fn send(path: &str, body: JsValue) -> Answer {
    let mut url = String::with_capacity(path.len() + 9);
    url.push_str(path);
    url.push_str("/payments");
    let request = Request::post(&url).header("Content-Type", "application/json").body(body);
    let Ok(request) = request else { return Answer::Unclear };
    let Ok(response) = request.send().await else { return Answer::Unclear };
    let Some(value) = wire::json(response).await else { return Answer::Unclear };
    if let Some(status) = wire::text(&value, "status") {
        return Answer::Payment { status: status.parse().ok(), next: wire::text(&value, "next") };
    }
    match wire::text(&value, "type") {
        Some(_) => Answer::Refused {
            message: wire::text(&value, "message"),
            errors: wire::field_errors(&value),
        },
        None => Answer::Unclear,
    }
}

async fn settle(model: Model, path: &str, answer: Answer) {
    if matches!(answer, Answer::Payment { .. }) {
        // Whatever comes of it, nothing needs these digits again.
        super::forget_card(model);
    }
    match answer {
        Answer::Payment { next: Some(next), .. } => {
            model.state.set(CheckoutState::Challenge);
            model.emit(CheckoutEvent::Navigate(next));
        }
        Answer::Payment { status, next: None } => {
            if status == Some(PaymentStatus::Processing) {
                model.state.set(CheckoutState::Processing);
            }
            // The reason of a refusal and the key of the next attempt come with the state.
            refresh(model, path).await;
        }
        Answer::Refused { errors, .. } if !errors.is_empty() => super::show_errors(model, errors),
        Answer::Refused { message, .. } => {
            let before = model.state.get_untracked();
            let fresh = refresh(model, path).await;
            // Another state says more than any sentence above the form.
            if !fresh || super::same(before, model.state.get_untracked()) {
                super::refuse(model, message.as_deref().unwrap_or(errors::NOT_SENT));
            }
        }
        Answer::Unclear => {
            let before = model.state.get_untracked();
            refresh(model, path).await;
            if super::same(before, model.state.get_untracked()) {
                super::refuse(model, errors::INTERRUPTED);
                model.emit(CheckoutEvent::Error {
                    code: "network",
                    message: errors::INTERRUPTED.to_owned(),
                });
            }
        }
    }
}

/// Whether the state could be read.
async fn refresh(model: Model, path: &str) -> bool {
    let status = status_of(path).await;
    let fresh = status.is_some();
    if let Some(status) = status {
        super::apply(model, status);
    }
    fresh
}
