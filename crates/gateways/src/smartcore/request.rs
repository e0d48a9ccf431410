//! The JSON bodies that we send.
//!
//! A body may hold a card or a wallet's token. It is written once, from borrowed fields, into a buffer that is large enough
//! from the start and is wiped when dropped: no serializer keeps a copy and no growing buffer leaves one behind.

use farthing_types::{BrowserInfo, Card, CustomerField};
use zeroize::Zeroizing;

use super::wire::{METHOD_APPLE_PAY, METHOD_CARD, METHOD_GOOGLE_PAY, field};
use crate::gateway::{BuildError, Order, Recurrence, WalletToken};

/// One value of a request, borrowed.
pub(super) enum Value<'a> {
    Flag(bool),
    Number(u64),
    /// A whole number as a text.
    NumberText(i64),
    Text(&'a str),
    /// A text of two digits: months and short years.
    TwoDigits(u8),
}

/// What `initPaymentHost2Host` charges.
pub(super) enum Method<'a> {
    Card(&'a Card),
    Wallet(&'a WalletToken<'a>),
}

/// The members of a request's object, in the order in which they are written.
#[derive(Default)]
pub(super) struct Fields<'a>(Vec<(&'static str, Value<'a>)>);

impl<'a> Fields<'a> {
    pub(super) fn push(&mut self, name: &'static str, value: Value<'a>) {
        self.0.push((name, value));
    }

    fn push_if<T>(
        &mut self,
        name: &'static str,
        value: Option<T>,
        wrap: impl FnOnce(T) -> Value<'a>,
    ) {
        if let Some(value) = value {
            self.push(name, wrap(value));
        }
    }

    /// What `initPayment` and `initPaymentHost2Host` share. `ip` is the shopper's address as text.
    pub(super) fn push_order(
        &mut self,
        order: &Order<'a>,
        account: &'a str,
        ip: &'a str,
    ) -> Result<(), BuildError> {
        let customer =
            |name: CustomerField| order.customer.expose(name).ok_or(BuildError::Customer(name));
        self.push(field::ACCOUNT, Value::Text(account));
        self.push(field::AMOUNT, Value::Number(order.amount.minor()));
        self.push(field::CURRENCY, Value::Text(currency_code(order)));
        self.push(field::ORDER_ID, Value::Text(order.gateway_order_id));
        self.push(field::MERCHANT_SITE, Value::Text(order.merchant_site));
        self.push(field::RECURRENT, Value::Flag(order.recurrent.is_some()));
        self.push_if(field::PURPOSE, order.purpose, Value::Text);
        for (name, source) in [
            (field::CUSTOMER_FIRST_NAME, CustomerField::FirstName),
            (field::CUSTOMER_LAST_NAME, CustomerField::LastName),
            (field::CUSTOMER_ADDRESS, CustomerField::Address),
            (field::CUSTOMER_CITY, CustomerField::City),
            (field::CUSTOMER_ZIP_CODE, CustomerField::Zip),
            (field::CUSTOMER_COUNTRY, CustomerField::Country),
            (field::CUSTOMER_PHONE, CustomerField::Phone),
            (field::CUSTOMER_EMAIL, CustomerField::Email),
        ] {
            self.push(name, Value::Text(customer(source)?));
        }
        self.push(field::CUSTOMER_IP_ADDRESS, Value::Text(ip));
        // Nothing on the way back is signed, so all three lead to one page that asks for the true state.
        self.push(field::SUCCESS_URL, Value::Text(order.return_url));
        self.push(field::FAIL_URL, Value::Text(order.return_url));
        self.push(field::STATUS_URL, Value::Text(order.return_url));
        self.push(field::CALLBACK_URL, Value::Text(order.callback_url));
        Ok(())
    }

    /// One of the three groups of `initPaymentHost2Host`, and nothing of the others.
    pub(super) fn push_method(&mut self, method: &Method<'a>) {
        match *method {
            Method::Card(card) => self.push_card(card),
            Method::Wallet(wallet) => self.push_wallet(wallet),
        }
    }

    /// A brand without a code has no `card_cvv`.
    fn push_card(&mut self, card: &'a Card) {
        self.push(field::PAYMENT_METHOD, Value::Text(METHOD_CARD));
        self.push(field::CARD_HOLDER, Value::Text(card.holder.expose()));
        self.push(field::CARD_NUMBER, Value::Text(card.pan.expose_digits()));
        self.push(field::CARD_EXP_MONTH, Value::TwoDigits(card.expiry.expose_month()));
        let short_year = u8::try_from(card.expiry.expose_year() % 100).unwrap_or_default();
        self.push(field::CARD_EXP_YEAR, Value::TwoDigits(short_year));
        self.push_if(field::CARD_CVV, card.security_code.as_ref(), |code| {
            Value::Text(code.expose_digits())
        });
    }

    /// Networks go out under the wallet's own names: the documents show no others. If the gateway wants some, they are translated here.
    fn push_wallet(&mut self, wallet: &WalletToken<'a>) {
        let (method, dpan, network) = match *wallet {
            WalletToken::ApplePay { dpan, network } => (
                METHOD_APPLE_PAY,
                (field::APPLE_PAY_DPAN, dpan),
                (field::APPLE_PAY_PAYMENT_METHOD_NETWORK, network),
            ),
            WalletToken::GooglePay { dpan, network } => (
                METHOD_GOOGLE_PAY,
                (field::GOOGLE_PAY_DPAN, dpan),
                (field::GOOGLE_PAY_PAYMENT_METHOD_NETWORK, network),
            ),
        };
        self.push(field::PAYMENT_METHOD, Value::Text(method));
        for (name, text) in [dpan, network] {
            self.push(name, Value::Text(text));
        }
    }

    /// `recur_freq` and `recur_exp`, which only `initPaymentHost2Host` documents.
    pub(super) fn push_recurrence(&mut self, recurrence: &Recurrence<'a>) {
        self.push_if(field::RECUR_FREQ, recurrence.frequency_days, |days| {
            Value::Number(days.into())
        });
        self.push_if(field::RECUR_EXP, recurrence.until, Value::Text);
    }

    /// The nine `browser_*` fields with the documented types; what nobody could know is left out.
    pub(super) fn push_browser(&mut self, browser: &'a BrowserInfo) {
        let BrowserInfo {
            accept_header,
            user_agent,
            java_enabled,
            js_enabled,
            color_depth,
            screen_height,
            screen_width,
            language,
            time_zone,
        } = browser;
        self.push_if(field::BROWSER_ACCEPT_HEADER, accept_header.as_deref(), Value::Text);
        self.push_if(field::BROWSER_USER_AGENT, user_agent.as_deref(), Value::Text);
        self.push_if(field::BROWSER_JAVA_ENABLED, *java_enabled, Value::Flag);
        self.push(field::BROWSER_JS_ENABLED, Value::Flag(*js_enabled));
        self.push_if(field::BROWSER_COLOR_DEPTH, *color_depth, |bits| {
            Value::NumberText(bits.into())
        });
        self.push_if(field::BROWSER_SCREEN_HEIGHT, *screen_height, |pixels| {
            Value::NumberText(pixels.into())
        });
        self.push_if(field::BROWSER_SCREEN_WIDTH, *screen_width, |pixels| {
            Value::NumberText(pixels.into())
        });
        self.push_if(field::BROWSER_LANGUAGE, language.as_deref(), Value::Text);
        self.push_if(field::BROWSER_TIME_ZONE, *time_zone, |minutes| {
            Value::NumberText(minutes.into())
        });
    }

    /// Writes the object.
    pub(super) fn write(&self) -> Zeroizing<Vec<u8>> {
        let mut body = Zeroizing::new(Vec::with_capacity(self.size_bound()));
        body.push(b'{');
        for (position, (name, value)) in self.0.iter().enumerate() {
            if position > 0 {
                body.push(b',');
            }
            write_text(&mut body, name);
            body.push(b':');
            match value {
                Value::Flag(flag) => body.extend_from_slice(if *flag { b"true" } else { b"false" }),
                Value::Number(number) => body.extend_from_slice(number.to_string().as_bytes()),
                Value::NumberText(number) => write_text(&mut body, &number.to_string()),
                Value::Text(text) => write_text(&mut body, text),
                Value::TwoDigits(number) => {
                    body.extend_from_slice(&[
                        b'"',
                        b'0' + (number / 10) % 10,
                        b'0' + number % 10,
                        b'"',
                    ]);
                }
            }
        }
        body.push(b'}');
        body
    }

    /// At least as many bytes as [`Fields::write`] makes.
    fn size_bound(&self) -> usize {
        let of_value = |value: &Value<'_>| match value {
            Value::Flag(_) | Value::TwoDigits(_) => 5,
            Value::Number(_) | Value::NumberText(_) => 22,
            Value::Text(text) => text.len() * MAX_ESCAPE + 2,
        };
        2 + self
            .0
            .iter()
            .map(|(name, value)| name.len() * MAX_ESCAPE + 4 + of_value(value))
            .sum::<usize>()
    }
}

/// `Money` is `Copy`, so the code's text has to be borrowed from the order itself.
fn currency_code<'a>(order: &Order<'a>) -> &'a str {
    let currency = order.amount.currency();
    farthing_types::Currency::all()
        .iter()
        .find(|row| **row == currency)
        .map_or("", |row| row.code())
}

/// A JSON string: RFC 8259, section 7.
fn write_text(body: &mut Vec<u8>, text: &str) {
    body.push(b'"');
    for byte in text.bytes() {
        match byte {
            b'"' | b'\\' => body.extend_from_slice(&[b'\\', byte]),
            0..0x20 => body.extend_from_slice(&[
                b'\\',
                b'u',
                b'0',
                b'0',
                b'0' + (byte >> 4),
                hex_digit(byte & 0x0f),
            ]),
            _ => body.push(byte),
        }
    }
    body.push(b'"');
}

const fn hex_digit(nibble: u8) -> u8 {
    if nibble < 10 { b'0' + nibble } else { b'a' + nibble - 10 }
}

/// The longest escape of one byte, `\u001f`.
const MAX_ESCAPE: usize = 6;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn any_text_survives_and_the_buffer_never_grows(text in any::<String>(), number in any::<u64>(), signed in any::<i64>()) {
            let mut fields = Fields::default();
            fields.push("text", Value::Text(&text));
            fields.push("number", Value::Number(number));
            fields.push("signed", Value::NumberText(signed));
            let bound = fields.size_bound();
            let body = fields.write();
            prop_assert!(body.len() <= bound);
            prop_assert_eq!(body.capacity(), bound);
            let read: serde_json::Value = serde_json::from_slice(&body).unwrap();
            prop_assert_eq!(read, serde_json::json!({"text": text, "number": number, "signed": signed.to_string()}));
        }

        #[test]
        fn control_characters_alone_fit_too(text in "[\u{0}-\u{1f}\"\\\\]{0,64}") {
            let mut fields = Fields::default();
            fields.push("text", Value::Text(&text));
            let body = fields.write();
            prop_assert_eq!(body.capacity(), fields.size_bound());
            let read: serde_json::Value = serde_json::from_slice(&body).unwrap();
            prop_assert_eq!(read, serde_json::json!({"text": text}));
        }
    }

    #[test]
    fn two_digits_are_always_two() {
        for (number, text) in [(1, r#"{"m":"01"}"#), (12, r#"{"m":"12"}"#), (0, r#"{"m":"00"}"#)] {
            let mut fields = Fields::default();
            fields.push("m", Value::TwoDigits(number));
            assert_eq!(fields.write().as_slice(), text.as_bytes());
        }
    }
}
