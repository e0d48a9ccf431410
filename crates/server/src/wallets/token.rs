//! A wallet's token as it arrives with a submit, and what of it goes on.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use farthing_gateways::WalletToken;
use farthing_types::{Brand, Money, Wallet};
use farthing_wallets::{apple, google};
use tracing::warn;
use zeroize::Zeroizing;

use super::application_data;
use crate::app::App;
use crate::config::NetworkCase;
use crate::payments::record::{CardOnFile, Method};
use crate::problem::ApiError;
use crate::sessions::record::Session;

/// Google's recipient of every token of this gateway: "SmartCore API", "Google Pay", gateway `primepay`.
const GOOGLE_RECIPIENT: &str = "gateway:primepay";

/// A token as the page sent it: read, and not yet believed. No `Debug`: whoever has it can pay with it.
#[expect(missing_debug_implementations, reason = "a token is money")]
pub enum Offered {
    /// `JSON.stringify` of Apple's token.
    Apple(Zeroizing<String>),
    /// Google's token and the network that Google named.
    Google {
        /// Base64 of the token's exact characters.
        token: Zeroizing<String>,
        /// `VISA` and the like.
        network: String,
    },
}

/// A token that may go to the gateway, once.
pub struct Accepted {
    method: Method,
    dpan: Zeroizing<String>,
    network: String,
    fingerprint: [u8; 32],
}

impl fmt::Debug for Accepted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { method, dpan: _, network: _, fingerprint: _ } = self; // the rest can be charged
        write!(f, "Accepted({}, ..)", method.name())
    }
}

impl Offered {
    /// Whose it is.
    pub const fn wallet(&self) -> Wallet {
        match self {
            Self::Apple(_) => Wallet::ApplePay,
            Self::Google { .. } => Wallet::GooglePay,
        }
    }

    /// The field that it came in.
    pub const fn field(&self) -> &'static str {
        match self {
            Self::Apple(_) => "apple_pay_token",
            Self::Google { .. } => "google_pay_token",
        }
    }
}

impl Accepted {
    /// `apple_pay` or `google_pay`.
    pub fn method(&self) -> Method {
        self.method
    }

    /// What the gateway gets.
    pub fn expose_for_gateway(&self) -> WalletToken<'_> {
        let (dpan, network) = (self.dpan.as_str(), self.network.as_str());
        match self.method {
            Method::ApplePay => WalletToken::ApplePay { dpan, network },
            _ => WalletToken::GooglePay { dpan, network },
        }
    }

    /// What is the same for the same token and for no other, under the server's key: of Apple's transaction id, or of what Google has sealed.
    pub fn fingerprint(&self) -> [u8; 32] {
        self.fingerprint
    }

    /// What may be kept: the brand. The number is the device's, and its last digits would only confuse.
    pub fn on_file(&self) -> CardOnFile {
        let brand = brand_of(&self.network).map(|brand| brand.name().to_owned());
        CardOnFile { brand, last4: None, exp: None }
    }
}

/// Checks a token against the session that it is to pay. Everything that is wrong with it is one and the same to a browser.
pub fn accept(
    app: &App,
    session: &Session,
    attempt: &str,
    offered: Offered,
) -> Result<Accepted, ApiError> {
    if !session.takes(offered.wallet()) {
        return Err(ApiError::field(
            offered.field(),
            "is not accepted: the session's methods do not name this wallet",
        ));
    }
    match offered {
        Offered::Apple(json) => apple_token(app, session, attempt, &json),
        Offered::Google { token, network } => google_token(app, &token, &network),
    }
}

fn apple_token(
    app: &App,
    session: &Session,
    attempt: &str,
    json: &str,
) -> Result<Accepted, ApiError> {
    let apple = app.config.apple_pay.as_ref().ok_or_else(|| {
        ApiError::field("apple_pay_token", "is not accepted: Apple Pay is not configured")
    })?;
    let amount = Money::new(session.amount, session.currency).map_err(ApiError::internal)?;
    let data = application_data(&app.sealer, &session.id, attempt);
    let expected = apple::Expectations { amount, application_data: Some(&data) };
    let payment = apple::PaymentToken::from_json(json.as_bytes())
        .and_then(|token| apple.verifier.verify_and_decrypt(&token, &expected, app.now()))
        .map_err(|refusal| refused(app, Method::ApplePay, refusal.stage()))?;
    Ok(Accepted {
        method: Method::ApplePay,
        network: payment.network().to_owned(),
        fingerprint: fingerprint(app, Method::ApplePay, payment.transaction_id().as_bytes()),
        dpan: payment.into_device_pan().expose_base64(),
    })
}

fn google_token(app: &App, base64: &str, network: &str) -> Result<Accepted, ApiError> {
    let google = app.config.google_pay.as_ref().ok_or_else(|| {
        ApiError::field("google_pay_token", "is not accepted: Google Pay is not configured")
    })?;
    let refused = |stage| refused(app, Method::GooglePay, stage);
    let bytes = STANDARD.decode(base64).map(Zeroizing::new).map_err(|_| refused("malformed"))?;
    let text = str::from_utf8(&bytes).map_err(|_| refused("malformed"))?;
    let token = google::EncryptedToken::parse(text).map_err(|refusal| refused(refusal.stage()))?;
    if let Some(keys) = &google.root_keys {
        keys.verify(&token, GOOGLE_RECIPIENT, app.now())
            .map_err(|refusal| refused(refusal.stage()))?;
    }
    let identity = token.identity().map_err(|refusal| refused(refusal.stage()))?;
    Ok(Accepted {
        method: Method::GooglePay,
        dpan: token.expose_base64(google.padding),
        network: written(network, google.network_case).ok_or_else(|| refused("network"))?,
        fingerprint: fingerprint(app, Method::GooglePay, identity.as_slice()),
    })
}

fn fingerprint(app: &App, method: Method, identity: &[u8]) -> [u8; 32] {
    app.sealer.fingerprint(method.name(), identity)
}

/// The brand behind a network's name. Apple writes `MasterCard` and `cartesBancaires`, Google `MASTERCARD` and `ELO_DEBIT`.
fn brand_of(network: &str) -> Option<Brand> {
    let plain: String =
        network.chars().filter(|c| *c != '_').map(|c| c.to_ascii_lowercase()).collect();
    Some(match plain.as_str() {
        "amex" => Brand::Amex,
        "bancontact" => Brand::Bancontact,
        "cartesbancaires" => Brand::CartesBancaires,
        "chinaunionpay" | "unionpay" => Brand::UnionPay,
        "dankort" => Brand::Dankort,
        "discover" => Brand::Discover,
        "elo" | "elodebit" => Brand::Elo,
        "electron" | "visa" | "vpay" => Brand::Visa,
        "jcb" => Brand::Jcb,
        "maestro" => Brand::Maestro,
        "mastercard" => Brand::Mastercard,
        "mir" => Brand::Mir,
        _ => return None,
    })
}

/// The network as the gateway wants it; nothing if it is no name of one.
fn written(network: &str, case: NetworkCase) -> Option<String> {
    let fits = (2..=32).contains(&network.len())
        && network.bytes().all(|byte| byte.is_ascii_alphabetic() || byte == b'_');
    fits.then(|| match case {
        NetworkCase::AsGiven => network.to_owned(),
        NetworkCase::Title => {
            let (first, rest) = network.split_at(1);
            first.to_ascii_uppercase() + &rest.to_ascii_lowercase()
        }
    })
}

/// The step at which a token failed would guide whoever is trying out tokens: it is the operator's alone.
pub(crate) fn refused(app: &App, method: Method, stage: &'static str) -> ApiError {
    warn!(wallet = method.name(), stage, "a wallet token was refused");
    app.metrics.wallet_refused(method.name(), stage);
    ApiError::WalletRefused
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_is_written_as_the_gateway_wants_it() {
        for (given, as_given, title) in [
            ("VISA", "VISA", "Visa"),
            ("MASTERCARD", "MASTERCARD", "Mastercard"),
            ("ELO_DEBIT", "ELO_DEBIT", "Elo_debit"),
        ] {
            assert_eq!(written(given, NetworkCase::AsGiven).as_deref(), Some(as_given));
            assert_eq!(written(given, NetworkCase::Title).as_deref(), Some(title));
        }
        for bad in ["", "V", "VISA\n", "VI SA", "<b>", "4111111111111111", "ÄÖÜ", &"A".repeat(33)]
        {
            assert_eq!(written(bad, NetworkCase::AsGiven), None, "{bad}");
        }
    }

    #[test]
    fn networks_of_both_wallets_are_brands_that_receipts_can_name() {
        for (network, brand) in [
            ("Visa", Some("visa")),
            ("MASTERCARD", Some("mastercard")),
            ("cartesBancaires", Some("cartes_bancaires")),
            ("ELO_DEBIT", Some("elo")),
            ("girocard", None),
        ] {
            assert_eq!(brand_of(network).map(Brand::name), brand, "{network}");
        }
    }

    #[test]
    fn an_accepted_token_prints_nothing_of_itself() {
        let accepted = Accepted {
            method: Method::ApplePay,
            dpan: Zeroizing::new("NDExMQ==".to_owned()),
            network: "Visa".to_owned(),
            fingerprint: [7; 32],
        };
        assert_eq!(format!("{accepted:?}"), "Accepted(apple_pay, ..)");
        assert_eq!(accepted.on_file().brand.as_deref(), Some("visa"));
    }
}
