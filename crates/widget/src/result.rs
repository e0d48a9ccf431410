//! States that nothing follows on this page.

use farthing_types::DeclineCode;
use farthing_types::checkout::CheckoutView;
use leptos::prelude::*;

use crate::icons::{DoneIcon, StopIcon, WaitIcon};
use crate::text;

/// Paid or authorised.
#[component]
pub fn Paid(
    /// What was paid.
    view: CheckoutView,
) -> impl IntoView {
    view! {
        <div class="state good">
            <DoneIcon />
            <h1>{text::PAID}</h1>
            <p>{text::paid_note(&view)}</p>
        </div>
    }
}

/// Failed for good.
#[component]
pub fn Failed(
    /// Why.
    declined: DeclineCode,
) -> impl IntoView {
    view! {
        <div class="state stop">
            <StopIcon />
            <h1>{text::FAILED}</h1>
            <p>{text::failed_note(declined)}</p>
            <p>{text::FAILED_NOTE}</p>
        </div>
    }
}

/// An attempt failed, and this page may not start another one.
#[component]
pub fn NotThrough(
    /// Why, if the gateway said so.
    declined: Option<DeclineCode>,
) -> impl IntoView {
    view! {
        <div class="state stop">
            <StopIcon />
            <h1>{text::NOT_THROUGH}</h1>
            {declined.map(|declined| view! { <p>{declined.advice().text}</p> })}
            <p>{text::NOT_THROUGH_NOTE}</p>
        </div>
    }
}

/// A person has to look: nothing is decided, and the shopper has nothing to do.
#[component]
pub fn Review(
    /// Who looks.
    merchant: String,
) -> impl IntoView {
    view! {
        <div class="state wait">
            <WaitIcon />
            <h1>{text::REVIEW}</h1>
            <p>{text::review_note(&merchant)}</p>
        </div>
    }
}

/// The session ended without a payment.
#[component]
pub fn Expired() -> impl IntoView {
    view! {
        <div class="state">
            <StopIcon />
            <h1>{text::EXPIRED}</h1>
            <p>{text::EXPIRED_NOTE}</p>
        </div>
    }
}
