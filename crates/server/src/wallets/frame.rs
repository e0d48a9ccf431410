//! The wallets' own document: what it is told, and from where it may load.

use farthing_types::wallet::{
    ApplePayOffer, GoogleEnvironment, GooglePayOffer, Wallet, WalletFrame,
};
use url::Url;

use crate::app::App;
use crate::config::{APPLE_SDK, ApplePay, GOOGLE_SCRIPT, GooglePay, Mode};

/// The gateway's name at Google. Source: "SmartCore API", "Google Pay".
const GOOGLE_GATEWAY: &str = "primepay";

/// What the document with these buttons is told; a wallet that is not configured is left out.
pub fn of(app: &App, methods: &[Wallet]) -> WalletFrame {
    let wanted = |wallet| methods.contains(&wallet);
    let apple = app.config.apple_pay.as_ref().filter(|_| wanted(Wallet::ApplePay));
    let google = app.config.google_pay.as_ref().filter(|_| wanted(Wallet::GooglePay));
    WalletFrame {
        parent: app.public_url.as_str().to_owned(),
        apple_pay: apple.and_then(|apple| apple_offer(app, apple)),
        google_pay: google.map(|google| google_offer(app, google)),
    }
}

fn apple_offer(app: &App, apple: &ApplePay) -> Option<ApplePayOffer> {
    Some(ApplePayOffer {
        sdk: apple.sdk.as_ref().map(Url::to_string),
        label: apple.display_name.clone(),
        country: app.config.merchant.country.clone()?,
        networks: words(&apple.networks),
    })
}

fn google_offer(app: &App, google: &GooglePay) -> GooglePayOffer {
    let live = app.config.mode == Mode::Live;
    GooglePayOffer {
        script: google.script.to_string(),
        environment: if live { GoogleEnvironment::Production } else { GoogleEnvironment::Test },
        merchant_id: google.merchant_id.clone().filter(|_| live),
        merchant_name: app.config.merchant.name.clone(),
        gateway: GOOGLE_GATEWAY.to_owned(),
        gateway_merchant_id: google.gateway_merchant_id.clone(),
        auth_methods: words(&google.auth_methods),
        networks: words(&google.networks),
        country: app.config.merchant.country.clone(),
    }
}

fn words(list: &[&str]) -> Vec<String> {
    list.iter().map(|word| (*word).to_owned()).collect()
}

/// What the document's policy allows besides itself: sources of a content security policy, each once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sources {
    /// `script-src`.
    pub scripts: Vec<String>,
    /// `img-src`.
    pub images: Vec<String>,
    /// `connect-src`.
    pub connections: Vec<String>,
    /// `frame-src`.
    pub frames: Vec<String>,
}

impl Sources {
    /// Those of the wallets in the document, and of no other.
    pub fn of(frame: &WalletFrame) -> Self {
        let mut all = Self::default();
        if let Some(sdk) = frame.apple_pay.as_ref().and_then(|apple| apple.sdk.as_deref()) {
            if sdk == APPLE_SDK {
                all.add_apple();
            } else {
                all.add_origin_of(sdk);
            }
        }
        if let Some(google) = &frame.google_pay {
            if google.script == GOOGLE_SCRIPT {
                all.add_google();
            } else {
                all.add_origin_of(&google.script);
            }
        }
        all
    }

    /// Source: "Apple Pay on the Web", "Setting up your server", content security policy of the SDK.
    fn add_apple(&mut self) {
        const APPLE: &str = "https://applepay.cdn-apple.com";
        for list in [&mut self.scripts, &mut self.images, &mut self.frames] {
            add(list, APPLE);
        }
    }

    /// Chrome asks `connect-src` for the payment method's manifest and its redirects too.
    fn add_google(&mut self) {
        const GOOGLE: &str = "https://pay.google.com";
        for list in [&mut self.scripts, &mut self.frames] {
            add(list, GOOGLE);
        }
        for image in ["https://www.gstatic.com", GOOGLE] {
            add(&mut self.images, image);
        }
        for connection in ["https://google.com/pay", "https://www.google.com/pay", GOOGLE] {
            add(&mut self.connections, connection);
        }
    }

    /// A script from elsewhere has everything at its own place.
    fn add_origin_of(&mut self, script: &str) {
        let Ok(url) = Url::parse(script) else { return };
        let origin = url.origin().ascii_serialization();
        for list in [&mut self.scripts, &mut self.images, &mut self.connections, &mut self.frames] {
            add(list, &origin);
        }
    }
}

fn add(list: &mut Vec<String>, source: &str) {
    if !list.iter().any(|one| one == source) {
        list.push(source.to_owned());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(sdk: Option<&str>, script: Option<&str>) -> WalletFrame {
        WalletFrame {
            parent: "https://pay.example".to_owned(),
            apple_pay: Some(ApplePayOffer {
                sdk: sdk.map(str::to_owned),
                label: "Shop".to_owned(),
                country: "IE".to_owned(),
                networks: vec!["visa".to_owned()],
            }),
            google_pay: script.map(|script| GooglePayOffer {
                script: script.to_owned(),
                environment: GoogleEnvironment::Test,
                merchant_id: None,
                merchant_name: "Shop".to_owned(),
                gateway: GOOGLE_GATEWAY.to_owned(),
                gateway_merchant_id: "shop-1".to_owned(),
                auth_methods: vec!["PAN_ONLY".to_owned()],
                networks: vec!["VISA".to_owned()],
                country: None,
            }),
        }
    }

    #[test]
    fn a_document_loads_from_the_vendors_of_its_own_wallets_only() {
        let apple = Sources::of(&frame(Some(APPLE_SDK), None));
        assert_eq!(apple.scripts, ["https://applepay.cdn-apple.com"]);
        assert_eq!((&apple.images, &apple.frames), (&apple.scripts, &apple.scripts));
        assert!(apple.connections.is_empty());
        let google = Sources::of(&frame(None, Some(GOOGLE_SCRIPT)));
        assert_eq!(google.scripts, ["https://pay.google.com"]);
        assert_eq!(google.frames, ["https://pay.google.com"]);
        assert_eq!(google.images, ["https://www.gstatic.com", "https://pay.google.com"]);
        assert_eq!(
            google.connections,
            ["https://google.com/pay", "https://www.google.com/pay", "https://pay.google.com"]
        );
        assert_eq!(
            Sources::of(&frame(None, None)),
            Sources::default(),
            "built in: nothing to load"
        );
    }

    #[test]
    fn a_script_from_elsewhere_brings_its_own_origin_once() {
        let both = Sources::of(&frame(
            Some("http://localhost:8082/wallets/apple/apple-pay-sdk.js"),
            Some("http://localhost:8082/wallets/google/pay.js"),
        ));
        for list in [&both.scripts, &both.images, &both.connections, &both.frames] {
            assert_eq!(list, &["http://localhost:8082"]);
        }
    }
}
