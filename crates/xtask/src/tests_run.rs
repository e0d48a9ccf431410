//! `cargo xtask test`: lints, then every test.

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use clap::ValueEnum;

use crate::installed;
use crate::steps::{self, Outcome, Steps, Tally};
use crate::tools;

/// How long the advisory database may take to arrive.
const ADVISORIES_WITHIN: Duration = Duration::from_secs(90);

/// A step of `cargo xtask test`, in the order in which they run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Step {
    /// Formatting.
    Fmt,
    /// Clippy over every target, warnings as errors.
    Clippy,
    /// Licences, bans and sources of dependencies.
    Deny,
    /// Known vulnerabilities of dependencies; needs the network.
    Advisories,
    /// What has to build for a browser.
    Wasm,
    /// The debug binaries that the stories spawn.
    Build,
    /// A browser and its driver.
    Browser,
    /// Every test of the workspace.
    Tests,
}

/// Runs the steps and prints the table.
pub(crate) fn test(only: &[Step]) -> ExitCode {
    let wanted = |step: Step| only.is_empty() || only.contains(&step);
    let mut steps = Steps::default();
    if wanted(Step::Fmt) {
        steps.run("fmt", "formatting agrees with rustfmt", |_| {
            tools::component("fmt", "rustfmt")?;
            steps::run(tools::cargo().args(["fmt", "--all", "--", "--check"]))
        });
    }
    if wanted(Step::Clippy) {
        steps.run("clippy", "lints over every target, warnings are errors", |_| {
            tools::component("clippy", "clippy")?;
            steps::run(tools::cargo().args([
                "clippy",
                "--workspace",
                "--all-targets",
                "--",
                "-D",
                "warnings",
            ]))
        });
    }
    if wanted(Step::Deny) {
        steps.run("deny", "licences, bans and sources of dependencies", |_| {
            let deny = installed::cargo_deny()?;
            steps::run(deny_command(&deny).args([
                "check",
                "--hide-inclusion-graph",
                "licenses",
                "bans",
                "sources",
            ]))
        });
    }
    if wanted(Step::Advisories) {
        steps.run("advisories", "known vulnerabilities of dependencies", |_| {
            advisories(&installed::cargo_deny()?)
        });
    }
    if wanted(Step::Wasm) {
        steps.run("wasm", "types and widget build for the browser", |_| wasm());
    }
    let mut ready = true;
    if wanted(Step::Build) {
        ready &= steps.run("build", "the binaries that stories spawn", |_| {
            steps::run(tools::cargo().args(["build", "--workspace", "--bins"]))
        });
    }
    if wanted(Step::Browser) {
        // Without a browser the stories fail one by one and say so; everything else still runs.
        steps.run("browser", "a browser and its driver for the stories", |_| {
            tools::browser().map(|()| Outcome::Passed)
        });
    }
    if wanted(Step::Tests) {
        steps.run("tests", "every test of the workspace", |tally| tests(ready, tally));
    }
    steps.close()
}

fn tests(ready: bool, tally: &mut Tally) -> Result<Outcome> {
    if !ready {
        return Ok(Outcome::Failed("not run, because the binaries did not build".to_owned()));
    }
    let binary = debug_binary()?;
    let mut command = tools::cargo();
    command.args(["test", "--workspace", "--no-fail-fast"]).env("FARTHING_BIN", &binary);
    println!("    FARTHING_BIN={}", binary.display());
    steps::run_counted(&mut command, tally)
}

/// The binary that the stories spawn.
pub(crate) fn debug_binary() -> Result<PathBuf> {
    Ok(tools::target_directory()?
        .join("debug")
        .join(format!("farthing{}", std::env::consts::EXE_SUFFIX)))
}

fn wasm() -> Result<Outcome> {
    tools::wasm_target()?;
    let widget: &[&str] =
        &["-p", "farthing-widget", "--no-default-features", "--features", "hydrate"];
    for package in [&["-p", "farthing-types"][..], widget] {
        steps::must(tools::cargo().args(["check", "--target", tools::WASM_TARGET]).args(package))?;
    }
    Ok(Outcome::Passed)
}

fn deny_command(deny: &Path) -> Command {
    let mut command = Command::new(deny);
    command.current_dir(tools::workspace()).arg("--workspace");
    command
}

/// Fetches the advisory database and reads it. A machine without a network skips this and says so.
fn advisories(deny: &Path) -> Result<Outcome> {
    let mut fetch = deny_command(deny);
    fetch
        .args(["--log-level", "error", "fetch", "db"])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    println!("    $ {}", steps::shown(&fetch));
    if !within(&mut fetch, ADVISORIES_WITHIN)? {
        return Ok(Outcome::Skipped("the advisory database could not be fetched".to_owned()));
    }
    steps::run(deny_command(deny).args([
        "check",
        "--disable-fetch",
        "--hide-inclusion-graph",
        "advisories",
    ]))
}

/// Whether the command ended well in time; one that did not is ended.
fn within(command: &mut Command, limit: Duration) -> Result<bool> {
    let mut child =
        command.spawn().with_context(|| format!("cannot start {}", steps::shown(command)))?;
    let start = Instant::now();
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(status.success());
        }
        if start.elapsed() > limit {
            child.kill()?;
            child.wait()?;
            return Ok(false);
        }
        std::thread::sleep(Duration::from_millis(100));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_that_hangs_is_ended_and_counts_as_not_done() {
        assert!(!within(Command::new("sleep").arg("60"), Duration::from_millis(150)).unwrap());
        assert!(within(&mut Command::new("true"), Duration::from_secs(10)).unwrap());
        assert!(!within(&mut Command::new("false"), Duration::from_secs(10)).unwrap());
    }
}
