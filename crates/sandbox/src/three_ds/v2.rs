//! 3-D Secure 2: device data, challenge request and challenge result, each base64url of JSON.
//!
//! Source: EMV 3-D Secure, Protocol and Core Functions Specification 2.2.0, sections 5.8 and 6, tables A.1 and B.1.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::Names;
use crate::order::Answer;

const VERSION: &str = "2.2.0";
const CREQ: &str = "CReq";
const CRES: &str = "CRes";
/// `challengeCancel`: the cardholder pressed Cancel.
const CANCELLED: &str = "01";
/// The longest message, encoded.
const MAX_MESSAGE: usize = 8 * 1024;

/// How large the merchant's page makes the issuer's, `challengeWindowSize`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Window {
    /// 250 x 400 pixels.
    #[serde(rename = "01")]
    W250,
    /// 390 x 400 pixels.
    #[serde(rename = "02")]
    W390,
    /// 500 x 600 pixels.
    #[serde(rename = "03")]
    W500,
    /// 600 x 400 pixels.
    #[serde(rename = "04")]
    W600,
    /// All there is.
    #[serde(rename = "05")]
    Full,
}

impl Window {
    /// As the standard writes it.
    pub(crate) fn code(self) -> &'static str {
        match self {
            Self::W250 => "01",
            Self::W390 => "02",
            Self::W500 => "03",
            Self::W600 => "04",
            Self::Full => "05",
        }
    }
}

#[derive(Serialize, Deserialize)]
struct MethodRequest {
    #[serde(rename = "threeDSServerTransID")]
    server_transaction: String,
    #[serde(rename = "threeDSMethodNotificationURL")]
    notification_url: String,
}

#[derive(Serialize, Deserialize)]
struct MethodDone {
    #[serde(rename = "threeDSServerTransID")]
    server_transaction: String,
}

/// What both messages of a challenge say first: of which payment and which kind they are.
#[derive(Serialize, Deserialize)]
struct Head {
    #[serde(rename = "threeDSServerTransID")]
    server_transaction: String,
    #[serde(rename = "acsTransID")]
    acs_transaction: String,
    #[serde(rename = "messageVersion")]
    version: String,
    #[serde(rename = "messageType")]
    kind: String,
}

#[derive(Serialize, Deserialize)]
struct ChallengeRequest {
    #[serde(flatten)]
    head: Head,
    #[serde(rename = "challengeWindowSize", default, skip_serializing_if = "Option::is_none")]
    window: Option<String>,
}

#[derive(Serialize, Deserialize)]
struct ChallengeResult {
    #[serde(flatten)]
    head: Head,
    #[serde(rename = "challengeCompletionInd")]
    completion: String,
    #[serde(rename = "transStatus")]
    status: String,
    /// The standard has it in the message between the servers, which nobody sees here.
    #[serde(rename = "challengeCancel", default, skip_serializing_if = "Option::is_none")]
    cancel: Option<String>,
}

/// `threeDSMethodData` of a reply.
pub(crate) fn method_request(names: &Names, notification_url: String) -> String {
    encode(&MethodRequest { server_transaction: names.server_transaction(), notification_url })
}

/// Checks what a page posts to the issuer for the device data.
pub(crate) fn check_method_request(
    names: &Names,
    notification_url: &str,
    text: &str,
) -> Result<(), &'static str> {
    let request: MethodRequest =
        decode(text).ok_or("threeDSMethodData is not base64url of a request for device data.")?;
    same(&request.server_transaction, &names.server_transaction())?;
    if request.notification_url == notification_url {
        Ok(())
    } else {
        Err("threeDSMethodNotificationURL is not the one that was issued for this payment.")
    }
}

/// `threeDSMethodData` that the issuer's page posts to the gateway.
pub(crate) fn method_done(names: &Names) -> String {
    encode(&MethodDone { server_transaction: names.server_transaction() })
}

/// Checks what the issuer's page posts to the gateway after the device data.
pub(crate) fn check_method_done(names: &Names, text: &str) -> Result<(), &'static str> {
    let done: MethodDone =
        decode(text).ok_or("threeDSMethodData is not base64url of a notice about device data.")?;
    same(&done.server_transaction, &names.server_transaction())
}

/// `creq` of a reply. The window's size is left to the merchant's page.
pub(crate) fn creq(names: &Names) -> String {
    encode(&ChallengeRequest { head: Head::of(names, CREQ), window: None })
}

/// Checks a challenge request and reads the size that it wants.
pub(crate) fn read_creq(names: &Names, text: &str) -> Result<Option<Window>, &'static str> {
    let request: ChallengeRequest =
        decode(text).ok_or("creq is not base64url of a challenge request.")?;
    request.head.check(names, CREQ)?;
    let window = request.window.map(|code| serde_json::from_value(code.into())).transpose();
    window.map_err(|_| "challengeWindowSize must be 01, 02, 03, 04 or 05, or absent.")
}

/// `cres`: what the shopper answered, or that nobody did.
pub(crate) fn cres(names: &Names, answer: Option<Answer>) -> String {
    let status = if answer == Some(Answer::Approve) { "Y" } else { "N" };
    encode(&ChallengeResult {
        head: Head::of(names, CRES),
        completion: "Y".to_owned(),
        status: status.to_owned(),
        cancel: (answer == Some(Answer::Cancel)).then(|| CANCELLED.to_owned()),
    })
}

/// Checks that a challenge result is about this payment. What it says is not believed: it came through a browser.
pub(crate) fn check_cres(names: &Names, text: &str) -> Result<(), &'static str> {
    let result: ChallengeResult =
        decode(text).ok_or("cres is not base64url of a challenge result.")?;
    result.head.check(names, CRES)
}

impl Head {
    fn of(names: &Names, kind: &str) -> Self {
        Self {
            server_transaction: names.server_transaction(),
            acs_transaction: names.acs_transaction(),
            version: VERSION.to_owned(),
            kind: kind.to_owned(),
        }
    }

    fn check(&self, names: &Names, kind: &str) -> Result<(), &'static str> {
        match (self.kind == kind, self.version == VERSION) {
            (true, true) => {}
            (false, _) => return Err("messageType is another one than this page takes."),
            (true, false) => return Err("messageVersion must be 2.2.0."),
        }
        same(&self.server_transaction, &names.server_transaction())?;
        same(&self.acs_transaction, &names.acs_transaction())
    }
}

fn same(given: &str, issued: &str) -> Result<(), &'static str> {
    if given == issued { Ok(()) } else { Err("The message is about another payment.") }
}

fn encode(message: &impl Serialize) -> String {
    URL_SAFE_NO_PAD.encode(serde_json::to_vec(message).unwrap_or_default())
}

fn decode<T: DeserializeOwned>(text: &str) -> Option<T> {
    let bytes =
        URL_SAFE_NO_PAD.decode(Some(text).filter(|text| text.len() <= MAX_MESSAGE)?).ok()?;
    serde_json::from_slice(&bytes).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    fn names() -> Names {
        Names::of(&[7; 32], "64a7eec2d46c5db10d082b3d")
    }

    fn message(text: &str) -> Value {
        decode(text).unwrap()
    }

    #[test]
    fn messages_are_written_as_in_the_standard() {
        let (server, acs) = (names().server_transaction(), names().acs_transaction());
        let creq = json!({
            "threeDSServerTransID": server, "acsTransID": acs, "messageVersion": "2.2.0", "messageType": "CReq",
        });
        assert_eq!(message(&super::creq(&names())), creq);
        let result = json!({
            "threeDSServerTransID": server, "acsTransID": acs, "messageVersion": "2.2.0", "messageType": "CRes",
            "challengeCompletionInd": "Y", "transStatus": "N", "challengeCancel": "01",
        });
        assert_eq!(message(&cres(&names(), Some(Answer::Cancel))), result);
        let request = json!({"threeDSServerTransID": server, "threeDSMethodNotificationURL": "u"});
        assert_eq!(message(&method_request(&names(), "u".to_owned())), request);
        assert_eq!(message(&method_done(&names())), json!({"threeDSServerTransID": server}));
    }

    #[test]
    fn every_message_passes_its_own_check_and_no_other() {
        let checks: [fn(&str) -> bool; 4] = [
            |text| check_method_request(&names(), "u", text).is_ok(),
            |text| check_method_done(&names(), text).is_ok(),
            |text| read_creq(&names(), text).is_ok(),
            |text| check_cres(&names(), text).is_ok(),
        ];
        let texts = [
            method_request(&names(), "u".to_owned()),
            method_done(&names()),
            creq(&names()),
            cres(&names(), None),
        ];
        for (left, text) in texts.iter().enumerate() {
            for (right, check) in checks.iter().enumerate() {
                // The notice about device data is a part of every other message.
                assert_eq!(check(text), left == right || right == 1, "{left} {right}");
            }
        }
    }

    #[test]
    fn each_size_of_window_is_read_and_no_other() {
        let with = |window: &str| {
            let mut message = message(&creq(&names()));
            message["challengeWindowSize"] = json!(window);
            read_creq(&names(), &encode(&message))
        };
        for code in ["01", "02", "03", "04", "05"] {
            assert_eq!(with(code).unwrap().unwrap().code(), code);
        }
        assert_eq!(read_creq(&names(), &creq(&names())), Ok(None));
        for code in ["", "1", "00", "06", "05 "] {
            assert!(with(code).is_err(), "{code}");
        }
    }

    proptest! {
        #[test]
        fn no_text_of_a_stranger_passes(text in "[A-Za-z0-9_=+/ -]{0,300}", bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            for text in [text, URL_SAFE_NO_PAD.encode(bytes)] {
                prop_assert!(read_creq(&names(), &text).is_err());
                prop_assert!(check_cres(&names(), &text).is_err());
                prop_assert!(check_method_done(&names(), &text).is_err());
                prop_assert!(check_method_request(&names(), "u", &text).is_err());
            }
        }
    }
}
