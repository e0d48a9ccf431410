//! `[google_pay]` and `[apple_pay]`: what the wallets of a merchant are made of.
//!
//! Everything that could fail a payment later is read and checked here, so that a wrong file stops the server at its start.

mod buttons;

use farthing_types::checkout::CardEntry;
use farthing_wallets::apple::{MerchantKey, TrustRoots, Verifier};
use farthing_wallets::google::{Padding, RootKeys};
use jiff::Timestamp;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use secrecy::{ExposeSecret as _, SecretString};
use url::Url;

pub use self::buttons::{APPLE_SDK, GOOGLE_SCRIPT};
use super::Merchant;
use super::reader::{At, Faults, Section};
use super::rules::{Rules, one_of};
use crate::wallets::merchant_session::{Identity, IdentityError};

/// `[google_pay]`.
pub struct GooglePay {
    /// Google's id of the merchant; required in live mode, unused in Google's test environment.
    pub merchant_id: Option<String>,
    /// The merchant's id at the gateway, as the gateway has issued it.
    pub gateway_merchant_id: String,
    /// Google's root keys, if signatures are to be verified here.
    pub root_keys: Option<RootKeys>,
    /// How the token's base64 ends.
    pub padding: Padding,
    /// How the network's name is written.
    pub network_case: NetworkCase,
    /// `PAN_ONLY`, `CRYPTOGRAM_3DS`.
    pub auth_methods: Vec<&'static str>,
    /// `MASTERCARD`, `VISA` and so on.
    pub networks: Vec<&'static str>,
    /// Where `pay.js` is: another place than Google's in sandbox mode only.
    pub script: Url,
}

/// How the gateway is told a card's network: Google writes `VISA`, the gateway's sample `Visa`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NetworkCase {
    /// As Google writes it.
    AsGiven,
    /// One capital letter, then small ones.
    Title,
}

/// `[apple_pay]`.
pub struct ApplePay {
    /// The merchant identifier at Apple.
    pub merchant_id: String,
    /// The shop's name on the sheet: at most 64 characters.
    pub display_name: String,
    /// Verifies tokens, and decrypts them with the keys of the payment processing certificates.
    pub verifier: Verifier,
    /// The merchant identity certificate and its key.
    pub identity: Identity,
    /// Where merchant sessions come from.
    pub host: Url,
    /// Who vouches for that host instead of the system's roots: sandbox mode only.
    pub host_ca: Option<Vec<u8>>,
    /// Apple's file that proves the domain, byte for byte.
    pub domain_association: Option<Vec<u8>>,
    /// `visa`, `masterCard` and so on, the preferred ones first.
    pub networks: Vec<&'static str>,
    /// Where Apple's SDK is, if it is loaded: another place than Apple's in sandbox mode only.
    pub sdk: Option<Url>,
}

/// Apple's hosts by the name that the configuration has for them. Source: "Apple Pay on the Web", "Requesting an Apple Pay payment
/// session".
const HOSTS: [(&str, &str); 4] = [
    ("global", "https://apple-pay-gateway.apple.com/paymentservices/paymentSession"),
    ("china", "https://cn-apple-pay-gateway.apple.com/paymentservices/paymentSession"),
    ("sandbox", "https://apple-pay-gateway-cert.apple.com/paymentservices/paymentSession"),
    ("china-sandbox", "https://cn-apple-pay-gateway-cert.apple.com/paymentservices/paymentSession"),
];

/// Longest name on Apple's sheet, characters.
const MAX_DISPLAY_NAME: usize = 64;

impl Rules {
    pub(super) fn google_pay(
        &self,
        mut section: Section,
        merchant: Option<&Merchant>,
        faults: &mut Faults,
    ) -> Option<GooglePay> {
        if self.live() && !section.has("merchant_id") {
            section.missing_because("merchant_id", "is required in live mode", faults);
        }
        let merchant_id = section.text("merchant_id", faults).and_then(|at| at.check(faults, id));
        let gateway_merchant_id = section
            .required_text("gateway_merchant_id", faults)
            .and_then(|at| at.check(faults, id));
        let root_keys = file(&mut section, "root_keys", faults).and_then(|(at, name)| {
            at.check(faults, |list| {
                let keys =
                    RootKeys::from_json(&list).map_err(|error| format!("{name} is {error}"))?;
                if keys.is_of_a_sandbox() && self.live() {
                    return Err(format!("{name} is a sandbox's list, which live mode refuses"));
                }
                match keys.expire() {
                    Some(last) if last <= self.now => {
                        Err(format!("{name} has expired on {}", last.strftime("%F")))
                    }
                    _ => Ok(keys),
                }
            })
        });
        let padding = match section.text("padding", faults) {
            None => Some(Padding::Padded),
            text => one_of(
                text,
                faults,
                &[("padded", Padding::Padded), ("unpadded", Padding::Unpadded)],
            ),
        };
        let network_case = match section.text("network_case", faults) {
            None => Some(NetworkCase::AsGiven),
            text => one_of(
                text,
                faults,
                &[("as-given", NetworkCase::AsGiven), ("title", NetworkCase::Title)],
            ),
        };
        let auth_methods = buttons::auth_methods(&mut section, faults);
        let networks = buttons::google_networks(&mut section, merchant, faults);
        let script = self.google_script(&mut section, faults);
        section.finish(faults);
        Some(GooglePay {
            merchant_id: merchant_id.map(|at| at.value),
            gateway_merchant_id: gateway_merchant_id?.value,
            root_keys: root_keys.map(|at| at.value),
            padding: padding?,
            network_case: network_case?,
            auth_methods: auth_methods?,
            networks: networks?,
            script: script?,
        })
    }

    pub(super) fn apple_pay(
        &self,
        mut section: Section,
        merchant: Option<&Merchant>,
        faults: &mut Faults,
    ) -> Option<ApplePay> {
        let accepted = section.flag("accept_pci_scope", faults).is_some_and(|flag| flag.value);
        let hosted = merchant.is_some_and(|merchant| merchant.card_entry == CardEntry::Hosted);
        if hosted && !accepted {
            section.missing_because(
                "accept_pci_scope",
                "must be true with `merchant.card_entry = \"hosted\"`: Apple's tokens are decrypted here, and what comes out is card data",
                faults,
            );
        }
        let merchant_id =
            section.required_text("merchant_id", faults).and_then(|at| at.check(faults, id));
        let display_name = match section.text("display_name", faults) {
            // Without a merchant there is a fault already.
            None => merchant.map(|shop| shop.name.chars().take(MAX_DISPLAY_NAME).collect()),
            Some(at) => at
                .check(faults, |name| {
                    let fits = !name.trim().is_empty() && name.chars().count() <= MAX_DISPLAY_NAME;
                    fits.then_some(name).ok_or_else(|| "must be 1 to 64 characters".to_owned())
                })
                .map(|at| at.value),
        };
        let roots = self.apple_root(&mut section, faults);
        let host = self.apple_host(&mut section, faults);
        let host_ca = file(&mut section, "host_ca", faults).and_then(|(at, name)| {
            at.check(faults, |pem| {
                let some = CertificateDer::pem_slice_iter(&pem).flatten().next().is_some();
                some.then_some(pem).ok_or_else(|| format!("{name} holds no certificate in PEM"))
            })
        });
        if let Some(at) = host_ca.as_ref().filter(|_| self.live()) {
            at.fault(faults, "is another authority than the system's, which live mode refuses");
        }
        let domain_association =
            file(&mut section, "domain_association", faults).map(|(at, _)| at.value);
        let id = merchant_id.as_ref().map_or("", |at| at.value.as_str());
        let keys = processing(&mut section, id, self.now, faults);
        let identity = identity(&mut section, id, self.now, faults);
        let networks = buttons::apple_networks(&mut section, faults);
        let sdk = self.apple_sdk(&mut section, faults);
        section.finish(faults);
        Some(ApplePay {
            display_name: display_name?,
            verifier: Verifier::new(roots?, keys),
            identity: identity?,
            host: host?,
            host_ca: host_ca.map(|at| at.value),
            domain_association,
            networks: networks?,
            sdk: sdk?,
            merchant_id: merchant_id?.value,
        })
    }

    /// Apple's root, which is part of the program; in sandbox mode perhaps another one's.
    fn apple_root(&self, section: &mut Section, faults: &mut Faults) -> Option<TrustRoots> {
        let Some((at, name)) = file(section, "root", faults) else {
            return Some(TrustRoots::apple());
        };
        if !self.sandbox() {
            at.fault(faults, "is another root than Apple's, which live mode refuses");
            return None;
        }
        let roots = at.check(faults, |pem| {
            TrustRoots::danger_sandbox(&pem).map_err(|error| format!("{name} is {error}"))
        })?;
        Some(roots.value)
    }

    fn apple_host(&self, section: &mut Section, faults: &mut Faults) -> Option<Url> {
        let Some(text) = section.text("host", faults) else { return Url::parse(HOSTS[0].1).ok() };
        let host = text.check(faults, |text| {
            let named = HOSTS.iter().find(|(name, _)| *name == text);
            if let Some((name, url)) = named {
                if self.live() && name.ends_with("sandbox") {
                    return Err("is Apple's sandbox, which live mode refuses".to_owned());
                }
                return Url::parse(url).map_err(|_| "is not known".to_owned());
            }
            let url =
                Url::parse(&text).ok().filter(|url| self.sandbox() && url.scheme() == "https");
            url.ok_or_else(|| {
                "must be global, china, sandbox or china-sandbox; in sandbox mode also an https URL"
                    .to_owned()
            })
        })?;
        Some(host.value)
    }
}

/// The payment processing certificates with their keys: several while they are being renewed.
fn processing(
    section: &mut Section,
    merchant_id: &str,
    now: Timestamp,
    faults: &mut Faults,
) -> Vec<MerchantKey> {
    if !section.has("processing") {
        section.missing("processing", faults);
    }
    let sections = section.sections("processing", faults).unwrap_or_default();
    let mut keys = Vec::new();
    for mut section in sections {
        let certificate = required_file(&mut section, "certificate", faults);
        let key = required_key(&mut section, faults);
        section.finish(faults);
        let (Some((certificate, name)), Some((key, key_name))) = (certificate, key) else {
            continue;
        };
        let read = MerchantKey::from_pem(
            merchant_id,
            &certificate.value,
            key.value.expose_secret().as_bytes(),
        );
        match read {
            Err(error) => certificate.fault(faults, format!("{name} with {key_name}: {error}")),
            Ok(read) if read.certificate().not_after() <= now => certificate.fault(
                faults,
                format!("{name} has expired on {}", read.certificate().not_after().strftime("%F")),
            ),
            Ok(read) => keys.push(read),
        }
    }
    keys
}

fn identity(
    section: &mut Section,
    merchant_id: &str,
    now: Timestamp,
    faults: &mut Faults,
) -> Option<Identity> {
    let mut section = section.required_section("identity", faults)?;
    let certificate = required_file(&mut section, "certificate", faults);
    let key = required_key(&mut section, faults);
    section.finish(faults);
    let ((certificate, name), (key, key_name)) = (certificate?, key?);
    match Identity::from_pem(merchant_id, &certificate.value, &key.value, now) {
        Ok(identity) => Some(identity),
        Err(error @ IdentityError::Expired(_)) => {
            certificate.fault(faults, format!("{name} {error}"));
            None
        }
        Err(error) => {
            certificate.fault(faults, format!("{name} with {key_name}: {error}"));
            None
        }
    }
}

/// What a file holds that is no secret, and the name by which an operator knows it.
fn file(section: &mut Section, key: &str, faults: &mut Faults) -> Option<(At<Vec<u8>>, String)> {
    let at = section.text(key, faults)?;
    let name = name_of(&at);
    Some((at.check_file(faults)?, name))
}

fn required_file(
    section: &mut Section,
    key: &str,
    faults: &mut Faults,
) -> Option<(At<Vec<u8>>, String)> {
    if !section.has(key) {
        section.missing(key, faults);
    }
    file(section, key, faults)
}

/// The same for a private key.
fn required_key(section: &mut Section, faults: &mut Faults) -> Option<(At<SecretString>, String)> {
    let at = section.required_text("key", faults)?;
    let name = name_of(&at);
    Some((at.check_secret(faults)?, name))
}

/// A text that is no reference may be a key: it is never shown.
fn name_of(at: &At<String>) -> String {
    at.value.strip_prefix("file:").unwrap_or("the text given").to_owned()
}

/// An id that somebody else has issued.
fn id(text: String) -> Result<String, String> {
    let fits = (1..=128).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-_".contains(&byte));
    fits.then_some(text)
        .ok_or_else(|| "must be 1 to 128 letters, digits, dots, hyphens and underscores".to_owned())
}

#[cfg(test)]
pub(super) mod tests;
