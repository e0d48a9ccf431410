//! What a mounted checkout knows: the few values that change, as signals, and the rest as plain text.
//!
//! No card data is ever here. Digits stay in their inputs until they are sent.

use farthing_types::Brand;
use farthing_types::brand::Brands;
use farthing_types::checkout::{CheckoutState, CheckoutView, Field, FieldError};
use farthing_types::{Currency, CustomerField, PaymentStatus, StepWay};
use leptos::html;
use leptos::prelude::*;

use crate::checkout::state_name;
use crate::event::CheckoutEvent;

/// The live part of one checkout. Cheap to copy: components share it.
#[derive(Clone, Copy, Debug)]
pub struct Model {
    /// What the server says.
    pub state: RwSignal<CheckoutState>,
    /// Whether a submit is under way: from the press of the button until its answer.
    pub submitting: RwSignal<bool>,
    /// Whether the page is alive: on the server and until hydration is over it is not.
    pub live: RwSignal<bool>,
    /// What is to be paid, as the shopper reads it.
    pub total: RwSignal<String>,
    /// What has changed by itself, said once to everybody: in a region that is there from the start.
    pub notice: RwSignal<String>,
    /// What is wrong, in the form's order: beside the inputs and, if `summary` says so, above them.
    pub errors: RwSignal<Vec<FieldError>>,
    /// Whether the summary stands above the form: after a submit, never while the shopper types.
    pub summary: RwSignal<bool>,
    /// What a submit carries, and what is known of the attempt before.
    pub terms: StoredValue<Terms>,
    /// What the card number tells so far.
    pub look: RwSignal<Look>,
    /// What a screen reader is to say, politely: the card's brand, and what is wrong with a field that was just left.
    pub said: RwSignal<String>,
    /// The whole checkout.
    pub root: NodeRef<html::Div>,
    /// The form, where there is one.
    pub form: NodeRef<html::Form>,
    /// Who is told what happens.
    pub listener: StoredValue<Option<Listener>>,
}

/// What the digits of the card number tell, and none of the digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Look {
    /// The brand, once it is known: the one that the shopper chose, else the first of those that share the number.
    pub brand: Option<Brand>,
    /// The brands between which the shopper may choose.
    pub choices: Brands,
    /// Whether every field holds something that could be sent.
    pub complete: bool,
}

impl Look {
    /// Of an empty form.
    pub const NOTHING: Self = Self { brand: None, choices: Brands::NONE, complete: false };
}

/// Told what happens in a checkout.
pub type Listener = Callback<CheckoutEvent>;

/// What a submit carries beside the shopper's fields.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Terms {
    /// Minor units.
    pub amount: u64,
    /// Currency of `amount`.
    pub currency: Currency,
    /// Customer fields that the form asks for.
    pub ask: Vec<CustomerField>,
    /// The session's version that the shopper saw.
    pub version: u32,
    /// The attempt's key.
    pub attempt: String,
    /// Binds an Apple Pay token to `attempt`.
    pub application_data: Option<String>,
    /// `/checkout/{cst}`, on a page that may pay.
    pub path: Option<String>,
    /// The last attempt that this page knows of.
    pub payment_id: Option<String>,
    /// Its status when the page was rendered.
    pub payment_status: Option<PaymentStatus>,
    /// How the way to the bank is shown, while the payment waits for it. Changes before the state does.
    pub step: Option<StepWay>,
    /// Whether this page began what is under way: only then it leads on to the bank by itself.
    pub leads: bool,
    /// Counts what was sent and heard: an answer to an older question is no news any more.
    pub turn: u32,
    /// Whether the page was rendered with a form.
    pub has_form: bool,
}

impl Model {
    /// The model of a page as it was rendered.
    pub fn new(view: &CheckoutView) -> Self {
        Self {
            state: RwSignal::new(view.state),
            submitting: RwSignal::new(false),
            live: RwSignal::new(false),
            total: RwSignal::new(view.total.clone()),
            notice: RwSignal::new(String::new()),
            errors: RwSignal::new(view.errors.clone()),
            summary: RwSignal::new(!view.errors.is_empty()),
            terms: StoredValue::new(Terms {
                amount: view.amount,
                currency: view.currency,
                ask: view.ask.clone(),
                version: view.version,
                attempt: view.attempt.clone(),
                application_data: view.apple_pay_application_data.clone(),
                path: view.checkout_path.clone(),
                payment_id: view.payment_id.clone(),
                payment_status: view.payment_status,
                step: view.step,
                leads: false,
                turn: 0,
                has_form: has_form(view),
            }),
            look: RwSignal::new(Look::NOTHING),
            said: RwSignal::new(String::new()),
            root: NodeRef::new(),
            form: NodeRef::new(),
            listener: StoredValue::new(None),
        }
    }

    /// Tells whoever listens.
    pub fn emit(self, event: CheckoutEvent) {
        if let Some(listener) = self.listener.get_value() {
            listener.run(event);
        }
    }

    /// The value of `data-state`.
    pub fn shown_state(self) -> &'static str {
        if self.submitting.get() { "submitting" } else { state_name(self.state.get()) }
    }

    /// What is wrong with one field.
    pub fn error_of(self, field: Field) -> Option<String> {
        self.errors.with(|errors| {
            errors.iter().find(|error| error.field == field).map(|error| error.text.clone())
        })
    }

    /// Says what is wrong with one field, or that nothing is; the others stay as they are.
    pub fn set_error(self, field: Field, text: Option<String>) {
        if self.errors.with_untracked(|errors| {
            errors.iter().find(|error| error.field == field).map(|error| &error.text)
                == text.as_ref()
        }) {
            return;
        }
        self.errors.update(|errors| {
            errors.retain(|error| error.field != field);
            if let Some(text) = text {
                errors.push(FieldError { field, text });
            }
        });
    }
}

/// Whether a page in this state has a form: on the server only where it can be used at once; a page that begins in another
/// state asks the server for it later. Drawn in the browser it is always there, hidden while another state is shown.
pub(crate) fn has_form(view: &CheckoutView) -> bool {
    view.checkout_path.is_some()
        && (cfg!(feature = "csr") || matches!(view.state, CheckoutState::Ready { .. }))
}
