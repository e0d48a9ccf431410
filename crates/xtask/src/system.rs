//! What comes from the system's package manager, and what comes through npm: axe, and TypeScript with the wallets' types.

use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use crate::{installed, steps, tools};

/// A package of npm's registry, held to one version and its integrity. What comes so runs in tests alone, and its licence is no
/// concern of the product.
#[derive(Clone, Copy, Debug)]
struct Package {
    name: &'static str,
    version: &'static str,
    integrity: &'static str,
}

/// The rules of access that pages are held to (MPL-2.0).
const AXE: Package = Package {
    name: "axe-core",
    version: "4.14.1",
    integrity: "sha512-FHfa+lmNjQZfJz1q8wKqIDwC6DExcHt/pkjNQb09a3NPjCKg2rhu5qb2S4r76ASyFNNtuFooJpZe37OgudVGtQ==",
};

/// What judges scripts by the wallets' public types: the compiler (Apache-2.0) and the types (MIT).
const TYPES: [Package; 3] = [
    Package {
        name: "@types/applepayjs",
        version: "14.0.9",
        integrity: "sha512-xEprYbb0TEP/XIiDPbVnTYpDai8fTFpsQfVSfTd81Is2GOMUy7ie019eyX6Mz2ECxfjoUVKaiGSL577roIeHCg==",
    },
    Package {
        name: "@types/googlepay",
        version: "0.7.13",
        integrity: "sha512-Tj9Y/UfYxUHepJe84AXeLLeBaNHySq9NorRTQ0M2uzqEBS+mmzdJYJeK2Z4XhO58gtkndC0915DM7eIn90DCPA==",
    },
    Package {
        name: "typescript",
        version: "5.9.3",
        integrity: "sha512-jl1vZzPDinLr9eUt3J/t7V6FgNEw9QjvBPdysz9KfQDD41fQrC2Y4vKQdiaUpFT4bXlb1RHhLpp8wtm6M5TgSw==",
    },
];

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
    let root = fetched(&format!("axe-core-{}", AXE.version), &[AXE])?;
    expect_file(root.join("node_modules/axe-core/axe.min.js"))
}

/// The folder whose `node_modules` has TypeScript and the public types of both wallets: among our tools, or fetched now.
pub(crate) fn type_checker() -> Result<PathBuf> {
    // Another set of versions is another folder.
    let name = TYPES.map(|package| package.version).join("-");
    let root = fetched(&format!("wallet-types-{name}"), &TYPES)?;
    expect_file(root.join("node_modules/typescript/lib/tsc.js"))?;
    Ok(root)
}

/// A folder among our tools with these packages in its `node_modules`.
fn fetched(name: &str, packages: &[Package]) -> Result<PathBuf> {
    let root = installed::directory()?.join(name);
    if packages.iter().all(|package| root.join("node_modules").join(package.name).is_dir()) {
        return Ok(root);
    }
    let names: Vec<String> =
        packages.iter().map(|package| format!("{} {}", package.name, package.version)).collect();
    println!("    missing: {}; npm ci in {}", names.join(", "), root.display());
    provide(&[NPM])?;
    fs::create_dir_all(&root).with_context(|| format!("cannot make {}", root.display()))?;
    fs::write(root.join("package.json"), package_json(packages))?;
    fs::write(root.join("package-lock.json"), package_lock(packages))?;
    // npm compares what it downloads with the integrity in the lock file.
    steps::must(
        Command::new("npm")
            .args(["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"])
            .current_dir(&root)
            .stdin(Stdio::null()),
    )?;
    Ok(root)
}

fn expect_file(file: PathBuf) -> Result<PathBuf> {
    if !file.is_file() {
        bail!("npm has not brought {}", file.display());
    }
    Ok(file)
}

fn package_json(packages: &[Package]) -> String {
    format!("{{\"private\": true, {}}}\n", dependencies(packages))
}

fn package_lock(packages: &[Package]) -> String {
    let mut lock = format!(
        "{{\"lockfileVersion\": 3, \"requires\": true, \"packages\": {{\n\"\": {{{}}}",
        dependencies(packages)
    );
    for Package { name, version, integrity } in packages {
        let _ = write!(
            lock,
            ",\n\"node_modules/{name}\": {{\"version\": \"{version}\", \"integrity\": \"{integrity}\"}}"
        );
    }
    lock.push_str("\n}}\n");
    lock
}

fn dependencies(packages: &[Package]) -> String {
    let pairs: Vec<String> = packages
        .iter()
        .map(|package| format!("\"{}\": \"{}\"", package.name, package.version))
        .collect();
    format!("\"dependencies\": {{{}}}", pairs.join(", "))
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
        for packages in [&[AXE][..], &TYPES] {
            let lock = package_lock(packages);
            for Package { name, version, integrity } in packages {
                assert!(lock.contains(integrity), "{lock}");
                assert_eq!(lock.matches(&format!("{name}\": ")).count(), 2, "{lock}");
                assert!(lock.matches(&format!("\"{version}\"")).count() >= 2, "{lock}");
            }
            assert_eq!(lock.matches('{').count(), lock.matches('}').count());
        }
    }
}
