//! `farthing link …`.

use serde_json::Value;

use super::session::{insert, order_body};
use super::show;
use crate::args::Link;
use crate::client::Client;
use crate::outcome::{Failure, Result};

/// What of a link's payment people want to see.
const SHOWN: [&str; 5] = ["id", "status", "order_id", "amount", "created_at"];

/// Runs the command.
pub(crate) async fn run(command: Link) -> Result {
    let Link::Create { order, customer_ip, prefilled_phone, repeat, connection } = command;
    let client = Client::new(&connection)?;
    let mut body = order_body(&order)?;
    insert(&mut body, "customer_ip", customer_ip.map(|address| address.to_string()));
    insert(&mut body, "prefilled_phone", prefilled_phone);
    let link = client.post(&["links"], &Value::Object(body), &repeat).await?;
    show::answer(&link, connection.json, |link| {
        let payment =
            link.get("payment").map(|payment| show::object(payment, &SHOWN)).unwrap_or_default();
        show::object(link, &["url"]) + &payment
    });
    // Without a page to send the customer to, the gateway's answer was not understood, or did not come.
    if link.get("url").is_none_or(Value::is_null) {
        return Err(Failure::Unknown(
            "The gateway's answer is not known, so there is no link. `farthing payment check` on the payment tells more."
                .to_owned(),
        ));
    }
    Ok(())
}
