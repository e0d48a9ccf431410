//! The pages as the server renders them.

use std::path::PathBuf;

use farthing_types::checkout::{CardEntry, CheckoutState, CheckoutView, Field, FieldError};
use farthing_types::wallet::WalletOffer;
use farthing_types::{CustomerField, DeclineCode, PaymentStatus, Wallet};
use farthing_widget::panel::REFRESH_SECONDS;
use farthing_widget::{Checkout, Model};
use leptos::prelude::*;

fn view(state: CheckoutState) -> CheckoutView {
    CheckoutView {
        merchant: "Tea & Sons".to_owned(),
        purpose: Some("Order 42".to_owned()),
        amount: 1_050,
        currency: "EUR".parse().unwrap(),
        total: "€10.50".to_owned(),
        version: 3,
        card_entry: CardEntry::Embedded,
        ask: Vec::new(),
        checkout_path: Some("/checkout/cst_page".to_owned()),
        attempt: "att_page_key".to_owned(),
        state,
        payment_id: None,
        payment_status: None,
        step: None,
        wallets: None,
        apple_pay_application_data: None,
        return_url: Some("https://shop.example/".to_owned()),
        errors: Vec::new(),
        typed: Vec::new(),
    }
}

fn pages() -> Vec<(&'static str, CheckoutView)> {
    let ready = CheckoutState::Ready { declined: None, wait_seconds: 0 };
    let wrong = |field, text: &str| FieldError { field, text: text.to_owned() };
    vec![
        ("ready", view(ready)),
        ("asks", CheckoutView { ask: CustomerField::ALL.to_vec(), ..view(ready) }),
        ("hosted", CheckoutView { card_entry: CardEntry::Hosted, ..view(ready) }),
        (
            "wallets",
            CheckoutView {
                wallets: Some(WalletOffer {
                    frame: "https://wallets.example/wallets/apple_pay+google_pay".to_owned(),
                    methods: Wallet::ALL.to_vec(),
                    apple_pay_built_in_only: true,
                }),
                apple_pay_application_data: Some("AAEC".to_owned()),
                ..view(ready)
            },
        ),
        (
            "refused",
            CheckoutView {
                ask: vec![CustomerField::Email],
                typed: vec![(CustomerField::Email, "ann@example".to_owned())],
                errors: vec![
                    wrong(Field::CardNumber, "Enter the card number."),
                    wrong(Field::Customer(CustomerField::Email), "Check the e-mail address."),
                ],
                ..view(ready)
            },
        ),
        (
            "declined",
            CheckoutView {
                payment_id: Some("pay_1".to_owned()),
                payment_status: Some(PaymentStatus::Failed),
                ..view(CheckoutState::Ready {
                    declined: Some(DeclineCode::CardTimeLimit),
                    wait_seconds: 40,
                })
            },
        ),
        ("challenge", view(CheckoutState::Challenge)),
        ("processing", view(CheckoutState::Processing)),
        ("review", view(CheckoutState::Review)),
        ("paid", view(CheckoutState::Paid)),
        ("failed", view(CheckoutState::Failed { declined: DeclineCode::Misconfigured })),
        ("expired", view(CheckoutState::Expired)),
    ]
}

/// The root's content and the state, as they stand in the page.
fn rendered(view: &CheckoutView) -> String {
    let owner = Owner::new();
    let html = owner.with(|| {
        let view = view.clone();
        let model = Model::new(&view);
        let seconds = (view.state == CheckoutState::Processing).then_some(REFRESH_SECONDS);
        view! { <Checkout view=view model=model refresh_seconds=seconds /> }.to_html()
    });
    let state = serde_json::to_string(view).unwrap().replace('<', "\\u003c");
    format!(
        "<div id=\"farthing-app\">{html}</div>\n<script type=\"application/json\" id=\"farthing-state\">{state}</script>\n"
    )
}

#[test]
fn the_pages_that_the_browser_takes_over_are_what_the_server_renders() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/hydration/pages");
    let bless = std::env::var_os("FARTHING_BLESS").is_some();
    for (name, view) in pages() {
        let (file, html) = (folder.join(name).with_extension("html"), rendered(&view));
        if bless {
            std::fs::create_dir_all(&folder).unwrap();
            std::fs::write(&file, html).unwrap();
        } else {
            let kept = std::fs::read_to_string(&file).unwrap_or_default();
            assert!(
                kept == html,
                "{name} has changed: run this test with FARTHING_BLESS=1 and look at the difference"
            );
        }
    }
}
