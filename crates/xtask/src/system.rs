//! What comes from the system's package manager, and axe, which comes through npm.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use crate::{installed, steps, tools};

/// The rules of access that pages are held to. Its licence (MPL-2.0) is no concern of the product: it runs in tests alone.
const AXE: &str = "4.14.1";
/// The integrity of its package.
const AXE_INTEGRITY: &str = "sha512-FHfa+lmNjQZfJz1q8wKqIDwC6DExcHt/pkjNQb09a3NPjCKg2rhu5qb2S4r76ASyFNNtuFooJpZe37OgudVGtQ==";

/// Programs that belong together, any of whose names will do, and what apt calls them.
#[derive(Clone, Copy, Debug)]
struct Wanted {
    name: &'static str,
    programs: &'static [&'static str],
    package: &'static str,
}

const CHROMIUM: Wanted = Wanted {
    name: "chromium",
    programs: &["chromium", "chromium-browser", "google-chrome"],
    package: "chromium",
};
const CHROMEDRIVER: Wanted =
    Wanted { name: "chromedriver", programs: &["chromedriver"], package: "chromium-driver" };
const NPM: Wanted = Wanted { name: "npm", programs: &["npm"], package: "npm" };

/// Sees to it that a browser and its driver are there.
pub(crate) fn browser() -> Result<()> {
    provide(&[CHROMIUM, CHROMEDRIVER])
}

/// The browser's driver.
pub(crate) fn driver() -> Result<PathBuf> {
    provide(&[CHROMEDRIVER])?;
    tools::on_path("chromedriver").context("chromedriver is not on PATH")
}

/// The file `axe.min.js` of the pinned version: among our tools, or fetched now.
pub(crate) fn axe() -> Result<PathBuf> {
    let root = installed::directory()?.join(format!("axe-core-{AXE}"));
    let file = root.join("node_modules/axe-core/axe.min.js");
    if file.is_file() {
        return Ok(file);
    }
    println!("    axe-core {AXE} is missing: npm ci in {}", root.display());
    provide(&[NPM])?;
    fs::create_dir_all(&root).with_context(|| format!("cannot make {}", root.display()))?;
    fs::write(root.join("package.json"), axe_package())?;
    fs::write(root.join("package-lock.json"), axe_lock())?;
    // npm compares what it downloads with the integrity in the lock file.
    steps::must(
        Command::new("npm")
            .args(["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"])
            .current_dir(&root)
            .stdin(Stdio::null()),
    )?;
    if !file.is_file() {
        bail!("npm has not brought {}", file.display());
    }
    Ok(file)
}

fn axe_package() -> String {
    format!("{{\"private\": true, \"dependencies\": {{\"axe-core\": \"{AXE}\"}}}}\n")
}

fn axe_lock() -> String {
    format!(
        "{{\"lockfileVersion\": 3, \"requires\": true, \"packages\": {{\n\
         \"\": {{\"dependencies\": {{\"axe-core\": \"{AXE}\"}}}},\n\
         \"node_modules/axe-core\": {{\"version\": \"{AXE}\", \"integrity\": \"{AXE_INTEGRITY}\"}}\n}}}}\n"
    )
}

/// What of this is not on `PATH`.
fn missing(wanted: &[Wanted]) -> Vec<Wanted> {
    let is_there =
        |wanted: &Wanted| wanted.programs.iter().any(|program| tools::on_path(program).is_some());
    wanted.iter().copied().filter(|wanted| !is_there(wanted)).collect()
}

/// Installs what is missing, or names the line that does.
fn provide(wanted: &[Wanted]) -> Result<()> {
    let absent = missing(wanted);
    if absent.is_empty() {
        return Ok(());
    }
    let names = |absent: &[Wanted]| {
        absent.iter().map(|wanted| wanted.name).collect::<Vec<_>>().join(" and ")
    };
    let packages: Vec<&str> = absent.iter().map(|wanted| wanted.package).collect();
    let line = format!("apt-get update && apt-get install -y {}", packages.join(" "));
    println!("    {} missing: {line}", names(&absent));
    if tools::on_path("apt-get").is_none() {
        bail!("{} missing; install it with your system's package manager", names(&absent));
    }
    if !is_root() {
        bail!("{} missing; as root: {line}", names(&absent));
    }
    steps::must(Command::new("apt-get").args(["update", "-q"]))?;
    steps::must(
        Command::new("apt-get")
            .env("DEBIAN_FRONTEND", "noninteractive")
            .args(["install", "-y", "-q", "--no-install-recommends"])
            .args(packages),
    )?;
    let still = missing(wanted);
    if !still.is_empty() {
        bail!("{} still missing after: {line}", names(&still));
    }
    Ok(())
}

fn is_root() -> bool {
    Command::new("id").arg("-u").output().is_ok_and(|output| output.stdout.trim_ascii() == b"0")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_not_there_is_missing() {
        let sh = Wanted { name: "a shell", programs: &["no-such-shell", "sh"], package: "dash" };
        let none = Wanted { name: "nothing", programs: &["no-such-program"], package: "none" };
        let found: Vec<_> = missing(&[sh, none]).iter().map(|wanted| wanted.name).collect();
        assert_eq!(found, ["nothing"]);
    }

    #[test]
    fn the_lock_holds_npm_to_one_version_and_its_integrity() {
        let lock = axe_lock();
        assert!(lock.contains(AXE_INTEGRITY) && lock.matches(AXE).count() == 2, "{lock}");
        assert_eq!(lock.matches('{').count(), lock.matches('}').count());
    }
}
