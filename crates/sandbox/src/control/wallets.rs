//! Switches of wallets: `apple_pay` and `google_pay` in [`super::Faults`].

use serde::{Deserialize, Serialize};

/// How long Apple's sheet waits for an answer, milliseconds. Source: "Apple Pay on the Web", `ApplePaySession`.
const APPLE_ANSWER_MS: u32 = 30_000;

/// What the gateway takes of Apple Pay, and how Apple's host and script behave.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ApplePayFaults {
    /// How long the page may take to answer an event of the sheet: real milliseconds.
    pub answer_ms: u32,
    /// What `ApplePaySession.canMakePayments` says.
    pub can_make_payments: bool,
    /// Which letters the network's name must have.
    pub network_case: LetterCase,
    /// Which base64 the gateway takes.
    pub padding: Padding,
    /// How Apple's script is served.
    pub script: ScriptBehaviour,
    /// What Apple's host answers.
    pub session: SessionBehaviour,
}

impl Default for ApplePayFaults {
    fn default() -> Self {
        Self {
            answer_ms: APPLE_ANSWER_MS,
            can_make_payments: true,
            network_case: LetterCase::Any,
            padding: Padding::Any,
            script: ScriptBehaviour::Normal,
            session: SessionBehaviour::Normal,
        }
    }
}

/// What the gateway takes of Google Pay, and how Google's script behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct GooglePayFaults {
    /// Which letters the network's name must have.
    pub network_case: LetterCase,
    /// Which base64 the gateway takes.
    pub padding: Padding,
    /// What `isReadyToPay` says.
    pub ready: bool,
    /// Whether `isReadyToPay` says nothing and rejects with `INTERNAL_ERROR`.
    pub ready_rejects: bool,
    /// How Google's script is served.
    pub script: ScriptBehaviour,
}

impl Default for GooglePayFaults {
    fn default() -> Self {
        Self {
            network_case: LetterCase::Any,
            padding: Padding::Any,
            ready: true,
            ready_rejects: false,
            script: ScriptBehaviour::Normal,
        }
    }
}

/// How a vendor's script is served.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum ScriptBehaviour {
    /// A script that runs and defines nothing.
    Broken,
    /// 404.
    Missing,
    /// At once.
    #[default]
    Normal,
    /// Its request is never answered.
    Silent,
    /// Late.
    Slow {
        /// Real milliseconds.
        ms: u64,
    },
}

/// Which letters a network's name must have. The documents show `Visa` for both wallets; Google writes `VISA`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LetterCase {
    /// Any.
    #[default]
    Any,
    /// Capital letters only: `VISA`.
    Capitals,
    /// A capital letter, and small ones: `Visa`.
    Mixed,
}

impl LetterCase {
    /// Whether a name is written so.
    pub fn fits(self, name: &str) -> bool {
        let has_small = name.bytes().any(|byte| byte.is_ascii_lowercase());
        match self {
            Self::Any => true,
            Self::Capitals => !has_small,
            Self::Mixed => has_small && name.starts_with(|first: char| first.is_ascii_uppercase()),
        }
    }
}

/// How base64 must end. Of the documents' samples Apple's is padded and Google's is not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Padding {
    /// With padding or without.
    #[default]
    Any,
    /// With `=` up to a multiple of four characters.
    Padded,
    /// Without.
    Unpadded,
}

/// What Apple's host answers to a request for a merchant session.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum SessionBehaviour {
    /// Another HTTP code, with an error such as Apple's.
    HttpStatus {
        /// 200 to 599.
        code: u16,
    },
    /// A JSON text without end.
    Huge {
        /// It does end after so many bytes.
        bytes: u64,
    },
    /// Half of the session, with a `Content-Length` that agrees.
    Malformed,
    /// A session, or why there is none.
    #[default]
    Normal,
    /// Sends the caller to another address, which must not be asked.
    Redirects,
    /// Nothing, ever.
    Silent,
    /// The same, late.
    Slow {
        /// Real milliseconds.
        ms: u64,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_case_of_letters_is_told_by_the_name_alone() {
        for (name, capitals, mixed) in [
            ("Visa", false, true),
            ("VISA", true, false),
            ("visa", false, false),
            ("MasterCard", false, true),
            ("AmEx", false, true),
        ] {
            assert!(LetterCase::Any.fits(name));
            assert_eq!(LetterCase::Capitals.fits(name), capitals, "{name}");
            assert_eq!(LetterCase::Mixed.fits(name), mixed, "{name}");
        }
    }
}
