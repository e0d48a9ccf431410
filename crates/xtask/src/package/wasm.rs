//! The few changes that the packaging makes to a WebAssembly module: names that nobody reads at run time go.
//!
//! Format: WebAssembly Core Specification, "Binary Format, Modules".

use std::collections::BTreeMap;

use anyhow::{Context, Result, bail};

const MAGIC_AND_VERSION: [u8; 8] = *b"\0asm\x01\0\0\0";
const CUSTOM: u8 = 0;
const IMPORT: u8 = 2;

/// A module without custom sections, its imports renamed.
#[derive(Debug)]
pub(crate) struct Slim {
    /// The module.
    pub(crate) bytes: Vec<u8>,
    /// Old name and new name of every import of the glue.
    pub(crate) renamed: BTreeMap<String, String>,
    /// The name under which the glue hands over its imports, old and new.
    pub(crate) module: (String, String),
}

/// Drops all custom sections (names, producers, features) and gives the imports short names.
///
/// The names that wasm-bindgen gives hold 64 bits of a hash each, once in the module and once in the glue: that does not compress.
pub(crate) fn slim(module: &[u8]) -> Result<Slim> {
    let mut bytes = MAGIC_AND_VERSION.to_vec();
    let mut renamed = BTreeMap::new();
    let mut from = None;
    for section in sections(module)? {
        match section.id {
            CUSTOM => {}
            IMPORT => {
                let payload = imports(section.payload, &mut renamed, &mut from)?;
                put_section(&mut bytes, IMPORT, &payload);
            }
            id => put_section(&mut bytes, id, section.payload),
        }
    }
    let from = from.context("the module imports nothing")?;
    Ok(Slim { bytes, renamed, module: (from, "f".to_owned()) })
}

/// Number and payload of a section.
#[derive(Debug)]
pub(crate) struct Section<'a> {
    /// What it is.
    pub(crate) id: u8,
    /// What it holds.
    pub(crate) payload: &'a [u8],
}

/// The sections of a module, in order.
pub(crate) fn sections(module: &[u8]) -> Result<Vec<Section<'_>>> {
    let rest = module.strip_prefix(&MAGIC_AND_VERSION).context("this is no WebAssembly module")?;
    let mut reader = Reader(rest);
    let mut sections = Vec::new();
    while !reader.0.is_empty() {
        let id = reader.byte()?;
        let payload = reader.bytes()?;
        sections.push(Section { id, payload });
    }
    Ok(sections)
}

fn imports(
    payload: &[u8],
    renamed: &mut BTreeMap<String, String>,
    from: &mut Option<String>,
) -> Result<Vec<u8>> {
    let mut reader = Reader(payload);
    let count = reader.number()?;
    let mut out = Vec::with_capacity(payload.len());
    put_number(&mut out, count);
    for _ in 0..count {
        let (module, name) = (reader.text()?, reader.text()?);
        if from.get_or_insert_with(|| module.to_owned()) != module {
            bail!("imports from {module} beside those of the glue");
        }
        let next = short_name(renamed.len());
        let short = renamed.entry(name.to_owned()).or_insert(next).clone();
        put_bytes(&mut out, b"f");
        put_bytes(&mut out, short.as_bytes());
        let before = reader.0;
        reader.skip_import_kind()?;
        let taken = before.len() - reader.0.len();
        out.extend_from_slice(before.get(..taken).context("an import is cut")?);
    }
    if !reader.0.is_empty() {
        bail!("bytes after the last import");
    }
    Ok(out)
}

/// `a`, `b`, … `z`, `aa`, `ab`, …
fn short_name(number: usize) -> String {
    let mut rest = number;
    let mut letters = Vec::new();
    loop {
        letters.push(char::from(b'a' + u8::try_from(rest % 26).unwrap_or(0)));
        match rest / 26 {
            0 => break,
            more => rest = more - 1,
        }
    }
    letters.iter().rev().collect()
}

/// Appends a section.
pub(crate) fn put_section(out: &mut Vec<u8>, id: u8, payload: &[u8]) {
    out.push(id);
    put_bytes(out, payload);
}

fn put_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    put_number(out, u32::try_from(bytes.len()).unwrap_or(u32::MAX));
    out.extend_from_slice(bytes);
}

fn put_number(out: &mut Vec<u8>, mut number: u32) {
    loop {
        let low = u8::try_from(number & 0x7f).unwrap_or(0);
        number >>= 7;
        if number == 0 {
            out.push(low);
            return;
        }
        out.push(low | 0x80);
    }
}

/// Reads a section from its beginning.
#[derive(Debug)]
pub(crate) struct Reader<'a>(pub(crate) &'a [u8]);

impl<'a> Reader<'a> {
    /// One byte.
    pub(crate) fn byte(&mut self) -> Result<u8> {
        let (first, rest) = self.0.split_first().context("the module is cut")?;
        self.0 = rest;
        Ok(*first)
    }

    /// An unsigned number of 32 bits, LEB128.
    pub(crate) fn number(&mut self) -> Result<u32> {
        let mut value = 0_u64;
        for shift in (0..35).step_by(7) {
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return u32::try_from(value).context("a number is too large");
            }
        }
        bail!("a number is too long")
    }

    /// Bytes with their count before them.
    pub(crate) fn bytes(&mut self) -> Result<&'a [u8]> {
        let count = usize::try_from(self.number()?)?;
        let (bytes, rest) = self.0.split_at_checked(count).context("the module is cut")?;
        self.0 = rest;
        Ok(bytes)
    }

    /// A name.
    pub(crate) fn text(&mut self) -> Result<&'a str> {
        Ok(std::str::from_utf8(self.bytes()?)?)
    }

    /// What an import is: function, table, memory, global or tag.
    pub(crate) fn skip_import_kind(&mut self) -> Result<()> {
        match self.byte()? {
            0 => {
                self.number()?;
            }
            1 => {
                self.byte()?;
                self.skip_limits()?;
            }
            2 => self.skip_limits()?,
            3 => {
                self.byte()?;
                self.byte()?;
            }
            4 => {
                self.byte()?;
                self.number()?;
            }
            kind => bail!("an import of kind {kind}"),
        }
        Ok(())
    }

    fn skip_limits(&mut self) -> Result<()> {
        let flags = self.byte()?;
        self.number()?;
        if flags & 1 == 1 {
            self.number()?;
        }
        Ok(())
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A module with two imported functions, one function of its own and a section of names.
    pub(crate) fn small_module() -> Vec<u8> {
        let mut module = MAGIC_AND_VERSION.to_vec();
        put_section(&mut module, 1, &[1, 0x60, 0, 0]);
        let mut imports = vec![2];
        for name in ["__wbg_alert_0123456789abcdef", "__wbindgen_throw"] {
            put_bytes(&mut imports, b"./frame_bg.js");
            put_bytes(&mut imports, name.as_bytes());
            imports.extend([0, 0]);
        }
        put_section(&mut module, IMPORT, &imports);
        put_section(&mut module, 3, &[1, 0]);
        // Function 2 is exported as `run` and calls both.
        put_section(&mut module, 7, &[1, 3, b'r', b'u', b'n', 0, 2]);
        put_section(&mut module, 10, &[1, 6, 0, 0x10, 0, 0x10, 1, 0x0b]);
        // Module name, then the names of functions 0 and 2.
        let mut names = Vec::new();
        put_bytes(&mut names, b"name");
        let mut functions = vec![2];
        for (index, name) in [(0, "alert"), (2, "<widget::card::Form as Render>::build")] {
            functions.push(index);
            put_bytes(&mut functions, name.as_bytes());
        }
        names.push(1);
        put_bytes(&mut names, &functions);
        put_section(&mut module, CUSTOM, &names);
        module
    }

    #[test]
    fn a_slim_module_has_the_same_code_short_import_names_and_no_custom_section() {
        let module = small_module();
        let slim = slim(&module).unwrap();
        assert_eq!(slim.module, ("./frame_bg.js".to_owned(), "f".to_owned()));
        assert_eq!(slim.renamed["__wbg_alert_0123456789abcdef"], "a");
        assert_eq!(slim.renamed["__wbindgen_throw"], "b");
        let before = sections(&module).unwrap();
        let after = sections(&slim.bytes).unwrap();
        assert_eq!(after.iter().map(|section| section.id).collect::<Vec<_>>(), [1, 2, 3, 7, 10]);
        for section in after.iter().filter(|section| section.id != IMPORT) {
            let same = before.iter().find(|other| other.id == section.id).unwrap();
            assert_eq!(section.payload, same.payload);
        }
        let imports = after.iter().find(|section| section.id == IMPORT).unwrap();
        assert_eq!(imports.payload, [2, 1, b'f', 1, b'a', 0, 0, 1, b'f', 1, b'b', 0, 0]);
    }

    #[test]
    fn short_names_do_not_repeat() {
        let names: std::collections::BTreeSet<_> = (0..2000).map(short_name).collect();
        assert_eq!(names.len(), 2000);
        assert_eq!(short_name(25), "z");
        assert_eq!(short_name(26), "aa");
        assert_eq!(short_name(27), "ab");
    }

    #[test]
    fn numbers_are_written_as_they_are_read() {
        for number in [0, 1, 127, 128, 300, 16_383, 16_384, u32::MAX] {
            let mut bytes = Vec::new();
            put_number(&mut bytes, number);
            assert_eq!(Reader(&bytes).number().unwrap(), number);
        }
    }

    #[test]
    fn a_cut_or_foreign_file_is_an_error() {
        let module = small_module();
        assert!(slim(b"not wasm").is_err());
        assert!(slim(&module[..module.len() - 3]).is_err());
    }
}
