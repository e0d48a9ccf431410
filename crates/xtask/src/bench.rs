//! `cargo xtask bench`, `cargo xtask soak` and `cargo xtask gallery`: programs of the package of stories.

use std::process::ExitCode;

use anyhow::Result;
use clap::ValueEnum;

use crate::steps::{self, Steps};
use crate::{system, tools, web};

/// What can be measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Subject {
    /// The server's own overhead, memory, start-up and binary size.
    Server,
    /// The checkout in a browser: bytes, first paint, until it takes typing, until it is live.
    Web,
}

/// Builds the release binary and measures it.
pub(crate) fn bench(subject: Subject, arguments: &[String]) -> Result<ExitCode> {
    match subject {
        Subject::Server => {
            program("bench server", "measure the server", "farthing-bench", arguments)
        }
        Subject::Web => {
            system::browser()?;
            program("bench web", "measure cold loads", "farthing-bench-web", arguments)
        }
    }
}

/// Builds the release program and runs the long loops.
pub(crate) fn soak(arguments: &[String]) -> Result<ExitCode> {
    program("soak", "run the long loops", "farthing-soak", arguments)
}

/// Builds what is looked at and takes a picture of every state.
pub(crate) fn gallery(arguments: &[String]) -> Result<ExitCode> {
    system::browser()?;
    program("gallery", "take pictures of every state", "farthing-gallery", arguments)
}

/// The programs spawn the server: benches a release binary; the soak a debug one, for only that has crash points; the gallery a debug one,
/// for its pictures are the same.
fn program(name: &str, what: &str, binary: &str, arguments: &[String]) -> Result<ExitCode> {
    let debug_server = matches!(binary, "farthing-soak" | "farthing-gallery");
    let mut steps = Steps::default();
    let target = tools::target_directory()?;
    let profile = if debug_server { "debug" } else { "release" };
    let built = web::build(&mut steps)
        && steps.run("build", "the binary that it spawns", |_| {
            let mut build = tools::cargo();
            build.args(["build", "-p", "farthing-cli"]);
            if !debug_server {
                build.arg("--release");
            }
            steps::run(&mut build)
        });
    let done = built
        && steps.run(name, what, |_| {
            let spawned =
                target.join(profile).join(format!("farthing{}", std::env::consts::EXE_SUFFIX));
            let mut run = tools::cargo();
            run.arg("run");
            if binary != "farthing-gallery" {
                run.arg("--release");
            }
            run.args(["-p", "farthing-stories", "--bin", binary, "--"]).args(arguments);
            steps::run(run.env("FARTHING_BIN", spawned))
        });
    Ok(if done { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
