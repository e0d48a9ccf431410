//! Being told to stop.

use std::future::Future;

/// A future that ends when the process gets SIGTERM or SIGINT (Ctrl-C).
///
/// Signals are caught from the call on, not from the first poll: nobody who was told "listening" can kill us rudely.
#[cfg(unix)]
pub(crate) fn stop() -> impl Future<Output = ()> + Send {
    use tokio::signal::unix::{SignalKind, signal};

    let signals = signal(SignalKind::terminate())
        .and_then(|terminate| Ok((terminate, signal(SignalKind::interrupt())?)));
    async move {
        match signals {
            Ok((mut terminate, mut interrupt)) => {
                tokio::select! {
                    _ = terminate.recv() => {}
                    _ = interrupt.recv() => {}
                }
            }
            Err(error) => {
                tracing::error!(%error, "signals cannot be received; only SIGKILL will end this process");
                std::future::pending::<()>().await;
            }
        }
    }
}

/// A future that ends on Ctrl-C.
#[cfg(not(unix))]
pub(crate) fn stop() -> impl Future<Output = ()> + Send {
    async {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

/// Makes a file-size limit an error of the write that meets it, as a full disk is, instead of the death of the process
/// while calls to the gateway are under way.
#[cfg(unix)]
pub(crate) fn survive_file_size_limit() {
    use tokio::signal::unix::{SignalKind, signal};

    let kind = SignalKind::from_raw(rustix::process::Signal::XFSZ.as_raw());
    // Caught once, a signal stays caught; nobody needs to hear of it, for the write fails.
    if let Err(error) = signal(kind) {
        tracing::warn!(%error, "a file-size limit would end this process");
    }
}

/// Such limits do not exist here.
#[cfg(not(unix))]
pub(crate) fn survive_file_size_limit() {}
