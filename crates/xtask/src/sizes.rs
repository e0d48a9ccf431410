//! Where the bytes of the module go: functions by size, and by the crate that they come from.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use anyhow::Result;

use crate::package::wasm::{Reader, sections};

/// Sections by number (WebAssembly Core Specification, "Binary Format, Modules").
const NAMES: [&str; 14] = [
    "custom",
    "types",
    "imports",
    "functions",
    "tables",
    "memory",
    "globals",
    "exports",
    "start",
    "elements",
    "code",
    "data",
    "data count",
    "tags",
];
const CUSTOM: u8 = 0;
const IMPORT: u8 = 2;
const CODE: u8 = 10;

/// Three tables: sections, crates, and the largest `rows` functions.
pub(crate) fn table(module: &[u8], rows: usize) -> Result<String> {
    let functions = functions(module)?;
    let mut text = String::from("\n    section        bytes\n");
    for section in sections(module)?.iter().filter(|section| section.id != CUSTOM) {
        let name = NAMES.get(usize::from(section.id)).copied().unwrap_or("?");
        let _ = writeln!(text, "    {name:10} {:>9}", section.payload.len());
    }
    let mut crates: BTreeMap<String, (usize, usize)> = BTreeMap::new();
    for (name, bytes) in &functions {
        let (sum, count) = crates.entry(origin(name)).or_default();
        *sum += bytes;
        *count += 1;
    }
    let mut crates: Vec<_> = crates.into_iter().collect();
    crates.sort_by_key(|(_, (sum, _))| std::cmp::Reverse(*sum));
    let all = functions.iter().map(|(_, bytes)| bytes).sum::<usize>();
    let _ = writeln!(text, "\n    code by crate   bytes  share  functions");
    for (name, (sum, count)) in crates {
        let _ =
            writeln!(text, "    {name:12} {sum:>8}  {:>3} %  {count:>9}", sum * 100 / all.max(1));
    }
    let _ = writeln!(text, "\n    largest functions");
    for (name, bytes) in functions.iter().take(rows) {
        let name: String = name.chars().take(150).collect();
        let _ = writeln!(text, "    {bytes:>8}  {name}");
    }
    Ok(text)
}

/// Every function of the module with its size, largest first.
fn functions(module: &[u8]) -> Result<Vec<(String, usize)>> {
    let (mut imported, mut sizes, mut names) = (0, Vec::new(), BTreeMap::new());
    for section in sections(module)? {
        let mut reader = Reader(section.payload);
        match section.id {
            IMPORT => {
                for _ in 0..reader.number()? {
                    reader.text()?;
                    reader.text()?;
                    imported += u32::from(reader.0.first() == Some(&0));
                    reader.skip_import_kind()?;
                }
            }
            CODE => {
                for _ in 0..reader.number()? {
                    sizes.push(reader.bytes()?.len());
                }
            }
            CUSTOM if reader.text()? == "name" => {
                while !reader.0.is_empty() {
                    let kind = reader.byte()?;
                    let mut part = Reader(reader.bytes()?);
                    if kind == 1 {
                        for _ in 0..part.number()? {
                            let index = part.number()?;
                            names.insert(index, part.text()?.to_owned());
                        }
                    }
                }
            }
            _ => {}
        }
    }
    let mut functions: Vec<_> = (imported..)
        .zip(sizes)
        .map(|(index, bytes)| (names.remove(&index).unwrap_or_else(|| "?".to_owned()), bytes))
        .collect();
    functions.sort_by(|(a, x), (b, y)| y.cmp(x).then_with(|| a.cmp(b)));
    Ok(functions)
}

/// The crate that a function's demangled name begins with, after what wraps it: `<&mut leptos::Owner as Drop>::drop` is of `leptos`.
///
/// A generic function counts for the crate that wrote it, not for the one that made it necessary.
fn origin(name: &str) -> String {
    let mut rest = name;
    loop {
        let before = rest;
        for wrap in ["<", "&", "mut ", "dyn ", "[", "(", "*const ", "*mut "] {
            rest = rest.strip_prefix(wrap).unwrap_or(rest);
        }
        if rest == before {
            break;
        }
    }
    let letters: String = rest
        .chars()
        .take_while(|letter| letter.is_ascii_alphanumeric() || *letter == '_')
        .collect();
    if rest.len() > letters.len() && !letters.is_empty() { letters } else { "other".to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::package::wasm::tests::small_module;

    #[test]
    fn a_function_is_found_with_its_name_and_size_after_the_imported_ones() {
        let functions = functions(&small_module()).unwrap();
        assert_eq!(functions, [("<widget::card::Form as Render>::build".to_owned(), 6)]);
        let table = table(&small_module(), 5).unwrap();
        assert!(table.contains("widget") && table.contains("100 %"), "{table}");
    }

    #[test]
    fn a_function_counts_for_the_crate_that_wrote_it() {
        for (name, expected) in [
            ("core::fmt::write", "core"),
            ("<&mut leptos::Owner as Drop>::drop", "leptos"),
            ("<[(dyn alloc::Any)]>::x", "alloc"),
            ("__wbindgen_malloc", "other"),
            ("?", "other"),
        ] {
            assert_eq!(origin(name), expected, "{name}");
        }
    }
}
