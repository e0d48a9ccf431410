//! SmartCore and SmartPayments: one gateway, two versions of its documents.
//!
//! `docs/gateways/smartcore.md` tells what the documents leave open and what was decided.

mod answer;
pub mod auth;
pub mod callback;
pub mod codes;
mod config;
mod hosts;
pub mod profile;
mod reader;
mod request;
pub mod sign;
mod steps;
pub mod wire;

use std::fmt;

use farthing_types::{BrowserInfo, Card, Currency, CustomerField};
use secrecy::{ExposeSecret, SecretString};
use url::Url;
use zeroize::Zeroizing;

pub use self::config::{
    Config, ConfigError, DEFAULT_API_URL, DEFAULT_CARD_URL, DEFAULT_FORM_HOSTS,
};
use self::hosts::FormHosts;
pub use self::profile::Profile;
use self::request::{Fields, Method, Value};
use crate::gateway::{
    BuildError, CallbackError, CheckAnswer, Gateway, Notice, Order, PayAnswer, WalletToken,
};
use crate::wire::{RawCallback, WireRequest, WireResponse};

/// The name in routes, configuration, metrics and stored rows.
pub const NAME: &str = "smartcore";

/// The adapter, made once from its configuration.
pub struct SmartCore {
    config: Config,
    authorization: SecretString,
    hosts: FormHosts,
    form_url: Url,
    card_url: Url,
    check_url: Url,
}

impl SmartCore {
    /// Checks the configuration and prepares what every call needs.
    pub fn new(config: Config) -> Result<Self, ConfigError> {
        let Config {
            accounts,
            merchant_key,
            secret,
            old_secrets,
            card_url,
            api_url,
            form_hosts,
            allow_http,
            ..
        } = &config;
        if accounts.values().any(String::is_empty) {
            return Err(ConfigError::Account);
        }
        if merchant_key.is_empty() || merchant_key.chars().any(|c| c == ':' || c.is_control()) {
            return Err(ConfigError::MerchantKey);
        }
        if std::iter::once(secret).chain(old_secrets).any(|secret| !is_usable(secret)) {
            return Err(ConfigError::Secret);
        }
        let endpoint = |base: &Url, path: &str| endpoint(base, path, *allow_http);
        Ok(Self {
            authorization: auth::basic(merchant_key, secret),
            hosts: FormHosts::parse(form_hosts, *allow_http).ok_or(ConfigError::FormHost)?,
            form_url: endpoint(api_url, wire::path::INIT_PAYMENT).ok_or(ConfigError::ApiUrl)?,
            card_url: endpoint(card_url, wire::path::INIT_PAYMENT_HOST2HOST)
                .ok_or(ConfigError::CardUrl)?,
            check_url: endpoint(api_url, wire::path::CHECK).ok_or(ConfigError::ApiUrl)?,
            config,
        })
    }

    /// The profile in force.
    pub const fn profile(&self) -> Profile {
        self.config.profile
    }

    fn account(&self, currency: Currency) -> Result<&str, BuildError> {
        self.config.accounts.get(&currency).map(String::as_str).ok_or(BuildError::NoAccount)
    }

    /// `initPaymentHost2Host` at `card_url`.
    fn host_to_host(
        &self,
        order: &Order<'_>,
        method: &Method<'_>,
        browser: &BrowserInfo,
    ) -> Result<WireRequest, BuildError> {
        let ip = order.customer_ip.to_canonical().to_string();
        let mut fields = Fields::default();
        fields.push_order(order, self.account(order.amount.currency())?, &ip)?;
        fields.push_method(method);
        if let Some(recurrence) = &order.recurrent {
            fields.push_recurrence(recurrence);
        }
        fields.push_browser(browser);
        Ok(self.post(&self.card_url, fields.write()))
    }

    fn post(&self, url: &Url, body: Zeroizing<Vec<u8>>) -> WireRequest {
        WireRequest {
            method: "POST",
            url: url.clone(),
            content_type: wire::JSON,
            authorization: Some(SecretString::from(self.authorization.expose_secret())),
            body,
        }
    }
}

impl Gateway for SmartCore {
    fn name(&self) -> &'static str {
        NAME
    }

    fn takes(&self, currency: Currency) -> bool {
        self.config.accounts.contains_key(&currency)
    }

    /// All eight: both documents require them of every payment.
    fn required_customer(&self) -> &'static [CustomerField] {
        &CustomerField::ALL
    }

    /// `initPaymentHost2Host` at `card_url`.
    fn pay_card(
        &self,
        order: &Order<'_>,
        card: &Card,
        browser: &BrowserInfo,
    ) -> Result<WireRequest, BuildError> {
        self.host_to_host(order, &Method::Card(card), browser)
    }

    /// The same call, with the token and its network where the card would be.
    fn pay_wallet(
        &self,
        order: &Order<'_>,
        wallet: &WalletToken<'_>,
        browser: &BrowserInfo,
    ) -> Result<WireRequest, BuildError> {
        self.host_to_host(order, &Method::Wallet(wallet), browser)
    }

    /// `initPayment` at `api_url`. Of a recurrence only `recurrent` is sent: the call documents no more.
    fn hosted_form(
        &self,
        order: &Order<'_>,
        prefilled_phone: Option<&str>,
    ) -> Result<WireRequest, BuildError> {
        let ip = order.customer_ip.to_canonical().to_string();
        let mut fields = Fields::default();
        fields.push_order(order, self.account(order.amount.currency())?, &ip)?;
        if let Some(phone) = prefilled_phone {
            if !self.config.profile.may_prefill_phone() {
                return Err(BuildError::Unsupported);
            }
            if !is_phone_digits(phone) {
                return Err(BuildError::PrefilledPhone);
            }
            fields.push(wire::field::FORM_PREFILLED_PHONE, Value::Text(phone));
        }
        Ok(self.post(&self.form_url, fields.write()))
    }

    /// Of the steps that an answer can ask for, the first of `form_url`, `creq`, `paReq` and `threeDSMethodData` that can be taken.
    fn read_pay(&self, gateway_order_id: &str, answer: &WireResponse) -> PayAnswer {
        answer::read_pay(&self.hosts, gateway_order_id, answer)
    }

    /// `check` at `api_url`.
    fn check(&self, id: &str) -> Result<WireRequest, BuildError> {
        let mut fields = Fields::default();
        fields.push(wire::field::ORDER_ID, Value::Text(id));
        Ok(self.post(&self.check_url, fields.write()))
    }

    fn read_check(&self, known_ids: &[&str], answer: &WireResponse) -> CheckAnswer {
        answer::read_check(&self.hosts, known_ids, answer)
    }

    fn read_callback(&self, raw: &RawCallback<'_>) -> Result<Notice, CallbackError> {
        callback::verify(raw, std::iter::once(&self.config.secret).chain(&self.config.old_secrets))
    }
}

impl fmt::Debug for SmartCore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { config, authorization: _, hosts: _, form_url: _, card_url: _, check_url: _ } =
            self;
        f.debug_tuple("SmartCore").field(config).finish()
    }
}

fn is_usable(secret: &SecretString) -> bool {
    let secret = secret.expose_secret();
    !secret.is_empty() && !secret.chars().any(char::is_control)
}

/// E.164 without its plus sign.
fn is_phone_digits(phone: &str) -> bool {
    (1..=15).contains(&phone.len()) && phone.bytes().all(|byte| byte.is_ascii_digit())
}

/// A call's URL below a base, which may have a path of its own.
fn endpoint(base: &Url, path: &str, allow_http: bool) -> Option<Url> {
    let is_scheme_allowed = base.scheme() == "https" || (allow_http && base.scheme() == "http");
    let is_plain = base.username().is_empty()
        && base.password().is_none()
        && base.query().is_none()
        && base.fragment().is_none();
    if !is_scheme_allowed || !is_plain {
        return None;
    }
    let mut url = base.clone();
    url.path_segments_mut().ok()?.pop_if_empty().push(path);
    Some(url)
}
