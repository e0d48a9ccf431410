//! The callback's body: every field of the table and every field of the sample, signed.
//!
//! Source: "SmartCore API", Callback.

use farthing_gateways::smartcore::sign::sign;
use farthing_gateways::smartcore::wire::{self, callback};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Map, Value};

use super::answer;
use crate::control::{CallbackEncoding, CallbackFaults, FinalAmount};
use crate::order::{Order, Outcome};

/// A callback, ready to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Notice {
    /// The status that it announces.
    pub(crate) status: i64,
    pub(crate) content_type: &'static str,
    pub(crate) body: String,
}

/// Announces `status` for the order.
pub(crate) fn build(
    order: &Order,
    status: i64,
    final_amount: FinalAmount,
    faults: &CallbackFaults,
    secret: &SecretString,
) -> Notice {
    let mut pairs = fields(order, status, final_amount);
    if !faults.unsigned {
        let mut signature = if faults.wrong_sign {
            sign(&pairs, &SecretString::from(format!("not {}", secret.expose_secret())))
        } else {
            sign(&pairs, secret)
        };
        if faults.uppercase_sign {
            signature.make_ascii_uppercase();
        }
        pairs.push((callback::SIGN, signature));
    }
    match faults.encoding {
        CallbackEncoding::Form => {
            let body =
                form_urlencoded::Serializer::new(String::new()).extend_pairs(&pairs).finish();
            Notice { status, content_type: wire::FORM, body }
        }
        CallbackEncoding::Json => {
            Notice { status, content_type: wire::JSON, body: to_json(&pairs) }
        }
    }
}

/// The fields in the order of the document's sample, absent values as the texts `null` and `N/A`.
fn fields(order: &Order, status: i64, final_amount: FinalAmount) -> Vec<(&'static str, String)> {
    let null = || callback::NULL.to_owned();
    let error = if status == wire::status::FAIL {
        // A stale failure of a paid order needs a reason too.
        order.error().unwrap_or("PROCESSING_ERROR").to_owned()
    } else {
        null()
    };
    let cascade = if status == wire::status::FAIL { answer::cascade(&error) } else { None };
    let cascade = cascade.and_then(|errors| serde_json::to_string(&errors).ok());
    let paid = matches!(order.outcome(), Some(Outcome::Succeeded));
    let card = order.card.as_ref();
    let mut pairs = vec![
        (callback::ORDER_ID, order.new.order_id.clone()),
        (callback::STATUS, status.to_string()),
        (callback::TYPE, wire::TYPE_PAYMENT.to_owned()),
        (callback::MESSAGE, error.clone()),
        (callback::CASCADE_ERRORS, cascade.unwrap_or_else(null)),
        (callback::IS_TRUSTED_TRANSACTION, "false".to_owned()),
        (callback::AMOUNT, order.new.amount.to_string()),
        (callback::CURRENCY, order.new.currency.clone()),
        (callback::AUTHORIZE_STATUS, null()),
        (callback::ECI, if paid { "05".to_owned() } else { null() }),
        (callback::FIRST_NAME, order.new.first_name.clone()),
        (callback::LAST_NAME, order.new.last_name.clone()),
        (callback::RRN, if paid { answer::rrn(order) } else { null() }),
        (
            callback::CARD_HOLDER,
            card.map(|card| card.holder.clone())
                .filter(|holder| !holder.is_empty())
                .unwrap_or_else(|| callback::NOT_AVAILABLE.to_owned()),
        ),
        (
            callback::CARD_NUMBER,
            card.map_or_else(|| callback::NOT_AVAILABLE.to_owned(), |card| card.masked.clone()),
        ),
        (callback::CARD_EXP_MONTH, callback::NOT_AVAILABLE.to_owned()),
        (callback::CARD_EXP_YEAR, callback::NOT_AVAILABLE.to_owned()),
        (callback::ERROR_CATEGORY, error),
        (callback::PAYMENT_PHONE_NUMBER, order.new.phone.clone().unwrap_or_else(null)),
        (callback::PAYMENT_PHONE_OPERATOR, null()),
    ];
    if let Some(taken) = answer::final_amount(order, final_amount) {
        pairs.push((callback::FINAL_AMOUNT, taken.to_string()));
    }
    pairs
}

/// The same as a JSON object. Numbers are written as numbers: their decimal text is what was signed.
fn to_json(pairs: &[(&str, String)]) -> String {
    let numbers = [callback::STATUS, callback::AMOUNT, callback::FINAL_AMOUNT];
    let object: Map<String, Value> = pairs
        .iter()
        .map(|(key, text)| {
            let number = text.parse::<i64>().ok().filter(|_| numbers.contains(key));
            ((*key).to_owned(), number.map_or_else(|| Value::String(text.clone()), Value::from))
        })
        .collect();
    Value::Object(object).to_string()
}
