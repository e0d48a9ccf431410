//! The closed list of steps that a token can fail.

/// Why a token was refused: the step that it failed, and nothing of the token. For the operator's log and metric; the shopper's side learns
/// only that the payment could not be accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// The token's own public key is not a point of P-256. Only the gateway's side finds out.
    #[error("the ephemeral public key is not one of P-256")]
    EphemeralKey,
    /// The intermediate key has expired.
    #[error("the intermediate signing key has expired")]
    IntermediateExpired,
    /// The intermediate key, though signed, is not one of P-256 with an expiration.
    #[error("the intermediate signing key is malformed")]
    IntermediateKey,
    /// No root key that is valid now has signed the intermediate key.
    #[error("the intermediate signing key is not signed by a root key that is valid now")]
    IntermediateSignature,
    /// Not the JSON of a token: a field is missing or of another type.
    #[error("not a Google Pay token")]
    Malformed,
    /// The message has expired. Only the gateway's side finds out.
    #[error("the message has expired")]
    MessageExpired,
    /// The intermediate key has not signed the message, or not for this recipient.
    #[error("the message is not signed for this recipient")]
    MessageSignature,
    /// What was decrypted is not the JSON of a card. Only the gateway's side finds out.
    #[error("the decrypted message is malformed")]
    Plaintext,
    /// Not of the version `ECv2`.
    #[error("the token is of another protocol version than ECv2")]
    ProtocolVersion,
    /// The message was encrypted to another key, or was changed. Only the gateway's side finds out.
    #[error("the authentication tag of the message does not fit")]
    Tag,
    /// Larger than 16 KiB.
    #[error("the token is too large")]
    TooLarge,
}

impl Refusal {
    /// Every step, for whoever sets up a metric.
    pub const ALL: [Self; 11] = [
        Self::EphemeralKey,
        Self::IntermediateExpired,
        Self::IntermediateKey,
        Self::IntermediateSignature,
        Self::Malformed,
        Self::MessageExpired,
        Self::MessageSignature,
        Self::Plaintext,
        Self::ProtocolVersion,
        Self::Tag,
        Self::TooLarge,
    ];

    /// The step as a label of a metric: small letters and underscores.
    pub const fn stage(self) -> &'static str {
        match self {
            Self::EphemeralKey => "ephemeral_key",
            Self::IntermediateExpired => "intermediate_expired",
            Self::IntermediateKey => "intermediate_key",
            Self::IntermediateSignature => "intermediate_signature",
            Self::Malformed => "malformed",
            Self::MessageExpired => "message_expired",
            Self::MessageSignature => "message_signature",
            Self::Plaintext => "plaintext",
            Self::ProtocolVersion => "protocol_version",
            Self::Tag => "tag",
            Self::TooLarge => "too_large",
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_step_has_a_label_and_a_message_of_its_own() {
        let of = |text: fn(Refusal) -> String| Refusal::ALL.map(text).into_iter().collect();
        let (labels, messages): (BTreeSet<String>, BTreeSet<String>) =
            (of(|refusal| refusal.stage().to_owned()), of(|refusal| refusal.to_string()));
        assert_eq!(labels.len(), Refusal::ALL.len());
        assert_eq!(messages.len(), Refusal::ALL.len());
        assert!(
            labels.iter().all(|label| label.bytes().all(|b| b == b'_' || b.is_ascii_lowercase()))
        );
    }

    #[test]
    fn the_list_is_complete() {
        assert!(Refusal::ALL.is_sorted());
        assert_eq!(
            Refusal::ALL.len(),
            Refusal::TooLarge as usize + 1,
            "the last variant is the last"
        );
    }
}
