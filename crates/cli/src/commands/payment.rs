//! `farthing payment …`.

use clap::ValueEnum as _;
use serde_json::{Value, json};

use super::show;
use crate::args::Payment;
use crate::client::Client;
use crate::outcome::Result;
use crate::output;

/// What of a payment people want to see.
const SHOWN: [&str; 16] = [
    "id",
    "status",
    "order_id",
    "gateway_order_id",
    "session_id",
    "gateway",
    "method",
    "amount",
    "final_amount",
    "refunded_amount",
    "card",
    "decline",
    "attention",
    "dispute",
    "created_at",
    "updated_at",
];

/// Runs the command.
pub(crate) async fn run(command: Payment) -> Result {
    match command {
        Payment::List { order_id, status, method, created_after, cursor, connection } => {
            let status = status
                .and_then(|status| status.to_possible_value())
                .map(|status| status.get_name().to_owned());
            let query: Vec<(&str, String)> = [
                ("order_id", order_id),
                ("status", status),
                ("method", method),
                ("created_after", created_after.map(|time| time.to_string())),
                ("cursor", cursor),
            ]
            .into_iter()
            .filter_map(|(name, value)| Some((name, value?)))
            .collect();
            let list = Client::new(&connection)?.get(&["payments"], &query).await?;
            show::answer(&list, connection.json, table);
        }
        Payment::Show { id, connection } => {
            let payment = Client::new(&connection)?.get(&["payments", &id], &[]).await?;
            show::answer(&payment, connection.json, one);
        }
        Payment::Check { id, repeat, connection } => {
            let client = Client::new(&connection)?;
            let payment = client.post(&["payments", &id, "check"], &json!({}), &repeat).await?;
            show::answer(&payment, connection.json, one);
        }
    }
    Ok(())
}

fn table(list: &Value) -> String {
    let rows: Vec<Vec<String>> = list
        .get("data")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .map(|payment| {
            vec![
                show::cell(payment, "id"),
                show::cell(payment, "status"),
                show::amount(payment, "amount"),
                show::cell(payment, "order_id"),
                show::cell(payment, "method"),
                show::cell(payment, "created_at"),
            ]
        })
        .collect();
    let mut text = if rows.is_empty() {
        "No payments.\n".to_owned()
    } else {
        output::table(&["ID", "STATUS", "AMOUNT", "ORDER", "METHOD", "CREATED"], &rows)
    };
    if let Some(cursor) = list.get("next_cursor").and_then(Value::as_str) {
        text.extend(["More: --cursor ", output::plain(cursor).as_str(), "\n"]);
    }
    text
}

fn one(payment: &Value) -> String {
    let mut text = show::object(payment, &SHOWN);
    let timeline: Vec<Vec<String>> = payment
        .get("timeline")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .map(|entry| ["at", "event", "status"].map(|name| show::cell(entry, name)).to_vec())
        .collect();
    if !timeline.is_empty() {
        text.push('\n');
        text.push_str(&output::table(&["AT", "EVENT", "STATUS"], &timeline));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_says_how_to_go_on() {
        let list = json!({"data": [{"id": "pay_1", "status": "paid", "amount": 1000, "currency": "EUR",
            "order_id": "o-1", "method": "card", "created_at": "2026-01-01T00:00:00Z"}], "next_cursor": "abc"});
        let text = table(&list);
        assert!(
            text.contains("pay_1  paid    EUR 10.00  o-1    card    2026-01-01T00:00:00Z"),
            "{text}"
        );
        assert!(text.ends_with("More: --cursor abc\n"), "{text}");
    }

    #[test]
    fn a_payment_is_shown_with_its_history() {
        let payment = json!({"id": "pay_1", "status": "paid", "amount": 1000, "currency": "EUR",
            "timeline": [{"at": "2026-01-01T00:00:00Z", "event": "checked", "status": "paid"}]});
        let text = one(&payment);
        assert!(text.contains("amount  EUR 10.00"), "{text}");
        assert!(text.contains("2026-01-01T00:00:00Z  checked  paid"), "{text}");
    }
}
