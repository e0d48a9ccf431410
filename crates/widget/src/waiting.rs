//! States that wait: for the bank, or for the gateway's word. Nothing here calls the payment good or bad.

use leptos::prelude::*;

use crate::icons::WaitIcon;
use crate::text;

/// The shopper has to go on at the bank.
#[component]
pub fn Challenge(
    /// `{checkout_path}/step`; `None` where this page may not lead on.
    step_path: Option<String>,
) -> impl IntoView {
    view! {
        <div class="state wait">
            <WaitIcon />
            <h1>{text::CHALLENGE}</h1>
            <p>{text::CHALLENGE_NOTE}</p>
            {step_path.map(|path| view! { <a class="action" href=path>{text::CONTINUE_TO_BANK}</a> })}
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
