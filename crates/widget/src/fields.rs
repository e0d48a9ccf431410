//! One labelled input with its hint and its error, and the ids that tie them together.

use std::sync::Arc;

use farthing_types::CustomerField;
use farthing_types::checkout::Field;
use leptos::attr::Attribute;
use leptos::either::Either;
use leptos::prelude::*;

use crate::brand_choice::BrandChoice;
use crate::countries;
use crate::model::Model;
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
        let mut id = String::with_capacity(self.0.len() + 1 + name.len());
        id.push_str(&self.0);
        id.push('-');
        id.push_str(name);
        id
    }
}

impl Default for Ids {
    /// The only checkout of its page.
    fn default() -> Self {
        Self::new("farthing")
    }
}

/// A field in words: all fields of the form are drawn by one view.
#[derive(Clone, PartialEq, Eq)]
pub struct FieldSpec {
    /// Which field; its name is the input's `name` and the last part of its id.
    pub field: Field,
    /// The visible label.
    pub label: &'static str,
    /// The input's token. Source: HTML, "Autofill", detail tokens.
    pub autocomplete: &'static str,
    /// `text`, `tel` or `email`.
    pub kind: &'static str,
    /// Which keyboard to offer.
    pub inputmode: &'static str,
    /// Whether on-screen keyboards capitalise: `none`, `words` or `characters`.
    pub autocapitalize: &'static str,
    /// How to fill it in.
    pub hint: Option<&'static str>,
    /// Whether it shares its line with a neighbour that does so too, where there is room for both.
    pub half: bool,
    /// What the shopper typed before. Card fields never have one.
    pub value: Option<String>,
}

impl FieldSpec {
    /// A plain text field on a line of its own.
    pub const fn new(field: Field, label: &'static str, autocomplete: &'static str) -> Self {
        Self {
            field,
            label,
            autocomplete,
            kind: "text",
            inputmode: "text",
            autocapitalize: "none",
            hint: None,
            half: false,
            value: None,
        }
    }
}

impl std::fmt::Debug for FieldSpec {
    /// What was typed is personal data: it is not printed.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("FieldSpec(")?;
        f.write_str(self.field.name())?;
        f.write_str(")")
    }
}

/// Fields that belong together, under one name.
#[component]
pub fn FieldGroup(
    /// The name; a screen reader says it with the group's first field.
    legend: &'static str,
    /// Whether the name is shown.
    titled: bool,
    /// The fields, in order.
    fields: Vec<FieldSpec>,
    /// The mount's ids.
    ids: Ids,
    /// The live part.
    model: Model,
) -> impl IntoView {
    let fields = fields
        .into_iter()
        .map(|spec| view! { <FormField spec=spec ids=ids.clone() model=model /> })
        .collect_view();
    view! {
        <fieldset>
            <legend class=if titled { "title" } else { "unseen" }>{legend}</legend>
            <div class="fields">{fields}</div>
        </fieldset>
    }
}

/// A label, an input or a choice, its error and its hint, in the order in which they are read.
///
/// The places of error and hint are always there: what describes the input never changes its name, and a browser that takes the page
/// over has only texts to change.
#[component]
pub fn FormField(
    /// The field.
    spec: FieldSpec,
    /// The mount's ids.
    ids: Ids,
    /// The live part.
    model: Model,
) -> impl IntoView {
    let FieldSpec { field, label, hint, half, .. } = spec;
    let id = ids.of(field.name());
    let error_id = ids.of(field.name()) + "-error";
    let hint_id = ids.of(field.name()) + "-hint";
    let mut described = error_id.clone();
    if hint.is_some() {
        described.push(' ');
        described.push_str(&hint_id);
    }
    let error = Signal::derive(move || model.error_of(field).unwrap_or_default());
    let right = Signal::derive(move || model.error_of(field).is_none().then_some(""));
    // The code's hint follows the card's brand; the others stay.
    let hint = hint.map(|hint| {
        let hint = Signal::derive(move || match field {
            Field::CardCode => text::code_hint(model.look.get().brand).to_owned(),
            _ => hint.to_owned(),
        });
        view! { <p class="hint" id=hint_id>{hint}</p> }
    });
    let choice =
        (field == Field::CardNumber).then(|| view! { <BrandChoice model=model ids=ids.clone() /> });
    let for_id = id.clone();
    view! {
        <div class=if half { "field half" } else { "field" }>
            <label for=for_id>{label}</label>
            <Control spec=spec id=id described=described model=model />
            <p class="field-error" hidden=right>
                <span class="unseen">{text::ERROR_PREFIX}</span>
                <span id=error_id>{error}</span>
            </p>
            {hint}
            {choice}
        </div>
    }
}

/// The input itself. Without a value it never has one: card fields are written only by the shopper.
#[component]
fn Control(spec: FieldSpec, id: String, described: String, model: Model) -> impl IntoView {
    let field = spec.field;
    let invalid = Signal::derive(move || model.error_of(field).is_some().then_some("true"));
    let class = match field {
        Field::CardNumber => "control number",
        Field::Customer(CustomerField::Country) => "control choice",
        _ => "control",
    };
    let control = if field == Field::Customer(CustomerField::Country) {
        let options = countries::options(spec.value.as_deref().unwrap_or_default());
        Either::Left(view! {
            <select {..of_choice(spec, id, described)} aria-invalid=invalid inner_html=options />
        })
    } else {
        let readonly = Signal::derive(move || model.submitting.get().then_some(""));
        Either::Right(view! {
            <input {..of_input(spec, id, described)} aria-invalid=invalid readonly=readonly />
        })
    };
    view! { <span class=class>{control}</span> }
}

// What never changes is in place on a page that is taken over, and costs it nothing.
#[cfg(feature = "hydrate")]
fn of_choice(_: FieldSpec, _: String, _: String) -> impl Attribute {}

#[cfg(feature = "hydrate")]
fn of_input(_: FieldSpec, _: String, _: String) -> impl Attribute {}

/// What never changes about a choice.
#[cfg(not(feature = "hydrate"))]
fn of_choice(spec: FieldSpec, id: String, described: String) -> impl Attribute {
    // `aria-required` and not `required`: some screen readers call an untouched required field wrong.
    view! {
        <{..}
            id=id
            name=spec.field.name()
            autocomplete=spec.autocomplete
            aria-required="true"
            aria-describedby=described
        />
    }
}

/// What never changes about an input.
#[cfg(not(feature = "hydrate"))]
fn of_input(spec: FieldSpec, id: String, described: String) -> impl Attribute {
    view! {
        <{..}
            id=id
            name=spec.field.name()
            type=spec.kind
            inputmode=spec.inputmode
            autocomplete=spec.autocomplete
            autocapitalize=spec.autocapitalize
            spellcheck="false"
            aria-required="true"
            aria-describedby=described
            value=spec.value
        />
    }
}
