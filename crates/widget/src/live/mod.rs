//! What makes a mounted checkout live: sending the form, watching the state, telling the page around it.
//!
//! Nothing here keeps card data: the form's fields go from their inputs into one request and nowhere else.

pub(crate) mod bank;
mod browser;
#[cfg(feature = "csr")]
pub mod client;
#[cfg(feature = "hydrate")]
pub mod frame;
mod patience;
mod send;
#[cfg(feature = "wallets")]
pub(crate) mod wallets;
mod watch;
pub mod wire;

use farthing_types::PaymentStatus;
use farthing_types::checkout::{CheckoutState, Field, FieldError};
use leptos::prelude::*;

pub use self::send::submit;
pub use self::watch::Watch;
use self::wire::Status;
use crate::event::CheckoutEvent;
use crate::model::{Model, Terms};
use crate::text;

/// Brings a model to life: from now on it follows the server. Dropping what comes back ends it.
///
/// Needs a reactive owner, which a component has.
pub fn start(model: Model) -> Watch {
    model.live.set(true);
    model.emit(CheckoutEvent::Ready);
    if is_over(model.state.get_untracked()) {
        // Loaded when all was over: whoever embeds the page has heard nothing yet, or hears it twice.
        let Terms { payment_id, payment_status, .. } = model.terms.get_value();
        complete(model, payment_status, payment_id);
    }
    bank::follow(model);
    #[cfg(feature = "wallets")]
    wallets::follow(model);
    let watch = Watch::start(model);
    let follower = watch.clone();
    Effect::new(move |before: Option<&'static str>| {
        let state = model.shown_state();
        if before != Some(state) {
            model.emit(CheckoutEvent::State(state));
            #[cfg(feature = "wallets")]
            wallets::tell();
        }
        // Also the form's own answer may begin a wait.
        if before.is_some_and(|before| before != state) {
            follower.ask_later();
        }
        state
    });
    watch
}

/// Takes over what the server says.
fn apply(model: Model, status: Status) {
    let known = model.terms.get_value();
    let other_payment = status.payment_id.is_some() && status.payment_id != known.payment_id;
    let other_version = status.version != known.version;
    let before = model.state.get_untracked();
    let ready = matches!(status.state, CheckoutState::Ready { .. });
    model.terms.update_value(|terms| {
        terms.version = status.version;
        terms.amount = status.amount;
        terms.step = status.step;
        // The key of an attempt that may be under way is kept: sent again it gives the same answer.
        if let Some(attempt) = status.attempt.filter(|_| other_payment) {
            terms.attempt = attempt;
            terms.application_data = status.application_data;
        }
        // Only a payment that is over for the form is old news: one that was pending may still end and bring the next key.
        if ready {
            terms.payment_id.clone_from(&status.payment_id);
        }
    });
    model.total.set(status.total);
    #[cfg(feature = "wallets")]
    wallets::tell();
    if ready && !known.has_form {
        // This page began in a state without a form: only the server can render one.
        wire::reload();
        return;
    }
    // A pause that has become shorter is no news: the notice counts by itself.
    if other_payment || !same(before, status.state) {
        model.state.set(status.state);
        if is_over(status.state) {
            forget_card(model);
        }
    }
    bank::tell(model);
    if ready && other_version {
        // Said aloud, and nothing more: the shopper goes on typing. A submit carries the version that is on the screen.
        model.notice.set(text::total_changed(&model.total.get_untracked()));
    }
    if let CheckoutState::Ready { declined: Some(code), .. } = status.state
        && other_payment
    {
        model.errors.set(Vec::new());
        model.summary.set(false);
        forget_card(model);
        model.emit(CheckoutEvent::Error {
            code: "declined",
            message: code.advice().text.to_owned(),
        });
    }
    if is_over(status.state) && !same(before, status.state) {
        complete(model, status.payment_status, status.payment_id);
    }
    if status.leaves && !wire::is_framed() {
        wire::reload();
    }
}

fn complete(model: Model, status: Option<PaymentStatus>, payment_id: Option<String>) {
    if let (Some(status), Some(payment_id)) = (status, payment_id) {
        model.emit(CheckoutEvent::Complete { status, payment_id });
    }
}

/// Whether nothing follows any more.
const fn is_over(state: CheckoutState) -> bool {
    matches!(state, CheckoutState::Paid | CheckoutState::Failed { .. } | CheckoutState::Expired)
}

/// Whether two states look alike but for the seconds that are left.
fn same(one: CheckoutState, other: CheckoutState) -> bool {
    match (one, other) {
        (
            CheckoutState::Ready { declined: one, .. },
            CheckoutState::Ready { declined: other, .. },
        ) => one == other,
        (one, other) => one == other,
    }
}

/// Says above the form why nothing was sent or taken.
fn refuse(model: Model, text: &str) {
    show_errors(model, vec![FieldError { field: Field::Form, text: text.to_owned() }]);
}

fn show_errors(model: Model, errors: Vec<FieldError>) {
    model.errors.set(errors);
    model.summary.set(true);
}

fn forget_card(model: Model) {
    if let Some(form) = model.form.get_untracked() {
        crate::form::clear_card(&form);
    }
}
