//! The card's four fields. None of them is ever given a value: what was typed stays with the shopper.

use farthing_types::checkout::{Field, FieldError};
use leptos::prelude::*;

use crate::fields::{Ids, TextField, error_of};
use crate::text;

/// Number, expiry and code side by side, name.
#[component]
pub fn CardForm(
    /// The mount's ids.
    ids: Ids,
    /// What the last submit was refused for.
    errors: Vec<FieldError>,
    /// Whether the group is one of two and shows its name; a screen reader hears it in any case.
    titled: bool,
) -> impl IntoView {
    let error = |field| error_of(&errors, field);
    view! {
        <fieldset>
            <legend class:unseen=!titled>{text::CARD_GROUP}</legend>
            <TextField
                ids=ids.clone()
                name=Field::CardNumber.name()
                label=text::CARD_NUMBER
                autocomplete="cc-number"
                inputmode="numeric"
                error=error(Field::CardNumber)
            />
            <div class="pair">
                <TextField
                    ids=ids.clone()
                    name=Field::CardExpiry.name()
                    label=text::CARD_EXPIRY
                    autocomplete="cc-exp"
                    inputmode="numeric"
                    hint=Some(text::CARD_EXPIRY_HINT)
                    error=error(Field::CardExpiry)
                />
                <TextField
                    ids=ids.clone()
                    name=Field::CardCode.name()
                    label=text::CARD_CODE
                    autocomplete="cc-csc"
                    inputmode="numeric"
                    hint=Some(text::CARD_CODE_HINT)
                    error=error(Field::CardCode)
                />
            </div>
            <TextField
                ids=ids
                name=Field::CardHolder.name()
                label=text::CARD_HOLDER
                autocomplete="cc-name"
                autocapitalize="words"
                error=error(Field::CardHolder)
            />
        </fieldset>
    }
}
