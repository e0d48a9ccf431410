//! Every text that a shopper sees, in one place for whoever translates it.
//!
//! Plain English, short sentences. Never more than we know: "accepted" is said of a payment that the gateway
//! confirmed, and while a result is open nothing here calls it good or bad.

use farthing_types::checkout::{CardEntry, CheckoutState, CheckoutView};
use farthing_types::{Brand, CustomerField, DeclineCode};

use crate::MessageKind;

/// Name of the region that says what is paid for.
pub const ORDER: &str = "Your order";
/// Shown on every page of a sandbox.
pub const TEST_MODE: &str = "Test mode: no real money moves.";
/// Name of the group of wallets' buttons, and of their frame.
pub const WALLETS: &str = "Pay with a wallet";
/// Between the wallets' buttons and the form.
pub const OR: &str = "or";
/// Heading of the form when cards are typed here.
pub const PAY_BY_CARD: &str = "Pay by card";
/// Heading of the form when cards are typed at the gateway.
pub const YOUR_PAYMENT: &str = "Your payment";
/// Above the fields.
pub const ALL_REQUIRED: &str = "All fields are required.";
/// While a checkout is being loaded.
pub const LOADING: &str = "Loading secure payment…";
/// A checkout could not be loaded.
pub const NOT_LOADED: &str = "The payment form could not be loaded.";
/// Loads it once more.
pub const TRY_AGAIN: &str = "Try again";
/// Group of the card's fields.
pub const CARD_GROUP: &str = "Card details";
/// Group of the customer's fields.
pub const CUSTOMER_GROUP: &str = "Your details";
/// Label of `card_number`.
pub const CARD_NUMBER: &str = "Card number";
/// Label of `card_expiry`.
pub const CARD_EXPIRY: &str = "Expiry date";
/// Hint of `card_expiry`.
pub const CARD_EXPIRY_HINT: &str = "As printed: MM/YY";
/// Label of `card_code`.
pub const CARD_CODE: &str = "Security code";
/// Hint of `card_code`.
pub const CARD_CODE_HINT: &str = "3 digits on back, 4 on front";
/// Hint of `card_code` when the card is known to have three digits.
pub const CARD_CODE_BACK: &str = "3 digits on the back";
/// Hint of `card_code` when the card is known to have four.
pub const CARD_CODE_FRONT: &str = "4 digits on the front";
/// Asks which brand of a co-badged card is used.
pub const CHOOSE_BRAND: &str = "Pay with (if you have a preference)";
/// Said after the brand of such a card.
pub const MAY_CHOOSE: &str = ". You can choose another brand below the card number.";
/// Label of `card_holder`.
pub const CARD_HOLDER: &str = "Name on card";
/// The empty choice of the country list.
pub const CHOOSE_COUNTRY: &str = "Choose a country";
/// Heading of the error summary.
pub const PROBLEM: &str = "There is a problem";
/// Said before an error beside a field, for those who do not see its colour and icon.
pub const ERROR_PREFIX: &str = "Error: ";
/// Heading of the notice about the attempt before.
pub const DECLINED: &str = "The last payment did not go through";
/// The button while a payment is being sent.
pub const PAYING: &str = "Paying…";
/// The button of the hosted form while it leads on.
pub const CONTINUING: &str = "One moment…";
/// Said when the pause after a decline is over.
pub const TRY_AGAIN_NOW: &str = "You can try the same card again now.";
/// Button of the hosted form.
pub const CONTINUE: &str = "Continue";
/// What follows in hosted mode.
pub const HOSTED_NOTE: &str =
    "You type your card details on the next page, which belongs to the payment gateway.";
/// Heading of the challenge.
pub const CHALLENGE: &str = "Confirm with your bank";
/// The same before an amount, above the bank's page.
pub const CHALLENGE_OF: &str = "Confirm with your bank: ";
/// What the challenge is.
pub const CHALLENGE_NOTE: &str =
    "Your bank wants to be sure that it is you. Confirm the payment there, and you come back here.";
/// Leads to the bank.
pub const CONTINUE_TO_BANK: &str = "Continue to your bank";
/// Leads to the bank once more.
pub const CONTINUE_WITH_BANK: &str = "Continue with your bank";
/// Heading of the way to the gateway's form.
pub const FORM_STEP: &str = "Go on to the payment page";
/// What that page is.
pub const FORM_STEP_NOTE: &str =
    "You type your card details on a page of the payment gateway, and come back here.";
/// Leads to that page.
pub const CONTINUE_TO_FORM: &str = "Continue to the payment page";
/// Heading while a person looks at a payment.
pub const REVIEW: &str = "We are looking into your payment";
/// What that means for the shopper.
pub const REVIEW_NOTE: &str = "Please do not pay again.";
/// Said above errors: card fields come back empty.
pub const TYPE_CARD_AGAIN: &str = "For your safety, please type the card details again.";
/// Heading of the waiting page.
pub const PROCESSING: &str = "Your payment is being confirmed";
/// What to do while waiting.
pub const PROCESSING_NOTE: &str =
    "This usually takes a few seconds, at times some minutes. Please do not pay again.";
/// Nobody has to keep the page open.
pub const PROCESSING_LEAVE: &str =
    "You may also close this page: the shop is told the result either way.";
/// Leads back to the bank from a page that waits for its result.
pub const NOT_DONE_AT_BANK: &str = "Not done at your bank? Go on there";
/// Closes the window with the bank's page.
pub const CLOSE: &str = "Close";
/// Stands where the bank's page will be.
pub const CONNECTING: &str = "Connecting to your bank…";
/// The bank's page takes long.
pub const STUCK: &str = "Is nothing here, or does it not go on?";
/// Opens the bank's page in the whole window.
pub const WHOLE_WINDOW: &str = "Continue in a full window";
/// Reloads the state.
pub const CHECK_AGAIN: &str = "Check again";
/// Heading after success.
pub const PAID: &str = "Payment accepted";
/// Heading after the last failure.
pub const FAILED: &str = "The payment failed";
/// What it means for this page.
pub const FAILED_NOTE: &str =
    "No further attempt can be made on this page. Go back to the shop to start again.";
/// Heading of a result page whose session may still be paid elsewhere.
pub const NOT_THROUGH: &str = "The payment did not go through";
/// What to do on that page.
pub const NOT_THROUGH_NOTE: &str = "Go back to the shop to try again.";
/// Heading after the session's end.
pub const EXPIRED: &str = "This checkout has expired";
/// What it means.
pub const EXPIRED_NOTE: &str = "No payment was made. Go back to the shop to start again.";
/// Heading of the hand-over page.
pub const STEP: &str = "Taking you to your bank";
/// What the hand-over page does.
pub const STEP_NOTE: &str =
    "Your bank asks you to confirm this payment. If nothing happens, use the button.";
/// Heading of the hand-over page when opened again.
pub const STEP_AGAIN: &str = "Your bank is waiting for you";
/// What it says then.
pub const STEP_AGAIN_NOTE: &str = "We asked the payment gateway: this payment is still open. Go on at your bank, or look for the result if you are done there.";
/// Leads from a refused address back to the form.
pub const OPEN_FORM: &str = "Open the payment form";

/// The label of a customer field.
pub const fn customer_label(field: CustomerField) -> &'static str {
    match field {
        CustomerField::FirstName => "First name",
        CustomerField::LastName => "Last name",
        CustomerField::Address => "Street and number",
        CustomerField::City => "City",
        CustomerField::Zip => "Postal code",
        CustomerField::Country => "Country",
        CustomerField::Phone => "Phone",
        CustomerField::Email => "Email",
    }
}

/// The hint of a customer field, where its form is not plain.
pub const fn customer_hint(field: CustomerField) -> Option<&'static str> {
    match field {
        CustomerField::Phone => Some("With country code, such as +49 30 901820"),
        _ => None,
    }
}

/// The amount of a view as people read it.
pub fn amount(view: &CheckoutView) -> &str {
    &view.total
}

/// The pay button.
pub fn pay(total: &str) -> String {
    format!("Pay {total}")
}

/// The merchant changed the amount while the page was open.
pub fn total_changed(total: &str) -> String {
    format!("The total has changed: it is now {total}.")
}

/// The link out of the checkout.
pub fn back_to(merchant: &str) -> String {
    format!("Back to {merchant}")
}

/// Who sees the card, said below the button.
pub fn card_note(merchant: &str) -> String {
    format!("{merchant} passes your card details on to its payment gateway and does not keep them.")
}

/// What was accepted.
pub fn paid_note(total: &str, merchant: &str) -> String {
    format!("Your payment of {total} to {merchant} was accepted.")
}

/// How long the same card has to rest.
pub fn wait_hint(seconds: u16) -> String {
    match seconds {
        0 => TRY_AGAIN_NOW.to_owned(),
        1 => "The same card can be tried again in 1 second.".to_owned(),
        _ => format!("The same card can be tried again in {seconds} seconds."),
    }
}

/// The hint of `card_code`: where it stands on the card, once the brand is known.
pub const fn code_hint(brand: Option<Brand>) -> &'static str {
    match brand {
        Some(brand) if brand.code().len == 4 => CARD_CODE_FRONT,
        Some(_) => CARD_CODE_BACK,
        None => CARD_CODE_HINT,
    }
}

/// How often the waiting page looks by itself.
pub fn refresh_note(seconds: u16) -> String {
    match seconds {
        0 | 1 => "This page looks for the result every second.".to_owned(),
        seconds => format!("This page looks for the result every {seconds} seconds."),
    }
}

/// The heading of the form.
pub const fn form_heading(entry: CardEntry) -> &'static str {
    match entry {
        CardEntry::Embedded => PAY_BY_CARD,
        CardEntry::Hosted => YOUR_PAYMENT,
    }
}

/// Heading, explanation and button of the page that leads on: to the bank, or to the gateway's form.
pub const fn challenge(entry: CardEntry) -> (&'static str, &'static str, &'static str) {
    match entry {
        CardEntry::Embedded => (CHALLENGE, CHALLENGE_NOTE, CONTINUE_TO_BANK),
        CardEntry::Hosted => (FORM_STEP, FORM_STEP_NOTE, CONTINUE_TO_FORM),
    }
}

/// Heading, explanation and button of the hand-over page, opened for the first time or again.
pub const fn step(
    entry: CardEntry,
    opened: crate::step::Opened,
) -> (&'static str, &'static str, &'static str) {
    use crate::step::Opened;
    match (entry, opened) {
        (CardEntry::Hosted, _) => (FORM_STEP, FORM_STEP_NOTE, CONTINUE_TO_FORM),
        (CardEntry::Embedded, Opened::First) => (STEP, STEP_NOTE, CONTINUE_TO_BANK),
        (CardEntry::Embedded, Opened::Again) => (STEP_AGAIN, STEP_AGAIN_NOTE, CONTINUE_WITH_BANK),
    }
}

/// Who goes on while a person looks.
pub fn review_note(merchant: &str) -> String {
    format!("{merchant} will tell you how it ends. {REVIEW_NOTE}")
}

/// Why a payment failed for good.
pub const fn failed_note(declined: DeclineCode) -> &'static str {
    declined.advice().text
}

/// The document's title: what changed first, then whom and how much (WCAG 2.2, 2.4.2).
pub fn title(view: &CheckoutView) -> String {
    let order = format!("{} to {}", amount(view), view.merchant);
    match view.state {
        CheckoutState::Ready { .. } if view.checkout_path.is_none() => {
            format!("{NOT_THROUGH}: {order}")
        }
        CheckoutState::Ready { .. } if !view.errors.is_empty() => {
            format!("{ERROR_PREFIX}Pay {order}")
        }
        CheckoutState::Ready { declined: Some(_), .. } => format!("{DECLINED}: {order}"),
        CheckoutState::Ready { declined: None, .. } => format!("Pay {order}"),
        CheckoutState::Challenge => format!("{}: {order}", challenge(view.card_entry).0),
        CheckoutState::Processing => format!("{PROCESSING}: {order}"),
        CheckoutState::Review => format!("{REVIEW}: {order}"),
        CheckoutState::Paid => format!("{PAID}: {order}"),
        CheckoutState::Failed { .. } => format!("{FAILED}: {order}"),
        CheckoutState::Expired => format!("{EXPIRED}: {order}"),
    }
}

/// Heading and sentences of a page without a session.
pub const fn message(kind: MessageKind) -> (&'static str, &'static [&'static str]) {
    match kind {
        // One text for unknown, expired and forged links: it must not tell which of them a guess has hit.
        MessageKind::NotAvailable => (
            "This page is not available",
            &[
                "The link is not valid, or no longer. Go back to the shop to see your order or to start again.",
            ],
        ),
        MessageKind::Refused => (
            "This payment was not made",
            &[
                "Payment details came as part of a web address. That is not safe, so they were not read and nothing was charged.",
                "Please type your details into the payment form itself.",
                "The address may still be in your browser's history. If it held your card details, delete it there.",
            ],
        ),
        MessageKind::Busy => (
            "Too busy right now",
            &[
                "Too many payments are being made at this moment. Please wait a few seconds and load this page again.",
            ],
        ),
        MessageKind::Back => ("One moment", &["Your payment is being looked up."]),
        MessageKind::TryAgain => (
            "Something went wrong",
            &[
                "This is our fault, not yours. Please load this page again in a moment.",
                "If you had already sent a payment, loading the page again shows its result and does not pay twice.",
            ],
        ),
    }
}

/// A wallet's name, which is never translated.
#[cfg(feature = "wallets")]
pub const fn wallet(wallet: farthing_types::Wallet) -> &'static str {
    match wallet {
        farthing_types::Wallet::ApplePay => "Apple Pay",
        farthing_types::Wallet::GooglePay => "Google Pay",
    }
}

/// A wallet's sheet has ended without a payment, and not because the shopper wanted it so.
#[cfg(feature = "wallets")]
pub fn wallet_failed(which: farthing_types::Wallet) -> String {
    let rest = " could not be used. You have not been charged. Try again, or pay another way.";
    [wallet(which), rest].concat()
}
