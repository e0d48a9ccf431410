//! The long loops: payments on real processes, killed at every point of the order of writes, with callbacks that go wrong; after each run
//! the gateway's ledger, our store and the events have to tell the same story.
//!
//! `cargo xtask soak` builds the debug binary, which alone has crash points, and runs this program, which spawns the binary named in
//! `FARTHING_BIN`. Every random choice comes from the seed that is printed; what the scheduler does with it does not.
//! It ends by itself, with 0 if nothing differed.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stderr,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a test program: a panic with what was seen is how a run fails"
)]

mod dice;
mod points;

use std::process::ExitCode;

use clap::Parser;

/// Payments through kills and lost callbacks, and whether the books still agree.
#[derive(Debug, Parser)]
#[command(name = "farthing-soak")]
struct Soak {
    #[command(flatten)]
    points: points::Arguments,
}

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() -> ExitCode {
    // A run that panics is told of as a mismatch, with its plan; a backtrace says nothing more.
    std::panic::set_hook(Box::new(|panic| eprintln!("{panic}")));
    points::soak(Soak::parse().points).await
}

/// What a panic said.
fn words(panic: &(dyn std::any::Any + Send)) -> String {
    panic
        .downcast_ref::<String>()
        .cloned()
        .or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()))
        .unwrap_or_else(|| "a panic without words".to_owned())
}
