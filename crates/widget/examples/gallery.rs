//! Writes every page of the plain form to a directory, to be looked at: `cargo run -p farthing-widget --example gallery
//! --features ssr -- DIR`.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a tool for people who work on the pages"
)]

use std::path::PathBuf;

use farthing_types::checkout::{CardEntry, CheckoutState, CheckoutView, Field, FieldError};
use farthing_types::{CustomerField, DeclineCode};
use farthing_widget::{
    HandOver, MessageKind, Opened, PageContext, Refresh, render_checkout, render_message,
    render_refused, render_step,
};

fn view(state: CheckoutState) -> CheckoutView {
    CheckoutView {
        merchant: "Corner Books".to_owned(),
        purpose: Some("Order 10482: two paperbacks and a tote bag".to_owned()),
        amount: 4_850,
        currency: "EUR".parse().unwrap(),
        total: "€48.50".to_owned(),
        version: 1,
        card_entry: CardEntry::Embedded,
        ask: Vec::new(),
        checkout_path: Some("/checkout/cst_0123456789abcdef".to_owned()),
        attempt: "att_0123456789abcdef".to_owned(),
        state,
        payment_id: None,
        payment_status: None,
        step: None,
        wallets: None,
        apple_pay_application_data: None,
        return_url: Some("https://books.example/cart".to_owned()),
        errors: Vec::new(),
        typed: Vec::new(),
    }
}

fn hand_over(opened: Opened) -> HandOver<'static> {
    HandOver { target: "https://bank.example/acs?id=1&n=2", fields: &[], opened, in_modal: false }
}

fn main() {
    let dir = PathBuf::from(std::env::args().nth(1).expect("usage: gallery DIR"));
    std::fs::create_dir_all(&dir).unwrap();
    let ready = CheckoutState::Ready { declined: None, wait_seconds: 0 };
    let path = "/checkout/cst_0123456789abcdef";
    let page = PageContext {
        lang: "en",
        nonce: "gallery",
        refresh: Some(Refresh { seconds: 3, url: path }),
        ..PageContext::default()
    };
    let sandbox = PageContext { sandbox: true, ..page };
    let error = |field, text: &str| FieldError { field, text: text.to_owned() };
    let declined =
        |declined, wait_seconds| CheckoutState::Ready { declined: Some(declined), wait_seconds };

    let everything = CheckoutView { ask: CustomerField::ALL.to_vec(), ..view(ready) };
    let refused = CheckoutView {
        errors: vec![
            error(Field::CardNumber, "Enter a complete card number."),
            error(Field::CardExpiry, "This card has expired."),
            error(Field::CardCode, "Enter the security code."),
            error(
                Field::Customer(CustomerField::Phone),
                "Enter a phone number with its country code.",
            ),
            error(Field::Customer(CustomerField::Country), "Choose a country."),
        ],
        typed: vec![
            (CustomerField::FirstName, "Zoë".to_owned()),
            (CustomerField::LastName, "O'Neill & Söhne".to_owned()),
            (CustomerField::Email, "zoe@mail.example".to_owned()),
            (CustomerField::Phone, "0301234".to_owned()),
            (CustomerField::Address, "Lange Straße 5".to_owned()),
            (CustomerField::Zip, "10115".to_owned()),
            (CustomerField::City, "Berlin".to_owned()),
        ],
        ..everything.clone()
    };
    let changed = CheckoutView {
        errors: vec![error(
            Field::Form,
            "The amount has changed to €48.50. Check it and pay again.",
        )],
        ..view(ready)
    };
    let hosted = CheckoutView { card_entry: CardEntry::Hosted, ..view(ready) };
    let hosted_asks =
        CheckoutView { ask: vec![CustomerField::Email, CustomerField::Country], ..hosted.clone() };
    let long = CheckoutView {
        merchant: "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft & Sons of Aberystwyth".to_owned(),
        purpose: Some("Invoice 2026-000000000000000000000000000000000000000000000001 for a very long list of things".to_owned()),
        amount: 999_999_999_999_999,
        currency: "KWD".parse().unwrap(),
        total: "KWD\u{a0}999,999,999,999.999".to_owned(),
        ask: vec![CustomerField::FirstName, CustomerField::LastName],
        ..view(ready)
    };
    let elsewhere =
        CheckoutView { checkout_path: None, ..view(declined(DeclineCode::Declined, 0)) };
    let waiting_elsewhere = CheckoutView { checkout_path: None, ..view(CheckoutState::Processing) };

    let pages = [
        ("ready", render_checkout(&view(ready), &page)),
        ("ready-sandbox", render_checkout(&view(ready), &sandbox)),
        ("ready-all-fields", render_checkout(&everything, &page)),
        ("ready-errors", render_checkout(&refused, &page)),
        ("ready-changed", render_checkout(&changed, &page)),
        ("ready-long", render_checkout(&long, &page)),
        ("ready-declined", render_checkout(&view(declined(DeclineCode::Declined, 0)), &page)),
        ("ready-wait", render_checkout(&view(declined(DeclineCode::CardTimeLimit, 60)), &page)),
        ("hosted", render_checkout(&hosted, &page)),
        ("hosted-asks", render_checkout(&hosted_asks, &page)),
        ("challenge", render_checkout(&view(CheckoutState::Challenge), &page)),
        ("processing", render_checkout(&view(CheckoutState::Processing), &page)),
        ("review", render_checkout(&view(CheckoutState::Review), &page)),
        ("paid", render_checkout(&view(CheckoutState::Paid), &page)),
        (
            "failed",
            render_checkout(
                &view(CheckoutState::Failed { declined: DeclineCode::Misconfigured }),
                &page,
            ),
        ),
        ("expired", render_checkout(&view(CheckoutState::Expired), &page)),
        ("return-processing", render_checkout(&waiting_elsewhere, &page)),
        ("return-declined", render_checkout(&elsewhere, &page)),
        ("step", render_step(&view(CheckoutState::Challenge), hand_over(Opened::First), &page)),
        (
            "step-again",
            render_step(&view(CheckoutState::Challenge), hand_over(Opened::Again), &page),
        ),
        (
            "step-in-modal",
            render_step(
                &view(CheckoutState::Challenge),
                HandOver { in_modal: true, ..hand_over(Opened::Again) },
                &PageContext { framed: true, ..page },
            ),
        ),
        ("message-back", render_message(MessageKind::Back, &PageContext { framed: true, ..page })),
        ("message-not-available", render_message(MessageKind::NotAvailable, &page)),
        ("message-refused", render_refused(path, &page)),
        ("message-busy", render_message(MessageKind::Busy, &page)),
        ("message-try-again", render_message(MessageKind::TryAgain, &page)),
    ];
    for (name, html) in pages {
        // The page that leads on at once stays for the picture.
        let html =
            html.replace("http-equiv=\"refresh\" content=\"0;", "name=\"refresh\" content=\"");
        std::fs::write(dir.join(name).with_extension("html"), html).unwrap();
    }
}
