//! A shop written in Leptos that draws the checkout itself instead of embedding the frame.
//!
//! It has to be served from the checkout server's own origin, behind the same host, and is opened as `/?session=cst_…` with the
//! token of a session that the shop's server has created. A shop on another origin uses the script tag.

use farthing_widget::{CheckoutEvent, ClientCheckout, STYLES};
use leptos::prelude::*;

fn main() {
    mount_to_body(|| view! { <Shop /> });
}

/// The shop's page.
#[component]
fn Shop() -> impl IntoView {
    let news = RwSignal::new(String::new());
    let on_event = Callback::new(move |event| {
        // Only the shop's own server knows whether it was paid: by the webhook, or by asking.
        match event {
            CheckoutEvent::Complete { .. } => {
                news.set("Thank you. We are looking at your order.".to_owned())
            }
            CheckoutEvent::Navigate(path) => {
                // On to the bank, in the whole window.
                let _ = window().location().assign(&path);
            }
            _ => {}
        }
    });
    view! {
        <style>{STYLES}</style>
        <header><h1>{"Corner Books"}</h1></header>
        <p role="status">{news}</p>
        {match session() {
            Some(token) => {
                let path = Signal::stored(format!("/checkout/{token}"));
                view! { <ClientCheckout path=path on_event=on_event /> }.into_any()
            }
            None => view! { <p>{"Open this page with ?session=cst_…"}</p> }.into_any(),
        }}
    }
}

/// The session's token from the page's address.
fn session() -> Option<String> {
    let search = window().location().search().ok()?;
    let token = web_sys::UrlSearchParams::new_with_str(&search).ok()?.get("session")?;
    let plain =
        token.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-');
    plain.then_some(token)
}
