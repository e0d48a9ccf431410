//! A vendor's script: within a time, and gone without a trace if it does not come.

use js_sys::Function;
use wasm_bindgen::JsCast as _;
use web_sys::{Document, HtmlElement};

use crate::js;

/// How long script and vendor may take to be ready, milliseconds. A wallet that comes later would make the form jump.
const READY_WITHIN: i32 = 8_000;

/// The nonce of the page's policy, which scripts that are added later have to carry. Browsers hide the attribute from everybody but scripts.
pub(crate) fn nonce(document: &Document) -> String {
    let script = document.query_selector("script[nonce]").ok().flatten();
    script.map(|script| script.unchecked_into::<HtmlElement>().nonce()).unwrap_or_default()
}

/// Loads a script, and calls `done` or `failed`: blocked, missing or, for all that has to happen, too late.
pub(crate) fn load(
    document: &Document,
    src: &str,
    anonymous: bool,
    done: &Function,
    failed: &Function,
) -> Option<()> {
    let script = document.create_element("script").ok()?;
    script.unchecked_ref::<HtmlElement>().set_nonce(&nonce(document));
    if anonymous {
        script.set_attribute("crossorigin", "anonymous").ok()?;
    }
    script.set_attribute("src", src).ok()?;
    script.add_event_listener_with_callback("load", done).ok()?;
    script.add_event_listener_with_callback("error", failed).ok()?;
    document.head()?.append_child(&script).ok()?;
    js::after(READY_WITHIN, failed)?;
    Some(())
}
