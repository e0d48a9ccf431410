//! What the vendors' side of wallets says and takes: `/_control/wallets` and below.

use std::fmt;

use farthing_types::Currency;
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use url::Url;
use zeroize::Zeroize as _;

/// Answer of `GET /_control/wallets`: whom a server has to trust that takes the sandbox's wallets.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct WalletVendors {
    /// The root that Apple Pay tokens lead to, instead of Apple Root CA - G3.
    pub apple_root_pem: String,
    /// Base URL of Apple's host, if one is played; merchant sessions are at `paymentservices/paymentSession` below it.
    pub apple_host_url: Option<Url>,
    /// The root of that host's certificate.
    pub apple_host_ca_pem: String,
    /// Domains that are registered for Apple Pay; none means that all are.
    pub apple_domains: Vec<String>,
    /// Google's root keys, as its `keys.json` has them.
    pub google_root_keys: Value,
    /// `tokenizationSpecification.parameters` of a payment request.
    pub google_gateway: GoogleGateway,
}

/// Whom Google Pay tokens are made for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct GoogleGateway {
    /// The gateway's id at Google.
    pub gateway: String,
    /// The merchant's id at the gateway.
    pub gateway_merchant_id: String,
}

/// Body of `POST /_control/wallets/apple/certificates`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CertificateRequest {
    /// What it is for.
    pub kind: CertificateKind,
    /// The merchant identifier.
    pub merchant_id: String,
    /// A certificate request (PKCS#10, PEM). Without one the sandbox makes the key too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub csr: Option<String>,
}

/// Which of Apple's two certificates.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CertificateKind {
    /// Merchant identity: the TLS client certificate for merchant sessions.
    Identity,
    /// Payment processing: what tokens are encrypted to.
    Processing,
}

/// Answer of `POST /_control/wallets/apple/certificates`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CertificateAnswer {
    /// PEM.
    pub certificate: String,
    /// The key, PKCS#8 in PEM, if the sandbox has made it. It keeps no copy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
}

impl fmt::Debug for CertificateAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CertificateAnswer(..)")
    }
}

/// Body of `POST /_control/wallets/apple/domains`, and its answer with all that are registered.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Domains {
    /// Fully qualified names, without scheme, port or path.
    pub domains: Vec<String>,
}

/// Body of `POST /_control/wallets/apple/token`: what a phone and Apple's servers make together. Its number is wiped on drop.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AppleTokenRequest {
    /// The merchant's payment processing certificate, PEM.
    pub certificate: String,
    /// What the shopper has agreed to pay, minor units.
    pub amount: u64,
    /// ISO 4217 code.
    pub currency: Currency,
    /// The device's account number; the documents' card without a challenge unless given.
    pub number: Option<String>,
    /// `paymentMethod.network`; that of the number unless given.
    pub network: Option<String>,
    /// The last day on which the number is valid; in some years unless given.
    pub expires: Option<Date>,
    /// What the payment request carried, base64.
    pub application_data: Option<String>,
    /// When Apple signs; now by the sandbox's clock unless given.
    pub signed_at: Option<Timestamp>,
    /// What is wrong with it.
    #[serde(default)]
    pub faults: Vec<AppleTokenFault>,
}

/// One flaw of an Apple Pay token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AppleTokenFault {
    /// The signature is of another key.
    BrokenSignature,
    /// The payment data is of the kind `EMV`.
    Emv,
    /// The device's number has expired the day before.
    Expired,
    /// The payment data has no cryptogram.
    NoCryptogram,
    /// Bound to data that nobody gave.
    OtherApplicationData,
    /// Encrypted to another certificate of the same merchant.
    OtherKey,
    /// Under another root.
    OtherRoot,
    /// There are tokens for several merchants in the payment data.
    SeveralMerchants,
    /// `paymentData` is `{}`, as a simulator has it.
    Simulator,
    /// Signed six minutes before.
    Stale,
    /// `transactionIdentifier` is that of another token.
    SwappedTransactionId,
    /// One bit of the encrypted data is another.
    TamperedData,
    /// One minor unit too much.
    WrongAmount,
    /// In another currency.
    WrongCurrency,
}

impl Drop for AppleTokenRequest {
    fn drop(&mut self) {
        self.number.zeroize();
    }
}

impl fmt::Debug for AppleTokenRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AppleTokenRequest(..)")
    }
}

/// Body of `POST /_control/wallets/google/token`: what `loadPaymentData` resolves with. Its number is wiped on drop.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GoogleTokenRequest {
    /// What the token holds.
    pub auth_method: GoogleAuthMethod,
    /// The number; the documents' card without a challenge unless given.
    pub number: Option<String>,
    /// The merchant's id at the gateway; the sandbox's one unless given.
    pub gateway_merchant_id: Option<String>,
    /// `messageExpiration`; in a week unless given.
    pub expires: Option<Timestamp>,
    /// What is wrong with it.
    #[serde(default)]
    pub faults: Vec<GoogleTokenFault>,
}

/// `authMethod`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum GoogleAuthMethod {
    /// The number of a device, with a cryptogram.
    #[serde(rename = "CRYPTOGRAM_3DS")]
    Cryptogram3ds,
    /// A card on file with Google.
    PanOnly,
}

/// One flaw of a Google Pay token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GoogleTokenFault {
    /// The signature is of another key.
    BrokenSignature,
    /// The intermediate key has expired.
    ExpiredIntermediate,
    /// Encrypted to another gateway's key.
    OtherKey,
    /// Signed for another gateway.
    OtherRecipient,
    /// Under another root key.
    OtherRoot,
    /// The token was read and written anew by somebody who meant well: the signed text has other escapes.
    Rewritten,
    /// One bit of the encrypted message is another.
    TamperedMessage,
}

impl Drop for GoogleTokenRequest {
    fn drop(&mut self) {
        self.number.zeroize();
    }
}

impl fmt::Debug for GoogleTokenRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("GoogleTokenRequest(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neither_a_number_nor_a_key_is_printed() {
        let apple =
            r#"{"certificate":"c","amount":1,"currency":"EUR","number":"4012000000003010"}"#;
        let apple: AppleTokenRequest = serde_json::from_str(apple).unwrap();
        let google = r#"{"auth_method":"CRYPTOGRAM_3DS","number":"4012000000003010"}"#;
        let google: GoogleTokenRequest = serde_json::from_str(google).unwrap();
        let answer = CertificateAnswer { certificate: "c".to_owned(), key: Some("k".to_owned()) };
        assert_eq!(
            format!("{apple:?} {google:?} {answer:?}"),
            "AppleTokenRequest(..) GoogleTokenRequest(..) CertificateAnswer(..)"
        );
    }

    #[test]
    fn authentication_methods_are_spelled_as_google_spells_them() {
        for (method, text) in [
            (GoogleAuthMethod::Cryptogram3ds, "\"CRYPTOGRAM_3DS\""),
            (GoogleAuthMethod::PanOnly, "\"PAN_ONLY\""),
        ] {
            assert_eq!(serde_json::to_string(&method).unwrap(), text);
        }
    }
}
