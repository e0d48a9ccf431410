//! The switches: `PUT /_control/faults` takes any part of [`Faults`] and leaves the rest as it is.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use url::Url;

use super::{AcsFaults, ApplePayFaults, GooglePayFaults};

/// Every switch of the sandbox. The default is what the gateway's documents show.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Faults {
    /// How the issuer's pages behave.
    pub acs: AcsFaults,
    /// Base of `acsurl`, to which the path of the issuer's page is added; `None` is the sandbox itself. Any URL, to test what is refused.
    pub acs_base: Option<Url>,
    /// What the gateway takes of Apple Pay, and how Apple's host and script behave.
    pub apple_pay: ApplePayFaults,
    /// Whether one card may be used only once in 60 seconds (`CARD_TIME_LIMIT_PROCESSING_ERROR`).
    pub card_time_limit: bool,
    /// How callbacks are sent.
    pub callbacks: CallbackFaults,
    /// What [`ReplyFault::percent`] is drawn from: the same number draws the same row again.
    pub chance_seed: u64,
    /// Whether `/check` also finds a payment by the processing id.
    pub check_by_processing_id: bool,
    /// Whether `/check` tells the step that is open.
    pub check_step: bool,
    /// HTTP code of `/check` for an order that nobody knows, 200 to 599.
    pub check_unknown_http: u16,
    /// Makes every card decided from now on fail with this code: one of the 19 documented ones, or any other text.
    pub fail_code: Option<String>,
    /// What was finally taken, as replies and callbacks say; `smaller_by` also shrinks the charge in the ledger.
    pub final_amount: FinalAmount,
    /// Base of `form_url`, to which the processing id is added; `None` is the sandbox itself. Any URL, to test allow-lists.
    pub form_base: Option<Url>,
    /// What the gateway takes of Google Pay, and how Google's script behaves.
    pub google_pay: GooglePayFaults,
    /// What the reply to a card payment tells the shopper to do.
    pub next_step: NextStep,
    /// Which id the replies to payment requests call `order_id`; `/check` says the merchant's.
    pub order_id_echo: OrderIdEcho,
    /// HTTP code of refused requests: 200, 400 or 422 are the ones worth trying.
    pub refusal_http: u16,
    /// Faults of single replies; the first entries come first, and several may hit one reply.
    pub replies: Vec<ReplyFault>,
    /// When the money of a payment without challenge is taken.
    pub settle: Settle,
    /// Leaves `termUrl` out of a 3-D Secure 1 step, which cannot work without it.
    pub term_url_absent: bool,
    /// How long a shopper may take, by the sandbox's clock.
    pub timeouts: Timeouts,
    /// What `/check` answers until the shopper has taken the first step: 0 ("waiting for redirect") or 1 (older documents).
    pub waiting_status: u8,
    /// Whether a wallet's payment that proves the device is asked for a step too, like a card without a challenge.
    pub wallet_step: bool,
}

impl Default for Faults {
    fn default() -> Self {
        Self {
            acs: AcsFaults::default(),
            acs_base: None,
            apple_pay: ApplePayFaults::default(),
            card_time_limit: false,
            callbacks: CallbackFaults::default(),
            chance_seed: 0,
            check_by_processing_id: false,
            check_step: true,
            check_unknown_http: 200,
            fail_code: None,
            final_amount: FinalAmount::Equal,
            form_base: None,
            google_pay: GooglePayFaults::default(),
            next_step: NextStep::FormUrl,
            order_id_echo: OrderIdEcho::Merchant,
            refusal_http: 200,
            replies: Vec::new(),
            settle: Settle::OnVisit,
            term_url_absent: false,
            timeouts: Timeouts::default(),
            waiting_status: 0,
            wallet_step: false,
        }
    }
}

/// What the reply to a card payment tells the shopper to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NextStep {
    /// Post `creq` to `acsurl` (3-D Secure 2). Cards without a challenge are decided in the reply.
    Creq,
    /// Go to `form_url`, whatever the card.
    FormUrl,
    /// Nothing: status 2 or -1 is in the reply. Cards with a challenge still go to `form_url`.
    Frictionless,
    /// Post `threeDSMethodData` to `acsurl`, whatever the card. Then a challenge goes on with `creq`.
    Method,
    /// Post `threeDSMethodData` to `acsurl`, whatever the card. Then a challenge goes on with `form_url`.
    MethodFormUrl,
    /// Post `paReq` to `acsurl` (3-D Secure 1). Cards without a challenge are decided in the reply.
    PaReq,
}

/// When the money of a payment without challenge is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Settle {
    /// As soon as the request is accepted, before the reply.
    OnAccept,
    /// When the shopper opens `form_url`.
    OnVisit,
}

/// Which id a reply calls `order_id`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OrderIdEcho {
    /// None.
    Absent,
    /// The merchant's.
    Merchant,
    /// The gateway's own, 24 hexadecimal digits.
    Processing,
}

/// What `finalAmount` says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FinalAmount {
    /// It is left out.
    Absent,
    /// The amount of the order.
    Equal,
    /// So many minor units less than the order's amount, at least zero.
    SmallerBy(u64),
}

impl FinalAmount {
    /// What is taken of an order of `amount` minor units.
    pub fn of(self, amount: u64) -> u64 {
        match self {
            Self::Absent | Self::Equal => amount,
            Self::SmallerBy(less) => amount.saturating_sub(less),
        }
    }
}

/// Time-outs in seconds of the sandbox's clock. No document gives any.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Timeouts {
    /// From opening the issuer's page to coming back: `3DS_TIMEOUT_PROCESSING_ERROR`.
    pub challenge_seconds: u32,
    /// From `initPayment` to typing a card: `FORM_TIMEOUT_PROCESSING_ERROR`.
    pub form_seconds: u32,
    /// From the reply to the end of the device data step, without which the gateway then goes on.
    pub method_seconds: u32,
    /// From the reply, or the end of the device data step, to opening `form_url` or the issuer's page, and from the one to the other:
    /// `3DS_REDIRECT_TIMEOUT_PROCESSING_ERROR`.
    pub redirect_seconds: u32,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            challenge_seconds: 600,
            form_seconds: 1800,
            method_seconds: 10,
            redirect_seconds: 600,
        }
    }
}

/// How callbacks are sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CallbackFaults {
    /// Sends the callback of a payment that is decided on acceptance, and waits for its answer, before the reply.
    pub before_reply: bool,
    /// Waits so long before the first one: real milliseconds.
    pub delay_ms: u64,
    /// Encoding of the body.
    pub encoding: CallbackEncoding,
    /// Sends none; the ledger lists them as lost.
    pub lose: bool,
    /// How often the final callback is sent; 0 is the same as `lose`.
    pub repeat: u32,
    /// Statuses announced, correctly signed, after the final one: `[-1]` is a stale failure.
    pub statuses_after: Vec<i64>,
    /// Statuses announced, correctly signed, before the final one.
    pub statuses_before: Vec<i64>,
    /// Leaves `sign` out.
    pub unsigned: bool,
    /// Writes `sign` in capital letters.
    pub uppercase_sign: bool,
    /// Signs with another secret.
    pub wrong_sign: bool,
}

impl Default for CallbackFaults {
    fn default() -> Self {
        Self {
            before_reply: false,
            delay_ms: 0,
            encoding: CallbackEncoding::Form,
            lose: false,
            repeat: 1,
            statuses_after: Vec::new(),
            statuses_before: Vec::new(),
            unsigned: false,
            uppercase_sign: false,
            wrong_sign: false,
        }
    }
}

/// Encoding of a callback's body.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CallbackEncoding {
    /// `application/x-www-form-urlencoded`, as documented.
    Form,
    /// `application/json`, with numbers as numbers.
    Json,
}

/// Which calls a [`ReplyFault`] hits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Endpoint {
    /// Any of them.
    Both,
    /// `/check`.
    Check,
    /// `/initPaymentHost2Host` and `/initPayment`.
    Pay,
}

impl Endpoint {
    /// Whether a fault for `self` hits a call of `other`.
    pub fn covers(self, other: Self) -> bool {
        self == Self::Both || self == other
    }
}

/// One fault of replies.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ReplyFault {
    /// The calls it hits.
    pub on: Endpoint,
    /// How many more requests it hits; `None` is all of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub count: Option<u32>,
    /// In how many of a hundred requests it hits, by [`Faults::chance_seed`]; `None` is in each.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub percent: Option<u8>,
    /// What it does.
    #[serde(flatten)]
    pub kind: ReplyKind,
}

impl ReplyFault {
    /// A fault for every call.
    pub fn always(on: Endpoint, kind: ReplyKind) -> Self {
        Self { on, count: None, percent: None, kind }
    }

    /// A fault for the next `count` calls.
    pub fn next(count: u32, on: Endpoint, kind: ReplyKind) -> Self {
        Self { on, count: Some(count), percent: None, kind }
    }
}

/// What a fault does to a reply. All but `http_status` with `before_acceptance` and `refuse` let the request take effect first.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "fault", rename_all = "snake_case")]
pub enum ReplyKind {
    /// Cuts the connection after so many bytes of the reply, its head included.
    Cut {
        /// Bytes that still go out.
        after_bytes: u64,
        /// Whether the connection is reset instead of closed.
        #[serde(default)]
        reset: bool,
    },
    /// Sends the reply's body one byte at a time.
    Drip {
        /// Real milliseconds between two bytes.
        ms: u64,
    },
    /// Adds documented optional fields that no example shows, and fields that no document knows.
    ExtraFields,
    /// Says this `finalAmount` for once, whatever was taken.
    FinalAmount {
        /// What it says.
        says: FinalAmount,
    },
    /// Answers with the `order_id` of nobody.
    ForeignOrderId,
    /// Another HTTP code, with a short HTML body.
    HttpStatus {
        /// 200 to 599.
        code: u16,
        /// Whether the request is thrown away first, so that nothing is charged.
        #[serde(default)]
        before_acceptance: bool,
        /// Value of a `Retry-After` header, seconds.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        retry_after: Option<u32>,
    },
    /// A JSON reply that does not end.
    Huge {
        /// It does end after so many bytes; 1 GiB unless said otherwise.
        #[serde(default = "one_gibibyte")]
        bytes: u64,
    },
    /// A body that is not what it should be.
    Malformed {
        /// In which way.
        form: Malformed,
    },
    /// Writes every number of the reply as text.
    NumbersAsText,
    /// Says this `order_id` for once.
    OrderIdEcho {
        /// Which.
        echo: OrderIdEcho,
    },
    /// Refuses the request with this `err`; nothing is accepted.
    Refuse {
        /// The code.
        err: String,
    },
    /// Accepts the request, decides a payment that needs no challenge, and never replies.
    Silence,
    /// Waits before the reply.
    Slow {
        /// Real milliseconds.
        ms: u64,
    },
    /// Leaves `status` out.
    StatusAbsent,
    /// Puts any JSON in `status`.
    StatusValue {
        /// The value.
        value: Value,
    },
}

const fn one_gibibyte() -> u64 {
    1 << 30
}

/// Ways in which a body can be broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Malformed {
    /// A byte that is not UTF-8, inside a text.
    BadUtf8,
    /// A byte order mark before the JSON.
    Bom,
    /// Half of the JSON, with a `Content-Length` that agrees.
    CutJson,
    /// Arrays nested ten thousand deep.
    Deep,
    /// `status` twice: 2, then the true one.
    DuplicateKeys,
    /// No body.
    Empty,
    /// A web page.
    Html,
    /// A `NaN` where a number belongs.
    Nan,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reply_fault_survives_json() {
        let kinds = [
            r#"{"on":"pay","count":1,"fault":"slow","ms":5}"#,
            r#"{"on":"check","fault":"cut","after_bytes":10,"reset":false}"#,
            r#"{"on":"check","count":9,"percent":25,"fault":"silence"}"#,
            r#"{"on":"both","fault":"malformed","form":"bad_utf8"}"#,
            r#"{"on":"both","fault":"status_value","value":null}"#,
            r#"{"on":"check","fault":"final_amount","says":{"smaller_by":100}}"#,
            r#"{"on":"pay","fault":"http_status","code":503,"before_acceptance":true,"retry_after":3}"#,
        ];
        for text in kinds {
            let fault: ReplyFault = serde_json::from_str(text).unwrap();
            let again: Value = serde_json::to_value(&fault).unwrap();
            assert_eq!(again, serde_json::from_str::<Value>(text).unwrap());
        }
    }

    #[test]
    fn a_status_value_needs_a_value() {
        assert!(
            serde_json::from_str::<ReplyFault>(r#"{"on":"pay","fault":"status_value"}"#).is_err()
        );
    }

    #[test]
    fn an_unknown_switch_is_refused() {
        assert!(serde_json::from_str::<Faults>(r#"{"nextstep":"form_url"}"#).is_err());
    }
}
