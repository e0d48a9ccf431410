//! Why a payment failed, as told to shoppers and merchants.

use crate::named::named;

/// Why a payment failed: a closed list that every gateway's codes map to.
///
/// Codes that would tell a thief whether a card works share one text (see `reliability`, carding).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DeclineCode {
    /// The shopper or the issuer did not finish the bank's check.
    AuthenticationFailed,
    /// The shopper pressed Cancel at the bank.
    AuthenticationCanceled,
    /// The shopper did not come back from the bank in time.
    AuthenticationTimeout,
    /// The same card may be tried again only after a pause.
    CardTimeLimit,
    /// The issuer, the processor or a fraud rule said no; also everything unknown.
    Declined,
    /// Our or the gateway's configuration: no card would work.
    Misconfigured,
    /// The request never reached the gateway.
    NotSent,
    /// The gateway never heard of the payment.
    NotAccepted,
    /// The shopper did not fill in the gateway's form in time.
    FormTimeout,
    /// Something technical at the gateway.
    Technical,
    /// The gateway refused the data itself.
    Validation,
}

/// What a shopper is told and may do after a decline.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Advice {
    /// One sentence in plain English.
    pub text: &'static str,
    /// Whether trying again, with this or another card, can help.
    pub may_retry: bool,
    /// How long the retry button is held.
    pub wait_seconds: u16,
}

named! {
    /// The text is not the name of a decline.
    DeclineCode, UnknownDeclineCode, "must be the name of a decline":
    AuthenticationFailed => "authentication_failed",
    AuthenticationCanceled => "authentication_canceled",
    AuthenticationTimeout => "authentication_timeout",
    CardTimeLimit => "card_time_limit",
    Declined => "declined",
    Misconfigured => "misconfigured",
    NotSent => "not_sent",
    NotAccepted => "not_accepted",
    FormTimeout => "form_timeout",
    Technical => "technical",
    Validation => "validation",
}

impl DeclineCode {
    /// All of them.
    pub const ALL: [Self; 11] = [
        Self::AuthenticationFailed,
        Self::AuthenticationCanceled,
        Self::AuthenticationTimeout,
        Self::CardTimeLimit,
        Self::Declined,
        Self::Misconfigured,
        Self::NotSent,
        Self::NotAccepted,
        Self::FormTimeout,
        Self::Technical,
        Self::Validation,
    ];

    /// What to tell the shopper. Every text says that no money was taken, for that is what a shopper fears.
    pub const fn advice(self) -> Advice {
        let (text, may_retry, wait_seconds) = match self {
            Self::AuthenticationFailed => {
                ("Your bank could not confirm that it was you. You have not been charged.", true, 0)
            }
            Self::AuthenticationCanceled => {
                ("The check at your bank was canceled. You have not been charged.", true, 0)
            }
            Self::AuthenticationTimeout => (
                "The check at your bank was not finished in time. You have not been charged.",
                true,
                0,
            ),
            Self::CardTimeLimit => (
                "This card was used a moment ago. You have not been charged. Wait a minute, or use another card.",
                true,
                60,
            ),
            // One text: whether a bank refused the money, the date, the code or the number would tell a thief what is right.
            Self::Declined | Self::Validation => (
                "The payment was declined. You have not been charged. Try another card, or check your details.",
                true,
                0,
            ),
            Self::Misconfigured => (
                "This shop cannot take card payments right now. You have not been charged.",
                false,
                0,
            ),
            Self::NotSent | Self::NotAccepted | Self::Technical => {
                ("The payment could not be made. You have not been charged. Try again.", true, 0)
            }
            Self::FormTimeout => {
                ("The payment form was not filled in in time. You have not been charged.", true, 0)
            }
        };
        Advice { text, may_retry, wait_seconds }
    }
}
