//! A merchant with Apple Pay and Google Pay, and the phone in the shopper's hand. All of it is asked of the sandbox, from outside.

use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::api::Answer;
use crate::form::Shopper;
use crate::sandbox::Sandbox;
use crate::world::{Session, World, merge};

/// The merchant's id at Apple.
pub const MERCHANT_ID: &str = "merchant.larkspur.books";
/// The device's number in the sandbox's tokens, which nobody but the gateway may see.
pub const DEVICE_NUMBER: &str = "4012000000003010";
/// Apple's file for the domain; what is in it is nobody's business.
pub const DOMAIN_FILE: &[u8] = b"7B2270737049 larkspur\r\n\n";

/// Where the sandbox has its own of Google's script.
pub const GOOGLE_SCRIPT: &str = "/wallets/google/pay.js";
/// Where the sandbox has its own of Apple's SDK.
pub const APPLE_SDK: &str = "/wallets/apple/apple-pay-sdk.js";

/// What the merchant got from the wallets' vendors.
#[derive(Clone, Debug)]
pub struct Wallets {
    /// The payment processing certificate, PEM.
    pub certificate: String,
}

impl Wallets {
    /// Gets certificates, writes the files, and gives the sections of the configuration. No domain is registered at the sandbox, which then
    /// gives a merchant session for any.
    pub async fn set_up(sandbox: &Sandbox, dir: &Path) -> (Self, String) {
        let vendors = sandbox.wallets().await;
        let write = |name: &str, text: &[u8]| {
            std::fs::write(dir.join(name), text).expect("a writable file");
        };
        let text = |value: &Value| value.as_str().expect("a text").to_owned();
        let mut certificate = String::new();
        for kind in ["processing", "identity"] {
            let files = sandbox.certificate(kind, MERCHANT_ID).await;
            write(&format!("{kind}.pem"), text(&files["certificate"]).as_bytes());
            write(&format!("{kind}.key"), text(&files["key"]).as_bytes());
            if kind == "processing" {
                certificate = text(&files["certificate"]);
            }
        }
        write("apple-root.pem", text(&vendors["apple_root_pem"]).as_bytes());
        write("apple-host.pem", text(&vendors["apple_host_ca_pem"]).as_bytes());
        write("google.json", vendors["google_root_keys"].to_string().as_bytes());
        write("domain.txt", DOMAIN_FILE);
        let host = text(&vendors["apple_host_url"]);
        let host = format!("{}/paymentservices/paymentSession", host.trim_end_matches('/'));
        let sections = format!(
            r#"
[google_pay]
gateway_merchant_id = "{gateway_merchant_id}"
root_keys = "file:google.json"
script = "{script}"

[apple_pay]
merchant_id = "{MERCHANT_ID}"
display_name = "Larkspur"
accept_pci_scope = true
host = "{host}"
host_ca = "file:apple-host.pem"
root = "file:apple-root.pem"
domain_association = "file:domain.txt"
sdk = "{sdk}"
identity = {{ certificate = "file:identity.pem", key = "file:identity.key" }}

[[apple_pay.processing]]
certificate = "file:processing.pem"
key = "file:processing.key"
"#,
            gateway_merchant_id = text(&vendors["google_gateway"]["gatewayMerchantId"]),
            script = sandbox.url.join(GOOGLE_SCRIPT).expect("a path"),
            sdk = sandbox.url.join(APPLE_SDK).expect("a path"),
        );
        (Self { certificate }, sections)
    }
}

/// What a page knows before a shopper taps the button.
#[derive(Clone, Debug)]
pub struct Offer {
    /// The checkout.
    pub path: String,
    /// The attempt's key.
    pub attempt: String,
    /// The session's version.
    pub version: u64,
    /// `applicationData` of an Apple Pay request.
    pub application_data: String,
}

impl Offer {
    /// Loads the page as a script does.
    pub async fn load(world: &World, session: &Session) -> Self {
        let url = world.origin.join(&session.path).expect("a path");
        let request = world.http().get(url).header("accept", "application/json");
        let answer = Answer::read(request.send().await.expect("an answer")).await.expect("a body");
        let view = answer.expect(200).json;
        Self {
            path: session.path.clone(),
            attempt: view["attempt"].as_str().expect("an attempt").to_owned(),
            version: view["version"].as_u64().expect("a version"),
            application_data: view["apple_pay_application_data"]
                .as_str()
                .unwrap_or_default()
                .to_owned(),
        }
    }

    /// Sends a wallet's fields.
    pub async fn submit(&self, shopper: &Shopper, wallet: &[(&str, &str)]) -> Answer {
        let mut fields = vec![
            ("attempt".to_owned(), self.attempt.clone()),
            ("version".to_owned(), self.version.to_string()),
        ];
        fields.extend(wallet.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        shopper.post_json(&format!("{}/payments", self.path), &fields).await
    }
}

impl World {
    /// The phone pays with Apple Pay what the usual order costs, for this page; `changes` are those of the sandbox's phone.
    pub async fn apple_token(&self, offer: &Offer, changes: Value) -> String {
        let mut wish = json!({
            "certificate": self.wallets().certificate,
            "amount": 1295,
            "currency": "EUR",
            "application_data": offer.application_data,
        });
        merge(&mut wish, changes);
        let token = self.sandbox.token("apple", &wish).await;
        for part in ["data", "signature"] {
            self.watch_part(token["paymentData"][part].as_str());
        }
        token.to_string()
    }

    /// Google's answer to the page: the token as the page sends it on, and the network.
    pub async fn google_token(&self, changes: Value) -> (String, String) {
        let mut wish = json!({"auth_method": "CRYPTOGRAM_3DS"});
        merge(&mut wish, changes);
        let data = self.sandbox.token("google", &wish).await;
        let method = &data["paymentMethodData"];
        let token = method["tokenizationData"]["token"].as_str().expect("a token");
        let parts: Value = serde_json::from_str(token).expect("JSON");
        self.watch_part(parts["signature"].as_str());
        let network = method["info"]["cardNetwork"].as_str().expect("a network");
        (STANDARD.encode(token), network.to_owned())
    }

    fn watch_part(&self, part: Option<&str>) {
        // Every part is long random text: a piece of it is as good, and is found wherever the whole is.
        if let Some(piece) = part.and_then(|part| part.get(8..56)) {
            self.watch_token(piece);
        }
    }
}
