//! `farthing serve` and `farthing sandbox`: run until told to stop.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use farthing_sandbox::{Sandbox, Settings};
use farthing_server::Server;
use farthing_server::config::Config;

use crate::logging;
use crate::outcome::{Failure, Result};
use crate::output::line;
use crate::signals;

/// Runs the server.
pub(crate) async fn serve(config: &Path) -> Result {
    let config = Config::load(config).map_err(|error| Failure::Refused(error.to_string()))?;
    logging::to_standard_error()?;
    signals::survive_file_size_limit();
    let server = Server::start(config)
        .await
        .map_err(|error| Failure::refused("the server does not start", error))?;
    let stop = signals::stop();
    line(&format!("listening on {}", without_slash(server.url().as_str())));
    if let Some(origin) = server.wallet_origin() {
        line(&format!("wallets listening on {}", without_slash(origin.as_str())));
    }
    stop.await;
    server.stop().await;
    Ok(())
}

/// Runs the sandbox.
pub(crate) async fn sandbox(
    listen: SocketAddr,
    apple_listen: Option<SocketAddr>,
    wallet_keys: Option<PathBuf>,
) -> Result {
    logging::to_standard_error()?;
    let settings = Settings { listen, apple_listen, wallet_keys, ..Settings::default() };
    let sandbox = Sandbox::start(settings).await.map_err(|error| {
        Failure::refused(&format!("the sandbox does not start on {listen}"), error)
    })?;
    let stop = signals::stop();
    line(&format!("listening on {}", without_slash(sandbox.url().as_str())));
    if let Some(url) = sandbox.apple_url() {
        line(&format!("apple host listening on {}", without_slash(url.as_str())));
    }
    stop.await;
    sandbox.stop().await;
    Ok(())
}

fn without_slash(url: &str) -> &str {
    url.trim_end_matches('/')
}
