//! One labelled input with its hint and its error, and the ids that tie them together.

use std::sync::Arc;

use farthing_types::checkout::{Field, FieldError};
use leptos::prelude::*;

use crate::icons::AlertIcon;
use crate::text;

/// The ids of one mounted checkout. A page may hold two of them, so every id carries the mount's prefix.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ids(Arc<str>);

impl Ids {
    /// Ids that start with `prefix`: letters, digits and hyphens, unique on the page.
    pub fn new(prefix: &str) -> Self {
        Self(Arc::from(prefix))
    }

    /// The id of the element called `name`.
    pub fn of(&self, name: &str) -> String {
        format!("{}-{name}", self.0)
    }
}

impl Default for Ids {
    /// The only checkout of its page.
    fn default() -> Self {
        Self::new("farthing")
    }
}

/// The first error of `field`.
pub fn error_of(errors: &[FieldError], field: Field) -> Option<String> {
    errors.iter().find(|error| error.field == field).map(|error| error.text.clone())
}

/// What an input is described by: its hint and its error, as far as there are any.
pub(crate) fn described_by(id: &str, hint: bool, error: bool) -> Option<String> {
    match (hint, error) {
        (false, false) => None,
        (true, false) => Some(format!("{id}-hint")),
        (false, true) => Some(format!("{id}-error")),
        (true, true) => Some(format!("{id}-hint {id}-error")),
    }
}

/// A label, an input or a choice, its hint and its error, in the order in which they are read.
#[component]
pub fn FieldFrame(
    /// The input's id.
    id: String,
    /// Its visible label.
    label: &'static str,
    /// How to fill it in.
    hint: Option<&'static str>,
    /// What is wrong with it.
    error: Option<String>,
    /// The input itself.
    children: Children,
) -> impl IntoView {
    let hint_id = format!("{id}-hint");
    let error_id = format!("{id}-error");
    let bad = error.is_some();
    view! {
        <div class="field" class:bad=bad>
            <label for=id>{label}</label>
            {children()}
            {error.map(|error| view! {
                <p class="field-error" id=error_id>
                    <AlertIcon />
                    <span><span class="unseen">{text::ERROR_PREFIX}</span>{error}</span>
                </p>
            })}
            {hint.map(|hint| view! { <p class="hint" id=hint_id>{hint}</p> })}
        </div>
    }
}

/// A one-line input. Without `value` it never has one: card fields are written only by the shopper.
#[component]
pub fn TextField(
    /// The mount's ids.
    ids: Ids,
    /// The input's `name`, and the last part of its id.
    name: &'static str,
    /// Its visible label.
    label: &'static str,
    /// Its token. Source: HTML, "Autofill", detail tokens.
    autocomplete: &'static str,
    /// `text`, `tel` or `email`.
    #[prop(default = "text")]
    kind: &'static str,
    /// Which keyboard to offer.
    #[prop(default = "text")]
    inputmode: &'static str,
    /// Whether names are capitalised by on-screen keyboards.
    #[prop(default = "none")]
    autocapitalize: &'static str,
    /// How to fill it in.
    #[prop(default = None)]
    hint: Option<&'static str>,
    /// What the shopper typed before.
    #[prop(default = None)]
    value: Option<String>,
    /// What is wrong with it.
    error: Option<String>,
) -> impl IntoView {
    let id = ids.of(name);
    let described = described_by(&id, hint.is_some(), error.is_some());
    let invalid = error.is_some().then_some("true");
    // `aria-required` and not `required`: some screen readers call an untouched required field wrong.
    view! {
        <FieldFrame id=id.clone() label=label hint=hint error=error>
            <input
                id=id
                name=name
                type=kind
                inputmode=inputmode
                autocomplete=autocomplete
                autocapitalize=autocapitalize
                spellcheck="false"
                aria-required="true"
                aria-invalid=invalid
                aria-describedby=described
                value=value
            />
        </FieldFrame>
    }
}
