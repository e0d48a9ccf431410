//! Pages that stand without a session.

use leptos::prelude::*;

use crate::text;

/// Why there is no checkout to show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MessageKind {
    /// Unknown, expired and forged links alike (404, 410).
    NotAvailable,
    /// A GET that carried form fields: nothing of it was read (400, 405).
    Refused,
    /// More work than the server takes on (503).
    Busy,
    /// A fault of ours (500).
    TryAgain,
    /// The bank has led back into the checkout's own frame, which now closes.
    Back,
}

/// Heading, sentences and, where it helps, one way on.
#[component]
pub fn Message(
    /// Which message.
    kind: MessageKind,
    /// Where the payment form is, if it is known.
    form_path: Option<String>,
) -> impl IntoView {
    let (heading, sentences) = text::message(kind);
    view! {
        <div class="farthing">
            <main class="panel">
                <h1>{heading}</h1>
                {sentences.iter().map(|sentence| view! { <p>{*sentence}</p> }).collect_view()}
                {form_path.map(|path| view! { <a class="action" href=path>{text::OPEN_FORM}</a> })}
            </main>
        </div>
    }
}
