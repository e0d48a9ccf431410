//! Puts into the binary what `cargo xtask web` has written: the loader, the frame's code and styles, the page's shell.
//!
//! The directory is `FARTHING_DIST`, else `dist/` at the workspace's root; its `manifest.tsv` names every file that counts, and
//! no other is read. Without a manifest the server still builds, and its pages carry no script. Released loaders are kept
//! in `www/loader/released/` and stay served for ever: shops name them with their integrity.

use std::error::Error;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs};

fn main() -> Result<(), Box<dyn Error>> {
    let here = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?);
    let root = here.ancestors().nth(2).ok_or("the crate lies outside of its workspace")?;
    println!("cargo:rerun-if-env-changed=FARTHING_DIST");
    println!("cargo:rerun-if-changed=build.rs");
    let wanted = env::var_os("FARTHING_DIST").filter(|path| !path.is_empty());
    let dist = root.join(wanted.as_deref().unwrap_or("dist".as_ref()));
    let manifest = dist.join("manifest.tsv");
    let out = PathBuf::from(env::var("OUT_DIR")?);
    let mut table = Table {
        out: out.clone(),
        files: Vec::new(),
        shell: None,
        shell_with_wallets: None,
        wallets: None,
    };
    if manifest.is_file() {
        println!("cargo:rerun-if-changed={}", manifest.display());
        table.add_manifest(&dist, &fs::read_to_string(&manifest)?)?;
    } else if wanted.is_some() {
        return Err(format!("FARTHING_DIST has no {}", manifest.display()).into());
    } else {
        // Cargo takes a watched path that does not exist for a change, in every build. An empty directory is none.
        let _ = fs::create_dir_all(&dist);
        println!("cargo:rerun-if-changed={}", dist.display());
    }
    let released = root.join("www/loader/released");
    if released.is_dir() {
        println!("cargo:rerun-if-changed={}", released.display());
        table.add_released(&released)?;
    }
    fs::write(out.join("assets.rs"), table.source())?;
    Ok(())
}

/// The table of files as Rust source.
struct Table {
    out: PathBuf,
    files: Vec<(String, String)>,
    shell: Option<String>,
    shell_with_wallets: Option<String>,
    wallets: Option<String>,
}

impl Table {
    /// Version 1: a line for each file, seven columns between tabs: path, content type, how long it is kept, who may load
    /// it, integrity, bytes, and bytes of its brotli twin or `-`.
    fn add_manifest(&mut self, dist: &Path, text: &str) -> Result<(), Box<dyn Error>> {
        let mut lines = text.lines();
        if lines.next() != Some("farthing-manifest\t1") {
            return Err("manifest.tsv is not of version 1".into());
        }
        for line in lines {
            let columns = line.split('\t').collect::<Vec<_>>();
            let [path, kind, cache, who, integrity, _, packed] = columns.as_slice() else {
                return Err(format!("manifest.tsv has a line without seven columns: {line}").into());
            };
            let file = dist.join(path);
            let forever = match *cache {
                "immutable" => true,
                "short" => false,
                "template" => {
                    let kept = Some(self.keep(&file)?);
                    match *path {
                        "index.html" => self.shell = kept,
                        "checkout-wallets.html" => self.shell_with_wallets = kept,
                        "wallets.html" => self.wallets = kept,
                        other => {
                            return Err(
                                format!("manifest.tsv: whose template is `{other}`?").into()
                            );
                        }
                    }
                    continue;
                }
                other => return Err(format!("manifest.tsv: how long is `{other}`?").into()),
            };
            let anywhere = match *who {
                "any" => true,
                "same" => false,
                other => return Err(format!("manifest.tsv: who is `{other}`?").into()),
            };
            let brotli = if *packed == "-" {
                "None".to_owned()
            } else {
                let packed = self.keep(&dist.join(format!("{path}.br")))?;
                format!("Some(include_bytes!({packed:?}))")
            };
            let file = self.keep(&file)?;
            self.add(path, kind, forever, anywhere, integrity, &file, &brotli);
        }
        Ok(())
    }

    /// Loaders of former releases, named by their hash.
    fn add_released(&mut self, folder: &Path) -> Result<(), Box<dyn Error>> {
        for entry in fs::read_dir(folder)? {
            let file = entry?.path();
            let name = file.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            let hash = name.strip_prefix("farthing-").and_then(|name| name.strip_suffix(".js"));
            let named = self.files.iter().any(|(path, _)| path == name);
            if let Some(hash) = hash
                && !named
            {
                let kind = "text/javascript; charset=utf-8";
                let kept = self.keep(&file)?;
                self.add(name, kind, true, true, hash, &kept, "None");
            }
        }
        Ok(())
    }

    /// Copies a file to where no new packaging changes it while the crate is compiled.
    fn keep(&self, file: &Path) -> Result<String, Box<dyn Error>> {
        let name = file.file_name().ok_or("a file without a name")?;
        let kept = self.out.join(name);
        fs::copy(file, &kept).map_err(|error| format!("{}: {error}", file.display()))?;
        Ok(kept.display().to_string())
    }

    #[expect(clippy::too_many_arguments, reason = "the columns of the table")]
    fn add(
        &mut self,
        path: &str,
        kind: &str,
        forever: bool,
        anywhere: bool,
        tag: &str,
        file: &str,
        brotli: &str,
    ) {
        let mut line = String::new();
        let _ = writeln!(
            line,
            "    File {{ path: {:?}, kind: {kind:?}, forever: {forever}, anywhere: {anywhere}, tag: {tag:?}, \
             plain: include_bytes!({file:?}), brotli: {brotli} }},",
            format!("/{path}"),
        );
        self.files.push((path.to_owned(), line));
    }

    fn source(mut self) -> String {
        self.files.sort();
        let files = self.files.iter().map(|(_, line)| line.as_str()).collect::<String>();
        let template = |file: &Option<String>| match file {
            Some(file) => format!("Some(include_str!({file:?}))"),
            None => "None".to_owned(),
        };
        let [shell, with_wallets, wallets] =
            [&self.shell, &self.shell_with_wallets, &self.wallets].map(template);
        format!(
            "/// The page's template.\nconst SHELL: Option<&str> = {shell};\n\n\
             /// The same for checkouts that offer wallets.\nconst SHELL_WITH_WALLETS: Option<&str> = {with_wallets};\n\n\
             /// The template of the wallets' own document.\nconst WALLETS: Option<&str> = {wallets};\n\n\
             /// Every file that browsers may ask for.\nconst FILES: &[File] = &[\n{files}];\n"
        )
    }
}
