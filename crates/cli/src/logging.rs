//! Where logs go: JSON lines, scrubbed by the server's own writer, never on standard output.

use std::path::Path;
use std::sync::Mutex;

use farthing_server::telemetry::logs;
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::outcome::{Failure, Result};

/// To standard error, for whoever runs a server.
pub(crate) fn to_standard_error() -> Result {
    logs::install(&filter()).map_err(|error| Failure::refused("logging", error))
}

/// To a file, so that a terminal stays readable.
pub(crate) fn to_file(path: &Path) -> Result {
    let fail = |error: &dyn std::fmt::Display| Failure::refused(&path.display().to_string(), error);
    let mut options = std::fs::OpenOptions::new();
    options.create(true).append(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let file = options.open(path).map_err(|error| fail(&error))?;
    logs::subscriber(&filter(), Mutex::new(file)).try_init().map_err(|error| fail(&error))
}

/// `RUST_LOG`, such as `info,farthing_server=debug`.
fn filter() -> String {
    std::env::var("RUST_LOG").unwrap_or_else(|_| "info".to_owned())
}
