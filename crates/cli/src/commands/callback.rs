//! `farthing callback …`.

use farthing_gateways::smartcore::callback;
use farthing_gateways::{CallbackError, Notice, RawCallback};

use serde_json::json;

use super::show;
use crate::args::{Callback, GatewayName};
use crate::files;
use crate::outcome::{Failure, Result};
use crate::output::{line, plain};

/// Runs the command.
pub(crate) fn run(command: Callback) -> Result {
    let Callback::Verify { gateway, secret_file, json, file } = command;
    let secret = files::secret(&secret_file)?;
    let bytes = files::bytes(&file)?;
    // Neither a form nor JSON ends in a line break of its own: an editor put it there.
    let body = bytes.trim_ascii_end();
    let content_type = if body.first() == Some(&b'{') {
        "application/json"
    } else {
        "application/x-www-form-urlencoded"
    };
    let raw = RawCallback { content_type: Some(content_type), body };
    let verified = match gateway {
        GatewayName::Smartcore => callback::verify(&raw, [&secret]),
    };
    if json && verified.is_err() {
        show::json(&json!({"valid": false}));
    }
    match verified {
        Ok(Notice { gateway_order_id }) if json => {
            show::json(&json!({"valid": true, "gateway_order_id": gateway_order_id}));
            Ok(())
        }
        Ok(Notice { gateway_order_id }) => {
            line(&format!("The signature fits. Order: {}", plain(&gateway_order_id)));
            line(
                "A signed callback is a hint to ask the gateway, never a reason to ship: its keys and its time are not signed.",
            );
            Ok(())
        }
        Err(error @ CallbackError::Malformed) => Err(Failure::Refused(format!(
            "{error}: it must be a form of unique fields with `orderId` and `sign`"
        ))),
        Err(error) => Err(Failure::Refused(error.to_string())),
    }
}
