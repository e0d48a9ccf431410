//! `farthing link …`.

use serde_json::{Value, json};

use super::session::{insert, order_body};
use super::show;
use crate::args::Link;
use crate::client::Client;
use crate::outcome::{Failure, Result};

/// What of a link and its payment people want to see.
const SHOWN: [&str; 6] = ["url", "id", "status", "order_id", "amount", "created_at"];

/// Runs the command.
pub(crate) async fn run(command: Link) -> Result {
    let Link::Create { order, customer_ip, prefilled_phone, repeat, connection } = command;
    let client = Client::new(&connection)?;
    let mut body = order_body(&order)?;
    insert(&mut body, "customer_ip", customer_ip.map(|address| address.to_string()));
    insert(&mut body, "prefilled_phone", prefilled_phone);
    let link = client.post(&["links"], &Value::Object(body), &repeat).await?;
    show::answer(&link, connection.json, |link| {
        // One object, so that the columns of both align.
        let mut shown = link.get("payment").cloned().unwrap_or_else(|| json!({}));
        if let (Some(shown), Some(url)) = (shown.as_object_mut(), link.get("url")) {
            shown.insert("url".to_owned(), url.clone());
        }
        show::object(&shown, &SHOWN)
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
