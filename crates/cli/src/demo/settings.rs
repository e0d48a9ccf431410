//! The demo's configuration: a real file, read by the same code as any other.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use farthing_sandbox::Settings;
use farthing_sandbox::control::{Faults, NextStep};
use secrecy::SecretString;
use sha2::{Digest as _, Sha256};
use url::Url;

use super::{KEY, loopback, webhooks};
use crate::outcome::{Failure, Result};

/// The credentials with which the server speaks to the sandbox.
const MERCHANT_KEY: &str = "demo-merchant";

/// What has to stay the same as long as the data is kept.
pub(super) struct Secrets {
    master_key: String,
    gateway: String,
    webhook: Vec<u8>,
}

impl Secrets {
    /// Reads the folder's secrets; makes what is missing.
    pub(super) fn open(folder: &Path) -> Result<Self> {
        let webhook = random_file(&folder.join("webhook.hex"))?;
        Ok(Self {
            master_key: random_file(&folder.join("master-key.hex"))?,
            gateway: random_file(&folder.join("gateway-secret.hex"))?,
            webhook: hex::decode(webhook)
                .map_err(|_| Failure::Refused("webhook.hex is not hexadecimal".to_owned()))?,
        })
    }

    /// What signs webhooks to the shop.
    pub(super) fn webhook(&self) -> webhooks::Secret {
        webhooks::Secret::new(&self.webhook)
    }
}

/// 256 random bits in hexadecimal, made once.
fn random_file(path: &Path) -> Result<String> {
    match std::fs::read_to_string(path) {
        Ok(text) => return Ok(text.trim().to_owned()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
        Err(error) => return Err(Failure::refused(&path.display().to_string(), error)),
    }
    let mut bytes = [0_u8; 32];
    getrandom::fill(&mut bytes).map_err(|error| Failure::refused("no random numbers", error))?;
    let text = hex::encode(bytes);
    write_private(path, &text)?;
    Ok(text)
}

/// Writes a file that only its owner may read.
pub(super) fn write_private(path: &Path, text: &str) -> Result {
    let mut options = std::fs::OpenOptions::new();
    options.create(true).write(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
        .open(path)
        .and_then(|mut file| file.write_all(text.as_bytes()))
        .map_err(|error| Failure::refused(&path.display().to_string(), error))
}

/// The sandbox's settings: a card without a challenge is decided in the reply, and the bank's page of the other one stands in front of the
/// checkout, so that both are paid without leaving the shop's page. The documents' own way, to send every shopper to `form_url`, is a
/// switch on the sandbox's page. Apple's host takes any free port: only the server calls it.
pub(super) fn sandbox(port: u16, folder: &Path, secrets: &Secrets) -> Settings {
    Settings {
        listen: loopback(port),
        apple_listen: Some(loopback(0)),
        wallet_keys: Some(folder.join("wallet-keys")),
        dual_stack: true,
        merchant_key: MERCHANT_KEY.to_owned(),
        secret: SecretString::from(secrets.gateway.clone()),
        faults: Faults { next_step: NextStep::Creq, ..Faults::default() },
        ..Settings::default()
    }
}

/// Where the server listens; 0 takes a free port.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ports {
    /// The checkout and the API.
    pub(super) server: u16,
    /// The wallets' origin.
    pub(super) wallets: u16,
}

/// Writes `farthing.toml` into the folder and gives its path; `wallets` are its sections of wallets.
///
/// The server's own URL is `localhost`, like the shop's: but for the port they are one site, as in most shops.
pub(super) fn write_config(
    folder: &Path,
    ports: Ports,
    shop: &str,
    sandbox: &Url,
    wallets: &str,
) -> Result<PathBuf> {
    let secrets = Secrets::open(folder)?;
    let path = folder.join("farthing.toml");
    let text = config(folder, ports, shop, sandbox, &secrets) + wallets;
    write_private(&path, &text)?;
    Ok(path)
}

fn config(folder: &Path, ports: Ports, shop: &str, sandbox: &Url, secrets: &Secrets) -> String {
    let gateway = sandbox.as_str().trim_end_matches('/');
    let host = format!(
        "{}:{}",
        sandbox.host_str().unwrap_or("localhost"),
        sandbox.port_or_known_default().unwrap_or_default()
    );
    // Without a fixed port the server announces the one that it gets.
    let named = |key: &str, port: u16| match port {
        0 => String::new(),
        port => format!("{key} = {}\n", quoted(&format!("http://localhost:{port}"))),
    };
    format!(
        "# Written by `farthing demo`, anew at every start.\n\
         mode = \"sandbox\"\n\n\
         [server]\n\
         listen = {listen}\n\
         {public_url}\
         wallet_listen = {wallet_listen}\n\
         {wallet_origin}\
         database = {database}\n\
         master_key = {master_key}\n\n\
         [merchant]\n\
         name = \"Farthing Books\"\n\
         country = \"IE\"\n\
         origins = [{shop_url}]\n\
         card_entry = \"embedded\"\n\n\
         [merchant.webhook]\n\
         url = {webhook_url}\n\
         secret = {webhook_secret}\n\n\
         [[merchant.keys]]\n\
         id = \"demo\"\n\
         sha256 = \"{key}\"\n\
         scopes = [\"sessions\", \"read\"]\n\n\
         [gateways.smartcore]\n\
         profile = \"v1\"\n\
         accounts = {{ EUR = \"EUR-sandbox\" }}\n\
         merchant_key = {merchant_key}\n\
         secret = {gateway_secret}\n\
         card_url = {card_url}\n\
         api_url = {api_url}\n\
         form_hosts = [{form_host}]\n",
        listen = quoted(&loopback(ports.server).to_string()),
        public_url = named("public_url", ports.server),
        wallet_listen = quoted(&loopback(ports.wallets).to_string()),
        wallet_origin = named("wallet_origin", ports.wallets),
        database = quoted(&format!("sqlite:{}", folder.join("farthing.sqlite").display())),
        master_key = quoted(&secrets.master_key),
        shop_url = quoted(shop),
        webhook_url = quoted(&format!("{shop}/webhooks")),
        webhook_secret = quoted(&secrets.webhook().to_text()),
        key = hex::encode(Sha256::digest(KEY)),
        merchant_key = quoted(MERCHANT_KEY),
        gateway_secret = quoted(&secrets.gateway),
        card_url = quoted(&format!("{gateway}/smartcore/card")),
        api_url = quoted(&format!("{gateway}/smartcore/api")),
        form_host = quoted(&host),
    )
}

/// A TOML basic string: JSON's rules for strings are within TOML's.
pub(super) fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_written_configuration_is_accepted_by_the_server() {
        let folder = tempfile::tempdir().unwrap();
        let sandbox = "http://localhost:8082/".parse().unwrap();
        for (server, wallets, origin) in [(0, 0, None), (8081, 8083, Some("http://localhost:8083"))]
        {
            let ports = Ports { server, wallets };
            let path =
                write_config(folder.path(), ports, "http://localhost:8080", &sandbox, "").unwrap();
            let config = farthing_server::config::Config::load(&path).unwrap();
            assert_eq!(config.server.wallet_listen, Some(loopback(wallets)));
            let named = config.server.wallet_origin.map(|origin| origin.to_string());
            assert_eq!(named.as_deref(), origin);
        }
    }

    #[test]
    fn secrets_stay_as_long_as_the_folder() {
        let folder = tempfile::tempdir().unwrap();
        let first = Secrets::open(folder.path()).unwrap();
        let again = Secrets::open(folder.path()).unwrap();
        assert_eq!((&first.master_key, &first.webhook), (&again.master_key, &again.webhook));
        assert_ne!(first.master_key, first.gateway);
    }

    #[test]
    fn a_path_with_quotes_stays_one_value() {
        assert_eq!(quoted("a\"b\\c"), "\"a\\\"b\\\\c\"");
    }
}
