//! Whom, what for and how much: on every page of the checkout, whatever its state.

use leptos::prelude::*;

use crate::text;

/// Merchant, amount and purpose.
#[component]
pub fn Order(
    /// The merchant's name.
    merchant: String,
    /// What is being paid for.
    purpose: Option<String>,
    /// What is paid, as people read it. The merchant may change it while the page is open.
    #[prop(into)]
    total: Signal<String>,
    /// What has changed by itself.
    #[prop(into)]
    notice: Signal<String>,
) -> impl IntoView {
    view! {
        <section class="order" aria-label=text::ORDER>
            <p class="merchant">{merchant}</p>
            <p class="amount">{total}</p>
            <p class="quiet" role="status">{notice}</p>
            {purpose.map(|purpose| view! { <p class="purpose">{purpose}</p> })}
        </section>
    }
}
