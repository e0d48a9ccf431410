//! What each section holds, and which settings contradict each other.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::time::Duration;

use farthing_types::Currency;
use farthing_types::checkout::CardEntry;
use farthing_types::country;
use jiff::Timestamp;
use secrecy::{ExposeSecret as _, SecretString};
use url::Url;

use super::reader::{At, Faults, Section};
use super::tree::Node;
use super::values::{database, master_key, without_control_characters};
use super::{
    Config, Key, Merchant, Mode, Origin, Scope, Server, SmartCore, SmartCoreProfile, Webhook,
    wallet_origin,
};
use crate::target::{IpRange, is_loopback_host};
use crate::token::TokenHash;
use crate::webhook::WebhookSecret;

pub(super) fn read(root: Node, now: Timestamp, faults: &mut Faults) -> Option<Config> {
    let mut root = Section::new(root, "", faults)?;
    let mode = one_of(
        root.required_text("mode", faults),
        faults,
        &[("sandbox", Mode::Sandbox), ("live", Mode::Live)],
    );
    // Without a mode, the rules of live money apply to what is checked meanwhile.
    let rules = Rules { mode: mode.unwrap_or(Mode::Live), known: mode.is_some(), now };
    root.not_supported("payouts", faults);
    let server =
        root.required_section("server", faults).and_then(|section| rules.server(section, faults));
    let (server, wallets) = server.unzip();
    let merchant = root
        .required_section("merchant", faults)
        .and_then(|section| rules.merchant(section, faults));
    if let (Some(wallets), Some(merchant)) = (wallets.flatten(), &merchant) {
        wallet_origin::apart_from_shops(&wallets, merchant, faults);
    }
    let smartcore = root.required_section("gateways", faults).and_then(|mut gateways| {
        for later in ["post_protocol", "box_exchanger"] {
            gateways.not_supported(later, faults);
        }
        let smartcore = gateways
            .required_section("smartcore", faults)
            .and_then(|section| rules.smartcore(section, faults));
        gateways.finish(faults);
        smartcore
    });
    let google = root.section("google_pay", faults);
    let google_pay = google.map(|section| rules.google_pay(section, merchant.as_ref(), faults));
    let apple = root.section("apple_pay", faults);
    let apple_pay = apple.map(|section| rules.apple_pay(section, merchant.as_ref(), faults));
    root.finish(faults);
    Some(Config {
        mode: mode?,
        server: server?,
        merchant: merchant?,
        smartcore: smartcore?,
        google_pay: google_pay.map_or(Some(None), |read| read.map(Some))?,
        apple_pay: apple_pay.map_or(Some(None), |read| read.map(Some))?,
        secret_files: faults.take_secret_files(),
    })
}

pub(super) struct Rules {
    mode: Mode,
    /// False when `mode` itself is at fault: rules that depend on it would only confuse.
    known: bool,
    /// What certificates must outlast.
    pub(super) now: Timestamp,
}

impl Rules {
    pub(super) fn live(&self) -> bool {
        self.known && self.mode == Mode::Live
    }

    pub(super) fn sandbox(&self) -> bool {
        self.known && self.mode == Mode::Sandbox
    }

    /// The section, and where its wallets' origin stands, to be compared with the shops'.
    fn server(
        &self,
        mut section: Section,
        faults: &mut Faults,
    ) -> Option<(Server, Option<At<Origin>>)> {
        let listen = match section.text("listen", faults) {
            None => Some(SocketAddr::from(([127, 0, 0, 1], 8081))),
            Some(text) => self.address(text, faults).map(|at| at.value),
        };
        if self.live() && !section.has("public_url") {
            section.missing_because("public_url", "is required in live mode", faults);
        }
        let public_url = self.origin(section.text("public_url", faults), faults);
        let (wallet_origin, wallet_listen) =
            self.wallet_origin(&mut section, public_url.as_ref(), faults);
        let database = section
            .required_text("database", faults)
            .and_then(|text| text.check(faults, |text| database(&text)));
        let master_key = section
            .required_secret("master_key", faults)
            .and_then(|at| at.check(faults, |text| master_key(&text)));
        let proxies = section.texts("trusted_proxies", faults).unwrap_or_default();
        let trusted_proxies = all(proxies, faults, |text| {
            text.parse::<IpRange>()
                .map_err(|_| "must be addresses or ranges, such as 10.0.0.0/8".to_owned())
        });
        let call_timeout = match section.duration("call_timeout", faults) {
            None => Some(Duration::from_secs(30)),
            Some(at) => at
                .check(faults, |value| {
                    let range = Duration::from_secs(1)..=Duration::from_mins(2);
                    range
                        .contains(&value)
                        .then_some(value)
                        .ok_or_else(|| "must be 1s to 2m".to_owned())
                })
                .map(|at| at.value),
        };
        let metrics_token = section.secret("metrics_token", faults).and_then(|at| {
            at.check(faults, |secret: SecretString| {
                let length = secret.expose_secret().len();
                (length >= 16)
                    .then_some(secret)
                    .ok_or_else(|| "must have at least 16 characters".to_owned())
            })
        });
        let max_connections = match section.integer("max_connections", faults) {
            None => Some(20_000),
            Some(at) => at
                .check(faults, |value| {
                    usize::try_from(value)
                        .ok()
                        .filter(|value| (1..=1_000_000).contains(value))
                        .ok_or_else(|| "must be 1 to 1000000".to_owned())
                })
                .map(|at| at.value),
        };
        section.finish(faults);
        let server = Server {
            listen: listen?,
            public_url: public_url.map(|at| at.value),
            wallet_origin: wallet_origin.as_ref().map(|at| at.value.clone()),
            wallet_listen,
            database: database?.value,
            master_key: master_key?.value,
            trusted_proxies,
            call_timeout: call_timeout?,
            metrics_token: metrics_token.map(|at| at.value),
            max_connections: max_connections?,
        };
        Some((server, wallet_origin))
    }

    pub(super) fn address(&self, text: At<String>, faults: &mut Faults) -> Option<At<SocketAddr>> {
        let at = text.check(faults, |text| {
            text.parse::<SocketAddr>()
                .map_err(|_| "must be an address and a port, such as 127.0.0.1:8081".to_owned())
        })?;
        if self.live() && at.value.port() == 0 {
            at.fault(faults, "must name a port in live mode");
        }
        Some(at)
    }

    fn merchant(&self, mut section: Section, faults: &mut Faults) -> Option<Merchant> {
        let name = section.required_text("name", faults).and_then(|at| {
            at.check(faults, |name| {
                let fits = !name.trim().is_empty()
                    && name.chars().count() <= 100
                    && !name.chars().any(char::is_control);
                fits.then(|| name.trim().to_owned())
                    .ok_or_else(|| "must be 1 to 100 characters".to_owned())
            })
        });
        let country = section.text("country", faults).and_then(|at| {
            at.check(faults, |text| {
                let is_code = country::find(&text).is_some_and(|code| code == text);
                is_code.then_some(text).ok_or_else(|| {
                    "must be an ISO 3166-1 alpha-2 code in capital letters".to_owned()
                })
            })
        });
        if !section.has("origins") {
            section.missing("origins", faults);
        }
        let origins = section.some_texts("origins", faults).map(|texts| {
            texts
                .into_iter()
                .filter_map(|text| self.origin(Some(text), faults))
                .map(|at| at.value)
                .collect()
        });
        let card_entry = one_of(
            section.required_text("card_entry", faults),
            faults,
            &[("embedded", CardEntry::Embedded), ("hosted", CardEntry::Hosted)],
        );
        let webhook =
            section.section("webhook", faults).and_then(|section| self.webhook(section, faults));
        let keys = self.keys(&mut section, faults);
        section.finish(faults);
        Some(Merchant {
            name: name?.value,
            country: country.map(|at| at.value),
            origins: origins?,
            card_entry: card_entry?,
            webhook,
            keys,
        })
    }

    fn webhook(&self, mut section: Section, faults: &mut Faults) -> Option<Webhook> {
        let url = self.url(section.required_text("url", faults), faults);
        let secret = |text: At<SecretString>, faults: &mut Faults| {
            text.check(faults, |text| {
                WebhookSecret::parse(text.expose_secret())
                    .map_err(|_| "must be whsec_ and the base64 of 24 to 64 bytes".to_owned())
            })
        };
        let current =
            section.required_secret("secret", faults).and_then(|text| secret(text, faults));
        let old = section.secret("old_secret", faults).and_then(|text| secret(text, faults));
        section.finish(faults);
        Some(Webhook {
            url: url?.value,
            secret: current?.value,
            old_secret: old.map(|at| at.value),
        })
    }

    fn keys(&self, merchant: &mut Section, faults: &mut Faults) -> Vec<Key> {
        if !merchant.has("keys") {
            merchant.missing("keys", faults);
        }
        let sections = merchant.sections("keys", faults).unwrap_or_default();
        let demo = TokenHash::of("sk_demo");
        let mut keys: Vec<Key> = Vec::new();
        for mut section in sections {
            let id = section.required_text("id", faults);
            if let Some(at) = &id {
                let plain = |byte: u8| {
                    byte.is_ascii_lowercase()
                        || byte.is_ascii_digit()
                        || matches!(byte, b'-' | b'_')
                };
                if at.value.is_empty() || at.value.len() > 40 || !at.value.bytes().all(plain) {
                    at.fault(faults, "must be 1 to 40 of a-z, 0-9, - and _");
                } else if keys.iter().any(|key| key.id == at.value) {
                    at.fault(faults, "is the id of another key");
                }
            }
            let sha256 = section.required_text("sha256", faults).and_then(|at| {
                at.check(faults, |text| {
                    let mut bytes = [0; 32];
                    hex::decode_to_slice(&text, &mut bytes)
                        .map(|()| TokenHash::from_bytes(bytes))
                        .map_err(|_| "must be the key's SHA-256: 64 hexadecimal digits".to_owned())
                })
            });
            if let Some(at) = &sha256 {
                if self.live() && at.value == demo {
                    at.fault(
                        faults,
                        "is the demo's key, which everybody knows: live mode refuses it",
                    );
                } else if keys.iter().any(|key| key.sha256 == at.value) {
                    at.fault(faults, "is the hash of another key");
                }
            }
            let scopes = match section.texts("scopes", faults) {
                None => [Scope::Sessions, Scope::Read].into(),
                Some(texts) => all(texts, faults, |text| {
                    let named = Scope::ALL.into_iter().find(|scope| scope.name() == text);
                    named.ok_or_else(|| {
                        "must be some of sessions, read, refunds, captures, payouts, exports"
                            .to_owned()
                    })
                })
                .into_iter()
                .collect::<BTreeSet<_>>(),
            };
            section.finish(faults);
            if let (Some(id), Some(sha256)) = (id, sha256) {
                keys.push(Key { id: id.value, sha256: sha256.value, scopes });
            }
        }
        keys
    }

    fn smartcore(&self, mut section: Section, faults: &mut Faults) -> Option<SmartCore> {
        let profile = match section.text("profile", faults) {
            None => Some(SmartCoreProfile::V1),
            text => {
                one_of(text, faults, &[("v1", SmartCoreProfile::V1), ("v0", SmartCoreProfile::V0)])
            }
        };
        if !section.has("accounts") {
            section.missing("accounts", faults);
        }
        let accounts = self.accounts(&mut section, "accounts", faults);
        let payout_accounts =
            self.accounts(&mut section, "payout_accounts", faults).unwrap_or_default();
        let merchant_key = section.required_secret("merchant_key", faults).and_then(|at| {
            at.check(faults, |user: SecretString| {
                // Source: RFC 7617, section 2: the first colon ends the user.
                let fits = !user.expose_secret().chars().any(|c| c == ':' || c.is_control());
                fits.then_some(user).ok_or_else(|| {
                    "must hold no colon and no control character (RFC 7617)".to_owned()
                })
            })
        });
        let secret = section
            .required_secret("secret", faults)
            .and_then(|at| at.check(faults, without_control_characters));
        let old_secrets: Vec<SecretString> = section
            .secrets("old_secrets", faults)
            .into_iter()
            .filter_map(|at| at.check(faults, without_control_characters))
            .map(|at| at.value)
            .collect();
        // Source: SmartCore API, chapter "Request format".
        let card_url =
            self.base_url(&mut section, "card_url", Some("https://chd-api.smartcore.pro"), faults);
        let api_url = self.base_url(
            &mut section,
            "api_url",
            Some("https://api-gateway.smartcore.pro"),
            faults,
        );
        let export_url = self.base_url(&mut section, "export_url", None, faults);
        let form_hosts = match section.some_texts("form_hosts", faults) {
            None => FORM_HOSTS.map(str::to_owned).to_vec(),
            Some(texts) => all(texts, faults, |text| self.form_host(&text)),
        };
        let frame_form_url = section.flag("frame_form_url", faults).is_some_and(|flag| flag.value);
        section.finish(faults);
        Some(SmartCore {
            profile: profile?,
            accounts: accounts?,
            payout_accounts,
            merchant_key: merchant_key?.value,
            secret: secret?.value,
            old_secrets,
            card_url: card_url?,
            api_url: api_url?,
            export_url,
            form_hosts,
            frame_form_url,
        })
    }

    fn accounts(
        &self,
        section: &mut Section,
        key: &str,
        faults: &mut Faults,
    ) -> Option<BTreeMap<Currency, String>> {
        let mut accounts = BTreeMap::new();
        for (code, account) in section.map(key, faults)? {
            // A variable's name has lost the case of the currency's code.
            let currency = code.to_ascii_uppercase().parse::<Currency>();
            if currency.is_err() {
                account.fault(faults, "has a key that is not an ISO 4217 alphabetic code");
            }
            if account.value.trim().is_empty() {
                account.fault(faults, "must not be empty");
            } else if self.live() && account.value.ends_with("-sandbox") {
                account.fault(faults, "is a `-sandbox` account, which live mode refuses");
            } else if self.sandbox() && !account.value.ends_with("-sandbox") {
                account.fault(faults, "is not a `-sandbox` account, which sandbox mode refuses");
            }
            if let Ok(currency) = currency {
                accounts.insert(currency, account.value);
            }
        }
        Some(accounts)
    }

    fn form_host(&self, text: &str) -> Result<String, String> {
        let rule =
            "must be hosts, each with a port or without, such as pay.example or localhost:8082";
        let origin = Origin::parse(&format!("https://{text}")).map_err(|_| rule.to_owned())?;
        if self.live() && origin.is_loopback() {
            return Err("is this machine, which live mode refuses".to_owned());
        }
        Ok(text.to_ascii_lowercase())
    }

    pub(super) fn origin(
        &self,
        text: Option<At<String>>,
        faults: &mut Faults,
    ) -> Option<At<Origin>> {
        text?.check(faults, |text| {
            let origin = Origin::parse(&text).map_err(|error| error.to_string())?;
            if self.live() && !origin.is_https() {
                return Err("must be https in live mode".to_owned());
            }
            if self.live() && origin.is_loopback() {
                return Err("is this machine, which live mode refuses".to_owned());
            }
            Ok(origin)
        })
    }

    pub(super) fn url(&self, text: Option<At<String>>, faults: &mut Faults) -> Option<At<Url>> {
        text?.check(faults, |text| {
            let url = Url::parse(&text).map_err(|_| "must be an absolute URL".to_owned())?;
            if !matches!(url.scheme(), "http" | "https") {
                return Err("must be an http or https URL".to_owned());
            }
            if !url.username().is_empty() || url.password().is_some() || url.fragment().is_some() {
                return Err("must not hold a user, a password or a fragment".to_owned());
            }
            if self.live() && url.scheme() != "https" {
                return Err("must be https in live mode".to_owned());
            }
            if self.live() && url.host().is_some_and(|host| is_loopback_host(&host)) {
                return Err("is this machine, which live mode refuses".to_owned());
            }
            Ok(url)
        })
    }

    fn base_url(
        &self,
        section: &mut Section,
        key: &str,
        default: Option<&str>,
        faults: &mut Faults,
    ) -> Option<Url> {
        let Some(text) = section.text(key, faults) else { return Url::parse(default?).ok() };
        let at = self.url(Some(text), faults)?.check(faults, |url| {
            if url.query().is_some() { Err("must not hold a query".to_owned()) } else { Ok(url) }
        })?;
        Some(at.value)
    }
}

pub(super) fn one_of<T: Copy>(
    text: Option<At<String>>,
    faults: &mut Faults,
    choices: &[(&str, T)],
) -> Option<T> {
    let at = text?.check(faults, |text| {
        let chosen = choices.iter().find(|(name, _)| *name == text);
        chosen.map(|(_, value)| *value).ok_or_else(|| {
            let names: Vec<String> =
                choices.iter().map(|(name, _)| format!("\"{name}\"")).collect();
            format!("must be {}", names.join(" or "))
        })
    })?;
    Some(at.value)
}

fn all<T>(
    texts: Vec<At<String>>,
    faults: &mut Faults,
    rule: impl Fn(String) -> Result<T, String>,
) -> Vec<T> {
    texts.into_iter().filter_map(|text| text.check(faults, &rule)).map(|at| at.value).collect()
}

/// Source: SmartCore API and SmartPayments API, the `form_url` of the examples.
const FORM_HOSTS: [&str; 2] = ["payment.smartcore.pro", "payment.magua-pay.com"];
