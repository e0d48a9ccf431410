//! The place of the wallets' buttons. The buttons themselves are in a document of their own, see [`crate::wallets`].

#[cfg(any(feature = "csr", test))]
use farthing_types::Wallet;
use farthing_types::wallet::WalletOffer;
use leptos::html;
use leptos::prelude::*;
#[cfg(feature = "csr")]
use wasm_bindgen::JsCast as _;

#[cfg(feature = "csr")]
use crate::model::Model;
use crate::text;

/// The buttons of all wallets that the checkout offers, and the word that leads on to the form below.
///
/// Their height is kept free from the first paint on, in the style sheet. A live checkout puts their document here; without a script
/// the place is not there, and where none of the wallets can be used it goes again.
#[component]
pub fn WalletButtons(
    /// Which wallets, and where their document is.
    offer: WalletOffer,
) -> impl IntoView {
    Place { offer, node: NodeRef::new() }.view()
}

struct Place {
    offer: WalletOffer,
    node: NodeRef<html::Div>,
}

impl Place {
    fn view(self) -> impl IntoView {
        let methods: Vec<&str> = self.offer.methods.iter().map(|wallet| wallet.name()).collect();
        let class = ["wallets ", &methods.join(" ")].concat();
        let built_in = self.offer.apple_pay_built_in_only.then_some("");
        view! {
            <div
                class=class
                data-frame=self.offer.frame
                data-built-in=built_in
                data-or=text::OR
                node_ref=self.node
            ></div>
        }
    }
}

/// Google's own button, alone: pays the session of `model` with Google Pay.
///
/// For applications that lay their checkout out themselves, on the server's own origin. The button stands in a frame of the
/// wallets' origin, so no script of Google's runs in the application's document. Nothing is there where Google Pay is not
/// offered or cannot be used. The model has to be alive, see [`crate::live::start`], and its `root` has to be an element around
/// everything: the way to the bank, which some payments need, is shown in it. Not beside a [`crate::Checkout`] of the same model, which
/// has its own buttons.
#[cfg(feature = "csr")]
#[component]
pub fn GooglePayButton(
    /// [`farthing_types::checkout::CheckoutView::wallets`] of the session.
    offer: Option<WalletOffer>,
    /// The checkout's live part: says what is to be paid, and hears how it goes.
    model: Model,
) -> impl IntoView {
    alone(only(offer, Wallet::GooglePay), model)
}

/// Apple's own button, alone: pays the session of `model` with Apple Pay.
///
/// As [`GooglePayButton`]. Where the browser has no Apple Pay built in, Apple's JavaScript SDK brings it, unless the server's
/// configuration says otherwise.
#[cfg(feature = "csr")]
#[component]
pub fn ApplePayButton(
    /// [`farthing_types::checkout::CheckoutView::wallets`] of the session.
    offer: Option<WalletOffer>,
    /// The checkout's live part: says what is to be paid, and hears how it goes.
    model: Model,
) -> impl IntoView {
    alone(only(offer, Wallet::ApplePay), model)
}

/// A place of its own, in which the wallet's document stands as soon as it is drawn.
#[cfg(feature = "csr")]
fn alone(offer: Option<WalletOffer>, model: Model) -> impl IntoView {
    let node = NodeRef::<html::Div>::new();
    Effect::new(move |_| {
        if let Some(place) = node.get() {
            crate::live::wallets::open(model, place.unchecked_into());
        }
    });
    offer.map(|offer| Place { offer, node }.view())
}

/// The offer of one wallet: its own document at the same origin.
#[cfg(any(feature = "csr", test))]
fn only(offer: Option<WalletOffer>, wallet: Wallet) -> Option<WalletOffer> {
    let offer = offer.filter(|offer| offer.methods.contains(&wallet))?;
    let (before, _) = offer.frame.rsplit_once('/')?;
    let frame = [before, "/", wallet.name()].concat();
    Some(WalletOffer { frame, methods: vec![wallet], ..offer })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_button_alone_has_a_document_with_that_wallet_alone() {
        let offer = WalletOffer {
            frame: "https://wallets.example/wallets/apple_pay+google_pay".to_owned(),
            methods: Wallet::ALL.to_vec(),
            apple_pay_built_in_only: true,
        };
        let google = only(Some(offer.clone()), Wallet::GooglePay).unwrap();
        assert_eq!(google.frame, "https://wallets.example/wallets/google_pay");
        assert_eq!(google.methods, [Wallet::GooglePay]);
        assert_eq!(only(Some(google), Wallet::ApplePay), None);
        assert_eq!(only(None, Wallet::ApplePay), None);
    }
}
