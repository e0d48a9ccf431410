//! The checkout as Leptos components.
//!
//! One of the features at a time: `ssr` renders whole pages to text ([`page`]), `hydrate` takes such a page over in the
//! browser, `csr` draws the same components inside another application. Nothing here needs a script to work: the form
//! posts, links lead on and the waiting page refreshes itself.

#![expect(
    clippy::needless_pass_by_value,
    reason = "components own their props: a view outlives the call that made it"
)]

pub mod amount;
pub mod brand_choice;
pub mod card_form;
pub mod checkout;
pub mod countries;
pub mod customer_fields;
pub mod errors;
pub mod event;
pub mod fields;
#[cfg(any(feature = "hydrate", feature = "csr"))]
pub mod form;
pub mod icons;
pub mod link;
#[cfg(any(feature = "hydrate", feature = "csr"))]
pub mod live;
pub mod message;
pub mod model;
pub mod order;
#[cfg(feature = "ssr")]
pub mod page;
pub mod panel;
pub mod pay_form;
pub mod step;
pub mod summary;
pub mod text;
pub mod wallet_buttons;
pub mod wallets;

pub use checkout::Checkout;
pub use event::CheckoutEvent;
#[cfg(feature = "csr")]
pub use live::client::ClientCheckout;
pub use message::MessageKind;
pub use model::Model;
#[cfg(feature = "ssr")]
pub use page::{
    HandOver, Live, PageContext, Refresh, Shell, ShellError, Theme, render_checkout,
    render_message, render_method, render_refused, render_step,
};
#[cfg(feature = "ssr")]
pub use step::Opened;
pub use wallet_buttons::WalletButtons;
#[cfg(feature = "csr")]
pub use wallet_buttons::{ApplePayButton, GooglePayButton};

/// The styles of every page. Small enough to travel with each of them.
#[cfg(any(feature = "ssr", feature = "csr"))]
pub const STYLES: &str = include_str!("../../../www/checkout.css");
