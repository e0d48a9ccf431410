//! `cargo xtask test`: lints, then every test.

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use clap::ValueEnum;

use crate::steps::{self, Outcome, Steps, Tally};
use crate::{installed, system, tools, web};

/// How long the advisory database may take to arrive.
const ADVISORIES_WITHIN: Duration = Duration::from_secs(90);

/// How the widget is compiled for a browser: one of these at a time.
const FEATURES: [&str; 3] = ["hydrate", "hydrate,wallets", "csr"];

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
    /// Clippy over what is compiled for a browser.
    Wasm,
    /// What a browser loads, and its limits of bytes.
    Web,
    /// The debug binaries that the stories spawn.
    Build,
    /// A browser and its driver.
    Browser,
    /// The widget's tests in a browser.
    Units,
    /// The example of the components in another application.
    Example,
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
        steps.run("wasm", "lints over types and widget as a browser gets them", |_| wasm());
    }
    let mut ready = true;
    if wanted(Step::Web) {
        ready &= web::build(&mut steps);
    }
    if wanted(Step::Build) {
        ready &= steps.run("build", "the binaries that stories spawn", |_| {
            steps::run(tools::cargo().args(["build", "--workspace", "--bins"]))
        });
    }
    if wanted(Step::Browser) {
        // Without a browser the stories fail one by one and say so; everything else still runs.
        steps.run("browser", "a browser and its driver for the stories", |_| {
            system::browser().map(|()| Outcome::Passed)
        });
    }
    if wanted(Step::Units) {
        for feature in FEATURES {
            steps.run("units", &format!("the widget in a browser, feature {feature}"), |tally| {
                let features = ["--no-default-features", "--features", feature];
                units("farthing-widget", &features, tally)
            });
        }
        steps.run("units", "the wallets' document in a browser", |tally| {
            units("farthing-wallet-frame", &[], tally)
        });
    }
    if wanted(Step::Example) {
        steps.run("example", "the components inside another application", |_| example());
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
    let axe = system::axe()?;
    let types = system::type_checker()?;
    command
        .args(["test", "--workspace", "--no-fail-fast"])
        .env("FARTHING_BIN", &binary)
        .env("FARTHING_AXE", &axe)
        .env("FARTHING_TYPES", &types);
    println!(
        "    FARTHING_BIN={} FARTHING_AXE={} FARTHING_TYPES={}",
        binary.display(),
        axe.display(),
        types.display()
    );
    steps::run_counted(&mut command, tally)
}

/// The binary that the stories spawn.
pub(crate) fn debug_binary() -> Result<PathBuf> {
    Ok(tools::target_directory()?
        .join("debug")
        .join(format!("farthing{}", std::env::consts::EXE_SUFFIX)))
}

fn wasm() -> Result<Outcome> {
    tools::component("clippy", "clippy")?;
    tools::wasm_target()?;
    let clippy = || {
        let mut command = tools::cargo();
        command.args(["clippy", "--target", tools::WASM_TARGET]);
        command
    };
    // The tests of types run on the host alone: their generator of cases does not build for a browser.
    steps::must(clippy().args(["-p", "farthing-types", "--lib", "--", "-D", "warnings"]))?;
    for feature in FEATURES {
        steps::must(
            clippy()
                .args(["-p", "farthing-widget", "--no-default-features", "--features", feature])
                .args(["--lib", "--bins", "--tests", "--", "-D", "warnings"]),
        )?;
    }
    steps::must(
        clippy()
            .args(["-p", "farthing-wallet-frame", "--lib", "--bins", "--tests"])
            .args(["--", "-D", "warnings"]),
    )?;
    Ok(Outcome::Passed)
}

/// Runs a crate's tests in a headless browser, whose flags are in the crate's `webdriver.json`.
fn units(package: &str, features: &[&str], tally: &mut Tally) -> Result<Outcome> {
    tools::wasm_target()?;
    system::browser()?;
    let mut command = tools::cargo();
    command
        .args(["test", "--target", tools::WASM_TARGET, "-p", package])
        .args(features)
        .args(["--lib", "--tests"])
        .arg("--no-fail-fast")
        .env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUNNER", installed::test_runner()?)
        .env("CHROMEDRIVER", system::driver()?);
    steps::run_counted(&mut command, tally)
}

/// Builds the example application, a workspace of its own, with our target directory.
fn example() -> Result<Outcome> {
    tools::wasm_target()?;
    let manifest = tools::workspace().join("examples/leptos-shop/Cargo.toml");
    steps::run(
        tools::cargo()
            .args(["build", "--locked", "--target", tools::WASM_TARGET, "--manifest-path"])
            .arg(manifest)
            .arg("--target-dir")
            .arg(tools::target_directory()?.join("example")),
    )
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
