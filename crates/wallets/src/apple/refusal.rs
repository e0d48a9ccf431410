//! The closed list of steps that a token can fail.

/// Why a token was refused: the step that it failed, and nothing of the token.
///
/// For the operator's log and metric. Tell the shopper's side one thing only, that the payment could not be accepted: which step
/// failed would guide whoever is trying out tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// The signature, its digest or its declared protection is of an algorithm other than the two of Apple Pay.
    #[error("the signature is not made with the algorithm of its token version")]
    Algorithm,
    /// The amount is not the order's.
    #[error("the amount is not that of the order")]
    Amount,
    /// The token carries other data of the merchant than was asked for, or some that was not, or lacks it.
    #[error("the application data is not what was asked for")]
    ApplicationData,
    /// Tokens for several merchants, which nobody asked for.
    #[error("there are authentication responses that nobody asked for")]
    AuthenticationResponses,
    /// The certificates do not lead to a trusted root.
    #[error("the certificates do not lead to the trusted root")]
    Chain,
    /// What was signed is not declared to be plain data.
    #[error("the signed content type is not data")]
    ContentType,
    /// The one-time cryptogram is missing or is none.
    #[error("the payment cryptogram is missing or malformed")]
    Cryptogram,
    /// The currency is not the order's.
    #[error("the currency is not that of the order")]
    Currency,
    /// The authentication tag of the encrypted data does not fit.
    #[error("the payment data does not decrypt")]
    Decryption,
    /// The content is not what was signed.
    #[error("the content does not have the signed digest")]
    Digest,
    /// The token's own public key is not a point of P-256.
    #[error("the ephemeral public key is not one of P-256")]
    EphemeralKey,
    /// The device's account number has expired.
    #[error("the device account number has expired")]
    Expired,
    /// The intermediate certificate is not one of Apple's for this purpose: it lacks 1.2.840.113635.100.6.2.14.
    #[error("the intermediate certificate lacks its marker extension")]
    IntermediateMarker,
    /// No key is held for the certificate that the token was encrypted to, or one of another kind.
    #[error("no key is held for the certificate that the token is encrypted to")]
    Key,
    /// The signing certificate is not one of Apple's for this purpose: it lacks 1.2.840.113635.100.6.29.
    #[error("the signing certificate lacks its marker extension")]
    LeafMarker,
    /// Not the JSON of a token: a field is missing or is not base64 or hexadecimal digits of the right length.
    #[error("not an Apple Pay token")]
    Malformed,
    /// The network's name, which is not signed, is unknown or is not that of the decrypted number.
    #[error("the network does not fit the account number")]
    Network,
    /// Not data of the kind `3DSecure`.
    #[error("the payment data is not of the kind 3DSecure")]
    PaymentDataType,
    /// What was decrypted is not the JSON of payment data.
    #[error("the decrypted payment data is malformed")]
    Plaintext,
    /// The signature does not verify.
    #[error("the signature does not verify")]
    Signature,
    /// Not a detached CMS signature with two certificates and one signer.
    #[error("the signature is not encoded as Apple encodes it")]
    SignatureEncoding,
    /// An attribute that has to be signed is missing, there twice, or malformed.
    #[error("the signed attributes are incomplete or malformed")]
    SignedAttributes,
    /// No certificate has the signer's issuer and serial number.
    #[error("the signing certificate is missing")]
    Signer,
    /// Signed more than five minutes ago, or ahead.
    #[error("the token was not signed just now")]
    SigningTime,
    /// Larger than 32 KiB.
    #[error("the token is too large")]
    TooLarge,
    /// The signed transaction id is not the one beside it.
    #[error("the transaction ids disagree")]
    TransactionId,
    /// A certificate of the chain is not valid at this time.
    #[error("a certificate of the chain is not valid now")]
    Validity,
    /// Neither `EC_v1` nor `RSA_v1`.
    #[error("the token is of an unknown version")]
    Version,
    /// The wrapped key does not unwrap to a key of AES-128.
    #[error("the wrapped key does not unwrap")]
    WrappedKey,
}

impl Refusal {
    /// Every step, for whoever sets up a metric.
    pub const ALL: [Self; 29] = [
        Self::Algorithm,
        Self::Amount,
        Self::ApplicationData,
        Self::AuthenticationResponses,
        Self::Chain,
        Self::ContentType,
        Self::Cryptogram,
        Self::Currency,
        Self::Decryption,
        Self::Digest,
        Self::EphemeralKey,
        Self::Expired,
        Self::IntermediateMarker,
        Self::Key,
        Self::LeafMarker,
        Self::Malformed,
        Self::Network,
        Self::PaymentDataType,
        Self::Plaintext,
        Self::Signature,
        Self::SignatureEncoding,
        Self::SignedAttributes,
        Self::Signer,
        Self::SigningTime,
        Self::TooLarge,
        Self::TransactionId,
        Self::Validity,
        Self::Version,
        Self::WrappedKey,
    ];

    /// The step as a label of a metric: small letters and underscores.
    pub const fn stage(self) -> &'static str {
        match self {
            Self::Algorithm => "algorithm",
            Self::Amount => "amount",
            Self::ApplicationData => "application_data",
            Self::AuthenticationResponses => "authentication_responses",
            Self::Chain => "chain",
            Self::ContentType => "content_type",
            Self::Cryptogram => "cryptogram",
            Self::Currency => "currency",
            Self::Decryption => "decryption",
            Self::Digest => "digest",
            Self::EphemeralKey => "ephemeral_key",
            Self::Expired => "expired",
            Self::IntermediateMarker => "intermediate_marker",
            Self::Key => "key",
            Self::LeafMarker => "leaf_marker",
            Self::Malformed => "malformed",
            Self::Network => "network",
            Self::PaymentDataType => "payment_data_type",
            Self::Plaintext => "plaintext",
            Self::Signature => "signature",
            Self::SignatureEncoding => "signature_encoding",
            Self::SignedAttributes => "signed_attributes",
            Self::Signer => "signer",
            Self::SigningTime => "signing_time",
            Self::TooLarge => "too_large",
            Self::TransactionId => "transaction_id",
            Self::Validity => "validity",
            Self::Version => "version",
            Self::WrappedKey => "wrapped_key",
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
            Refusal::WrappedKey as usize + 1,
            "the last variant is the last"
        );
    }
}
