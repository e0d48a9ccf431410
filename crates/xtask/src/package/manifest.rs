//! The list of what is in `dist/`, which the server's build script reads.

use std::path::Path;

use anyhow::{Context, Result, bail};

/// The list's name in `dist/`.
pub(crate) const FILE: &str = "manifest.tsv";
const HEADER: &str = "farthing-manifest\t1";

/// How long a browser may keep a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cache {
    /// For ever: its name changes with its bytes.
    Immutable,
    /// Five minutes.
    Short,
    /// It is no route: the server fills it.
    Template,
}

/// Who may load a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reach {
    /// Pages of the server itself.
    Same,
    /// Any page.
    Any,
}

/// One file of `dist/`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    /// Below `dist/`, with slashes; the URL is `/` and this.
    pub(crate) path: String,
    /// The answer's `Content-Type`.
    pub(crate) content_type: String,
    /// How long it is kept.
    pub(crate) cache: Cache,
    /// Who may load it.
    pub(crate) reach: Reach,
    /// `sha384-…`, for the attribute `integrity`.
    pub(crate) integrity: String,
    /// Size.
    pub(crate) bytes: usize,
    /// Size of the file with `.br` after its name, if there is one.
    pub(crate) brotli: Option<usize>,
}

/// The list as text, sorted by path.
pub(crate) fn write(entries: &[Entry]) -> String {
    let mut lines: Vec<String> = entries
        .iter()
        .map(|entry| {
            let cache = match entry.cache {
                Cache::Immutable => "immutable",
                Cache::Short => "short",
                Cache::Template => "template",
            };
            let reach = match entry.reach {
                Reach::Same => "same",
                Reach::Any => "any",
            };
            let brotli = entry.brotli.map_or_else(|| "-".to_owned(), |bytes| bytes.to_string());
            [
                &entry.path,
                &entry.content_type,
                cache,
                reach,
                &entry.integrity,
                &entry.bytes.to_string(),
                &brotli,
            ]
            .join("\t")
        })
        .collect();
    lines.sort_unstable();
    format!("{HEADER}\n{}\n", lines.join("\n"))
}

/// Reads the list of `dist`.
pub(crate) fn read(dist: &Path) -> Result<Vec<Entry>> {
    let path = dist.join(FILE);
    let text = std::fs::read_to_string(&path)
        .with_context(|| format!("cannot read {}", path.display()))?;
    parse(&text).with_context(|| format!("{} is not what we write", path.display()))
}

fn parse(text: &str) -> Result<Vec<Entry>> {
    let mut lines = text.lines();
    if lines.next() != Some(HEADER) {
        bail!("the first line is not {HEADER}");
    }
    lines.map(entry).collect()
}

fn entry(line: &str) -> Result<Entry> {
    let columns: Vec<&str> = line.split('\t').collect();
    let &[path, content_type, cache, reach, integrity, bytes, brotli] = columns.as_slice() else {
        bail!("a line has {} columns", columns.len());
    };
    Ok(Entry {
        path: path.to_owned(),
        content_type: content_type.to_owned(),
        cache: match cache {
            "immutable" => Cache::Immutable,
            "short" => Cache::Short,
            "template" => Cache::Template,
            other => bail!("cache {other}"),
        },
        reach: match reach {
            "same" => Reach::Same,
            "any" => Reach::Any,
            other => bail!("reach {other}"),
        },
        integrity: integrity.to_owned(),
        bytes: bytes.parse()?,
        brotli: (brotli != "-").then(|| brotli.parse()).transpose()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_read_as_it_was_written_sorted_by_path() {
        let entry = |path: &str, brotli| Entry {
            path: path.to_owned(),
            content_type: "text/javascript; charset=utf-8".to_owned(),
            cache: Cache::Immutable,
            reach: Reach::Any,
            integrity: "sha384-x".to_owned(),
            bytes: 7000,
            brotli,
        };
        let entries = [entry("b.js", None), entry("a.js", Some(2500))];
        let text = write(&entries);
        assert_eq!(
            text,
            "farthing-manifest\t1\n\
             a.js\ttext/javascript; charset=utf-8\timmutable\tany\tsha384-x\t7000\t2500\n\
             b.js\ttext/javascript; charset=utf-8\timmutable\tany\tsha384-x\t7000\t-\n"
        );
        let [b, a] = entries;
        assert_eq!(parse(&text).unwrap(), [a, b]);
    }

    #[test]
    fn another_version_or_a_short_line_is_refused() {
        assert!(parse("farthing-manifest\t2\n").is_err());
        assert!(parse("farthing-manifest\t1\na.js\ttext/javascript\n").is_err());
    }
}
