//! The one binary, `farthing`: parse, run, exit code.

mod args;
mod client;
mod commands;
mod demo;
mod doctor;
mod files;
mod logging;
mod outcome;
mod output;
mod serve;
mod signals;

use std::process::ExitCode;

use clap::Parser as _;

use crate::args::{Arguments, Command};
use crate::outcome::{Failure, Result};

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    // Every command, for `doctor` reads the server's keys and `applepay` makes some.
    if let Err(error) = signals::leave_no_core_dump() {
        return end(&Failure::refused("core dumps cannot be turned off", error));
    }
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return end(&Failure::refused("cannot start", error)),
    };
    match runtime.block_on(run(arguments.command)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => end(&failure),
    }
}

fn end(failure: &Failure) -> ExitCode {
    // A command that has said everything fails without another word.
    if !failure.text().is_empty() {
        output::complain(&format!("error: {}", failure.text()));
    }
    failure.exit_code()
}

async fn run(command: Command) -> Result {
    match command {
        Command::Demo(arguments) => demo::run(arguments).await,
        Command::Serve { config } => serve::serve(&config).await,
        Command::Sandbox { listen, apple_listen, wallet_keys } => {
            serve::sandbox(listen, apple_listen, wallet_keys).await
        }
        Command::Doctor { config } => doctor::run(&config).await,
        Command::Session(command) => commands::session::run(command).await,
        Command::Payment(command) => commands::payment::run(command).await,
        Command::Link(command) => commands::link::run(command).await,
        Command::Callback(command) => commands::callback::run(command),
        Command::Applepay(command) => commands::applepay::run(command),
    }
}
