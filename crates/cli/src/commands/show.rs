//! The server's answers for people.

use farthing_types::{Currency, Money};
use serde_json::Value;

use crate::output::{self, plain};

/// Prints an answer: as it is, or as its table.
pub(super) fn answer(value: &Value, json: bool, table: impl FnOnce(&Value) -> String) {
    if json {
        self::json(value);
    } else {
        output::line(table(value).trim_end());
    }
}

/// Prints JSON for programs.
pub(super) fn json(value: &Value) {
    output::line(&serde_json::to_string_pretty(value).unwrap_or_else(|_| value.to_string()));
}

/// A member as text; `-` if absent or null.
pub(super) fn cell(value: &Value, name: &str) -> String {
    match value.get(name) {
        None | Some(Value::Null) => "-".to_owned(),
        Some(Value::String(text)) => plain(text),
        Some(other) => plain(&other.to_string()),
    }
}

/// An amount with its currency: `EUR 10.00`; as the server wrote it if either is not understood.
pub(super) fn amount(value: &Value, name: &str) -> String {
    let currency = value
        .get("currency")
        .and_then(Value::as_str)
        .and_then(|code| code.parse::<Currency>().ok());
    let minor = value.get(name).and_then(Value::as_u64);
    match (minor, currency) {
        (Some(minor), Some(currency)) => Money::new(minor, currency)
            .map_or_else(|_| minor.to_string(), |money| money.to_string().replace('\u{a0}', " ")),
        _ => cell(value, name),
    }
}

/// Names and values of an object, the unfilled left out, amounts as money.
pub(super) fn object(value: &Value, names: &[&str]) -> String {
    let pairs: Vec<(String, String)> = names
        .iter()
        .filter(|name| value.get(**name).is_some_and(|member| !member.is_null()))
        .map(|name| {
            let text = match *name {
                name if name.ends_with("amount") => amount(value, name),
                "card" => words(value.get("card"), &["brand", "last4", "exp"]),
                "decline" => words(value.get("decline"), &["code", "message", "gateway_code"]),
                name => cell(value, name),
            };
            ((*name).to_owned(), text)
        })
        .collect();
    output::pairs(&pairs)
}

/// The members of an inner object that are there, in a row.
fn words(value: Option<&Value>, names: &[&str]) -> String {
    let Some(value) = value else { return "-".to_owned() };
    let words: Vec<String> = names
        .iter()
        .filter(|name| value.get(**name).is_some())
        .map(|name| cell(value, name))
        .collect();
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn amounts_are_shown_with_the_digits_of_their_currency() {
        assert_eq!(amount(&json!({"amount": 1000, "currency": "EUR"}), "amount"), "EUR 10.00");
        assert_eq!(amount(&json!({"amount": 1000, "currency": "JPY"}), "amount"), "JPY 1000");
        assert_eq!(amount(&json!({"amount": 1000, "currency": "???"}), "amount"), "1000");
    }

    #[test]
    fn members_that_are_not_there_are_left_out() {
        let value = json!({"id": "ses_1", "purpose": null, "amount": 5, "currency": "EUR"});
        assert_eq!(
            object(&value, &["id", "purpose", "url", "amount"]),
            "id      ses_1\namount  EUR 0.05\n"
        );
    }

    #[test]
    fn a_card_is_shown_by_brand_and_last_digits() {
        let value = json!({"card": {"brand": "visa", "last4": "3010", "exp": "12/30"}});
        assert_eq!(object(&value, &["card"]), "card  visa 3010 12/30\n");
    }
}
