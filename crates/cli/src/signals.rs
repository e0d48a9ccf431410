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

/// Keeps this process's memory out of core dumps, where card numbers and keys would survive it: neither a file nor a crash collector gets
/// one, and no other process of the same user may read it.
#[cfg(target_os = "linux")]
pub(crate) fn leave_no_core_dump() -> std::io::Result<()> {
    use rustix::process::{DumpableBehavior, Resource, Rlimit, set_dumpable_behavior, setrlimit};

    setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) })?;
    set_dumpable_behavior(DumpableBehavior::NotDumpable)?;
    Ok(())
}

/// The operator's system decides: see `docs/deploy.md`.
#[cfg(not(target_os = "linux"))]
pub(crate) fn leave_no_core_dump() -> std::io::Result<()> {
    Ok(())
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
