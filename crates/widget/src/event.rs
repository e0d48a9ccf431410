//! What a checkout tells the page around it.

use farthing_types::{Brand, PaymentStatus};

/// Something that happened. Never holds anything that was typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CheckoutEvent {
    /// The form is alive.
    Ready,
    /// `data-state` has changed.
    State(&'static str),
    /// What is known of the card has changed.
    Change {
        /// The brand, once there is only one left.
        brand: Option<Brand>,
        /// Whether every field holds something that could be sent.
        complete: bool,
    },
    /// The payment has ended.
    Complete {
        /// How.
        status: PaymentStatus,
        /// `pay_…`.
        payment_id: String,
    },
    /// Something went wrong that the shopper was told.
    Error {
        /// A stable word, such as `declined` or `network`.
        code: &'static str,
        /// What the shopper reads.
        message: String,
    },
    /// The bank's page is shown in front of the checkout and wants room, or is gone again.
    Modal(bool),
    /// The shopper has to go on at this path of our server, in the top window.
    Navigate(String),
}
