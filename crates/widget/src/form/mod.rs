//! The live form: what its inputs do while the shopper types.

use wasm_bindgen::JsCast as _;
use web_sys::{HtmlFormElement, HtmlInputElement};

/// The card's fields, by name.
const CARD_FIELDS: [&str; 4] = ["card_number", "card_expiry", "card_code", "card_holder"];

/// Empties the card's fields.
pub fn clear_card(form: &HtmlFormElement) {
    for name in CARD_FIELDS {
        let input = form
            .elements()
            .named_item(name)
            .and_then(|item| item.dyn_into::<HtmlInputElement>().ok());
        if let Some(input) = input {
            input.set_value("");
        }
    }
}
