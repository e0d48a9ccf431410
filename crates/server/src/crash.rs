//! Crash points of the order of writes, for tests that kill the process where it hurts.
//!
//! K0 parsed, nothing stored · K1 intent stored · K4 answer read, nothing stored · K5 outcome stored · K6 answer about to leave.
//! (K2 and K3 lie inside the gateway: tests hold its answer back and kill the process from outside.)

/// Kills this process with SIGKILL if the point is the one named in `FARTHING_CRASH_AT`. Release builds have no such code.
#[cfg(debug_assertions)]
pub(crate) fn point(name: &str) {
    use std::sync::OnceLock;
    static ARMED: OnceLock<Option<String>> = OnceLock::new();
    let armed = ARMED.get_or_init(|| std::env::var("FARTHING_CRASH_AT").ok());
    if armed.as_deref() == Some(name) {
        let _ =
            rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::KILL);
    }
}

/// Nothing, in a release build.
#[cfg(not(debug_assertions))]
pub(crate) fn point(_name: &str) {}
