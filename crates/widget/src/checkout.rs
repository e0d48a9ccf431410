//! The checkout: the order, and below it whatever its state asks for.

use farthing_types::checkout::{CardEntry, CheckoutState, CheckoutView};
use leptos::either::Either;
use leptos::prelude::*;

use crate::card_form::CardForm;
use crate::customer_fields::CustomerFields;
use crate::fields::Ids;
use crate::link::{own_path, web_url};
use crate::order::Order;
use crate::result::{Expired, Failed, NotThrough, Paid, Review};
use crate::summary::{DeclineNotice, ErrorSummary};
use crate::text;
use crate::waiting::{Challenge, Waiting};

/// The whole checkout as one component. Its root carries `data-state`.
#[component]
pub fn Checkout(
    /// What to show.
    view: CheckoutView,
    /// The mount's ids, if the page holds more than one checkout.
    #[prop(default = Ids::default())]
    ids: Ids,
    /// Where the state can be read again, if not on the checkout's own path.
    #[prop(default = None)]
    check_path: Option<String>,
    /// How often the page reloads itself while it waits.
    #[prop(default = None)]
    refresh_seconds: Option<u16>,
) -> impl IntoView {
    let back = view.return_url.as_deref().and_then(web_url).map(str::to_owned);
    let merchant = view.merchant.clone();
    let path = view.checkout_path.as_deref().and_then(own_path).map(str::to_owned);
    let order = view.clone();
    let state = state_name(view.state);
    let body = match view.state {
        CheckoutState::Ready { declined, .. } => match path {
            Some(path) => view! { <PayForm view=view path=path ids=ids /> }.into_any(),
            None => view! { <NotThrough declined=declined /> }.into_any(),
        },
        CheckoutState::Challenge => {
            let entry = view.card_entry;
            view! { <Challenge step_path=path.map(|path| path + "/step") entry=entry /> }.into_any()
        }
        CheckoutState::Processing => {
            let check_path = check_path.as_deref().and_then(own_path).map(str::to_owned).or(path);
            view! { <Waiting check_path=check_path refresh_seconds=refresh_seconds /> }.into_any()
        }
        CheckoutState::Review => view! { <Review merchant=view.merchant /> }.into_any(),
        CheckoutState::Paid => view! { <Paid view=view /> }.into_any(),
        CheckoutState::Failed { declined } => match path {
            Some(_) => view! { <Failed declined=declined /> }.into_any(),
            // The result view cannot pay, but the session behind it may: it must not say otherwise.
            None => view! { <NotThrough declined=Some(declined) /> }.into_any(),
        },
        CheckoutState::Expired => view! { <Expired /> }.into_any(),
    };
    view! {
        <div class="farthing" data-state=state>
            <Order view=order />
            <main class="panel">
                {body}
                {back.map(|url| view! {
                    <p class="back"><a href=url rel="noreferrer">{text::back_to(&merchant)}</a></p>
                })}
            </main>
        </div>
    }
}

/// The value of `data-state`.
pub const fn state_name(state: CheckoutState) -> &'static str {
    match state {
        CheckoutState::Ready { .. } => "ready",
        CheckoutState::Challenge => "challenge",
        CheckoutState::Processing | CheckoutState::Review => "processing",
        CheckoutState::Paid => "paid",
        CheckoutState::Failed { .. } => "failed",
        CheckoutState::Expired => "expired",
    }
}

/// The form of a session that can be paid.
#[component]
pub fn PayForm(
    /// What to show.
    view: CheckoutView,
    /// `/checkout/{cst}`; the form posts to `payments` below it.
    path: String,
    /// The mount's ids.
    ids: Ids,
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
    let summary = (!view.errors.is_empty())
        .then(|| view! { <ErrorSummary errors=view.errors.clone() with_card={view.card_entry == CardEntry::Embedded} ids=ids.clone() /> });
    let card = embedded.then(|| view! { <CardForm ids=ids.clone() errors=view.errors.clone() titled=!view.ask.is_empty() /> });
    let (button, note) = if embedded {
        (Either::Left(text::pay(&view)), Either::Left(text::card_note(&view.merchant)))
    } else {
        (Either::Right(text::CONTINUE), Either::Right(text::HOSTED_NOTE))
    };
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
