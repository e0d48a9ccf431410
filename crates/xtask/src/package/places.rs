//! The places of panics in the module's data: file, line and column of every check that can fail.
//!
//! Nothing in the frame can show them, for a module without a hook prints no panic, and they are data that compresses badly. A place is
//! four words: address and length of the file's name, line, column (`core::panic::Location`). It is recognised by all four at once, with
//! a name that ends in `.rs`. Only such words and such names are overwritten; sizes and addresses stay.

use std::ops::Range;

use anyhow::{Context, Result};

use super::wasm::{Reader, put_section, sections};

const DATA: u8 = 11;
const MAGIC: usize = 8;
/// Bytes of a place.
const PLACE: usize = 16;

/// A segment: where its bytes are in the section, and at which address they will be.
#[derive(Clone, Debug)]
struct Segment {
    bytes: Range<usize>,
    address: usize,
}

/// The module without places, and how many there were.
pub(crate) fn without_places(module: &[u8]) -> Result<(Vec<u8>, usize)> {
    let mut out = module.get(..MAGIC).context("a module has a beginning")?.to_vec();
    let mut count = 0;
    for section in sections(module)? {
        if section.id == DATA {
            let mut payload = section.payload.to_vec();
            count = blank(&mut payload)?;
            put_section(&mut out, DATA, &payload);
        } else {
            put_section(&mut out, section.id, section.payload);
        }
    }
    Ok((out, count))
}

fn blank(payload: &mut [u8]) -> Result<usize> {
    let segments = segments(payload)?;
    let mut words = Vec::new();
    let mut names = Vec::new();
    for segment in &segments {
        let end = segment.bytes.end.saturating_sub(PLACE - 1);
        let mut at = segment.bytes.start + (4 - segment.address % 4) % 4;
        while at < end {
            if let Some(name) = place(payload, at, &segments) {
                words.push(at..at + PLACE);
                names.push(name);
                at += PLACE;
            } else {
                at += 4;
            }
        }
    }
    // A name is kept as a name of no letters, at an address that exists.
    for range in &words {
        payload.get_mut(range.start + 4..range.end).context("a place is in its section")?.fill(0);
    }
    for range in names {
        payload.get_mut(range).context("a name is in its section")?.fill(0);
    }
    Ok(words.len())
}

/// The range of the file's name, if there is a place.
fn place(payload: &[u8], at: usize, segments: &[Segment]) -> Option<Range<usize>> {
    let word = |index: usize| -> Option<usize> {
        let bytes = payload.get(at + 4 * index..at + 4 * index + 4)?;
        usize::try_from(u32::from_le_bytes(bytes.try_into().ok()?)).ok()
    };
    let (address, length, line, column) = (word(0)?, word(1)?, word(2)?, word(3)?);
    if !(8..=300).contains(&length) || !(1..=99_999).contains(&line) || !(1..=999).contains(&column)
    {
        return None;
    }
    let segment = segments.iter().find(|segment| {
        segment.address <= address && address + length <= segment.address + segment.bytes.len()
    })?;
    let begin = segment.bytes.start + address - segment.address;
    let name = payload.get(begin..begin + length)?;
    let is_path = name.ends_with(b".rs")
        && name.contains(&b'/')
        && name.iter().all(|byte| byte.is_ascii_alphanumeric() || b"/._-".contains(byte));
    is_path.then_some(begin..begin + length)
}

fn segments(payload: &[u8]) -> Result<Vec<Segment>> {
    let mut reader = Reader(payload);
    let mut segments = Vec::new();
    for _ in 0..reader.number()? {
        let kind = reader.number()?;
        anyhow::ensure!(kind == 0, "a segment of data of kind {kind}");
        anyhow::ensure!(reader.byte()? == 0x41, "a segment whose address is no constant");
        let address = reader.number()?;
        anyhow::ensure!(reader.byte()? == 0x0b, "a segment whose address is an expression");
        let bytes = reader.bytes()?;
        let end = payload.len() - reader.0.len();
        segments
            .push(Segment { bytes: end - bytes.len()..end, address: usize::try_from(address)? });
    }
    Ok(segments)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::package::wasm::tests::small_module;

    const NAME: &[u8] = b"crates/widget/src/form.rs";
    /// What begins at address 1024: a name, three bytes to the next word, a place, a pair that is none, a text.
    fn module(line: u32) -> (Vec<u8>, Vec<u8>) {
        let mut data = NAME.to_vec();
        data.extend([7; 3]);
        for word in [1024, u32::try_from(NAME.len()).unwrap(), line, 9, 1024, 5, 77, 88] {
            data.extend(u32::to_le_bytes(word));
        }
        data.extend(b"Pay with form.rs");
        let mut payload = vec![1, 0, 0x41, 0x80, 0x08, 0x0b, u8::try_from(data.len()).unwrap()];
        payload.extend(&data);
        let mut module = small_module();
        put_section(&mut module, DATA, &payload);
        (module, data)
    }

    fn data(module: &[u8]) -> Vec<u8> {
        let sections = sections(module).unwrap();
        let section = sections.iter().find(|section| section.id == DATA).unwrap();
        section.payload[7..].to_vec()
    }

    #[test]
    fn a_place_and_its_files_name_are_blanked_and_nothing_else() {
        let (before, mut expected) = module(42);
        let (after, count) = without_places(&before).unwrap();
        expected[..NAME.len()].fill(0);
        expected[NAME.len() + 3 + 4..NAME.len() + 3 + 16].fill(0);
        assert_eq!(count, 1);
        assert_eq!(data(&after), expected);
        assert_eq!(after.len(), before.len());
    }

    #[test]
    fn words_that_could_not_be_a_place_stay() {
        let (before, _) = module(0);
        let (after, count) = without_places(&before).unwrap();
        assert_eq!((count, after), (0, before));
    }
}
