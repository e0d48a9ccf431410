//! Pinned tools that `cargo install` builds: one place for their versions, how to find them and how to install them.

use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::steps::{self, Outcome};
use crate::tools;

/// A package of the registry whose programs we run.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tool {
    package: &'static str,
    version: &'static str,
    /// The programs that we use; each answers `--version` with its name and the version.
    programs: &'static [&'static str],
}

/// Checks licences, bans and sources of dependencies.
const CARGO_DENY: Tool =
    Tool { package: "cargo-deny", version: "0.20.2", programs: &["cargo-deny"] };
/// Builds the frame.
const TRUNK: Tool = Tool { package: "trunk", version: "0.21.14", programs: &["trunk"] };
/// Makes the glue, and runs tests in a browser. Its version is that of the crate `wasm-bindgen` in `Cargo.lock`.
const WASM_BINDGEN: Tool = Tool {
    package: "wasm-bindgen-cli",
    version: "0.2.130",
    programs: &["wasm-bindgen", "wasm-bindgen-test-runner"],
};

/// `cargo-deny` of the pinned version.
pub(crate) fn cargo_deny() -> Result<PathBuf> {
    path(&CARGO_DENY, "cargo-deny")
}

/// `trunk` of the pinned version.
pub(crate) fn trunk() -> Result<PathBuf> {
    path(&TRUNK, "trunk")
}

/// The program that runs tests in a browser.
pub(crate) fn test_runner() -> Result<PathBuf> {
    path(&WASM_BINDGEN, "wasm-bindgen-test-runner")
}

/// A `PATH` on which trunk finds the pinned `wasm-bindgen` first. It downloads one of its own if it does not.
pub(crate) fn path_for_trunk() -> Result<OsString> {
    let program = path(&WASM_BINDGEN, "wasm-bindgen")?;
    let directory = program.parent().context("a program lies in a directory")?.to_owned();
    let others = env::var_os("PATH").unwrap_or_default();
    Ok(env::join_paths([directory].into_iter().chain(env::split_paths(&others)))?)
}

/// Where our tools live: under `CARGO_HOME`, beside `bin` and not in it. Clones share them, and a newer one of the
/// developer's own stays.
pub(crate) fn directory() -> Result<PathBuf> {
    Ok(match cargo_home() {
        Some(home) => home.join("farthing-tools"),
        None => tools::target_directory()?.join("tools"),
    })
}

/// Where cargo keeps what it downloads and installs.
pub(crate) fn cargo_home() -> Option<PathBuf> {
    env::var_os("CARGO_HOME")
        .map(PathBuf::from)
        .or_else(|| Some(PathBuf::from(env::var_os("HOME")?).join(".cargo")))
}

/// One program of a tool: found on `PATH`, among our tools, or built now.
fn path(tool: &Tool, program: &str) -> Result<PathBuf> {
    let root = directory()?;
    let ours = |program: &str| root.join("bin").join(program);
    let found = |program: &str| {
        tools::on_path(program)
            .into_iter()
            .chain([ours(program)])
            .find(|path| fits(tool, program, path))
    };
    if let Some(path) = found(program) {
        return Ok(path);
    }
    println!("    {program} {} is missing", tool.version);
    install(tool, &root)?;
    for program in tool.programs {
        if !fits(tool, program, &ours(program)) {
            bail!(
                "{} was installed into {}, but {program} does not answer as {}",
                tool.package,
                root.display(),
                tool.version
            );
        }
    }
    Ok(ours(program))
}

/// Whether the program is there and of the pinned version.
fn fits(tool: &Tool, program: &str, path: &Path) -> bool {
    let wanted = format!("{program} {}", tool.version);
    Command::new(path)
        .arg("--version")
        .output()
        .is_ok_and(|output| String::from_utf8_lossy(&output.stdout).trim() == wanted)
}

/// Builds a tool with the versions of its lock file; with others if one of those has left the registry.
fn install(tool: &Tool, root: &Path) -> Result<()> {
    if steps::run(&mut install_command(tool, root, true))? == Outcome::Passed {
        return Ok(());
    }
    println!(
        "    the versions that {} was locked to are not all to be had; once more without",
        tool.package
    );
    steps::must(&mut install_command(tool, root, false))
}

fn install_command(tool: &Tool, root: &Path, locked: bool) -> Command {
    let mut command = tools::cargo();
    // Outside the workspace, so that neither its configuration nor its target directory matters.
    command.current_dir(env::temp_dir());
    command.args(["install", tool.package, "--version", tool.version]);
    if locked {
        command.arg("--locked");
    }
    command.arg("--root").arg(root);
    command
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tool_fits_the_crate_that_the_frame_is_built_with() {
        let lock = std::fs::read_to_string(tools::workspace().join("Cargo.lock")).unwrap();
        let entry = format!("name = \"wasm-bindgen\"\nversion = \"{}\"\n", WASM_BINDGEN.version);
        assert!(lock.contains(&entry), "Cargo.lock has another wasm-bindgen than the tools");
    }

    #[test]
    fn a_program_of_another_version_does_not_fit() {
        let tool = Tool { package: "bash", version: "0.0.1", programs: &["bash"] };
        assert!(!fits(&tool, "bash", Path::new("/bin/sh")));
        assert!(!fits(&tool, "bash", Path::new("/no/such/program")));
    }

    #[test]
    fn tools_are_installed_beside_the_developers_own() {
        let command = install_command(&TRUNK, Path::new("/x/farthing-tools"), true);
        assert_eq!(
            steps::shown(&command),
            "cargo install trunk --version 0.21.14 --locked --root /x/farthing-tools"
        );
    }
}
