//! The live form: what its inputs do while the shopper types, leaves and submits.
//!
//! Digits stay in their inputs. They are read for the time of a call, into texts that are wiped, and no signal, attribute or message
//! ever holds one.

mod check;
pub(crate) mod control;
mod countdown;
mod focus;
mod watcher;

use leptos::html;
use leptos::prelude::*;
use web_sys::HtmlFormElement;

use crate::model::Model;
use crate::pay_form::CARD;

/// Tells the form that its card fields were emptied.
const CLEARED: &str = "farthing-cleared";

/// Empties the card's fields.
pub fn clear_card(form: &HtmlFormElement) {
    for field in CARD {
        if let Some(input) = control::of(form, field.name()) {
            input.set_value("");
        }
    }
    let bubbles = web_sys::EventInit::new();
    bubbles.set_bubbles(true);
    if let Ok(event) = web_sys::Event::new_with_event_init_dict(CLEARED, &bubbles) {
        // Nobody listens while the form is not alive; then there is nothing to tell.
        let _ = form.dispatch_event(&event);
    }
}

/// Brings the form below `root` to life as soon as the model is; `left` is the seconds until the same card may be tried again.
pub(crate) fn enliven(model: Model, root: NodeRef<html::Div>, left: RwSignal<Option<u16>>) {
    watcher::watch(model, root);
    focus::follow(model, root);
    countdown::run(model, left);
}
