//! Whom, what for and how much: on every page of the checkout, whatever its state.

use farthing_types::checkout::CheckoutView;
use leptos::prelude::*;

use crate::text;

/// Merchant, amount and purpose.
#[component]
pub fn Order(
    /// What is paid.
    view: CheckoutView,
) -> impl IntoView {
    let amount = view.total;
    view! {
        <section class="order" aria-label=text::ORDER>
            <p class="merchant">{view.merchant}</p>
            <p class="amount">{amount}</p>
            {view.purpose.map(|purpose| view! { <p class="purpose">{purpose}</p> })}
        </section>
    }
}
