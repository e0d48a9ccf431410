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

/// Says what happens, with a link or a button for browsers that do not go on by themselves.
#[component]
pub fn Step(
    /// What is paid.
    view: CheckoutView,
    /// The bank's or gateway's address, already checked by [`crate::link::web_url`].
    target: String,
    /// What is posted there; nothing is asked for with a GET.
    fields: Vec<(String, String)>,
    /// First or again.
    opened: Opened,
    /// Whether the checkout is around it already, and says what is paid.
    in_modal: bool,
    /// Where the result can be looked for.
    check_path: Option<String>,
) -> impl IntoView {
    let (heading, note, action) = text::step(view.card_entry, opened);
    let link = fields.is_empty().then(|| {
        view! { <a class="action" href=target.clone() rel="noreferrer">{action}</a> }
    });
    let form = (!fields.is_empty()).then(|| {
        view! {
            <form method="post" action=target>
                <Hidden fields=fields />
                <button class="action" type="submit">{action}</button>
            </form>
        }
    });
    let order = (!in_modal).then(|| {
        view! { <Order merchant=view.merchant purpose=view.purpose total=view.total notice=String::new() /> }
    });
    view! {
        <div class="farthing" data-state="challenge">
            {order}
            <main class="panel">
                <div class="state wait">
                    <MarkIcon strokes=Some(Mark::Wait.strokes()) />
                    <h1>{heading}</h1>
                    <p>{note}</p>
                    {link}
                    {form}
                    {check_path.map(|path| view! { <a class="action second" href=path>{text::CHECK_AGAIN}</a> })}
                </div>
            </main>
        </div>
    }
}

/// The issuer's look at the browser: a form that nobody sees, in a frame that nobody sees.
#[component]
pub fn Method(
    /// The issuer's page, already checked by [`crate::link::web_url`].
    target: String,
    /// What is posted there.
    fields: Vec<(String, String)>,
) -> impl IntoView {
    view! {
        <form method="post" action=target data-state="challenge">
            <Hidden fields=fields />
        </form>
    }
}

#[component]
fn Hidden(fields: Vec<(String, String)>) -> impl IntoView {
    fields
        .into_iter()
        .map(|(name, value)| view! { <input type="hidden" name=name value=value /> })
        .collect_view()
}
