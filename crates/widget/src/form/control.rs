//! Inputs as the form's code sees them.

use farthing_types::checkout::Field;
use farthing_types::format::{self, Edit};
use wasm_bindgen::JsCast as _;
use web_sys::{HtmlFormElement, HtmlInputElement};
use zeroize::Zeroizing;

/// The input or choice called `name`, if the form asks for it.
///
/// A `<select>` comes as an input: of both, only `name` and `value` are used, which they share.
pub(crate) fn of(form: &HtmlFormElement, name: &str) -> Option<HtmlInputElement> {
    form.elements().named_item(name).map(wasm_bindgen::JsCast::unchecked_into)
}

/// What stands in it, for the time of a call.
pub(super) fn text(control: &HtmlInputElement) -> Zeroizing<String> {
    Zeroizing::new(control.value())
}

/// Whether it has the focus. Asked of the element itself, for it may stand in a shadow tree.
pub(super) fn is_focused(control: &HtmlInputElement) -> bool {
    control.matches(":focus").unwrap_or(false)
}

/// Shows a card field as cards print it, and keeps the caret beside the same digit. Other fields stay as they were typed.
pub(super) fn tidy(field: Field, control: &HtmlInputElement, edit: Edit) {
    let format = match field {
        Field::CardNumber => format::card_number,
        Field::CardExpiry => format::expiry,
        Field::CardCode => format::security_code,
        _ => return,
    };
    let typed = text(control);
    let caret = control.selection_start().ok().flatten().map_or(usize::MAX, |caret| caret as usize);
    let edited = format(&typed, caret, edit);
    if *edited.text == *typed {
        return;
    }
    control.set_value(&edited.text);
    // Elsewhere the caret is nobody's, and in some browsers moving it takes the focus.
    if is_focused(control) {
        let caret = u32::try_from(edited.caret).unwrap_or(u32::MAX);
        // Text inputs always have a selection.
        let _ = control.set_selection_range(caret, caret);
    }
}

/// Tells the form that a value was put in, as a password manager does.
#[cfg(feature = "wallets")]
pub(crate) fn tell_changed(control: &HtmlInputElement) {
    let bubbles = web_sys::EventInit::new();
    bubbles.set_bubbles(true);
    if let Ok(event) = web_sys::Event::new_with_event_init_dict("input", &bubbles) {
        // Nobody listens while the form is not alive; then there is nothing to tell.
        let _ = control.dispatch_event(&event);
    }
}

/// The element that an event happened to.
pub(super) fn target(event: &web_sys::Event) -> Option<web_sys::Element> {
    event.target()?.dyn_into().ok()
}
