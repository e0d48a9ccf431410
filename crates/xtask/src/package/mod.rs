//! `cargo xtask package`: what trunk built becomes what the server embeds.
//!
//! trunk calls it at the end of its build with the directory that becomes `dist/`. Files get names with a hash of their
//! bytes, an integrity and a Brotli copy; scripts and styles move into the shell; a list of all of it is written beside
//! them. The same input gives the same bytes.

mod manifest;
mod names;
mod places;
mod text;
mod unused;
pub(crate) mod wasm;

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use brotli::enc::backward_references::BrotliEncoderMode;
use sha2::{Digest as _, Sha256, Sha384};

use crate::tools;

pub(crate) use manifest::{Cache, Entry, FILE as MANIFEST, Reach, read};

const JAVASCRIPT: &str = "text/javascript; charset=utf-8";

/// Finishes the directory that trunk names in `TRUNK_STAGING_DIR`.
pub(crate) fn run() -> Result<()> {
    let staging = env::var_os("TRUNK_STAGING_DIR").map(PathBuf::from).context(
        "TRUNK_STAGING_DIR is not set: this task is called by trunk, in `cargo xtask web`",
    )?;
    package(&staging, &tools::workspace().join("www"))
}

/// Turns trunk's output in `staging` into `dist/`, with the other files of `www`.
pub(crate) fn package(staging: &Path, www: &Path) -> Result<()> {
    let built = Built::find(staging)?;
    let mut dist = Dist { root: staging, entries: Vec::new() };

    let frame = dist.add_program(&built.frame, www)?;
    let frame_wallets = dist.add_program(&built.frame_wallets, www)?;
    let wallets = dist.add_program(&built.wallets, www)?;

    let mut styles = text::strip(&read_text(&www.join("checkout.css"))?);
    for icon in icons(&www.join("icons"))? {
        let name = icon.file_stem().and_then(|name| name.to_str()).context("a name in UTF-8")?;
        let picture = text::strip(&read_text(&icon)?);
        let entry = dist.add_hashed(
            &format!("assets/{name}"),
            "svg",
            picture.as_bytes(),
            "image/svg+xml",
            Reach::Same,
        )?;
        // With and without a fragment.
        styles =
            styles.replace(&format!("url(\"icons/{name}.svg"), &format!("url(\"/{}", entry.path));
    }
    if let Some((_, rest)) = styles.split_once("url(\"icons/") {
        let name = rest.split('"').next().unwrap_or_default();
        bail!("www/checkout.css names www/icons/{name}, which does not exist");
    }

    let loader = text::strip(&read_text(&www.join("loader/farthing.js"))?);
    dist.add_hashed("farthing", "js", loader.as_bytes(), JAVASCRIPT, Reach::Any)?;
    dist.add("farthing.js", loader.as_bytes(), JAVASCRIPT, Cache::Short, Reach::Any)?;
    let types = read_bytes(&www.join("loader/farthing.d.ts"))?;
    dist.add("farthing.d.ts", &types, "text/plain; charset=utf-8", Cache::Short, Reach::Any)?;

    let starter = text::strip(&read_text(&www.join("frame/starter.js"))?);
    let boot = text::strip(&read_text(&www.join("frame/boot.js"))?);
    let shell = read_text(&staging.join("index.html"))?;
    let shell = text::inline(&shell, "checkout.css", &text::pack_styles(&styles))?;
    let shell = text::inline(&shell, "frame/boot.js", &boot)?;
    dist.add_page("index.html", &shell, &frame, &starter)?;
    // The same page with the program that knows wallets, for checkouts that offer any.
    let shell = shell.replace(&frame.built_as, &frame_wallets.built_as);
    dist.add_page("checkout-wallets.html", &shell, &frame_wallets, &starter)?;

    let styles = text::strip(&read_text(&www.join("wallets/wallets.css"))?);
    let page = read_text(&www.join("wallets/index.html"))?;
    let page = text::inline(&page, "wallets/wallets.css", &text::pack_styles(&styles))?;
    dist.add_page("wallets.html", &page, &wallets, &starter)?;

    let built = [built.frame, built.frame_wallets, built.wallets];
    for file in built.into_iter().flat_map(|made| [made.glue, made.wasm]) {
        fs::remove_file(&file).with_context(|| format!("cannot remove {}", file.display()))?;
    }
    dist.close()
}

/// The module that the packaging keeps, with the names of its functions.
pub(crate) fn with_names(module: &[u8], glue: &str) -> Result<Vec<u8>> {
    unused::collect(module, &unused::used_exports(&unused::without_classes(glue)?), true)
}

/// What trunk left: three programs.
#[derive(Debug)]
struct Built {
    frame: Made,
    frame_wallets: Made,
    wallets: Made,
}

/// One program: glue and module.
#[derive(Debug)]
struct Made {
    name: &'static str,
    /// Where its `start.js` is, in `www`.
    start: &'static str,
    glue: PathBuf,
    wasm: PathBuf,
}

impl Built {
    fn find(staging: &Path) -> Result<Self> {
        let mut files = Vec::new();
        for file in
            fs::read_dir(staging).with_context(|| format!("cannot read {}", staging.display()))?
        {
            let path = file?.path();
            match path.extension().and_then(|extension| extension.to_str()) {
                Some("js" | "wasm") => files.push(path),
                _ if path.file_name().is_some_and(|name| name == "index.html") => {}
                _ => bail!("trunk made {}, which the packaging does not know", path.display()),
            }
        }
        let mut take = |name: &'static str, start: &'static str| -> Result<Made> {
            let mut only = |extension: &str| -> Result<PathBuf> {
                let belongs = |path: &PathBuf| {
                    let file = path.file_name().and_then(|file| file.to_str()).unwrap_or_default();
                    let rest = file.strip_prefix(name).unwrap_or_default();
                    ["-", ".", "_bg"].iter().any(|after| rest.starts_with(after))
                        && path.extension().is_some_and(|end| end == extension)
                };
                let found = files.extract_if(.., |path| belongs(path)).collect::<Vec<_>>();
                <[PathBuf; 1]>::try_from(found).map(|[path]| path).map_err(|found| {
                    anyhow::anyhow!(
                        "{} holds {} files {name}*.{extension} instead of one",
                        staging.display(),
                        found.len()
                    )
                })
            };
            Ok(Made { name, start, glue: only("js")?, wasm: only("wasm")? })
        };
        let built = Self {
            frame: take("frame", "frame")?,
            frame_wallets: take("frame_wallets", "frame")?,
            wallets: take("wallets", "wallets")?,
        };
        match files.first() {
            Some(file) => bail!("trunk made {}, which the packaging does not know", file.display()),
            None => Ok(built),
        }
    }
}

/// One program in `dist/`.
#[derive(Debug)]
struct Program {
    /// The name that trunk gave its glue, by which pages load it.
    built_as: String,
    glue: Entry,
    module: Entry,
}

impl Program {
    /// A page with the glue's final name and its integrity.
    fn name_glue(&self, page: &str) -> Result<String> {
        let attribute = format!("src=\"/{}\"", self.built_as);
        if page.matches(&attribute).count() != 1 {
            bail!("the page does not load /{} once", self.built_as);
        }
        let glue = &self.glue;
        let ours = format!("src=\"/{}\" integrity=\"{}\"", glue.path, glue.integrity);
        Ok(page.replace(&attribute, &ours))
    }
}

/// The directory while it is filled.
#[derive(Debug)]
struct Dist<'a> {
    root: &'a Path,
    entries: Vec<Entry>,
}

impl Dist<'_> {
    /// Writes a file whose name holds the hash of its bytes.
    fn add_hashed(
        &mut self,
        name: &str,
        extension: &str,
        bytes: &[u8],
        content_type: &str,
        reach: Reach,
    ) -> Result<Entry> {
        let hash = hex::encode(Sha256::digest(bytes));
        let hash = hash.get(..16).context("a hash is longer")?;
        let path = format!("{name}-{hash}.{extension}");
        self.add(&path, bytes, content_type, Cache::Immutable, reach)
    }

    /// Writes a file and its Brotli copy.
    fn add(
        &mut self,
        path: &str,
        bytes: &[u8],
        content_type: &str,
        cache: Cache,
        reach: Reach,
    ) -> Result<Entry> {
        let small = brotli(bytes)?;
        self.write(&format!("{path}.br"), &small)?;
        self.write(path, bytes)?;
        let entry = Entry {
            path: path.to_owned(),
            content_type: content_type.to_owned(),
            cache,
            reach,
            integrity: integrity(bytes),
            bytes: bytes.len(),
            brotli: Some(small.len()),
        };
        self.entries.push(entry.clone());
        Ok(entry)
    }

    /// Makes a program small, and writes its module and its glue with the code that starts it.
    fn add_program(&mut self, made: &Made, www: &Path) -> Result<Program> {
        let name = format!("assets/{}", made.name);
        let glue = unused::without_classes(&read_text(&made.glue)?)?;
        let used = unused::used_exports(&glue);
        let module = unused::collect(&read_bytes(&made.wasm)?, &used, false)?;
        let (module, _) = places::without_places(&module)?;
        let slim = wasm::slim(&module).with_context(|| format!("the module of {}", made.name))?;
        let module =
            self.add_hashed(&name, "wasm", &slim.bytes, "application/wasm", Reach::Same)?;
        let glue = unused::rename_exports(&glue, &used);
        let glue = unused::without_imports(&glue, |name| slim.renamed.contains_key(name));
        let glue = text::rename_imports(&glue, &slim.renamed, &slim.module)?;
        let start = read_text(&www.join(made.start).join("start.js"))?;
        let glue = unused::without_functions(&text::join_start(&glue, &start)?, &start);
        // While it is indented: only then can the outermost level be told.
        let glue = text::strip(&names::shortened(&glue));
        let built_as = made.glue.file_name().and_then(|name| name.to_str()).context("a name")?;
        Ok(Program {
            built_as: built_as.to_owned(),
            glue: self.add_hashed(&name, "js", glue.as_bytes(), JAVASCRIPT, Reach::Same)?,
            module,
        })
    }

    /// Finishes a page that loads a program, as a template of the server's.
    fn add_page(&mut self, path: &str, page: &str, program: &Program, starter: &str) -> Result<()> {
        let starter = starter
            .replace("{wasm}", &format!("/{}", program.module.path))
            .replace("{integrity}", &program.module.integrity);
        let page = program.name_glue(page)?;
        let page = text::inline(&page, "frame/starter.js", &starter)?;
        let page = text::without_html_comments(&page)?;
        text::check_shell(&page).with_context(|| path.to_owned())?;
        self.add_template(path, &page)
    }

    /// Writes a file that the server fills; it compresses that itself.
    fn add_template(&mut self, path: &str, text: &str) -> Result<()> {
        self.write(path, text.as_bytes())?;
        self.entries.push(Entry {
            path: path.to_owned(),
            content_type: "text/html; charset=utf-8".to_owned(),
            cache: Cache::Template,
            reach: Reach::Same,
            integrity: integrity(text.as_bytes()),
            bytes: text.len(),
            brotli: None,
        });
        Ok(())
    }

    fn write(&self, path: &str, bytes: &[u8]) -> Result<()> {
        let file = self.root.join(path);
        if let Some(directory) = file.parent() {
            fs::create_dir_all(directory)?;
        }
        fs::write(&file, bytes).with_context(|| format!("cannot write {}", file.display()))
    }

    fn close(&self) -> Result<()> {
        self.write(MANIFEST, manifest::write(&self.entries).as_bytes())
    }
}

/// SHA-384 as `integrity` wants it (Subresource Integrity, section 3.5).
fn integrity(bytes: &[u8]) -> String {
    format!("sha384-{}", STANDARD.encode(Sha384::digest(bytes)))
}

/// Brotli at its highest quality: done once here, served for ever. Which settings do best is found by trying.
pub(crate) fn brotli(bytes: &[u8]) -> Result<Vec<u8>> {
    let mut best: Option<Vec<u8>> = None;
    let modes = [BrotliEncoderMode::BROTLI_MODE_GENERIC, BrotliEncoderMode::BROTLI_MODE_FONT];
    for (lgblock, mode) in [(0, modes[0]), (0, modes[1]), (16, modes[0]), (16, modes[1])] {
        let parameters = brotli::enc::BrotliEncoderParams {
            quality: 11,
            lgwin: 22,
            lgblock,
            mode,
            size_hint: bytes.len(),
            ..Default::default()
        };
        let mut small = Vec::new();
        brotli::BrotliCompress(&mut &*bytes, &mut small, &parameters)?;
        if best.as_ref().is_none_or(|best| small.len() < best.len()) {
            best = Some(small);
        }
    }
    best.context("nothing was compressed")
}

/// Pictures, sorted by name.
fn icons(directory: &Path) -> Result<Vec<PathBuf>> {
    if !directory.is_dir() {
        return Ok(Vec::new());
    }
    let mut found = Vec::new();
    for file in fs::read_dir(directory)? {
        let path = file?.path();
        if path.extension().is_some_and(|extension| extension == "svg") {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

fn read_bytes(path: &Path) -> Result<Vec<u8>> {
    fs::read(path).with_context(|| format!("cannot read {}", path.display()))
}

fn read_text(path: &Path) -> Result<String> {
    fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))
}

#[cfg(test)]
mod tests;
