//! What the wallets' buttons ask for, and where the scripts come from that draw them.

use url::Url;

use super::super::Merchant;
use super::super::reader::{At, Faults, Section};
use super::super::rules::Rules;

/// Google's own script. Source: Google Pay API for the web, "Load the Google Pay API JavaScript library".
pub const GOOGLE_SCRIPT: &str = "https://pay.google.com/gp/p/js/pay.js";

/// Apple's SDK. Source: "Apple Pay on the Web", "Loading the latest version of Apple Pay JS".
pub const APPLE_SDK: &str = "https://applepay.cdn-apple.com/jsapi/1.latest/apple-pay-sdk.js";

/// Source: Google Pay API for the web, `CardParameters`, `allowedAuthMethods`.
const AUTH_METHODS: [&str; 2] = ["PAN_ONLY", "CRYPTOGRAM_3DS"];

/// Source: Google Pay API for the web, `CardParameters`, `allowedCardNetworks`.
const GOOGLE_NETWORKS: [&str; 10] = [
    "AMEX",
    "DISCOVER",
    "INTERAC",
    "JCB",
    "MASTERCARD",
    "VISA",
    "ELECTRON",
    "ELO",
    "ELO_DEBIT",
    "MAESTRO",
];

/// Networks that Google takes in Brazil only, and the one that each has to stand beside. The same source.
const IN_BRAZIL: [(&str, Option<&str>); 4] = [
    ("ELECTRON", Some("VISA")),
    ("ELO", None),
    ("ELO_DEBIT", Some("ELO")),
    ("MAESTRO", Some("MASTERCARD")),
];

/// What version 3 of Apple's interface has, which is the one that is asked for. Source: "Apple Pay on the Web",
/// `ApplePayPaymentRequest`, `supportedNetworks`.
const APPLE_NETWORKS: [&str; 8] =
    ["amex", "chinaUnionPay", "discover", "interac", "jcb", "masterCard", "privateLabel", "visa"];

/// Both ways in which Google has cards, unless fewer are wanted.
pub(super) fn auth_methods(
    section: &mut Section,
    faults: &mut Faults,
) -> Option<Vec<&'static str>> {
    let chosen = chosen(section, "auth_methods", &AUTH_METHODS, &AUTH_METHODS, faults)?;
    Some(values(&chosen))
}

/// Mastercard and Visa, unless others are wanted.
pub(super) fn google_networks(
    section: &mut Section,
    merchant: Option<&Merchant>,
    faults: &mut Faults,
) -> Option<Vec<&'static str>> {
    let chosen = chosen(section, "networks", &GOOGLE_NETWORKS, &["MASTERCARD", "VISA"], faults)?;
    let all = values(&chosen);
    // Without a merchant there is a fault already.
    let abroad = merchant.is_some_and(|merchant| merchant.country.as_deref() != Some("BR"));
    for at in chosen.iter().filter_map(Chosen::given) {
        let Some((name, beside)) = IN_BRAZIL.iter().find(|(name, _)| *name == at.value) else {
            continue;
        };
        if abroad {
            at.fault(
                faults,
                format!("names {name}, which Google takes with `merchant.country = \"BR\"` only"),
            );
        } else if let Some(missing) = beside.filter(|beside| !all.contains(beside)) {
            at.fault(faults, format!("names {name} without {missing}"));
        }
    }
    Some(all)
}

/// Visa and Mastercard, unless others are wanted.
pub(super) fn apple_networks(
    section: &mut Section,
    faults: &mut Faults,
) -> Option<Vec<&'static str>> {
    let chosen = chosen(section, "networks", &APPLE_NETWORKS, &["visa", "masterCard"], faults)?;
    Some(values(&chosen))
}

impl Rules {
    /// Where `pay.js` is.
    pub(super) fn google_script(&self, section: &mut Section, faults: &mut Faults) -> Option<Url> {
        match section.text("script", faults) {
            None => Url::parse(GOOGLE_SCRIPT).ok(),
            Some(at) => self.script(at, GOOGLE_SCRIPT, faults),
        }
    }

    /// Where Apple's SDK is; `Some(None)` if none is loaded.
    #[expect(clippy::option_option, reason = "a fault, no SDK, or one")]
    pub(super) fn apple_sdk(
        &self,
        section: &mut Section,
        faults: &mut Faults,
    ) -> Option<Option<Url>> {
        match section.text("sdk", faults) {
            None => Some(Url::parse(APPLE_SDK).ok()),
            Some(at) if at.value == "apple" => Some(Url::parse(APPLE_SDK).ok()),
            Some(at) if at.value == "none" => Some(None),
            Some(at) => self.script(at, APPLE_SDK, faults).map(Some),
        }
    }

    /// A script runs beside the tokens that it makes: with real ones only the vendor's own does.
    fn script(&self, at: At<String>, own: &str, faults: &mut Faults) -> Option<Url> {
        if self.live() && at.value != own {
            at.fault(
                faults,
                format!("must be left out in live mode: no script but {own} is loaded"),
            );
            return None;
        }
        self.url(Some(at), faults).map(|at| at.value)
    }
}

/// One of a list's words: the operator's own has a place.
enum Chosen {
    Given(At<&'static str>),
    Default(&'static str),
}

impl Chosen {
    fn given(&self) -> Option<&At<&'static str>> {
        match self {
            Self::Given(at) => Some(at),
            Self::Default(_) => None,
        }
    }
}

fn values(chosen: &[Chosen]) -> Vec<&'static str> {
    chosen
        .iter()
        .map(|one| match one {
            Chosen::Given(at) => at.value,
            Chosen::Default(word) => word,
        })
        .collect()
}

/// A list of known words, each once; `None` only with a fault.
fn chosen(
    section: &mut Section,
    key: &str,
    known: &[&'static str],
    default: &[&'static str],
    faults: &mut Faults,
) -> Option<Vec<Chosen>> {
    if !section.has(key) {
        return Some(default.iter().copied().map(Chosen::Default).collect());
    }
    let texts = section.some_texts(key, faults)?;
    let mut seen: Vec<&str> = Vec::new();
    let mut words = Vec::new();
    for text in texts {
        let word = text.check(faults, |text| {
            let word = known.iter().copied().find(|word| *word == text);
            let word = word.ok_or_else(|| format!("must be some of {}", known.join(", ")))?;
            if seen.contains(&word) {
                return Err(format!("names {word} twice"));
            }
            seen.push(word);
            Ok(word)
        });
        words.extend(word.map(Chosen::Given));
    }
    Some(words)
}
