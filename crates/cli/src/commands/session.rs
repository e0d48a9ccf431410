//! `farthing session …`.

use serde_json::{Map, Value, json};
use url::Url;

use super::show;
use crate::args::{CreateSession, OrderArguments, Session};
use crate::client::Client;
use crate::files;
use crate::outcome::{Failure, Result};

/// What of a session people want to see.
const SHOWN: [&str; 12] = [
    "id",
    "status",
    "url",
    "token",
    "order_id",
    "amount",
    "currency",
    "purpose",
    "version",
    "attempts",
    "created_at",
    "expires_at",
];

/// Runs the command.
pub(crate) async fn run(command: Session) -> Result {
    let (session, json) = match command {
        Session::Create(create) => {
            let client = Client::new(&create.connection)?;
            (
                client.post(&["sessions"], &body(&create)?, &create.repeat).await?,
                create.connection.json,
            )
        }
        Session::Show { id, connection } => {
            (Client::new(&connection)?.get(&["sessions", &id], &[]).await?, connection.json)
        }
        Session::Expire { id, repeat, connection } => {
            let client = Client::new(&connection)?;
            (client.post(&["sessions", &id, "expire"], &json!({}), &repeat).await?, connection.json)
        }
    };
    show::answer(&session, json, |session| show::object(session, &SHOWN));
    Ok(())
}

fn body(create: &CreateSession) -> Result<Value> {
    let CreateSession {
        order,
        recurrent,
        recur_freq,
        recur_exp,
        expires_in,
        repeat: _,
        connection: _,
    } = create;
    let mut body = order_body(order)?;
    if *recurrent {
        insert(&mut body, "recurrent", Some(true));
    }
    insert(&mut body, "recur_freq", *recur_freq);
    insert(&mut body, "recur_exp", recur_exp.map(|time| time.to_string()));
    insert(&mut body, "expires_in", *expires_in);
    Ok(Value::Object(body))
}

/// The members that sessions and links share.
pub(super) fn order_body(order: &OrderArguments) -> Result<Map<String, Value>> {
    let OrderArguments {
        order_id,
        amount,
        currency,
        purpose,
        customer,
        success_url,
        fail_url,
        return_url,
        webhook_url,
        locale,
        metadata,
    } = order;
    let mut body = Map::new();
    insert(&mut body, "order_id", Some(order_id.as_str()));
    insert(&mut body, "amount", Some(*amount));
    insert(&mut body, "currency", Some(currency.code()));
    insert(&mut body, "purpose", purpose.as_deref());
    for (name, url) in [
        ("success_url", success_url),
        ("fail_url", fail_url),
        ("return_url", return_url),
        ("webhook_url", webhook_url),
    ] {
        insert(&mut body, name, url.as_ref().map(Url::as_str));
    }
    insert(&mut body, "locale", locale.as_deref());
    if !metadata.is_empty() {
        let metadata = metadata.iter().map(|(name, value)| (name.clone(), json!(value))).collect();
        insert(&mut body, "metadata", Some(Value::Object(metadata)));
    }
    if let Some(path) = customer {
        // The error of the parser is not shown: it could repeat personal data.
        let customer: Value = serde_json::from_slice(&files::bytes(path)?).map_err(|error| {
            Failure::Usage(format!("{}, line {}: not JSON", path.display(), error.line()))
        })?;
        insert(&mut body, "customer", Some(customer));
    }
    Ok(body)
}

/// Adds a member, if there is a value: what was not said is left out, and the server's default holds.
pub(super) fn insert(body: &mut Map<String, Value>, name: &str, value: Option<impl Into<Value>>) {
    if let Some(value) = value {
        body.insert(name.to_owned(), value.into());
    }
}
