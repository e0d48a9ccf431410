//! The form of a session that can be paid.
//!
//! It posts by itself, without a script. Once the page is alive, [`crate::form`] watches it as a whole: one set of listeners, so
//! that the inputs stay plain.

use farthing_types::CustomerField;
use farthing_types::checkout::{CardEntry, CheckoutState, CheckoutView, Field};
use leptos::html;
use leptos::prelude::*;

use crate::card_form::CardForm;
use crate::customer_fields::CustomerFields;
use crate::fields::Ids;
use crate::model::Model;
use crate::summary::{DeclineNotice, ErrorSummary};
use crate::text;
use crate::wallet_buttons::WalletButtons;

/// The card's fields, in the form's order; the customer's follow.
pub(crate) const CARD: [Field; 4] =
    [Field::CardNumber, Field::CardExpiry, Field::CardCode, Field::CardHolder];

/// The form of a session that can be paid, with what stands above it. Hidden while another state is shown.
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
    let left = RwSignal::new(wait_of(view.state));
    let root = NodeRef::<html::Div>::new();
    #[cfg(any(feature = "hydrate", feature = "csr"))]
    crate::form::enliven(model, root, left);

    let card = embedded
        .then(|| view! { <CardForm ids=ids.clone() titled=!view.ask.is_empty() model=model /> });
    let busy = Signal::derive(move || model.submitting.get().then_some("true"));
    let button = Signal::derive(move || match (embedded, model.submitting.get()) {
        (true, false) => text::pay(&model.total.get()),
        (true, true) => text::PAYING.to_owned(),
        (false, false) => text::CONTINUE.to_owned(),
        (false, true) => text::CONTINUING.to_owned(),
    });
    let asked: Vec<Field> = embedded
        .then_some(CARD)
        .into_iter()
        .flatten()
        .chain(
            CustomerField::ALL
                .into_iter()
                .filter(|field| view.ask.contains(field))
                .map(Field::Customer),
        )
        .collect();
    let note =
        if embedded { text::card_note(&view.merchant) } else { text::HOSTED_NOTE.to_owned() };
    let hidden = Signal::derive(move || {
        let ready = matches!(model.state.get(), CheckoutState::Ready { .. });
        (!ready).then_some("")
    });
    let brand = Signal::derive(move || {
        embedded.then(|| model.look.get().brand.map_or("", farthing_types::Brand::name))
    });
    let said = Signal::derive(move || model.said.get());
    view! {
        <div class="pay" hidden=hidden node_ref=root>
            {view.wallets.map(|offer| view! { <WalletButtons offer=offer /> })}
            <div class="head">
                <h1>{text::form_heading(view.card_entry)}</h1>
                {fields.then(|| view! { <p class="quiet">{text::ALL_REQUIRED}</p> })}
            </div>
            <ErrorSummary model=model fields=asked ids=ids.clone() />
            <DeclineNotice model=model ids=ids.clone() left=left />
            <form
                method="post"
                action=path + "/payments"
                novalidate=true
                data-brand=brand
                aria-busy=busy
                node_ref=model.form
            >
                <input type="hidden" name="attempt" value=view.attempt />
                <input type="hidden" name="version" value=view.version.to_string() />
                {card}
                <CustomerFields ids=ids ask=view.ask typed=view.typed model=model />
                // There from the start, or nothing would be heard when it fills.
                <p class="unseen" role="status">{said}</p>
                <button class="action" type="submit" aria-disabled=busy>{button}</button>
                <p class="quiet">{note}</p>
            </form>
        </div>
    }
}

/// How long the same card has to rest, if at all.
pub(crate) fn wait_of(state: CheckoutState) -> Option<u16> {
    match state {
        CheckoutState::Ready { declined: Some(_), wait_seconds } if wait_seconds > 0 => {
            Some(wait_seconds)
        }
        _ => None,
    }
}
