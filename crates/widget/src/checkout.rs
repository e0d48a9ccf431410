//! The checkout: the order, and below it whatever its state asks for.

use farthing_types::checkout::{CardEntry, CheckoutState, CheckoutView};
use leptos::html;
use leptos::prelude::*;

use crate::fields::Ids;
use crate::link::{own_path, web_url};
use crate::model::{Model, has_form};
use crate::order::Order;
use crate::panel::{Facts, StatePanel};
use crate::pay_form::PayForm;
use crate::text;

/// The whole checkout as one component. Its root carries `data-state`, and `data-hydrated` once it is alive.
///
/// The form stays in the page, hidden, while another state is shown: after a decline it comes back as it was left, without
/// the card's data.
#[component]
pub fn Checkout(
    /// What to show.
    view: CheckoutView,
    /// The live part; [`Model::new`] makes one of `view`.
    model: Model,
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
    let back_text = text::back_to(&view.merchant);
    let path = view.checkout_path.as_deref().and_then(own_path).map(str::to_owned);
    let order = (view.merchant.clone(), view.purpose.clone());
    let facts = Facts {
        merchant: view.merchant.clone(),
        total: view.total.clone(),
        path: path.clone(),
        check_path: check_path.as_deref().and_then(own_path).map(str::to_owned),
        refresh_seconds,
        hosted: view.card_entry == CardEntry::Hosted,
        live: false,
        step: view.step,
    };
    let form = path.filter(|_| has_form(&view));
    let heading = NodeRef::<html::H1>::new();
    focus_on_change(model, heading);
    view! {
        <div
            class="farthing"
            data-state=Signal::derive(move || model.shown_state())
            data-hydrated=Signal::derive(move || model.live.get().then_some(""))
            node_ref=model.root
        >
            <Order merchant=order.0 purpose=order.1 total=model.total notice=model.notice />
            <main class="panel">
                {form.map(|path| view! { <PayForm view=view path=path ids=ids model=model /> })}
                <StatePanel model=model facts=facts heading=heading />
                {back.map(|url| view! {
                    <p class="back"><a href=url rel="noreferrer" target="_top">{back_text}</a></p>
                })}
            </main>
        </div>
    }
}

/// A state that comes while the page is open takes the focus with its heading: the form that had it is hidden now.
fn focus_on_change(model: Model, heading: NodeRef<html::H1>) {
    Effect::new(move |before: Option<CheckoutState>| {
        let state = model.state.get();
        if before.is_some_and(|before| before != state)
            && let Some(heading) = heading.get_untracked()
        {
            // An element that is not shown takes no focus, and that is fine.
            let _ = heading.focus();
        }
        state
    });
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
