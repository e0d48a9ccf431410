//! States that wait: for the bank, or for the gateway's word. Nothing here calls the payment good or bad.

use farthing_types::checkout::CardEntry;
use leptos::prelude::*;

use crate::icons::WaitIcon;
use crate::text;

/// The shopper has to go on at the bank.
#[component]
pub fn Challenge(
    /// `{checkout_path}/step`; `None` where this page may not lead on.
    step_path: Option<String>,
    /// Whether the bank or the gateway's form comes next.
    entry: CardEntry,
) -> impl IntoView {
    let (heading, note, action) = text::challenge(entry);
    view! {
        <div class="state wait">
            <WaitIcon />
            <h1>{heading}</h1>
            <p>{note}</p>
            {step_path.map(|path| view! { <a class="action" href=path>{action}</a> })}
        </div>
    }
}

/// The result is not known yet.
#[component]
pub fn Waiting(
    /// Where the state can be read again.
    check_path: Option<String>,
    /// How often the page reloads itself, if it does.
    refresh_seconds: Option<u16>,
) -> impl IntoView {
    view! {
        <div class="state wait">
            <WaitIcon />
            <h1>{text::PROCESSING}</h1>
            <p>{text::PROCESSING_NOTE}</p>
            <p class="quiet">
                {refresh_seconds.map(|seconds| text::refresh_note(seconds) + " ")} {text::PROCESSING_LEAVE}
            </p>
            {check_path.map(|path| view! { <a class="action second" href=path>{text::CHECK_AGAIN}</a> })}
        </div>
    }
}
