//! `cargo xtask demo` and `cargo xtask build`.

use std::path::Path;
use std::process::{Command, ExitCode};

use anyhow::{Context, Result};

use crate::steps::{self, Outcome, Steps};
use crate::tests_run::debug_binary;
use crate::{tools, web};

/// Builds what a browser loads and the debug binary, and becomes the demo.
pub(crate) fn demo(port: u16, data: Option<&Path>) -> Result<ExitCode> {
    let mut steps = Steps::default();
    let built = web::build(&mut steps)
        && steps.run("build", "the demo: shop, server and sandbox in one binary", |_| {
            steps::run(tools::cargo().args(["build", "-p", "farthing-cli"]))
        });
    if !built {
        return Ok(ExitCode::FAILURE);
    }
    let mut command = Command::new(debug_binary()?);
    command.args(["demo", "--port", &port.to_string()]);
    if let Some(data) = data {
        command.arg("--data").arg(data);
    }
    println!("    $ {}\n", steps::shown(&command));
    become_it(command)
}

/// Replaces this process, so that Ctrl-C reaches the demo and nobody else.
#[cfg(unix)]
fn become_it(mut command: Command) -> Result<ExitCode> {
    use std::os::unix::process::CommandExt as _;
    Err(command.exec()).with_context(|| format!("cannot start {}", steps::shown(&command)))
}

/// Runs it and hands on its exit code.
#[cfg(not(unix))]
fn become_it(mut command: Command) -> Result<ExitCode> {
    let status =
        command.status().with_context(|| format!("cannot start {}", steps::shown(&command)))?;
    Ok(status
        .code()
        .and_then(|code| u8::try_from(code).ok())
        .map_or(ExitCode::FAILURE, ExitCode::from))
}

/// Builds what a browser loads and the release binary, and prints its size.
pub(crate) fn build() -> ExitCode {
    let mut steps = Steps::default();
    let built = web::build(&mut steps)
        && steps.run("build", "the release binary", |_| {
            steps::must(tools::cargo().args(["build", "--release", "-p", "farthing-cli"]))?;
            let path = tools::target_directory()?
                .join("release")
                .join(format!("farthing{}", std::env::consts::EXE_SUFFIX));
            let bytes =
                path.metadata().with_context(|| format!("{} is missing", path.display()))?.len();
            println!("    {}: {}", path.display(), mebibytes(bytes));
            Ok(Outcome::Passed)
        });
    if built { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// `17.3 MiB (18140160 bytes)`, without a float.
fn mebibytes(bytes: u64) -> String {
    let tenths = bytes * 10 / (1024 * 1024);
    format!("{}.{} MiB ({bytes} bytes)", tenths / 10, tenths % 10)
}

#[cfg(test)]
mod tests {
    use super::mebibytes;

    #[test]
    fn a_size_is_given_in_mebibytes_and_exactly() {
        assert_eq!(mebibytes(18_140_160), "17.2 MiB (18140160 bytes)");
    }
}
