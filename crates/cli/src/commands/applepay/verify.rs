//! `farthing applepay verify`: what a recorded token says, if Apple has signed it and the merchant's key opens it.

use farthing_types::Money;
use farthing_wallets::apple::{
    Expectations, MerchantKey, MerchantKeyError, Payment, PaymentToken, ProcessingCertificate,
    Refusal, Summary, TrustRoots, Verifier,
};
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::args::VerifyToken;
use crate::commands::show;
use crate::files;
use crate::outcome::{Failure, Result};
use crate::output::line;

/// Runs the command. Wrong files of the operator's are wrong usage; only a token is refused.
pub(super) fn run(arguments: &VerifyToken) -> Result {
    let key = merchant_key(arguments)?;
    let merchant_id = key.certificate().merchant_id().to_owned();
    let verifier = Verifier::new(roots(arguments)?, vec![key]);
    let amount = amount(arguments)?;
    let token = files::bytes(&arguments.token)?;
    let now = arguments.at.unwrap_or_else(Timestamp::now);
    match open(&verifier, &token, amount, arguments, now) {
        Ok(payment) if arguments.expose_dpan => {
            line(&payment.device_pan().expose_base64());
            Ok(())
        }
        Ok(payment) => {
            show::json(&accepted(payment.summary(), &merchant_id, amount.is_some()));
            Ok(())
        }
        Err(refusal) => {
            if !arguments.expose_dpan {
                show::json(&refused(refusal));
            }
            Err(Failure::Refused(explain(refusal, arguments)))
        }
    }
}

fn open(
    verifier: &Verifier,
    token: &[u8],
    amount: Option<Money>,
    arguments: &VerifyToken,
    now: Timestamp,
) -> std::result::Result<Payment, Refusal> {
    let token = PaymentToken::from_json(token)?;
    let application_data = arguments.application_data.as_ref().map(|data| data.0.as_slice());
    match amount {
        Some(amount) => {
            verifier.verify_and_decrypt(&token, &Expectations { amount, application_data }, now)
        }
        None => verifier.danger_open_any_amount(&token, application_data, now),
    }
}

/// The certificate says whose it is, and its hash has to agree.
fn merchant_key(arguments: &VerifyToken) -> Result<MerchantKey> {
    let certificate = files::bytes(&arguments.cert)?;
    let key = files::key(&arguments.key)?;
    let merchant_id = ProcessingCertificate::unverified_merchant_id(&certificate);
    merchant_id.and_then(|id| MerchantKey::from_pem(&id, &certificate, &key)).map_err(|error| {
        let path = match error {
            MerchantKeyError::Key
            | MerchantKeyError::KeyEncrypted
            | MerchantKeyError::KeyKind
            | MerchantKeyError::KeyMismatch => &arguments.key,
            _ => &arguments.cert,
        };
        let hint = match error {
            MerchantKeyError::Certificate if certificate.first() == Some(&0x30) => {
                " (it looks like DER, as Apple gives it: `openssl x509 -inform der -in FILE -out FILE.pem` makes PEM of it)"
            }
            _ => "",
        };
        Failure::Usage(format!("{}: {error}{hint}", path.display()))
    })
}

fn roots(arguments: &VerifyToken) -> Result<TrustRoots> {
    let Some(path) = &arguments.root else { return Ok(TrustRoots::apple()) };
    TrustRoots::danger_sandbox(&files::bytes(path)?)
        .map_err(|error| Failure::Usage(format!("{}: {error}", path.display())))
}

fn amount(arguments: &VerifyToken) -> Result<Option<Money>> {
    let (Some(minor), Some(currency)) = (arguments.amount, arguments.currency) else {
        return Ok(None);
    };
    let money = Money::new(minor, currency);
    money.map(Some).map_err(|error| Failure::Usage(format!("--amount: {error}")))
}

/// Nothing that could be charged: of the number four digits, of the cryptogram its length.
fn accepted(summary: &Summary, merchant_id: &str, is_compared: bool) -> Value {
    json!({
        "valid": true,
        "merchant_id": merchant_id,
        "version": summary.version,
        "transaction_id": summary.transaction_id,
        "signed_at": summary.signed_at.to_string(),
        "network": summary.network,
        "number": summary.number,
        "expires": summary.expires.strftime("%Y-%m").to_string(),
        "currency": summary.currency.code(),
        "amount": summary.amount,
        "amount_compared": is_compared,
        "payment_data_type": summary.payment_data_type,
        "cryptogram_bytes": summary.cryptogram_bytes,
        "eci": summary.eci,
        "has_cardholder_name": summary.has_cardholder_name,
        "has_application_data": summary.has_application_data,
    })
}

fn refused(refusal: Refusal) -> Value {
    json!({"valid": false, "stage": refusal.stage(), "reason": refusal.to_string()})
}

/// The step, why, and the option that is most often missing.
fn explain(refusal: Refusal, arguments: &VerifyToken) -> String {
    let hint = match refusal {
        Refusal::SigningTime | Refusal::Validity if arguments.at.is_none() => {
            "; for a recorded token give the time at which it was made with --at"
        }
        Refusal::Chain if arguments.root.is_none() => {
            "; for a token of a sandbox give its root with --root"
        }
        Refusal::ApplicationData if arguments.application_data.is_none() => {
            "; give what the payment request carried with --application-data"
        }
        Refusal::Key => "; is --cert the certificate that was configured when it was made?",
        _ => "",
    };
    format!("the token is refused at the step {}: {refusal}{hint}", refusal.stage())
}
