//! `cargo xtask web`: the frame, the loader and all that a browser loads, built into `dist/`, and what it weighs.

use std::fmt::Write as _;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, bail};

use crate::package::{self, Entry};
use crate::steps::{self, Outcome, Steps};
use crate::{installed, sizes, tools};

/// Most that the whole checkout may weigh, bytes of Brotli: the lightest of today's peers.
const CHECKOUT_LIMIT: usize = 108_000;
/// What it shall weigh.
const CHECKOUT_GOAL: usize = 81_000;
/// Most that the loader may weigh.
const LOADER_LIMIT: usize = 3_000;

/// Where trunk puts what it builds.
pub(crate) fn dist() -> PathBuf {
    tools::workspace().join("dist")
}

/// Builds and weighs; `functions` is how many rows the table of functions shall have.
pub(crate) fn web(functions: Option<usize>) -> ExitCode {
    let mut steps = Steps::default();
    let mut done = build(&mut steps);
    // Wanted most when a limit was missed.
    if let Some(rows) = functions {
        done &= steps.run("sizes", "where the bytes of the modules go", |_| {
            for program in ["frame", "frame_wallets", "wallets"] {
                println!("\n    {program}");
                print!("{}", sizes::table(&with_names(program)?, rows)?);
            }
            Ok(Outcome::Passed)
        });
    }
    if done { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// The step of every task that needs `dist/`.
pub(crate) fn build(steps: &mut Steps) -> bool {
    steps.run("web", "the frame and the loader, built by trunk; their bytes", |_| {
        // Two builds would use one staging directory. The lock ends with the process.
        let lock = tools::target_directory()?.join("web.lock");
        std::fs::create_dir_all(lock.parent().context("a file is in a directory")?)?;
        let lock =
            File::create(&lock).with_context(|| format!("cannot make {}", lock.display()))?;
        lock.lock().context("cannot wait for another build")?;
        trunk()?;
        weigh(&dist())
    })
}

fn trunk() -> Result<()> {
    tools::wasm_target()?;
    let trunk = installed::trunk()?;
    let path = installed::path_for_trunk()?;
    // trunk runs offline, so that it cannot download a tool of its own; crates are fetched before.
    steps::must(tools::cargo().args(["fetch", "--locked", "--quiet"]))?;
    let mut command = tools::program(trunk);
    command.args(["build", "--offline", "--skip-version-check"]).env("PATH", path);
    command.env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS", flags()?);
    // trunk reads NO_COLOR as a boolean and refuses the usual `1`.
    command.env_remove("NO_COLOR");
    steps::must(&mut command)
}

/// Takes this machine's directories out of the module: they are bytes, and would make its hash another one elsewhere.
fn flags() -> Result<String> {
    let sources = installed::cargo_home().map(|home| home.join("registry/src"));
    let mut prefixes = vec![tools::workspace()];
    for registry in sources.iter().filter_map(|sources| sources.read_dir().ok()).flatten() {
        prefixes.push(registry?.path());
    }
    // cargo splits the variable at blanks.
    prefixes.retain(|prefix| !prefix.to_string_lossy().contains(char::is_whitespace));
    prefixes.sort();
    let flag = |prefix: &PathBuf| format!("--remap-path-prefix={}/=", prefix.display());
    Ok(prefixes.iter().map(flag).collect::<Vec<_>>().join(" "))
}

/// A module as it is packaged, but for the names of its functions.
fn with_names(program: &str) -> Result<Vec<u8>> {
    let directory = tools::target_directory()?.join("wasm-bindgen/release");
    let read = |end: &str| {
        let path = directory.join(format!("{program}{end}"));
        std::fs::read(&path).with_context(|| format!("cannot read {}", path.display()))
    };
    let glue = String::from_utf8(read(".js")?).context("the glue is not UTF-8")?;
    package::with_names(&read("_bg.wasm")?, &glue)
}

/// Prints the table of bytes and holds it to the limits.
fn weigh(dist: &Path) -> Result<Outcome> {
    let rows = rows(dist)?;
    print!("{}", table(&rows));
    let mut over = Vec::new();
    for (what, bytes, limit) in [
        ("the checkout with wallets", checkout(&rows, Who::WithWallets), CHECKOUT_LIMIT),
        ("the checkout without wallets", checkout(&rows, Who::WithoutWallets), CHECKOUT_LIMIT),
        ("the loader", loader(&rows), LOADER_LIMIT),
    ] {
        if bytes > limit {
            over.push(format!("{what} weighs {bytes} bytes and may weigh {limit}"));
        }
    }
    Ok(if over.is_empty() { Outcome::Passed } else { Outcome::Failed(over.join("; ")) })
}

/// One kind of bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Row {
    what: &'static str,
    raw: usize,
    brotli: usize,
    who: Who,
}

/// Which checkouts load it. Pictures come as they are needed, but they count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Who {
    All,
    WithoutWallets,
    WithWallets,
    /// The shop's page.
    None,
}

fn rows(dist: &Path) -> Result<Vec<Row>> {
    let entries = package::read(dist)?;
    let sum = |what, who, belongs: &dyn Fn(&str) -> bool| -> Result<Row> {
        let mut row = Row { what, raw: 0, brotli: 0, who };
        let mut found = false;
        for Entry { path, bytes, brotli, .. } in entries.iter().filter(|entry| belongs(&entry.path))
        {
            found = true;
            row.raw += bytes;
            row.brotli += brotli.with_context(|| format!("{path} has no Brotli copy"))?;
        }
        if !found && who != Who::None && what != PICTURES {
            bail!("{} has no {what}", dist.display());
        }
        Ok(row)
    };
    let pages = [page(dist, "index.html")?, page(dist, "wallets.html")?];
    let [page, wallets] = &pages;
    let is = |path: &str, extension: &str| {
        path.starts_with("assets/")
            && Path::new(path).extension().is_some_and(|found| found == extension)
    };
    let of = |path: &str, program: &str| path.starts_with(&format!("assets/{program}-"));
    Ok(vec![
        Row {
            what: PAGE,
            raw: page.len(),
            brotli: package::brotli(page.as_bytes())?.len(),
            who: Who::All,
        },
        Row {
            what: WALLETS_PAGE,
            raw: wallets.len(),
            brotli: package::brotli(wallets.as_bytes())?.len(),
            who: Who::WithWallets,
        },
        sum("glue and start code", Who::WithoutWallets, &|path| {
            is(path, "js") && of(path, "frame")
        })?,
        sum("module", Who::WithoutWallets, &|path| is(path, "wasm") && of(path, "frame"))?,
        sum("the same for checkouts with wallets", Who::WithWallets, &|path| {
            is(path, "js") && of(path, "frame_wallets")
        })?,
        sum("their module", Who::WithWallets, &|path| {
            is(path, "wasm") && of(path, "frame_wallets")
        })?,
        sum("wallets' glue", Who::WithWallets, &|path| is(path, "js") && of(path, "wallets"))?,
        sum("wallets' module", Who::WithWallets, &|path| is(path, "wasm") && of(path, "wallets"))?,
        sum(PICTURES, Who::All, &|path| is(path, "svg"))?,
        sum(LOADER, Who::None, &|path| path == "farthing.js")?,
    ])
}

const PAGE: &str = "page with styles and first scripts";
const WALLETS_PAGE: &str = "wallets' page";
const PICTURES: &str = "pictures";
const LOADER: &str = "loader";

/// A template, filled with next to nothing.
fn page(dist: &Path, name: &str) -> Result<String> {
    let shell = dist.join(name);
    let shell = std::fs::read_to_string(&shell)
        .with_context(|| format!("cannot read {}", shell.display()))?;
    Ok(shell
        .replace("{{html}}", "lang=\"en\"")
        .replace("{{head}}", "<title>Pay</title>")
        .replace("{{__TRUNK_NONCE__}}", "bm9uY2Utbm9uY2Utbm9uY2U")
        .replace("{{body}}", "")
        .replace("{{state}}", "{}"))
}

/// What a checkout loads, with wallets or without.
fn checkout(rows: &[Row], with: Who) -> usize {
    rows.iter().filter(|row| [Who::All, with].contains(&row.who)).map(|row| row.brotli).sum()
}

fn loader(rows: &[Row]) -> usize {
    rows.iter().filter(|row| row.what == LOADER).map(|row| row.brotli).sum()
}

fn table(rows: &[Row]) -> String {
    let mut text = format!("    {:36} {:>9} {:>9}\n", "bytes", "raw", "Brotli");
    for row in rows {
        let _ = writeln!(text, "    {:36} {:>9} {:>9}", row.what, row.raw, row.brotli);
    }
    let verdict = |bytes, limit| if bytes <= limit { "met" } else { "MISSED" };
    for (what, with) in [
        ("a checkout without wallets", Who::WithoutWallets),
        ("a checkout with wallets", Who::WithWallets),
    ] {
        let all = checkout(rows, with);
        let _ = writeln!(
            text,
            "    {what:36} {:>9} {all:>9}  goal {CHECKOUT_GOAL}: {}; limit {CHECKOUT_LIMIT}: {}",
            "",
            verdict(all, CHECKOUT_GOAL),
            verdict(all, CHECKOUT_LIMIT),
        );
    }
    let loader = loader(rows);
    let _ = writeln!(
        text,
        "    {:36} {:>9} {:>9}  limit {LOADER_LIMIT}: {}",
        "loader, on the shop's page",
        "",
        loader,
        verdict(loader, LOADER_LIMIT),
    );
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(what: &'static str, brotli: usize, who: Who) -> Row {
        Row { what, raw: 2 * brotli, brotli, who }
    }

    #[test]
    fn each_checkout_is_counted_with_what_it_loads_and_the_loader_with_none() {
        let rows = [
            row(PAGE, 7_000, Who::All),
            row("module", 70_000, Who::WithoutWallets),
            row("their module", 79_000, Who::WithWallets),
            row("wallets' module", 9_000, Who::WithWallets),
            row(LOADER, 2_000, Who::None),
        ];
        assert_eq!(checkout(&rows, Who::WithoutWallets), 77_000);
        assert_eq!(checkout(&rows, Who::WithWallets), 95_000);
        assert_eq!(loader(&rows), 2_000);
        let table = table(&rows);
        assert_eq!(table.matches("MISSED").count(), 1, "{table}");
    }

    #[test]
    fn what_is_over_the_goal_and_the_limit_is_said() {
        let rows = [row("module", 90_000, Who::WithWallets), row(LOADER, 3_001, Who::None)];
        let table = table(&rows);
        assert!(table.contains("goal 81000: MISSED; limit 108000: met"), "{table}");
        assert!(table.contains("limit 3000: MISSED"), "{table}");
    }
}
