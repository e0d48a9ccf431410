//! JavaScript's values, with as little code as there can be: every checkout with wallets loads it.

use js_sys::{Array, Function, Object, Promise, Reflect};
use wasm_bindgen::closure::Closure;
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsCast as _, JsValue};
use web_sys::Window;

/// A function that lives as long as the document. One kind for all of them: each further one would bring its own code.
pub(crate) fn function(f: impl Fn(JsValue) + 'static) -> Function {
    Closure::<dyn Fn(JsValue)>::new(f).into_js_value().unchecked_into()
}

/// A member, whatever it is; undefined if there is none.
pub(crate) fn get(value: &JsValue, name: &str) -> JsValue {
    // Throws on what is no object; that is "not there" too.
    Reflect::get(value, &JsValue::from_str(name)).unwrap_or(JsValue::UNDEFINED)
}

/// A member that is a text.
pub(crate) fn text(value: &JsValue, name: &str) -> Option<String> {
    get(value, name).as_string()
}

/// A list; empty if the value is none.
pub(crate) fn list(value: &JsValue) -> Array {
    if Array::is_array(value) { value.unchecked_ref::<Array>().clone() } else { Array::new() }
}

/// Sets a member of an object of our own.
pub(crate) fn set(object: &JsValue, name: &str, value: &JsValue) {
    // It takes every member.
    let _ = Reflect::set(object, &JsValue::from_str(name), value);
}

/// A message as an object that can be posted.
pub(crate) fn message(kind: &str, members: &[(&str, &JsValue)]) -> JsValue {
    let object = object(members);
    set(&object, "type", &JsValue::from_str(kind));
    object
}

/// An object with these members.
pub(crate) fn object(members: &[(&str, &JsValue)]) -> JsValue {
    let object = JsValue::from(Object::new());
    for (name, value) in members {
        set(&object, name, value);
    }
    object
}

/// Calls one of two functions with what a promise comes to.
pub(crate) fn then(promise: &Promise, done: &Function, failed: &Function) {
    #[wasm_bindgen]
    extern "C" {
        type Thenable;

        #[wasm_bindgen(method, js_name = then)]
        fn then_or(this: &Thenable, done: &Function, failed: &Function) -> JsValue;
    }
    promise.unchecked_ref::<Thenable>().then_or(done, failed);
}

/// How round a button may be at most, CSS pixels: half of its height.
const ROUND: f64 = 26.0;

/// CSS pixels of a text such as `10px`, as far as a button can be so round.
pub(crate) fn radius(text: &JsValue) -> JsValue {
    #[wasm_bindgen]
    extern "C" {
        #[wasm_bindgen(js_name = parseFloat)]
        fn parse_float(text: &JsValue) -> f64;
    }
    #[expect(
        clippy::manual_clamp,
        reason = "`max` makes none of what is no number, `clamp` keeps it"
    )]
    JsValue::from_f64(parse_float(text).max(0.0).min(ROUND))
}

/// Calls a function after so many milliseconds.
pub(crate) fn after(milliseconds: i32, f: &Function) -> Option<i32> {
    window().set_timeout_with_callback_and_timeout_and_arguments_0(f, milliseconds).ok()
}

/// The document's window.
pub(crate) fn window() -> Window {
    #[wasm_bindgen]
    extern "C" {
        #[wasm_bindgen(thread_local_v2, js_name = window)]
        static WINDOW: Window;
    }
    WINDOW.with(Clone::clone)
}
