//! The frame: a page that the server rendered, taken over where it stands.

use js_sys::{Function, Object, Reflect};
use leptos::prelude::*;
use leptos::tachys::hydration::Cursor;
use leptos::tachys::view::PositionState;
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast as _, JsValue};

use super::{Watch, wire};
use crate::checkout::Checkout;
use crate::event::CheckoutEvent;
use crate::model::Model;
use crate::panel::REFRESH_SECONDS;

/// The element whose only child is what [`Checkout`] rendered.
pub const ROOT: &str = "farthing-app";
/// The page's own state as JSON.
pub const STATE: &str = "farthing-state";

/// Takes the page over, or throws: the start script hears it, and the page goes on as a plain one.
pub fn run() {
    if hydrate().is_none() {
        wasm_bindgen::throw_str("this page is no checkout");
    }
}

/// Takes the page over. `None`, and nothing has happened, if it is no checkout: the plain form goes on working.
pub fn hydrate() -> Option<()> {
    let document = document();
    let root = document.get_element_by_id(ROOT)?;
    let text = document.get_element_by_id(STATE)?.text_content()?;
    let view = wire::view(&js_sys::JSON::parse(&text).ok()?)?;
    // The executor may be there already; then it is the one that we want.
    let _ = any_spawner::Executor::init_wasm_bindgen();
    let owner = Owner::new();
    let mounted = owner.with(|| {
        let model = Model::new(&view);
        model.listener.set_value(Some(Callback::new(post)));
        // What the server's page says of its own reloads is taken back once the page watches by itself.
        let state =
            view! { <Checkout view=view model=model refresh_seconds=Some(REFRESH_SECONDS) /> }
                .into_view()
                .hydrate::<true>(&Cursor::new(root.unchecked_into()), &PositionState::default());
        follow_the_page(model, super::start(model));
        state
    });
    // The page's own life is theirs.
    Box::leak(Box::new((owner, mounted)));
    Some(())
}

/// Pages are put aside and brought back: meanwhile nothing is watched, and the card is gone.
fn follow_the_page(model: Model, watch: Watch) {
    let window = window();
    let paused = watch.clone();
    let hide = Closure::<dyn FnMut()>::new(move || {
        // Browsers keep what stands in inputs with the session's history, on disk too.
        super::forget_card(model);
        paused.pause();
    });
    let show = Closure::<dyn FnMut(web_sys::PageTransitionEvent)>::new(
        move |event: web_sys::PageTransitionEvent| {
            if event.persisted() {
                watch.resume();
            }
        },
    );
    for (name, callback) in [("pagehide", hide.as_ref()), ("pageshow", show.as_ref())] {
        // A window always takes listeners.
        let _ = window.add_event_listener_with_callback(name, callback.unchecked_ref());
    }
    hide.forget();
    show.forget();
}

/// Hands an event to the page around the frame, through what `www/frame/boot.js` has set up.
fn post(event: CheckoutEvent) {
    let message = Object::new();
    let set = |name: &str, value: &JsValue| {
        // An object of our own takes every member.
        let _ = Reflect::set(&message, &JsValue::from_str(name), value);
    };
    let kind = match event {
        CheckoutEvent::Ready => "ready",
        CheckoutEvent::State(state) => {
            set("state", &state.into());
            "state"
        }
        CheckoutEvent::Change { brand, complete } => {
            let brand = brand.map_or(JsValue::NULL, |brand| brand.name().into());
            set("brand", &brand);
            set("complete", &complete.into());
            "change"
        }
        CheckoutEvent::Complete { status, payment_id } => {
            set("status", &status.name().into());
            set("paymentId", &payment_id.into());
            "complete"
        }
        CheckoutEvent::Error { code, message } => {
            set("code", &code.into());
            set("message", &message.into());
            "error"
        }
        CheckoutEvent::Modal(open) => {
            set("open", &open.into());
            "modal"
        }
        CheckoutEvent::Navigate(path) => {
            set("path", &path.into());
            "navigate"
        }
    };
    set("type", &kind.into());
    let farthing = Reflect::get(&window(), &"farthing".into());
    let post = farthing.and_then(|farthing| {
        Reflect::get(&farthing, &"post".into())?.dyn_into::<Function>()?.call1(&farthing, &message)
    });
    // Without the boot script there is nobody to tell; the page itself goes on.
    drop(post);
}
