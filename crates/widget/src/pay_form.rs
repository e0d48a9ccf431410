//! The form of a session that can be paid.

use farthing_types::checkout::{CardEntry, CheckoutState, CheckoutView};
use leptos::prelude::*;

use crate::card_form::CardForm;
use crate::customer_fields::CustomerFields;
use crate::fields::Ids;
use crate::model::Model;
use crate::summary::{DeclineNotice, ErrorSummary};
use crate::text;

/// The form of a session that can be paid.
#[component]
pub fn PayForm(
    /// What to show.
    view: CheckoutView,
    /// `/checkout/{cst}`; the form posts to `payments` below it.
    path: String,
    /// The mount's ids.
    ids: Ids,
    /// The live part.
    model: Model,
) -> impl IntoView {
    let embedded = view.card_entry == CardEntry::Embedded;
    let fields = embedded || !view.ask.is_empty();
    let notice = match view.state {
        CheckoutState::Ready { declined: Some(declined), wait_seconds } => {
            let focus = view.errors.is_empty();
            Some(
                view! { <DeclineNotice declined=declined wait_seconds=wait_seconds ids=ids.clone() focus=focus /> },
            )
        }
        _ => None,
    };
    let summary = (!view.errors.is_empty()).then(
        || view! { <ErrorSummary errors=view.errors.clone() with_card=embedded ids=ids.clone() /> },
    );
    let card = embedded.then(|| view! { <CardForm ids=ids.clone() errors=view.errors.clone() titled=!view.ask.is_empty() /> });
    let total = model.total;
    let button = move || if embedded { text::pay(&total.get()) } else { text::CONTINUE.to_owned() };
    let note =
        if embedded { text::card_note(&view.merchant) } else { text::HOSTED_NOTE.to_owned() };
    view! {
        <div class="head">
            <h1>{text::form_heading(view.card_entry)}</h1>
            {fields.then(|| view! { <p class="quiet">{text::ALL_REQUIRED}</p> })}
        </div>
        {summary}
        {notice}
        <form method="post" action=format!("{path}/payments") novalidate=true data-brand=embedded.then_some("")>
            <input type="hidden" name="attempt" value=view.attempt />
            <input type="hidden" name="version" value=view.version.to_string() />
            {card}
            <CustomerFields ids=ids ask=view.ask typed=view.typed errors=view.errors />
            <button class="action" type="submit">{button}</button>
            <p class="quiet">{note}</p>
        </form>
    }
}
