//! The long loops: payments on real processes that are killed, with a gateway, a merchant and shoppers that do wrong; afterwards the
//! gateway's ledger, our store and the events have to tell the same story.
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

mod chaos;
mod dice;
mod points;

use std::process::ExitCode;
use std::time::Duration;

use clap::{Parser, Subcommand};

/// Payments through kills and faults of every kind, and whether the books still agree.
#[derive(Debug, Parser)]
#[command(name = "farthing-soak", args_conflicts_with_subcommands = true)]
struct Soak {
    #[command(flatten)]
    chaos: chaos::ChaosArguments,
    #[command(subcommand)]
    other: Option<Other>,
}

#[derive(Debug, Subcommand)]
enum Other {
    /// Kills at each point of the order of writes, with shoppers that insist until they have paid.
    Points(points::PointArguments),
}

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() -> ExitCode {
    // A run that panics is told of as a mismatch, with its plan; a backtrace says nothing more.
    std::panic::set_hook(Box::new(|panic| eprintln!("{panic}")));
    let soak = Soak::parse();
    match soak.other {
        Some(Other::Points(arguments)) => points::soak(arguments).await,
        None => chaos::soak(soak.chaos).await,
    }
}

/// What a panic said.
fn words(panic: &(dyn std::any::Any + Send)) -> String {
    panic
        .downcast_ref::<String>()
        .cloned()
        .or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()))
        .unwrap_or_else(|| "a panic without words".to_owned())
}

fn median_and_max(times: &[Duration]) -> String {
    let mut sorted = times.to_vec();
    sorted.sort_unstable();
    let Some(max) = sorted.last() else { return "-".to_owned() };
    let median = sorted[(sorted.len() - 1) / 2];
    format!("{} / {}", median.as_millis(), max.as_millis())
}
