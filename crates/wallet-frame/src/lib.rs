//! The wallets' own document: it knows the vendors' interfaces, and is told by the checkout around it what to ask them.
//!
//! Vendors' scripts never run beside card inputs: they run here, in a frame of another origin. The document holds nothing of a
//! session. It shows the buttons, follows their sheets by one state machine ([`flow`]), and hands tokens to the checkout, which pays
//! with them; what the two say to each other stands in `farthing_widget::wallets`.
//!
//! Every checkout with wallets loads this program, so it is a crate of its own: no Leptos, no futures, no formatting, no requests.

mod apple;
mod desk;
pub mod flow;
mod google;
mod js;
mod script;

use farthing_types::Wallet;
use farthing_types::wallet::{HELLO, PROTOCOL};
use js_sys::{Array, JSON};
use wasm_bindgen::JsValue;
use web_sys::{MessageChannel, Window};

use self::desk::Desk;

/// The document's own state as JSON.
const STATE: &str = "farthing-wallets";

/// Starts the document. `None`, and nothing has happened, if it is not the wallets' document in the frame of a checkout.
pub fn start() -> Option<()> {
    let window = js::window();
    let parent = window.parent().ok()?.filter(|parent| parent != &window)?;
    let state = window.document()?.get_element_by_id(STATE)?.text_content()?;
    greet(window, &parent, &JSON::parse(&state).ok()?)
}

/// Reserves the places of the wallets that `config` offers, a [`farthing_types::wallet::WalletFrame`], and greets the checkout in `parent`.
/// Its first terms start the rest. `None`: `config` is none, or this is no browser that could do it.
pub fn greet(window: Window, parent: &Window, config: &JsValue) -> Option<()> {
    let document = window.document()?;
    let origin = js::text(config, "parent")?;
    let offers = Wallet::ALL.map(|wallet| js::get(config, wallet.name()));
    let channel = MessageChannel::new().ok()?;
    let port = channel.port1();
    let offered = offers.each_ref().map(JsValue::is_object);
    for (wallet, offered) in Wallet::ALL.into_iter().zip(offered) {
        if let Some(place) = document.get_element_by_id(wallet.name()).filter(|_| offered) {
            // Kept free from now on, so that nothing moves when the button comes.
            place.remove_attribute("hidden").ok()?;
        }
    }
    // All that follows lives as long as the document.
    let desk: &'static Desk = Box::leak(Box::new(Desk::new(document, port.clone(), offered)));
    let [apple, google] = offers;
    let receive = js::function(move |event| {
        let data = js::get(&event, "data");
        if !desk.receive(&data) {
            return;
        }
        // The checkout does not want Apple Pay where it knows that it cannot come.
        if js::get(&data, Wallet::ApplePay.name()).is_object() {
            desk.apple().prepare(desk, &window, js::text(&apple, "sdk").as_deref());
        } else {
            desk.settle_wallet(Wallet::ApplePay, false);
        }
        if let Some(script) = js::text(&google, "script") {
            desk.google().prepare(desk, &script);
        }
    });
    port.set_onmessage(Some(&receive));
    let hello = js::object(&[(HELLO, &PROTOCOL.into()), ("config", config)]);
    // To the checkout's exact origin: nobody else gets the other end.
    parent.post_message_with_transfer(&hello, &origin, &Array::of1(&channel.port2())).ok()
}
