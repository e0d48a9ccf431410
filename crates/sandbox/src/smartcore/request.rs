//! Reading requests: every rule of the parameter tables, all broken ones named at once, no value repeated.
//!
//! Source: "SmartCore API", Request parameters of "Create payment form" and "Create direct payment".

use std::net::IpAddr;

use farthing_gateways::smartcore::wire::field;
use farthing_types::{Currency, Money};
use jiff::Timestamp;
use serde_json::{Map, Value};
use url::Url;
use zeroize::Zeroize;

use super::Refusal;
use super::card::CardInput;
use super::method::WalletTerms;
use crate::control::{OrderKind, PaymentMethod};
use crate::order::{NewOrder, Ways, code};

/// The longest text of any field, in characters.
const MAX_TEXT: usize = 1024;
/// The longest URL, in bytes.
const MAX_URL: usize = 2048;
/// The longest order id, in bytes.
const MAX_ORDER_ID: usize = 128;

const OPTIONAL_TEXTS: &[&str] = &[
    field::BROWSER_ACCEPT_HEADER,
    field::BROWSER_USER_AGENT,
    field::BROWSER_LANGUAGE,
    field::BROWSER_COLOR_DEPTH,
    field::BROWSER_SCREEN_HEIGHT,
    field::BROWSER_SCREEN_WIDTH,
    field::BROWSER_TIME_ZONE,
];
const OPTIONAL_FLAGS: &[&str] =
    &[field::RECURRENT, field::BROWSER_JAVA_ENABLED, field::BROWSER_JS_ENABLED];
const SECRETS: &[&str] = &[
    field::CARD_NUMBER,
    field::CARD_CVV,
    field::CARD_EXP_MONTH,
    field::CARD_EXP_YEAR,
    field::APPLE_PAY_DPAN,
    field::GOOGLE_PAY_DPAN,
];

/// Every name that the tables know, for the log of requests.
pub(super) const KNOWN: &[&str] = &[
    field::MERCHANT_SITE,
    field::RECURRENT,
    field::PURPOSE,
    field::CALLBACK_URL,
    field::SUCCESS_URL,
    field::FAIL_URL,
    field::STATUS_URL,
    field::FORM_PREFILLED_PHONE,
    field::PAYMENT_METHOD,
    field::CARD_HOLDER,
    field::CARD_NUMBER,
    field::CARD_EXP_MONTH,
    field::CARD_EXP_YEAR,
    field::CARD_CVV,
    field::APPLE_PAY_DPAN,
    field::APPLE_PAY_PAYMENT_METHOD_NETWORK,
    field::GOOGLE_PAY_DPAN,
    field::GOOGLE_PAY_PAYMENT_METHOD_NETWORK,
    field::RECUR_FREQ,
    field::RECUR_EXP,
    field::BROWSER_ACCEPT_HEADER,
    field::BROWSER_USER_AGENT,
    field::BROWSER_JAVA_ENABLED,
    field::BROWSER_JS_ENABLED,
    field::BROWSER_COLOR_DEPTH,
    field::BROWSER_SCREEN_HEIGHT,
    field::BROWSER_SCREEN_WIDTH,
    field::BROWSER_LANGUAGE,
    field::BROWSER_TIME_ZONE,
];

/// A request's fields. Card data is wiped when it is dropped.
pub(super) struct Fields {
    map: Map<String, Value>,
    problems: Vec<String>,
}

impl Drop for Fields {
    fn drop(&mut self) {
        for name in SECRETS {
            if let Some(Value::String(secret)) = self.map.get_mut(*name) {
                secret.zeroize();
            }
        }
    }
}

impl Fields {
    /// Reads a JSON object.
    pub(super) fn parse(body: &[u8]) -> Result<Self, Refusal> {
        match serde_json::from_slice(body) {
            Ok(Value::Object(map)) => Ok(Self { map, problems: Vec::new() }),
            Ok(_) => Err(Refusal::new(code::VALIDATION, "the body must be a JSON object")),
            // serde_json's text gives line and column, and for some errors the value: leave it out.
            Err(_) => Err(Refusal::new(code::VALIDATION, "the body is not valid JSON")),
        }
    }

    /// Known names, sorted, and how many others there are.
    pub(super) fn shape(&self) -> (Vec<String>, u64) {
        let known = |name: &str| KNOWN.contains(&name) || field::REQUIRED_BY_FORM.contains(&name);
        let (known, unknown): (Vec<_>, Vec<_>) =
            self.map.keys().cloned().partition(|name| known(name));
        (known, u64::try_from(unknown.len()).unwrap_or(u64::MAX))
    }

    /// The merchant's id, if it is a usable text: a refusal echoes it.
    pub(super) fn order_id(&self) -> Option<String> {
        self.map
            .get(field::ORDER_ID)
            .and_then(Value::as_str)
            .filter(|id| is_order_id(id))
            .map(str::to_owned)
    }

    /// The id of a `check`.
    pub(super) fn into_checked_id(mut self) -> Result<String, Refusal> {
        self.check(
            field::ORDER_ID,
            true,
            "must be a text of 1 to 128 printable characters",
            is_order_id,
        );
        let id = self.order_id().unwrap_or_default();
        self.refuse()?;
        Ok(id)
    }

    /// Reads a payment.
    pub(super) fn into_payment(
        mut self,
        kind: OrderKind,
        terms: &WalletTerms<'_>,
    ) -> Result<(NewOrder, Option<CardInput>), Refusal> {
        let direct = kind == OrderKind::Host2host;
        self.check(
            field::ORDER_ID,
            true,
            "must be a text of 1 to 128 printable characters",
            is_order_id,
        );
        let amount = self.amount();
        self.check(field::CURRENCY, true, "must be three capital letters", |text| {
            is_capitals(text, 3)
        });
        self.check_account();
        self.check_customer();
        self.check(
            field::MERCHANT_SITE,
            direct,
            "must be an http or https URL of at most 2048 bytes",
            |text| web_url(text).is_some(),
        );
        self.check(field::PURPOSE, false, "must be a text of at most 1024 characters", is_short);
        for name in [field::CALLBACK_URL, field::SUCCESS_URL, field::FAIL_URL, field::STATUS_URL] {
            self.check(name, false, "must be an http or https URL of at most 2048 bytes", |text| {
                web_url(text).is_some()
            });
        }
        for name in OPTIONAL_FLAGS {
            self.check_value(name, "must be a boolean", |value| {
                value.is_boolean() || matches!(value.as_str(), Some("true" | "false"))
            });
        }
        for name in OPTIONAL_TEXTS {
            self.check_value(name, "must be a text", |value| {
                value.is_number() || value.as_str().is_some_and(is_short)
            });
        }
        self.check_value(field::RECUR_FREQ, "must be a whole number of days", |value| {
            value.as_u64().or_else(|| value.as_str()?.parse().ok()).is_some()
        });
        self.check(field::RECUR_EXP, false, "must be an ISO 8601 time", |text| {
            text.parse::<Timestamp>().is_ok()
        });
        let phone_rule = "must be 5 to 15 digits";
        self.check(field::FORM_PREFILLED_PHONE, false, phone_rule, |text| is_digits(text, 5..=15));
        let (method, card) = match direct.then(|| self.method(terms)).flatten() {
            Some((method, card)) => (method, Some(card)),
            None => (PaymentMethod::Form, None),
        };
        self.refuse()?;
        let new = NewOrder {
            order_id: self.text(field::ORDER_ID).unwrap_or_default(),
            kind,
            method,
            account: self.text(field::ACCOUNT).unwrap_or_default(),
            amount,
            currency: self.text(field::CURRENCY).unwrap_or_default(),
            purpose: self.text(field::PURPOSE),
            merchant_site: self.url(field::MERCHANT_SITE),
            first_name: self.text(field::CUSTOMER_FIRST_NAME).unwrap_or_default(),
            last_name: self.text(field::CUSTOMER_LAST_NAME).unwrap_or_default(),
            phone: self.text(field::FORM_PREFILLED_PHONE),
            ways: Ways {
                callback: self.url(field::CALLBACK_URL),
                fail: self.url(field::FAIL_URL),
                status: self.url(field::STATUS_URL),
                success: self.url(field::SUCCESS_URL),
            },
        };
        Ok((new, card))
    }

    fn amount(&mut self) -> u64 {
        match self.map.get(field::AMOUNT) {
            None | Some(Value::Null) => self.blame(field::AMOUNT, "is required"),
            Some(value) => match value.as_u64() {
                Some(amount) if (1..=Money::MAX_MINOR).contains(&amount) => {
                    return amount;
                }
                _ => self.blame(
                    field::AMOUNT,
                    "must be a whole number of minor units above zero, not a text",
                ),
            },
        }
        0
    }

    /// One test account exists for each currency.
    fn check_account(&mut self) {
        let expected = self.text(field::CURRENCY).map(|currency| format!("{currency}-sandbox"));
        let rule = "must be an account of this merchant for the currency: the sandbox has <currency>-sandbox";
        self.check(field::ACCOUNT, true, rule, |account| {
            expected.as_deref().is_none_or(|name| name == account)
        });
    }

    fn check_customer(&mut self) {
        let names = [
            field::CUSTOMER_FIRST_NAME,
            field::CUSTOMER_LAST_NAME,
            field::CUSTOMER_ADDRESS,
            field::CUSTOMER_CITY,
        ];
        for name in names {
            self.check(name, true, "must be a text of at most 1024 characters", is_short);
        }
        if let Some(Value::Number(number)) = self.map.get(field::CUSTOMER_ZIP_CODE) {
            let text = number.to_string();
            self.map.insert(field::CUSTOMER_ZIP_CODE.to_owned(), Value::String(text));
        }
        self.check(
            field::CUSTOMER_ZIP_CODE,
            true,
            "must be a text of at most 32 characters",
            |text| text.len() <= 32,
        );
        self.check(field::CUSTOMER_COUNTRY, true, "must be two capital letters", |text| {
            is_capitals(text, 2)
        });
        self.check(
            field::CUSTOMER_PHONE,
            true,
            "must be 5 to 15 digits after an optional plus sign",
            |text| is_digits(text.strip_prefix('+').unwrap_or(text), 5..=15),
        );
        self.check(field::CUSTOMER_EMAIL, true, "must be an e-mail address", |text| {
            is_short(text)
                && text
                    .split_once('@')
                    .is_some_and(|(name, host)| !name.is_empty() && !host.is_empty())
        });
        self.check(field::CUSTOMER_IP_ADDRESS, true, "must be an IP address", |text| {
            text.parse::<IpAddr>().is_ok()
        });
    }

    /// The order's amount, if both its fields are usable.
    pub(super) fn money(&self) -> Option<Money> {
        let currency: Currency = self.text(field::CURRENCY)?.parse().ok()?;
        Money::new(self.map.get(field::AMOUNT)?.as_u64()?, currency).ok()
    }

    /// A text that must be there, if `required`, and must follow a rule. Empty counts as missing.
    pub(super) fn check(
        &mut self,
        name: &str,
        required: bool,
        rule: &str,
        holds: impl Fn(&str) -> bool,
    ) {
        let broken = match self.map.get(name) {
            None | Some(Value::Null) => required.then_some("is required"),
            Some(Value::String(text)) if text.is_empty() && required => Some("is required"),
            Some(Value::String(text)) if !text.chars().any(char::is_control) && holds(text) => None,
            Some(_) => Some(rule),
        };
        if let Some(rule) = broken {
            self.blame(name, rule);
        }
    }

    /// An optional value of another type than text.
    fn check_value(&mut self, name: &str, rule: &str, holds: impl Fn(&Value) -> bool) {
        if self.map.get(name).is_some_and(|value| !value.is_null() && !holds(value)) {
            self.blame(name, rule);
        }
    }

    /// Takes a value out.
    pub(super) fn take(&mut self, name: &str) -> Option<Value> {
        self.map.remove(name)
    }

    pub(super) fn blame(&mut self, name: &str, rule: &str) {
        self.problems.push(format!("{name} {rule}"));
    }

    fn refuse(&self) -> Result<(), Refusal> {
        if self.problems.is_empty() {
            Ok(())
        } else {
            Err(Refusal::new(code::VALIDATION, self.problems.join("; ")))
        }
    }

    pub(super) fn text(&self, name: &str) -> Option<String> {
        self.map
            .get(name)
            .and_then(Value::as_str)
            .filter(|text| !text.is_empty())
            .map(str::to_owned)
    }

    fn url(&self, name: &str) -> Option<Url> {
        self.map.get(name).and_then(Value::as_str).and_then(web_url)
    }
}

fn is_order_id(text: &str) -> bool {
    (1..=MAX_ORDER_ID).contains(&text.len()) && !text.chars().any(char::is_control)
}

pub(super) fn is_short(text: &str) -> bool {
    text.chars().count() <= MAX_TEXT
}

fn is_capitals(text: &str, len: usize) -> bool {
    text.len() == len && text.bytes().all(|byte| byte.is_ascii_uppercase())
}

pub(super) fn is_digits(text: &str, len: std::ops::RangeInclusive<usize>) -> bool {
    len.contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn web_url(text: &str) -> Option<Url> {
    let url = Url::parse(text).ok().filter(|_| text.len() <= MAX_URL)?;
    (matches!(url.scheme(), "http" | "https") && url.has_host()).then_some(url)
}

#[cfg(test)]
mod tests {
    use std::sync::LazyLock;

    use proptest::prelude::*;

    use super::*;
    use crate::control::{ApplePayFaults, GooglePayFaults};
    use crate::wallets::Vendors;

    static VENDORS: LazyLock<Vendors> =
        LazyLock::new(|| Vendors::open(None, "2030-01-01T00:00:00Z".parse().unwrap()).unwrap());

    fn json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            ".{0,40}".prop_map(Value::from),
            Just(Value::from("4012000000003010")),
            Just(Value::from("EUR")),
            Just(Value::from("applePayDPan")),
            Just(Value::from("googlePayDPan")),
            Just(Value::from("Visa")),
            // A card number where payment data belongs.
            Just(Value::from(
                "eyJhcHBsaWNhdGlvblByaW1hcnlBY2NvdW50TnVtYmVyIjoiNDAxMjAwMDAwMDAwMzAxMCJ9"
            )),
        ];
        leaf.prop_recursive(2, 8, 4, |inner| {
            prop::collection::vec(inner, 0..4).prop_map(Value::Array)
        })
    }

    proptest! {
        #[test]
        fn no_request_is_taken_that_lacks_a_required_field_and_no_refusal_repeats_a_card(
            values in prop::collection::btree_map(prop::sample::select(KNOWN), json(), 0..12), form: bool,
        ) {
            let map: Map<String, Value> = values.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
            let body = Value::Object(map).to_string();
            let kind = if form { OrderKind::Form } else { OrderKind::Host2host };
            // `account` and more are required and none of `KNOWN`.
            let now = "2030-01-01T00:00:00Z".parse().unwrap();
            let terms = WalletTerms {
                now,
                opener: &VENDORS.opener,
                apple_pay: ApplePayFaults::default(),
                google_pay: GooglePayFaults::default(),
            };
            let refused = Fields::parse(body.as_bytes()).and_then(|fields| fields.into_payment(kind, &terms)).err();
            let text = refused.map(|refusal| refusal.text).unwrap_or_default();
            prop_assert!(text.contains("account is required"));
            prop_assert!(!text.contains("4012000000003010"));
        }

        #[test]
        fn no_body_is_too_strange_to_be_refused(body in prop::collection::vec(any::<u8>(), 0..200)) {
            let read = Fields::parse(&body).and_then(Fields::into_checked_id);
            let is_object = body.trim_ascii_start().first() == Some(&b'{');
            prop_assert!(read.is_err() || is_object);
        }
    }
}
