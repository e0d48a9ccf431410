//! The token as the browser hands it over: its shape is checked, its bytes are kept.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use sha2::{Digest as _, Sha256};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use super::Refusal;
use crate::json::{self, Object};
use crate::wire;

/// `PaymentData.paymentMethodData.tokenizationData.token`, byte for byte. Wiped on drop; deliberately not `Clone`, `Display` or
/// `Serialize`.
///
/// Encrypted to the gateway, but whoever has it can pay with it once: it goes to the gateway and nowhere else.
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct EncryptedToken(Box<str>);

/// How base64 ends. The gateway's sample has no padding, its prose does not say (reference 1.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Padding {
    /// With `=` up to a multiple of four characters.
    #[default]
    Padded,
    /// Without.
    Unpadded,
}

/// What is read of a token. Unknown fields are ignored; a known one that comes twice is an error. Strings are as Google's signatures cover
/// them: decoded from JSON once.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Shape<'t> {
    #[serde(borrow)]
    protocol_version: Cow<'t, str>,
    #[serde(borrow)]
    pub(super) signature: Cow<'t, str>,
    #[serde(deserialize_with = "json::secret")]
    pub(super) signed_message: Zeroizing<String>,
    #[serde(borrow)]
    pub(super) intermediate_signing_key: Object<IntermediateSigningKey<'t>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct IntermediateSigningKey<'t> {
    #[serde(borrow)]
    pub(super) signed_key: Cow<'t, str>,
    #[serde(borrow, default)]
    pub(super) signatures: Vec<Cow<'t, str>>,
}

/// What `signedMessage` holds: three texts in base64.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct SignedMessage {
    #[serde(deserialize_with = "json::secret")]
    pub(super) encrypted_message: Zeroizing<String>,
    #[serde(deserialize_with = "json::secret")]
    pub(super) ephemeral_public_key: Zeroizing<String>,
    #[serde(deserialize_with = "json::secret")]
    pub(super) tag: Zeroizing<String>,
}

impl EncryptedToken {
    /// The largest token: real ones have about 1 KiB.
    pub const MAX_BYTES: usize = 16 * 1024;

    /// Checks the shape: an object of the version `ECv2` with the four strings that every token has (reference 2).
    pub fn parse(text: &str) -> Result<Self, Refusal> {
        if text.len() > Self::MAX_BYTES {
            return Err(Refusal::TooLarge);
        }
        let token = Self(text.into());
        token.shape()?;
        Ok(token)
    }

    /// The bytes as Google wrote them.
    pub fn expose_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }

    /// Their base64, standard alphabet: the value of `google_pay_dpan` (reference 1.1).
    pub fn expose_base64(&self, padding: Padding) -> Zeroizing<String> {
        wire::secret_to_base64(self.expose_bytes(), padding == Padding::Padded)
    }

    /// What is the same for two spellings of one token: SHA-256 of what is encrypted, its key and its tag. White space and escapes of the
    /// JSON around it can be changed without a signature noticing.
    pub fn identity(&self) -> Result<Zeroizing<[u8; 32]>, Refusal> {
        let shape = self.shape()?;
        // What only the gateway can judge is not refused here: then the text itself is the token's identity.
        let parts = match serde_json::from_str(&shape.signed_message) {
            Ok(Object(SignedMessage { encrypted_message, ephemeral_public_key, tag })) => {
                vec![encrypted_message, ephemeral_public_key, tag]
            }
            Err(_) => vec![shape.signed_message],
        };
        let mut hash = Sha256::new();
        for part in &parts {
            hash.update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
            hash.update(part.as_bytes());
        }
        Ok(Zeroizing::new(hash.finalize().into()))
    }

    pub(super) fn shape(&self) -> Result<Shape<'_>, Refusal> {
        // serde_json's message may quote the token, so it is dropped.
        let Object(shape): Object<Shape<'_>> =
            serde_json::from_str(&self.0).map_err(|_| Refusal::Malformed)?;
        if shape.protocol_version == "ECv2" { Ok(shape) } else { Err(Refusal::ProtocolVersion) }
    }
}

impl fmt::Debug for EncryptedToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(text) = self;
        write!(f, "EncryptedToken({} bytes)", text.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(signed_message: &str, white_space: &str) -> EncryptedToken {
        let message = serde_json::Value::from(signed_message);
        EncryptedToken::parse(&format!(
            r#"{{"signature":"MEQ=",{white_space}"intermediateSigningKey":{{"signedKey":"{{}}","signatures":["MEU="]}},"protocolVersion":"ECv2","signedMessage":{message}}}"#
        ))
        .unwrap()
    }

    #[test]
    fn a_token_is_the_same_however_its_json_is_written_and_another_where_anything_is_encrypted_otherwise()
     {
        let message = r#"{"encryptedMessage":"AAEC","ephemeralPublicKey":"BAUG","tag":"BwgJ"}"#;
        let identity = token(message, "").identity().unwrap();
        for same in [token(message, " \n"), token(&message.replace(',', ", "), "")] {
            assert_eq!(same.identity().unwrap(), identity);
        }
        for other in
            [message.replace("AAEC", "AAED"), message.replace("BwgJ", "BwgK"), "no JSON".to_owned()]
        {
            assert_ne!(token(&other, "").identity().unwrap(), identity, "{other}");
        }
    }
}
