//! Cargo and the toolchain's parts.

use std::env;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use crate::steps;

/// The target of everything that runs in a browser.
pub(crate) const WASM_TARGET: &str = "wasm32-unknown-unknown";

/// The cargo that runs this task.
///
/// It does not inherit what cargo told this program about its own package: build scripts that look at such variables
/// (that of `ring` does) would run again each time that `cargo xtask` and plain `cargo` take turns.
pub(crate) fn cargo() -> Command {
    program(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
}

/// A program that may call cargo itself, in the workspace, with the environment that [`cargo`] has.
pub(crate) fn program(path: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(path);
    for (name, _) in env::vars_os() {
        if name.to_str().is_some_and(is_of_this_package) {
            command.env_remove(name);
        }
    }
    command.current_dir(workspace());
    command
}

/// Whether cargo sets the variable for the program that it runs; see "Environment variables Cargo sets for crates".
fn is_of_this_package(name: &str) -> bool {
    const NAMES: [&str; 6] = [
        "CARGO_BIN_NAME",
        "CARGO_CRATE_NAME",
        "CARGO_MANIFEST_DIR",
        "CARGO_MANIFEST_LINKS",
        "CARGO_MANIFEST_PATH",
        "OUT_DIR",
    ];
    name.starts_with("CARGO_PKG_") || NAMES.contains(&name)
}

/// The root of the workspace.
pub(crate) fn workspace() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.ancestors().nth(2).unwrap_or(here).to_owned()
}

/// Where cargo puts what it builds, as cargo itself says it.
pub(crate) fn target_directory() -> Result<PathBuf> {
    let output =
        cargo().args(["metadata", "--format-version", "1", "--no-deps", "--offline"]).output()?;
    let text = String::from_utf8(output.stdout).context("cargo metadata is not UTF-8")?;
    let (_, rest) = text
        .split_once("\"target_directory\":\"")
        .context("cargo metadata names no target directory")?;
    let (path, _) = rest.split_once('"').context("cargo metadata is cut")?;
    Ok(PathBuf::from(path.replace("\\\\", "\\")))
}

/// The program's path, if it is on `PATH`.
pub(crate) fn on_path(program: &str) -> Option<PathBuf> {
    env::split_paths(&env::var_os("PATH")?)
        .map(|directory| directory.join(program))
        .find(|path| path.is_file())
}

/// Whether a component of the toolchain answers.
pub(crate) fn component(subcommand: &str, component: &str) -> Result<()> {
    let answers = |mut command: Command| {
        command
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .is_ok_and(|status| status.success())
    };
    let mut ask = cargo();
    ask.args([subcommand, "--version"]);
    if answers(ask) {
        return Ok(());
    }
    let line = format!("rustup component add {component}");
    println!("    cargo {subcommand} is missing: {line}");
    if on_path("rustup").is_none() {
        bail!("cargo {subcommand} is missing, and there is no rustup; with rustup: {line}");
    }
    steps::must(Command::new("rustup").args(["component", "add", component]))
}

/// Sees to it that the wasm target's standard library is there.
pub(crate) fn wasm_target() -> Result<()> {
    let sysroot = Command::new(env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()))
        .args(["--print", "sysroot"])
        .output()?;
    let sysroot = PathBuf::from(String::from_utf8(sysroot.stdout)?.trim());
    if sysroot.join("lib/rustlib").join(WASM_TARGET).join("lib").is_dir() {
        return Ok(());
    }
    println!("    the target {WASM_TARGET} is missing: rustup target add {WASM_TARGET}");
    if on_path("rustup").is_none() {
        bail!(
            "the target {WASM_TARGET} is missing, and there is no rustup; with rustup: rustup target add {WASM_TARGET}"
        );
    }
    steps::must(Command::new("rustup").args(["target", "add", WASM_TARGET]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_workspace_is_where_the_lock_file_is() {
        assert!(workspace().join("Cargo.lock").is_file());
    }

    #[test]
    fn a_program_that_does_not_exist_is_not_found() {
        assert_eq!(on_path("farthing-no-such-program"), None);
        assert!(on_path("sh").is_some());
    }

    #[test]
    fn a_nested_cargo_keeps_the_users_settings_and_forgets_our_package() {
        assert!(is_of_this_package("CARGO_PKG_NAME") && is_of_this_package("CARGO_MANIFEST_DIR"));
        for kept in ["CARGO_HOME", "CARGO_TARGET_DIR", "CARGO_TERM_COLOR", "CARGO_BUILD_JOBS"] {
            assert!(!is_of_this_package(kept), "{kept}");
        }
    }

    #[test]
    fn cargo_names_its_target_directory() {
        let directory = target_directory().unwrap();
        assert!(directory.is_absolute(), "{}", directory.display());
    }
}
