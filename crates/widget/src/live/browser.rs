//! The browser's fingerprint that 3-D Secure asks for, as far as only a script knows it.

use serde::Serialize;
use wasm_bindgen::{JsCast as _, JsValue};

/// The `browser_*` fields of a submit; `Accept` and `User-Agent` are headers that the server sees itself.
#[derive(Debug, Serialize)]
#[expect(clippy::struct_field_names, reason = "the fields of the request are called so")]
pub(super) struct Fingerprint {
    /// Always: a script says it.
    browser_js_enabled: bool,
    /// `navigator.javaEnabled()`.
    browser_java_enabled: bool,
    /// `screen.colorDepth`, bits.
    browser_color_depth: i32,
    /// `screen.height`, CSS pixels.
    browser_screen_height: i32,
    /// `screen.width`, CSS pixels.
    browser_screen_width: i32,
    /// `navigator.language`, BCP 47.
    browser_language: Option<String>,
    /// `Date.getTimezoneOffset()`: minutes from local time to UTC.
    browser_time_zone: i32,
}

impl Fingerprint {
    /// Asks the browser.
    pub(super) fn collect() -> Self {
        let window = leptos::prelude::window();
        let navigator = window.navigator();
        let screen = window.screen().ok();
        let screen = screen.as_ref();
        Self {
            browser_js_enabled: true,
            browser_java_enabled: java_enabled(&navigator),
            browser_color_depth: screen.and_then(|screen| screen.color_depth().ok()).unwrap_or(24),
            browser_screen_height: screen.and_then(|screen| screen.height().ok()).unwrap_or(0),
            browser_screen_width: screen.and_then(|screen| screen.width().ok()).unwrap_or(0),
            browser_language: navigator.language(),
            browser_time_zone: time_zone(),
        }
    }
}

/// `javaEnabled` is outside the bindings; browsers without it have no Java.
fn java_enabled(navigator: &JsValue) -> bool {
    js_sys::Reflect::get(navigator, &JsValue::from_str("javaEnabled"))
        .ok()
        .and_then(|method| method.dyn_into::<js_sys::Function>().ok())
        .and_then(|method| method.call0(navigator).ok())
        .is_some_and(|answer| answer.is_truthy())
}

#[expect(clippy::cast_possible_truncation, reason = "minutes between -840 and 720")]
fn time_zone() -> i32 {
    js_sys::Date::new_0().get_timezone_offset() as i32
}
