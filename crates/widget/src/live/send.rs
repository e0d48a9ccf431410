//! One submit: the form's fields, read once, in one request.

use farthing_types::checkout::{CheckoutState, FieldError};
use farthing_types::{PaymentStatus, StepWay};
use js_sys::{JSON, Object, Reflect};
use leptos::prelude::*;
use leptos::task::spawn_local;
use wasm_bindgen::JsValue;
use web_sys::{FormData, HtmlFormElement};

use super::bank;
use super::browser::Fingerprint;
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
    let fields = FormData::new_with_form(form).and_then(|fields| Object::from_entries(&fields));
    let fields = fields.ok().and_then(|fields| {
        let Terms { attempt, version, .. } = model.terms.get_value();
        complete(&fields, &attempt, version)
    });
    deliver(model, fields, None);
}

/// Sends a submit's fields, and says as soon as it is known whether the payment goes on.
pub(super) fn deliver(
    model: Model,
    fields: Option<Object>,
    answered: Option<Box<dyn FnOnce(bool)>>,
) {
    let body = fields.and_then(|fields| JSON::stringify(&fields).ok());
    let path = model.terms.with_value(|terms| terms.path.clone());
    let Some((path, body)) = path.zip(body) else {
        super::refuse(model, errors::NOT_SENT);
        if let Some(answered) = answered {
            answered(false);
        }
        return;
    };
    model.submitting.set(true);
    model.terms.update_value(|terms| terms.turn += 1);
    // The card lives in this one JavaScript string until the request has taken it: never in a signal or an action.
    spawn_local(async move {
        let answer = send(&path, body.into()).await;
        // Taken away meanwhile: the server goes on, and there is nobody to tell.
        if model.submitting.is_disposed() {
            return;
        }
        model.terms.update_value(|terms| terms.turn += 1);
        let goes_on = answer.goes_on();
        let mut answered = answered;
        // A wallet's sheet waits for it, and what follows may lead away from this page.
        if let Some((answered, goes_on)) = answered.take_if(|_| goes_on.is_some()).zip(goes_on) {
            answered(goes_on);
        }
        settle(model, &path, answer).await;
        if !model.submitting.is_disposed() {
            if let Some(answered) = answered {
                let state = model.state.get_untracked();
                let is_open = matches!(state, CheckoutState::Ready { .. });
                answered(!is_open && (!super::is_over(state) || state == CheckoutState::Paid));
            }
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

impl Answer {
    /// Whether the payment goes on; `None` where nobody knows yet.
    fn goes_on(&self) -> Option<bool> {
        match self {
            Self::Payment { status, .. } => {
                Some(!matches!(status, Some(PaymentStatus::Failed | PaymentStatus::Canceled)))
            }
            Self::Refused { .. } => Some(false),
            Self::Unclear => None,
        }
    }
}

/// The shopper's fields with those of the browser and of the page.
pub(super) fn complete(fields: &Object, attempt: &str, version: u32) -> Option<Object> {
    let fingerprint = serde_wasm_bindgen::to_value(&Fingerprint::collect()).ok()?;
    let fields = Object::assign(fields, &Object::from(fingerprint));
    let set = |name: &str, value: &JsValue| Reflect::set(&fields, &name.into(), value).ok();
    set("attempt", &JsValue::from_str(attempt))?;
    set("version", &JsValue::from(version))?;
    Some(fields)
}

async fn send(path: &str, body: JsValue) -> Answer {
    let mut url = String::with_capacity(path.len() + 9);
    url.push_str(path);
    url.push_str("/payments");
    let answer = wire::ask(&url, Some(body), ANSWER_WITHIN).await;
    let Some((_, value)) = answer else { return Answer::Unclear };
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
