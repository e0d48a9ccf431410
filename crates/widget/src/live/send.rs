//! One submit: the form's fields, read once, in one request.

use farthing_types::checkout::{CheckoutState, FieldError};
use farthing_types::{PaymentStatus, StepWay};
use gloo_net::http::Request;
use js_sys::{JSON, Object, Reflect};
use leptos::prelude::*;
use leptos::task::spawn_local;
use wasm_bindgen::JsValue;
use web_sys::{FormData, HtmlFormElement};

use super::bank;
use super::browser::Fingerprint;
use super::patience::Patience;
use super::watch::status_of;
use super::wire;
use crate::errors;
use crate::event::CheckoutEvent;
use crate::model::{Model, Terms};

/// How long an answer may take, milliseconds: longer than the server waits for the gateway, two minutes at most.
const ANSWER_WITHIN: u32 = 130_000;

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
    model.terms.update_value(|terms| terms.turn += 1);
    // The card lives in this one JavaScript string until the request has taken it: never in a signal or an action.
    spawn_local(async move {
        let answer = send(&path, body).await;
        // Taken away meanwhile: the server goes on, and there is nobody to tell.
        if model.submitting.is_disposed() {
            return;
        }
        model.terms.update_value(|terms| terms.turn += 1);
        settle(model, &path, answer).await;
        if !model.submitting.is_disposed() {
            model.submitting.set(false);
        }
    });
}

/// What came back.
enum Answer {
    /// The payment was taken.
    Payment { status: Option<PaymentStatus>, step: Option<StepWay> },
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
    let patience = Patience::of(ANSWER_WITHIN);
    let request = Request::post(&url)
        .header("Content-Type", "application/json")
        .abort_signal(patience.signal())
        .body(body);
    let Ok(request) = request else { return Answer::Unclear };
    let Ok(response) = request.send().await else { return Answer::Unclear };
    let Some(value) = wire::json(response).await else { return Answer::Unclear };
    if let Some(status) = wire::text(&value, "status") {
        return Answer::Payment { status: status.parse().ok(), step: wire::step(&value) };
    }
    // Only our server's own word is a refusal. A proxy's is none, and after a fault of ours nobody knows either.
    let kind = wire::text(&value, "type").unwrap_or_default();
    match kind.strip_prefix("urn:farthing:problem:") {
        None | Some("internal") => Answer::Unclear,
        Some(_) => Answer::Refused {
            message: wire::text(&value, "message"),
            errors: wire::field_errors(&value),
        },
    }
}

async fn settle(model: Model, path: &str, answer: Answer) {
    if matches!(answer, Answer::Payment { .. }) {
        // Whatever comes of it, nothing needs these digits again.
        super::forget_card(model);
    }
    match answer {
        Answer::Payment { step: Some(step), .. } => {
            model.terms.update_value(|terms| {
                terms.step = Some(step);
                terms.leads = true;
            });
            model.state.set(match step {
                StepWay::Hidden => CheckoutState::Processing,
                StepWay::Modal | StepWay::Window => CheckoutState::Challenge,
            });
            bank::tell(model);
        }
        Answer::Payment { status, step: None } => {
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
            if model.state.is_disposed() {
                return;
            }
            // Another state says more than any sentence above the form.
            if !fresh || super::same(before, model.state.get_untracked()) {
                super::refuse(model, message.as_deref().unwrap_or(errors::NOT_SENT));
            }
        }
        Answer::Unclear => {
            let known = model.terms.with_value(|terms| terms.payment_id.clone());
            refresh(model, path).await;
            if model.state.is_disposed() {
                return;
            }
            let ready = matches!(model.state.get_untracked(), CheckoutState::Ready { .. });
            let heard_of = model.terms.with_value(|terms| terms.payment_id != known);
            if !ready {
                // It did arrive: nothing needs these digits again.
                super::forget_card(model);
            } else if !heard_of {
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
    if let Some(status) = status.filter(|_| !model.state.is_disposed()) {
        super::apply(model, status);
    }
    fresh
}
