//! `farthing demo`: shop, server and sandbox in one process, everything on this machine.

mod assets;
mod books;
mod html;
mod journal;
mod live;
mod net;
mod orders;
mod pages;
mod policy;
mod settings;
mod shop;
mod standing;
mod wallets;
mod webhooks;

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use farthing_sandbox::Sandbox;
use farthing_server::assets::has_wallets_document;
use farthing_server::config::{Config, Origin};
use farthing_server::{Server, StartError};
use secrecy::SecretString;
use tokio::sync::watch;
use url::Url;

use crate::args;
use crate::client::Client;
use crate::logging;
use crate::outcome::{Failure, Result};
use crate::output::line;
use crate::signals;

/// The demo's secret key. Everybody knows it; live mode refuses it.
pub(crate) const KEY: &str = "sk_demo";

/// Runs until the process is told to stop.
pub(crate) async fn run(arguments: args::Demo) -> Result {
    let args::Demo { port, data } = arguments;
    let folder = Folder::open(data)?;
    logging::to_file(&folder.path().join("farthing.log"))?;
    // 0 stays 0: four free ports. Otherwise shop, server, sandbox and the wallets' origin.
    let offset = |offset: u16| if port == 0 { 0 } else { port.saturating_add(offset) };

    let secrets = settings::Secrets::open(folder.path())?;
    let sandbox = Sandbox::start(settings::sandbox(offset(2), folder.path(), &secrets))
        .await
        .map_err(|error| net::cannot_listen("the sandbox", offset(2), &error))?;
    let shop_listeners = net::bind_both(offset(0)).await?;
    let shop_url = format!("http://localhost:{}", shop_listeners.port());

    let wallets = wallets::set_up(&sandbox, folder.path()).await?;
    let ports = settings::Ports { server: offset(1), wallets: offset(3) };
    let file = settings::write_config(folder.path(), ports, &shop_url, &sandbox.url(), &wallets)?;
    let config = Config::load(&file).map_err(|error| Failure::Refused(error.to_string()))?;
    let server = Server::start(config).await.map_err(|error| match error {
        StartError::Listen(error) => net::cannot_listen("the server", offset(1), &error),
        StartError::ListenForWallets(error) => {
            net::cannot_listen("the wallets' origin", offset(3), &error)
        }
        error => Failure::refused("the server does not start", error),
    })?;
    let forwarded = net::forward_v6(server.local_addr()).await;
    if let Some(address) = server.wallet_addr() {
        net::forward_v6(address).await;
    }
    let server_url = server.url().as_str().trim_end_matches('/').to_owned();
    let base =
        Url::parse(&server_url).map_err(|error| Failure::refused("the server's URL", error))?;
    let wallets_url = server.wallet_origin().map(Origin::as_str).unwrap_or_default().to_owned();
    let sandbox_url = sandbox.url().as_str().trim_end_matches('/').to_owned();

    let client = Client::with_key(base, SecretString::from(KEY))?;
    let (close, closing) = watch::channel(false);
    let books = shop::Shop::new(
        client,
        secrets.webhook(),
        orders::Orders::open(&folder.path().join("orders.jsonl"))?,
        pages::Places { server: server_url.clone(), sandbox: sandbox_url.clone() },
        shop_listeners.port(),
        closing,
    )?;
    if !shop_listeners.has_v6() || forwarded.is_none() {
        line("This machine has no ::1: everything listens on 127.0.0.1 only.");
    }
    let told = signals::stop();
    let urls =
        Urls { shop: &shop_url, server: &server_url, sandbox: &sandbox_url, wallets: &wallets_url };
    greet(&urls, &folder);
    let told = async move {
        told.await;
        // Live logs are requests too: the shop waits for them to end.
        close.send_replace(true);
    };

    let ended = shop_listeners.serve(shop::router(Arc::new(books)), told).await;
    line("stopping");
    server.stop().await;
    sandbox.stop().await;
    ended.map_err(|error| Failure::refused("the shop's listener failed", error))
}

/// Where everything is.
struct Urls<'a> {
    shop: &'a str,
    server: &'a str,
    sandbox: &'a str,
    wallets: &'a str,
}

fn greet(urls: &Urls<'_>, folder: &Folder) {
    let Urls { shop, server, sandbox, wallets } = urls;
    let offered = if has_wallets_document() {
        "Google Pay and Apple Pay are the sandbox's fakes: press their buttons, no account is needed."
    } else {
        "This build draws no wallet buttons: `cargo xtask demo` makes one that does."
    };
    let kept = if folder.is_kept() { "kept in" } else { "until the end in" };
    line(&format!("sandbox listening on {sandbox}"));
    line(&format!("wallets listening on {wallets}"));
    line(&format!("server listening on {server}"));
    line(&format!("shop listening on {shop}"));
    line(&format!(
        "\n\
         Shop      {shop}   open, buy, pay inside the page\n\
         Server    {server}\n\
         Sandbox   {sandbox}\n\
         Wallets   {wallets}\n\
         Events    {shop}/events\n\
         API key   {KEY}\n\
         Data      {kept} {}, with the log in farthing.log\n\
         \n\
         Try this: open the shop, buy a book and pay on the shop's own page.\n\
         \x20 4012000000003010  is paid at once\n\
         \x20 4003830171874018  lets you play the bank: approve, decline or cancel\n\
         \x20 any other number  is declined\n\
         {offered}\n\
         The log beside the form tells what happens as it happens. As a merchant you would ask:\n\
         \n\
         \x20 FARTHING_URL={server} FARTHING_KEY={KEY} farthing payment list\n\
         \n\
         Ctrl-C ends it.",
        folder.path().display()
    ));
}

/// Where the data is: a folder of the user's, or one that goes when the demo does.
enum Folder {
    Kept(PathBuf),
    Temporary(tempfile::TempDir),
}

impl Folder {
    fn open(data: Option<PathBuf>) -> Result<Self> {
        let Some(path) = data else {
            let folder = tempfile::Builder::new().prefix("farthing-demo-").tempdir();
            return folder
                .map(Self::Temporary)
                .map_err(|error| Failure::refused("no temporary directory", error));
        };
        std::fs::create_dir_all(&path)
            .and_then(|()| path.canonicalize())
            .map(Self::Kept)
            .map_err(|error| Failure::refused(&path.display().to_string(), error))
    }

    fn path(&self) -> &Path {
        match self {
            Self::Kept(path) => path,
            Self::Temporary(folder) => folder.path(),
        }
    }

    fn is_kept(&self) -> bool {
        matches!(self, Self::Kept(_))
    }
}

/// An address of this machine.
fn loopback(port: u16) -> SocketAddr {
    SocketAddr::from((Ipv4Addr::LOCALHOST, port))
}
