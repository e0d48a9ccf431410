//! The configuration file of a story's server.

use std::path::Path;

use sha2::{Digest as _, Sha256};
use url::Url;

/// The merchant's API key.
pub const API_KEY: &str = "sk_test_4eC39HqLyjWDarjtT1zdp7dcStoryStory0001";
/// A key that may read and nothing else.
pub const READ_KEY: &str = "sk_test_4eC39HqLyjWDarjtT1zdp7dcStoryStory0002";
/// 32 bytes in base64.
pub const MASTER_KEY: &str = "c3RvcmllcyBzZWFsIHdpdGggMzIgYnl0ZXMgb2Yga2U=";
/// 34 bytes in base64.
pub const WEBHOOK_SECRET: &str = "whsec_TGFya3NwdXIgUm93IHNldmVudHkgc2V2ZW4gc3Rvcmllcw==";
/// The user of the gateway's documents.
pub const GATEWAY_USER: &str = "test";
/// The secret of the gateway's documents, and the one that the sandbox knows.
pub const GATEWAY_SECRET: &str = "qwerty";
/// The shop's origin.
pub const SHOP: &str = "http://shop.localhost:8080";

/// What differs between stories.
#[derive(Clone, Debug)]
pub struct Settings {
    /// `[server] listen`.
    pub listen: String,
    /// `[server] call_timeout`.
    pub call_timeout: String,
    /// `[merchant] card_entry`.
    pub card_entry: String,
    /// The secret that the server knows.
    pub gateway_secret: String,
    /// Where card calls go; the sandbox or a proxy before it.
    pub card_base: Url,
    /// The sandbox.
    pub sandbox: Url,
    /// The merchant's endpoint.
    pub webhook: String,
    /// `[server] public_url`, if it is not the address that was bound.
    pub public_url: Option<Url>,
    /// `[server] wallet_listen`, if wallets have an origin.
    pub wallet_listen: Option<String>,
    /// Shops besides [`SHOP`].
    pub shops: Vec<String>,
}

impl Settings {
    /// The file's text.
    pub fn toml(&self, data: &Path) -> String {
        let hash = |key: &str| hex::encode(Sha256::digest(key));
        let url = |base: &Url, path: &str| base.join(path).expect("a path");
        let public_url = self.public_url.as_ref().map_or_else(String::new, |url| {
            format!("public_url = \"{}\"\n", url.origin().ascii_serialization())
        });
        let wallet_listen = self
            .wallet_listen
            .as_ref()
            .map_or_else(String::new, |address| format!("wallet_listen = \"{address}\"\n"));
        let shops = self.shops.iter().map(|shop| format!(", \"{shop}\"")).collect::<String>();
        format!(
            r#"mode = "sandbox"

[server]
listen = "{listen}"
database = "sqlite:{data}/farthing.db"
master_key = "{MASTER_KEY}"
call_timeout = "{call_timeout}"
{public_url}{wallet_listen}
[merchant]
name = "Larkspur Books"
country = "GB"
origins = ["{SHOP}"{shops}]
card_entry = "{card_entry}"
webhook = {{ url = "{webhook}", secret = "{WEBHOOK_SECRET}" }}

[[merchant.keys]]
id = "story"
sha256 = "{full}"

[[merchant.keys]]
id = "reader"
sha256 = "{reader}"
scopes = ["read"]

[gateways.smartcore]
profile = "v1"
accounts = {{ EUR = "EUR-sandbox" }}
merchant_key = "{GATEWAY_USER}"
secret = "{gateway_secret}"
card_url = "{card_url}"
api_url = "{api_url}"
form_hosts = ["{form_host}"]
"#,
            listen = self.listen,
            data = data.display(),
            call_timeout = self.call_timeout,
            card_entry = self.card_entry,
            webhook = self.webhook,
            full = hash(API_KEY),
            reader = hash(READ_KEY),
            gateway_secret = self.gateway_secret,
            card_url = url(&self.card_base, "/smartcore/card/"),
            api_url = url(&self.sandbox, "/smartcore/api/"),
            form_host = self.sandbox.authority(),
        )
    }
}
