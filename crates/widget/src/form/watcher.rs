//! One set of listeners for the whole form: formatting, the card's brand, errors when a field is left, submit.

use std::cell::Cell;
use std::rc::Rc;

use farthing_types::checkout::{Field, FieldError};
use farthing_types::format::Edit;
use farthing_types::{Brand, CustomerField};
use gloo_timers::callback::Timeout;
use leptos::html;
use leptos::prelude::*;
use wasm_bindgen::JsCast as _;
use wasm_bindgen::closure::Closure;
use web_sys::{Event, FocusEvent, HtmlElement, HtmlFormElement, HtmlInputElement, InputEvent};

use super::check::{Month, brand_of, check};
use super::{CLEARED, control};
use crate::brand_choice::CARD_BRAND;
use crate::event::CheckoutEvent;
use crate::model::{Look, Model};
use crate::pay_form::CARD;
use crate::text;

/// What the form listens to. All of them bubble.
const EVENTS: [&str; 7] =
    ["input", "change", "compositionend", "focusout", "submit", "click", CLEARED];
/// How long a field that is left for no other field waits for its error, milliseconds. What appears moves what stands below: a link or
/// button that is being pressed must not slip away from under the pointer.
const PRESS: u32 = 250;
/// Listens from the moment when the page is alive until the form is taken away.
pub(super) fn watch(model: Model, root: NodeRef<html::Div>) {
    Effect::new(move |_| {
        if !model.live.get() {
            return;
        }
        let (Some(root), Some(form)) = (root.get_untracked(), model.form.get_untracked()) else {
            return;
        };
        let watcher = Rc::new(Watcher { model, form: form.unchecked_into(), filled: Cell::new(0) });
        watcher.adopt();
        // `Fn`: a handler that moves the focus is called again, for `focusout`, before it is done.
        let listener = Closure::<dyn Fn(Event)>::new(move |event| watcher.handle(&event));
        for name in EVENTS {
            // Elements always take listeners.
            let _ = root.add_event_listener_with_callback(name, listener.as_ref().unchecked_ref());
        }
        let listening = StoredValue::new_local((root, listener));
        on_cleanup(move || {
            listening.with_value(|(root, listener)| {
                for name in EVENTS {
                    let _ = root.remove_event_listener_with_callback(
                        name,
                        listener.as_ref().unchecked_ref(),
                    );
                }
            });
        });
    });
}

/// The form while it is alive.
struct Watcher {
    model: Model,
    form: HtmlFormElement,
    /// Which fields have had content, one bit each: leaving an empty one that never had any is no mistake.
    filled: Cell<u16>,
}

impl Watcher {
    fn handle(self: &Rc<Self>, event: &Event) {
        match event.type_().as_str() {
            "submit" => self.submit(event),
            "focusout" => self.leave(event),
            "click" => jump(event),
            CLEARED => self.adopt(),
            "input" => {
                let (edit, composing) = event.dyn_ref::<InputEvent>().map_or(
                    // Autofill and password managers send plain events.
                    (Edit::Other, false),
                    |event| (Edit::of_input_type(&event.input_type()), event.is_composing()),
                );
                if !composing {
                    self.edit(event, edit);
                }
            }
            "compositionend" => self.edit(event, Edit::Insert),
            // Comes when a field is left after typing, and is all that some password managers send.
            _ => self.edit(event, Edit::Other),
        }
    }

    /// The fields that this form asks for, in its order.
    fn fields(&self) -> impl Iterator<Item = (Field, HtmlInputElement)> {
        CARD.into_iter()
            .chain(CustomerField::ALL.into_iter().map(Field::Customer))
            .filter_map(|field| Some((field, control::of(&self.form, field.name())?)))
    }

    /// Takes what stands in the inputs as it is: typed before the page was alive, filled in, or nothing.
    fn adopt(&self) {
        self.filled.set(0);
        for (field, input) in self.fields() {
            control::tidy(field, &input, Edit::Other);
            self.note(field, &input);
        }
        self.look(None);
    }

    fn note(&self, field: Field, input: &HtmlInputElement) {
        if !control::text(input).is_empty() {
            self.filled.set(self.filled.get() | bit(field));
        }
    }

    /// Something was typed, pasted, filled in or chosen.
    fn edit(&self, event: &Event, edit: Edit) {
        let Some(element) = control::target(event) else { return };
        let Some(name) = element.get_attribute("name") else { return };
        let input: HtmlInputElement = element.unchecked_into();
        if name == CARD_BRAND {
            self.look(input.value().parse().ok());
            return;
        }
        let Ok(field) = name.parse::<Field>() else { return };
        control::tidy(field, &input, edit);
        self.note(field, &input);
        self.look(None);
        if event.type_() == "change" {
            return;
        }
        self.forgive(field);
        if field == Field::CardNumber {
            // How long the code is depends on the brand.
            self.forgive(Field::CardCode);
        }
    }

    /// What is wrong with a field as it stands.
    fn check(&self, field: Field) -> Option<String> {
        let input = control::of(&self.form, field.name())?;
        check(field, &control::text(&input), self.brand(), Month::now())
    }

    /// The brand that the number tells, whatever was chosen.
    fn brand(&self) -> Option<Brand> {
        brand_of(&control::text(&control::of(&self.form, Field::CardNumber.name())?))
    }

    /// Takes an error away as soon as its field is right. While the shopper types, none appears and none changes.
    fn forgive(&self, field: Field) {
        let shown = self
            .model
            .errors
            .with_untracked(|errors| errors.iter().any(|error| error.field == field));
        if shown && self.check(field).is_none() {
            self.model.set_error(field, None);
        }
    }

    /// Looks at the number: its brand, and whether there is a choice. `chosen` is what the shopper has just chosen.
    fn look(&self, chosen: Option<Brand>) {
        let number = control::of(&self.form, Field::CardNumber.name());
        let number = number.map(|input| control::text(&input)).unwrap_or_default();
        let before = self.model.look.get_untracked();
        let choices = Brand::choices(&number);
        let brand = brand_of(&number);
        if choices != before.choices {
            self.forget_choice();
        }
        let kept = before.brand.filter(|_| choices == before.choices);
        let now = Look {
            brand: chosen.or(kept).filter(|brand| choices.contains(*brand)).or(brand),
            choices,
            complete: self.fields().all(|(field, _)| self.check(field).is_none()),
        };
        if now == before {
            return;
        }
        self.model.look.set(now);
        if let Some(brand) = now.brand
            && (Some(brand) != before.brand || choices != before.choices)
        {
            let mut said = brand.label().to_owned();
            if !choices.is_empty() && chosen.is_none() {
                said.push_str(text::MAY_CHOOSE);
            }
            self.model.said.set(said);
        }
        self.model.emit(CheckoutEvent::Change { brand: now.brand, complete: now.complete });
    }

    /// A brand that was chosen for another number is chosen no more; hidden buttons would be sent too.
    fn forget_choice(&self) {
        let chosen = self.form.query_selector(&["[name=", CARD_BRAND, "]:checked"].concat());
        if let Ok(Some(chosen)) = chosen {
            chosen.unchecked_ref::<HtmlInputElement>().set_checked(false);
        }
    }

    /// The focus has left a field.
    fn leave(self: &Rc<Self>, event: &Event) {
        let Some(element) = control::target(event) else { return };
        let Some(Ok(field)) = element.get_attribute("name").map(|name| name.parse::<Field>())
        else {
            return;
        };
        let input: HtmlInputElement = element.unchecked_into();
        let next = event.unchecked_ref::<FocusEvent>().related_target();
        let next = next.and_then(|next| next.dyn_into::<web_sys::Element>().ok());
        let to_a_field = next
            .and_then(|next| next.get_attribute("name"))
            .is_some_and(|name| name.parse::<Field>().is_ok());
        if to_a_field {
            self.judge(field, &input);
            return;
        }
        let watcher = Rc::clone(self);
        Timeout::new(PRESS, move || {
            // Another window is no other field: the shopper looks at the card, or copies from somewhere.
            let away = !document().has_focus().unwrap_or(true);
            // Gone, or being sent: then nothing is to be said any more.
            let busy = watcher.model.submitting.try_get_untracked().unwrap_or(true);
            if !(away || busy || control::is_focused(&input)) {
                watcher.judge(field, &input);
            }
        })
        .forget();
    }

    /// Says what is wrong with a field that was left.
    fn judge(&self, field: Field, input: &HtmlInputElement) {
        control::tidy(field, input, Edit::Other);
        if self.filled.get() & bit(field) == 0 {
            return;
        }
        // What the server found wrong stays until something is changed.
        if let Some(error) = self.check(field) {
            self.model.said.set(error.clone());
            self.model.set_error(field, Some(error));
        }
    }

    fn submit(&self, event: &Event) {
        event.prevent_default();
        // Pressed twice: the first one counts.
        if self.model.submitting.get_untracked() {
            return;
        }
        let mut errors = Vec::new();
        for (field, input) in self.fields() {
            control::tidy(field, &input, Edit::Other);
            self.note(field, &input);
            if let Some(text) = self.check(field) {
                errors.push(FieldError { field, text });
            }
        }
        self.look(None);
        let refused = !errors.is_empty();
        self.model.errors.set(errors);
        self.model.summary.set(refused);
        if !refused {
            crate::live::submit(self.model, &self.form);
        }
    }
}

const fn bit(field: Field) -> u16 {
    match field {
        Field::CardNumber => 1,
        Field::CardExpiry => 1 << 1,
        Field::CardCode => 1 << 2,
        Field::CardHolder => 1 << 3,
        Field::Form => 0,
        Field::Customer(field) => 1 << (4 + field as u16),
    }
}

/// A line of the summary leads to its input, without a new entry in the browser's history.
fn jump(event: &Event) {
    let Some(link) =
        control::target(event).and_then(|target| target.closest("a[href^='#']").ok()?)
    else {
        return;
    };
    let href = link.get_attribute("href").unwrap_or_default();
    let id = href.trim_start_matches('#');
    let root = link.get_root_node();
    // The root is a document or a shadow tree: both can be searched.
    let found = root
        .unchecked_ref::<web_sys::DocumentFragment>()
        .query_selector(&["[id='", id, "']"].concat())
        .ok()
        .flatten();
    if let Some(input) = found {
        event.prevent_default();
        let _ = input.unchecked_ref::<HtmlElement>().focus();
    }
}
