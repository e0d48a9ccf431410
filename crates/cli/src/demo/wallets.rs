//! The demo's wallets: keys and certificates from the sandbox, which plays Google and Apple.

use std::path::Path;
use std::time::Duration;

use farthing_sandbox::Sandbox;
use farthing_sandbox::control::{
    CertificateAnswer, CertificateKind, CertificateRequest, Domains, WalletVendors,
};
use serde::Serialize;
use serde::de::DeserializeOwned;
use url::Url;

use super::settings::{quoted, write_private};
use crate::client::install_tls;
use crate::outcome::{Failure, Result};

/// The shop's identifier at the sandbox's Apple.
const MERCHANT_ID: &str = "merchant.example.farthing.books";

/// Where merchant sessions are at Apple's host.
const SESSIONS: &str = "paymentservices/paymentSession";

/// Gets certificates, writes them into `folder`, and gives the configuration's sections for both wallets.
///
/// The certificates are new at every start, so that none of a kept folder ends; the authorities behind them are kept by the sandbox.
pub(super) async fn set_up(sandbox: &Sandbox, folder: &Path) -> Result<String> {
    let portal = Portal::of(sandbox)?;
    let folder = folder.join("wallets");
    std::fs::create_dir_all(&folder)
        .map_err(|error| Failure::refused(&folder.display().to_string(), error))?;
    let vendors: WalletVendors = portal.get("").await?;
    for (name, kind) in
        [("processing", CertificateKind::Processing), ("identity", CertificateKind::Identity)]
    {
        let wish = CertificateRequest { kind, merchant_id: MERCHANT_ID.to_owned(), csr: None };
        let made: CertificateAnswer = portal.post("/apple/certificates", &wish).await?;
        let key = made.key.as_deref().ok_or_else(|| unusable("has no key"))?;
        write_private(&folder.join(format!("{name}.pem")), &made.certificate)?;
        write_private(&folder.join(format!("{name}.key")), key)?;
    }
    // All of the demo is on `localhost`.
    let domains = Domains { domains: vec!["localhost".to_owned()] };
    let _: Domains = portal.post("/apple/domains", &domains).await?;
    write_private(&folder.join("apple-root.pem"), &vendors.apple_root_pem)?;
    write_private(&folder.join("apple-host.pem"), &vendors.apple_host_ca_pem)?;
    write_private(&folder.join("google-keys.json"), &vendors.google_root_keys.to_string())?;
    sections(&sandbox.url(), &vendors)
}

fn sections(sandbox: &Url, vendors: &WalletVendors) -> Result<String> {
    let base = sandbox.as_str().trim_end_matches('/');
    let host =
        vendors.apple_host_url.as_ref().ok_or_else(|| unusable("plays no host of Apple's"))?;
    // The folder's own paths are relative to the configuration.
    let file = |name: &str| quoted(&format!("file:wallets/{name}"));
    Ok(format!(
        "\n[google_pay]\n\
         gateway_merchant_id = {gateway_merchant_id}\n\
         root_keys = {google_keys}\n\
         script = {script}\n\n\
         [apple_pay]\n\
         merchant_id = {merchant_id}\n\
         host = {host}\n\
         host_ca = {host_ca}\n\
         root = {root}\n\
         sdk = {sdk}\n\
         processing = [{{ certificate = {processing}, key = {processing_key} }}]\n\
         identity = {{ certificate = {identity}, key = {identity_key} }}\n",
        gateway_merchant_id = quoted(&vendors.google_gateway.gateway_merchant_id),
        google_keys = file("google-keys.json"),
        script = quoted(&format!("{base}/wallets/google/pay.js")),
        merchant_id = quoted(MERCHANT_ID),
        host = quoted(&format!("{}/{SESSIONS}", host.as_str().trim_end_matches('/'))),
        host_ca = file("apple-host.pem"),
        root = file("apple-root.pem"),
        sdk = quoted(&format!("{base}/wallets/apple/apple-pay-sdk.js")),
        processing = file("processing.pem"),
        processing_key = file("processing.key"),
        identity = file("identity.pem"),
        identity_key = file("identity.key"),
    ))
}

/// The vendors' side, over HTTP as any merchant reaches it.
struct Portal {
    http: reqwest::Client,
    base: String,
}

impl Portal {
    fn of(sandbox: &Sandbox) -> Result<Self> {
        install_tls();
        let http = reqwest::Client::builder()
            .no_proxy()
            .timeout(Duration::from_secs(30))
            .build()
            .map_err(|error| Failure::refused("cannot make HTTP requests", error))?;
        Ok(Self { http, base: format!("http://{}/_control/wallets", sandbox.address()) })
    }

    async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T> {
        read(self.http.get(format!("{}{path}", self.base))).await
    }

    async fn post<T: DeserializeOwned>(&self, path: &str, body: &impl Serialize) -> Result<T> {
        let body = serde_json::to_vec(body).map_err(unusable)?;
        let request = self.http.post(format!("{}{path}", self.base));
        read(request.header("content-type", "application/json").body(body)).await
    }
}

async fn read<T: DeserializeOwned>(request: reqwest::RequestBuilder) -> Result<T> {
    let answer = request.send().await.and_then(reqwest::Response::error_for_status);
    let bytes = answer.map_err(unusable)?.bytes().await.map_err(unusable)?;
    serde_json::from_slice(&bytes).map_err(unusable)
}

fn unusable(why: impl std::fmt::Display) -> Failure {
    Failure::refused("the sandbox's wallets cannot be set up", why)
}

#[cfg(test)]
mod tests {
    use farthing_server::config::Config;

    use super::super::settings;
    use super::*;

    #[tokio::test]
    async fn the_server_takes_the_wallets_that_the_sandbox_has_made_and_a_kept_folder_is_used_again()
     {
        let folder = tempfile::tempdir().unwrap();
        let secrets = settings::Secrets::open(folder.path()).unwrap();
        let mut roots = Vec::new();
        for _ in 0..2 {
            let sandbox =
                Sandbox::start(settings::sandbox(0, folder.path(), &secrets)).await.unwrap();
            let wallets = set_up(&sandbox, folder.path()).await.unwrap();
            let places = settings::Ports { server: 0, wallets: 0 };
            let file = settings::write_config(
                folder.path(),
                places,
                "http://localhost:8080",
                &sandbox.url(),
                &wallets,
            );
            let config = Config::load(&file.unwrap()).unwrap();
            let apple = config.apple_pay.unwrap();
            assert_eq!(apple.merchant_id, MERCHANT_ID);
            assert_eq!(apple.host.path(), "/paymentservices/paymentSession");
            let google = config.google_pay.unwrap();
            assert_eq!(google.script, sandbox.url().join("/wallets/google/pay.js").unwrap());
            roots.push(std::fs::read(folder.path().join("wallets/apple-root.pem")).unwrap());
            sandbox.stop().await;
        }
        assert_eq!(roots[0], roots[1], "the sandbox keeps its vendors' keys");
    }
}
