//! What the operator configures, and what of it is refused.

use std::collections::BTreeMap;
use std::fmt;

use farthing_types::Currency;
use secrecy::SecretString;
use url::Url;

use super::profile::Profile;

/// Base URL of card calls: both documents, "API URLs".
pub const DEFAULT_CARD_URL: &str = "https://chd-api.smartcore.pro";
/// Base URL of all other calls: both documents, "API URLs".
pub const DEFAULT_API_URL: &str = "https://api-gateway.smartcore.pro";
/// Hosts of `form_url` in the samples of "SmartCore API" and "SmartPayments API".
pub const DEFAULT_FORM_HOSTS: &[&str] = &["payment.smartcore.pro", "payment.magua-pay.com"];

/// How to reach the gateway and as whom.
pub struct Config {
    /// Which document the gateway follows.
    pub profile: Profile,
    /// The gateway's account per currency; a currency without one is not taken.
    pub accounts: BTreeMap<Currency, String>,
    /// User name of Basic authentication.
    pub merchant_key: String,
    /// Password of Basic authentication, and key of callback signatures.
    pub secret: SecretString,
    /// Secrets that callbacks may still be signed with while the secret is being changed.
    pub old_secrets: Vec<SecretString>,
    /// Base URL of card calls, with or without a path.
    pub card_url: Url,
    /// Base URL of all other calls, with or without a path.
    pub api_url: Url,
    /// Where a `form_url` may lead: `host` or `host:port`.
    pub form_hosts: Vec<String>,
    /// Whether plain http is accepted, for the base URLs and for form hosts. Sandbox mode only.
    pub allow_http: bool,
}

impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            profile,
            accounts: _,
            merchant_key: _,
            secret: _,
            old_secrets: _,
            card_url: _,
            api_url: _,
            form_hosts,
            allow_http,
        } = self; // a new field will not compile until it is judged here
        f.debug_struct("Config")
            .field("profile", profile)
            .field("form_hosts", form_hosts)
            .field("allow_http", allow_http)
            .finish_non_exhaustive()
    }
}

/// Why a configuration was refused: the key that is wrong, and the rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// An account's name is empty.
    #[error("accounts: an account has no name")]
    Account,
    /// The base URL of all other calls cannot be used.
    #[error("api_url: must be an https URL without credentials, query or fragment")]
    ApiUrl,
    /// The base URL of card calls cannot be used.
    #[error("card_url: must be an https URL without credentials, query or fragment")]
    CardUrl,
    /// An entry is not a host.
    #[error("form_hosts: each entry must be a host, or a host, a colon and a port")]
    FormHost,
    /// Basic authentication could not carry it.
    #[error("merchant_key: must not be empty nor hold a colon or a control character")]
    MerchantKey,
    /// A secret is empty, which would let anybody sign.
    #[error("secret, old_secrets: must not be empty nor hold a control character")]
    Secret,
}
