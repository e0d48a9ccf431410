//! The card's four fields. None of them is ever given a value: what was typed stays with the shopper.

use farthing_types::checkout::Field;
use leptos::prelude::*;

use crate::fields::{FieldGroup, FieldSpec, Ids};
use crate::model::Model;
use crate::text;

/// Number, expiry and code side by side, name.
#[component]
pub fn CardForm(
    /// The mount's ids.
    ids: Ids,
    /// Whether the group is one of two and shows its name; a screen reader hears it in any case.
    titled: bool,
    /// The live part.
    model: Model,
) -> impl IntoView {
    let numeric = |field, label, autocomplete| FieldSpec {
        inputmode: "numeric",
        ..FieldSpec::new(field, label, autocomplete)
    };
    let fields = vec![
        numeric(Field::CardNumber, text::CARD_NUMBER, "cc-number"),
        FieldSpec {
            hint: Some(text::CARD_EXPIRY_HINT),
            half: true,
            ..numeric(Field::CardExpiry, text::CARD_EXPIRY, "cc-exp")
        },
        FieldSpec {
            hint: Some(text::CARD_CODE_HINT),
            half: true,
            ..numeric(Field::CardCode, text::CARD_CODE, "cc-csc")
        },
        FieldSpec {
            autocapitalize: "words",
            ..FieldSpec::new(Field::CardHolder, text::CARD_HOLDER, "cc-name")
        },
    ];
    view! {
        <FieldGroup legend=text::CARD_GROUP titled=titled fields=fields ids=ids model=model />
    }
}
