//! The configuration: one TOML file with environment overrides, checked as a whole before anything starts.
//!
//! `docs/deploy.md` lists every key. Faults name the line (or the variable), the key and the rule, never a value.

mod origin;
mod reader;
mod rules;
#[cfg(test)]
mod tests;
mod tree;
mod values;
mod wallet_origin;
mod wallets;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use farthing_types::Currency;
use farthing_types::checkout::CardEntry;
use secrecy::SecretString;
use url::Url;
use zeroize::Zeroizing;

pub use self::origin::Origin;
pub use self::tree::Place;
#[cfg(test)]
pub(crate) use self::wallets::tests::both as wallets_in_tests;
pub use self::wallets::{APPLE_SDK, ApplePay, GOOGLE_SCRIPT, GooglePay, NetworkCase};
use crate::target::IpRange;
use crate::token::TokenHash;
use crate::webhook::WebhookSecret;

/// Everything that the operator decides.
pub struct Config {
    /// `mode`.
    pub mode: Mode,
    /// `[server]`.
    pub server: Server,
    /// `[merchant]`.
    pub merchant: Merchant,
    /// `[gateways.smartcore]`.
    pub smartcore: SmartCore,
    /// `[google_pay]`.
    pub google_pay: Option<GooglePay>,
    /// `[apple_pay]`.
    pub apple_pay: Option<ApplePay>,
    /// The files that `file:` references name: nobody but the server's user should be able to read them.
    pub secret_files: Vec<PathBuf>,
}

/// What kind of money moves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// None: http, loopback targets and `sk_demo` are accepted, and only `-sandbox` accounts.
    Sandbox,
    /// Real money.
    Live,
}

/// `[server]`: where and how it runs.
pub struct Server {
    /// Where to listen; port 0 only in sandbox mode.
    pub listen: SocketAddr,
    /// The origin under which browsers and gateways reach the server. `None` only in sandbox mode: then what was bound.
    pub public_url: Option<Origin>,
    /// The second origin, for wallet buttons. `None` in sandbox mode with `wallet_listen`: then what was bound.
    pub wallet_origin: Option<Origin>,
    /// A second address, which serves the wallets' origin alone; port 0 only in sandbox mode.
    pub wallet_listen: Option<SocketAddr>,
    /// Where payments are stored.
    pub database: Database,
    /// The key that seals secrets in the database.
    pub master_key: MasterKey,
    /// Whose word about the client's address is taken.
    pub trusted_proxies: Vec<IpRange>,
    /// How long one call to a gateway may take, connecting included. 1 s to 2 min.
    pub call_timeout: Duration,
    /// What `/metrics` wants as bearer token from others than loopback.
    pub metrics_token: Option<SecretString>,
    /// How many connections may be open at once.
    pub max_connections: usize,
}

/// Where payments are stored.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Database {
    /// `sqlite:PATH`.
    Sqlite(PathBuf),
}

/// The 256-bit key that seals secrets in the database. Wiped on drop.
pub struct MasterKey(Zeroizing<[u8; 32]>);

impl MasterKey {
    /// A key from its bytes.
    pub const fn from_bytes(bytes: Zeroizing<[u8; 32]>) -> Self {
        Self(bytes)
    }

    /// The key's bytes.
    pub fn expose(&self) -> &[u8; 32] {
        &self.0
    }
}

/// `[merchant]`: whose shop it is.
pub struct Merchant {
    /// Shown on the checkout page.
    pub name: String,
    /// ISO 3166-1 alpha-2 code.
    pub country: Option<String>,
    /// The shop's origins: they may frame the checkout, and URLs of sessions must be on their hosts.
    pub origins: Vec<Origin>,
    /// Where cards are typed.
    pub card_entry: CardEntry,
    /// Where events go.
    pub webhook: Option<Webhook>,
    /// Who may call the API.
    pub keys: Vec<Key>,
}

/// `[merchant] webhook`: where events go, and how they are signed.
pub struct Webhook {
    /// The endpoint.
    pub url: Url,
    /// Signs every event.
    pub secret: WebhookSecret,
    /// During rotation: signs every event as well.
    pub old_secret: Option<WebhookSecret>,
}

/// `[[merchant.keys]]`: one API key, of which only the hash is known.
#[derive(Clone, Debug)]
pub struct Key {
    /// The name in logs and idempotency records; not secret.
    pub id: String,
    /// SHA-256 of the whole key, `sk_` included.
    pub sha256: TokenHash,
    /// What it may do.
    pub scopes: BTreeSet<Scope>,
}

/// What a key may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Scope {
    /// Export transactions.
    Exports,
    /// Read sessions, payments and events.
    Read,
    /// Refund.
    Refunds,
    /// Capture and cancel.
    Captures,
    /// Pay out.
    Payouts,
    /// Create and change sessions and links.
    Sessions,
}

impl Scope {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::Sessions, Self::Read, Self::Refunds, Self::Captures, Self::Payouts, Self::Exports];

    /// The name in configuration and errors.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Captures => "captures",
            Self::Exports => "exports",
            Self::Payouts => "payouts",
            Self::Read => "read",
            Self::Refunds => "refunds",
            Self::Sessions => "sessions",
        }
    }
}

/// `[gateways.smartcore]`.
pub struct SmartCore {
    /// Which version of the documents the gateway follows.
    pub profile: SmartCoreProfile,
    /// The account for each currency.
    pub accounts: BTreeMap<Currency, String>,
    /// The account that payouts in each currency come from.
    pub payout_accounts: BTreeMap<Currency, String>,
    /// The user of Basic authentication.
    pub merchant_key: SecretString,
    /// The password of Basic authentication, and the key of callback signatures.
    pub secret: SecretString,
    /// Secrets whose callback signatures are still accepted during rotation.
    pub old_secrets: Vec<SecretString>,
    /// Base URL of calls that carry card data.
    pub card_url: Url,
    /// Base URL of all other calls.
    pub api_url: Url,
    /// Base URL of the transaction export.
    pub export_url: Option<Url>,
    /// Hosts (`host` or `host:port`) that a `form_url` may lead to.
    pub form_hosts: Vec<String>,
    /// Whether a `form_url` of a card payment may be shown in a frame of the checkout instead of the whole window.
    pub frame_form_url: bool,
}

/// The two versions of the gateway's documents.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SmartCoreProfile {
    /// SmartPayments, the older one.
    V0,
    /// SmartCore.
    V1,
}

impl Config {
    /// Reads a file and the process's environment. `file:` references are relative to the file's folder.
    pub fn load(path: &Path) -> Result<Self, ConfigError> {
        let in_file = |mut error: ConfigError| {
            error.path = Some(path.to_owned());
            error
        };
        let text = std::fs::read_to_string(path).map(Zeroizing::new).map_err(|error| {
            in_file(ConfigError::one(Fault::new(
                Place::Line(0),
                "",
                format!("cannot be read: {}", error.kind()),
            )))
        })?;
        // Variables that are not UTF-8 are none of ours, or are refused as missing.
        let environment = std::env::vars_os().filter_map(|(name, value)| {
            Some((name.into_string().ok()?, value.into_string().ok()?))
        });
        let folder = path.parent().unwrap_or(Path::new(""));
        Self::read(&text, environment, folder).map_err(in_file)
    }

    /// Reads a text and the given environment. `file:` references are relative to the working directory.
    pub fn from_toml(
        text: &str,
        environment: impl Iterator<Item = (String, String)>,
    ) -> Result<Self, ConfigError> {
        Self::read(text, environment, Path::new(""))
    }

    fn read(
        text: &str,
        environment: impl Iterator<Item = (String, String)>,
        folder: &Path,
    ) -> Result<Self, ConfigError> {
        let root = tree::build(text, environment)?;
        let mut faults = reader::Faults::new(folder);
        let config = rules::read(root, jiff::Timestamp::now(), &mut faults);
        faults.or(config)
    }
}

/// Why the configuration was refused: every fault, in the order of the file.
#[derive(Debug)]
pub struct ConfigError {
    faults: Vec<Fault>,
    path: Option<PathBuf>,
}

impl ConfigError {
    fn one(fault: Fault) -> Self {
        Self { faults: vec![fault], path: None }
    }

    /// The faults, in the order of the file.
    pub fn faults(&self) -> &[Fault] {
        &self.faults
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, fault) in self.faults.iter().enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            match (&self.path, &fault.place) {
                (Some(path), Place::Line(0)) => write!(f, "{}: ", path.display())?,
                (Some(path), Place::Line(line)) => write!(f, "{}:{line}: ", path.display())?,
                (_, place) => write!(f, "{place}: ")?,
            }
            match fault.key.as_str() {
                "" => f.write_str(&fault.rule)?,
                key => write!(f, "`{key}` {}", fault.rule)?,
            }
        }
        Ok(())
    }
}

impl std::error::Error for ConfigError {}

/// One thing that is wrong. Never repeats a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The line or the environment variable.
    pub place: Place,
    /// The key with its sections, such as `server.listen`; empty when it is about the file.
    pub key: String,
    /// The rule that is broken.
    pub rule: String,
}

impl Fault {
    fn new(place: Place, key: &str, rule: impl Into<String>) -> Self {
        Self { place, key: key.to_owned(), rule: rule.into() }
    }
}

macro_rules! opaque_debug {
    ($($name:ident { $($field:ident),* } shows { $($shown:ident),* })*) => {$(
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                // A new field will not compile until it is judged here.
                let Self { $($field: _),* } = self;
                f.debug_struct(stringify!($name))$(.field(stringify!($shown), &self.$shown))*.finish_non_exhaustive()
            }
        }
    )*};
}

opaque_debug! {
    Config { mode, server, merchant, smartcore, google_pay, apple_pay, secret_files }
        shows { mode, server, merchant, smartcore, google_pay, apple_pay }
    Server {
        listen, public_url, wallet_origin, wallet_listen, database, master_key, trusted_proxies, call_timeout, metrics_token,
        max_connections
    } shows { listen, public_url, wallet_origin, wallet_listen, trusted_proxies, call_timeout, max_connections }
    Merchant { name, country, origins, card_entry, webhook, keys } shows { name, origins, card_entry }
    Webhook { url, secret, old_secret } shows {}
    SmartCore {
        profile, accounts, payout_accounts, merchant_key, secret, old_secrets, card_url, api_url, export_url, form_hosts,
        frame_form_url
    } shows { profile, form_hosts, frame_form_url }
    GooglePay { merchant_id, gateway_merchant_id, root_keys, padding, network_case, auth_methods, networks, script }
        shows { padding, network_case, auth_methods, networks }
    ApplePay { merchant_id, display_name, verifier, identity, host, host_ca, domain_association, networks, sdk }
        shows { display_name, host, networks }
}

impl fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(_) = self;
        f.write_str("MasterKey(..)")
    }
}
