//! The hand-over to the bank: a page without card fields, because it alone may lead to a foreign host.

use farthing_types::checkout::CheckoutView;
use leptos::prelude::*;

use crate::icons::{Mark, MarkIcon};
use crate::order::Order;
use crate::text;

/// How the hand-over page was opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Opened {
    /// For the first time: the browser is sent on at once.
    First,
    /// Again: the gateway was asked, the payment is still open, and the shopper decides.
    Again,
}

/// Says what happens, with a link for browsers that do not follow by themselves.
#[component]
pub fn Step(
    /// What is paid.
    view: CheckoutView,
    /// The bank's or gateway's address, already checked by [`crate::link::web_url`].
    target: String,
    /// First or again.
    opened: Opened,
    /// Where the result can be looked for.
    check_path: Option<String>,
) -> impl IntoView {
    let (heading, note, action) = text::step(view.card_entry, opened);
    view! {
        <div class="farthing" data-state="challenge">
            <Order merchant=view.merchant purpose=view.purpose total=view.total notice=String::new() />
            <main class="panel">
                <div class="state wait">
                    <MarkIcon strokes=Some(Mark::Wait.strokes()) />
                    <h1>{heading}</h1>
                    <p>{note}</p>
                    <a class="action" href=target rel="noreferrer">{action}</a>
                    {check_path.map(|path| view! { <a class="action second" href=path>{text::CHECK_AGAIN}</a> })}
                </div>
            </main>
        </div>
    }
}
