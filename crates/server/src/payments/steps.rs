//! The next step of a payment: sealed while it is stored, opened when its page is handed to the shopper.

use base64::Engine as _;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};
use base64::engine::{DecodePaddingMode, general_purpose::URL_SAFE_NO_PAD};
use farthing_gateways::NextStep;
use farthing_types::{ChallengeWindow, StepKind, StepWay};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::record::{Method, Payment};
use crate::app::App;
use crate::seal::SealError;

/// A step as a gateway's answer told it, sealed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewStep {
    /// What kind of step it is.
    pub kind: StepKind,
    /// Where it leads and what is posted there: both open the payment to whoever holds them.
    pub sealed: Vec<u8>,
}

/// Where a step leads and what is posted there. No `Debug`: it opens the payment.
#[derive(Serialize, Deserialize)]
#[expect(missing_debug_implementations, reason = "its address and fields open the payment")]
pub struct HandOver {
    /// The bank's or gateway's address.
    pub target: String,
    /// The fields of the form; none for a redirect.
    pub fields: Vec<(String, String)>,
}

impl HandOver {
    /// Tells the issuer how large the window is in which its page is shown.
    pub fn fit(&mut self, window: ChallengeWindow) {
        for (name, value) in &mut self.fields {
            if name == "creq"
                && let Some(sized) = with_window(value, window)
            {
                *value = sized;
            }
        }
    }
}

/// Seals a step for the store.
pub fn seal(app: &App, payment_id: &str, step: &NextStep) -> Result<NewStep, SealError> {
    let fields =
        step.fields.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
    let plain = HandOver { target: step.target.as_str().to_owned(), fields };
    // Texts alone: there is always JSON for them.
    let plain = serde_json::to_vec(&plain).unwrap_or_default();
    Ok(NewStep { kind: step.kind, sealed: app.sealer.seal(&context(payment_id), &plain)? })
}

/// A payment's step, if it has one.
pub fn open(app: &App, payment: &Payment) -> Option<HandOver> {
    let step = payment.step.as_ref()?;
    let plain = app.sealer.open(&context(&payment.id), &step.sealed).ok()?;
    // Before there were other steps, a redirect was stored as its address alone.
    serde_json::from_slice(&plain).ok().or_else(|| {
        let target = str::from_utf8(&plain).ok()?.to_owned();
        (step.kind == StepKind::Redirect).then_some(HandOver { target, fields: Vec::new() })
    })
}

/// Where a payment's step is shown, if the shopper's browser has one to take.
pub fn way(app: &App, payment: &Payment) -> Option<StepWay> {
    Some(match payment.step.as_ref()?.kind {
        // Also when it was begun: its frame has to stay until the gateway has heard of it.
        StepKind::Method => StepWay::Hidden,
        StepKind::Challenge | StepKind::PaReq => StepWay::Modal,
        // The gateway's own form is a page to read and type in; whether it can be framed nobody says.
        StepKind::Redirect => {
            let framed = app.config.smartcore.frame_form_url && payment.method != Method::Hosted;
            if framed { StepWay::Modal } else { StepWay::Window }
        }
    })
}

/// A `creq` that names the window, or nothing if it is not one that we can read.
///
/// Source: EMV 3-D Secure 2.2.0, table B.3 (CReq): base64url of a JSON object, without padding. Some gateways pad all the same.
fn with_window(creq: &str, window: ChallengeWindow) -> Option<String> {
    const LENIENT: GeneralPurpose = GeneralPurpose::new(
        &base64::alphabet::URL_SAFE,
        GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
    );
    let mut message: Map<String, Value> =
        serde_json::from_slice(&LENIENT.decode(creq).ok()?).ok()?;
    if message.get("messageType").and_then(Value::as_str) != Some("CReq") {
        return None;
    }
    message.insert("challengeWindowSize".to_owned(), window.name().into());
    Some(URL_SAFE_NO_PAD.encode(serde_json::to_vec(&message).ok()?))
}

fn context(payment_id: &str) -> String {
    format!("step:{payment_id}")
}

#[cfg(test)]
mod tests {
    use base64::engine::general_purpose::URL_SAFE;
    use serde_json::json;

    use super::*;

    fn creq() -> Value {
        json!({
            "threeDSServerTransID": "8a880dc0-d2d2-4067-bcb1-b08d1690b26e",
            "acsTransID": "d7c1ee99-9478-44a6-b1f2-391e29c6b340",
            "messageVersion": "2.2.0",
            "messageType": "CReq",
        })
    }

    fn read(text: &str) -> Value {
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(text).unwrap()).unwrap()
    }

    #[test]
    fn a_creq_names_the_window_and_keeps_everything_else() {
        let bytes = serde_json::to_vec(&creq()).unwrap();
        let mut wanted = creq();
        wanted["challengeWindowSize"] = "03".into();
        for text in [URL_SAFE_NO_PAD.encode(&bytes), URL_SAFE.encode(&bytes)] {
            let sized = with_window(&text, ChallengeWindow::W500).unwrap();
            assert_eq!(read(&sized), wanted);
            let again = with_window(&sized, ChallengeWindow::Full).unwrap();
            assert_eq!(read(&again)["challengeWindowSize"], "05", "the last window counts");
        }
    }

    #[test]
    fn what_is_no_readable_creq_goes_on_as_it_came() {
        let cres = URL_SAFE_NO_PAD.encode(br#"{"messageType":"CRes"}"#);
        for text in ["", "opaque", "a.b.c", "W10", "e30", cres.as_str()] {
            let fields = vec![
                ("creq".to_owned(), text.to_owned()),
                ("threeDSSessionData".to_owned(), "x".to_owned()),
            ];
            let mut over = HandOver { target: "https://acs.bank.example/".to_owned(), fields };
            over.fit(ChallengeWindow::Full);
            assert_eq!(over.fields[0].1, text);
            assert_eq!(over.fields[1].1, "x");
        }
    }
}
