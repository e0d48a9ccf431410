//! The search for card numbers, security codes, secrets and tokens in whatever a run left behind.
//!
//! A canary is searched in every form in which careless code could have written it: plain, grouped, percent-encoded, base64 in each of
//! the three alignments, hex, UTF-16, JSON escapes, lists of bytes, and all of that inside gzip. SQLite files are searched as bytes and,
//! because a value can be split over two pages, once more value by value.

use std::collections::{BTreeSet, HashMap};
use std::fmt;
use std::io::Read;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};

use crate::cards::luhn;

/// How deep gzip inside gzip is opened.
const MAX_DEPTH: u32 = 3;
/// The most that one gzip member may unpack to, bytes.
const MAX_UNPACKED: u64 = 64 << 20;
/// Shorter encoded needles would be found by chance.
const MIN_NEEDLE: usize = 5;
/// The same for encodings that look like random text.
const MIN_RANDOM_NEEDLE: usize = 7;
/// Names under which a security code could have been written.
const CODE_NAMES: [&str; 9] =
    ["card_code", "card_cvv", "cvv", "cvv2", "cvc", "csc", "code", "security_code", "SecurityCode"];

/// Something that must not be found.
#[derive(Clone)]
pub struct Canary {
    name: String,
    forms: Vec<String>,
}

impl Canary {
    /// A card number: plain and grouped.
    pub fn pan(digits: &str) -> Self {
        let by = |separator: &str| {
            digits
                .as_bytes()
                .chunks(4)
                .map(|part| str::from_utf8(part).unwrap())
                .collect::<Vec<_>>()
                .join(separator)
        };
        let forms = vec![digits.to_owned(), by(" "), by("-"), by("+"), by("%20"), by("\u{a0}")];
        Self { name: format!("card number ending in {}", &digits[digits.len() - 4..]), forms }
    }

    /// A security code. Three digits alone are everywhere, so it is searched with its neighbours: a name, or quotes.
    pub fn code(digits: &str) -> Self {
        let quoted = ["\"{}\"", "\\\"{}\\\"", "'{}'", ":\"{}\"", "Some(\"{}\")", "Ok(\"{}\")"];
        let mut forms = quoted.map(|form| form.replace("{}", digits)).to_vec();
        for name in CODE_NAMES {
            for between in ["=", "\":\"", "\": \"", "\\\":\\\"", "\":", ":", ": ", "(", " ", " = "]
            {
                forms.push(format!("{name}{between}{digits}"));
            }
        }
        Self { name: "security code".to_owned(), forms }
    }

    /// A secret or a token.
    pub fn secret(name: &str, text: &str) -> Self {
        assert!(text.len() >= MIN_RANDOM_NEEDLE, "{name} is too short to be searched for");
        Self { name: name.to_owned(), forms: vec![text.to_owned()] }
    }

    /// All byte strings to search for, each with the name of its encoding.
    fn needles(&self) -> Vec<(&'static str, Vec<u8>)> {
        let mut needles = Vec::new();
        for form in &self.forms {
            for encoding in Encoding::ALL {
                for needle in encoding.needles(form.as_bytes()) {
                    let least =
                        if encoding.looks_random() { MIN_RANDOM_NEEDLE } else { MIN_NEEDLE };
                    if needle.len() >= least {
                        needles.push((encoding.name(), needle));
                    }
                }
            }
        }
        needles
    }
}

impl fmt::Debug for Canary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Canary({})", self.name)
    }
}

/// A way to write text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// As it is.
    Plain,
    /// Each byte as `%34`.
    Percent,
    /// Base64, standard or URL alphabet, wherever the text starts within three bytes.
    Base64,
    /// Base64 with the URL alphabet.
    Base64Url,
    /// Hex, small letters.
    HexLower,
    /// Hex, capitals.
    HexUpper,
    /// UTF-16, little end first.
    Utf16Le,
    /// UTF-16, big end first.
    Utf16Be,
    /// Each character as `\u0034`.
    JsonEscape,
    /// As `{:?}` prints bytes: `52, 48`.
    ByteList,
    /// As JSON writes bytes: `52,48`.
    ByteListTight,
}

impl Encoding {
    /// All of them.
    pub const ALL: [Self; 11] = [
        Self::Plain,
        Self::Percent,
        Self::Base64,
        Self::Base64Url,
        Self::HexLower,
        Self::HexUpper,
        Self::Utf16Le,
        Self::Utf16Be,
        Self::JsonEscape,
        Self::ByteList,
        Self::ByteListTight,
    ];

    fn name(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Percent => "percent-encoded",
            Self::Base64 => "base64",
            Self::Base64Url => "base64url",
            Self::HexLower | Self::HexUpper => "hex",
            Self::Utf16Le => "UTF-16LE",
            Self::Utf16Be => "UTF-16BE",
            Self::JsonEscape => "JSON-escaped",
            Self::ByteList | Self::ByteListTight => "byte list",
        }
    }

    fn looks_random(self) -> bool {
        matches!(self, Self::Base64 | Self::Base64Url | Self::HexLower | Self::HexUpper)
    }

    fn needles(self, text: &[u8]) -> Vec<Vec<u8>> {
        match self {
            Self::Base64 => {
                (0..3).map(|shift| inner_base64(text, shift, &STANDARD_NO_PAD)).collect()
            }
            Self::Base64Url => {
                (0..3).map(|shift| inner_base64(text, shift, &URL_SAFE_NO_PAD)).collect()
            }
            Self::Percent => {
                let upper = text.iter().map(|byte| format!("%{byte:02X}")).collect::<String>();
                let mut all = vec![upper.to_lowercase().into_bytes(), upper.into_bytes()];
                all.push(form_urlencoded::byte_serialize(text).collect::<String>().into_bytes());
                all
            }
            Self::JsonEscape => {
                let text = String::from_utf8_lossy(text);
                let lower =
                    text.encode_utf16().map(|unit| format!("\\u{unit:04x}")).collect::<String>();
                let upper =
                    text.encode_utf16().map(|unit| format!("\\u{unit:04X}")).collect::<String>();
                vec![lower.into_bytes(), upper.into_bytes()]
            }
            _ => vec![self.encode(text)],
        }
    }

    /// The text in this encoding, whole.
    pub fn encode(self, text: &[u8]) -> Vec<u8> {
        let list = |between: &str| {
            text.iter().map(u8::to_string).collect::<Vec<_>>().join(between).into_bytes()
        };
        let utf16 = || String::from_utf8_lossy(text).encode_utf16().collect::<Vec<_>>();
        match self {
            Self::Plain => text.to_vec(),
            Self::Percent => {
                text.iter().map(|byte| format!("%{byte:02X}")).collect::<String>().into_bytes()
            }
            Self::Base64 => STANDARD_NO_PAD.encode(text).into_bytes(),
            Self::Base64Url => URL_SAFE_NO_PAD.encode(text).into_bytes(),
            Self::HexLower => hex::encode(text).into_bytes(),
            Self::HexUpper => hex::encode_upper(text).into_bytes(),
            Self::Utf16Le => utf16().iter().flat_map(|unit| unit.to_le_bytes()).collect(),
            Self::Utf16Be => utf16().iter().flat_map(|unit| unit.to_be_bytes()).collect(),
            Self::JsonEscape => {
                utf16().iter().map(|unit| format!("\\u{unit:04x}")).collect::<String>().into_bytes()
            }
            Self::ByteList => list(", "),
            Self::ByteListTight => list(","),
        }
    }
}

/// The characters of base64 that depend on `text` alone when `shift` unknown bytes stand before it.
fn inner_base64(text: &[u8], shift: usize, engine: &impl base64::Engine) -> Vec<u8> {
    let mut padded = vec![0; shift];
    padded.extend_from_slice(text);
    let encoded = engine.encode(&padded).into_bytes();
    encoded[(shift * 8).div_ceil(6)..(padded.len() * 8) / 6].to_vec()
}

/// Something was found. Says where and what kind, never the thing itself.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Hit {
    /// The file, with what was opened inside it.
    pub place: String,
    /// Offset in the file or in what was unpacked from it.
    pub offset: usize,
    /// Which canary.
    pub canary: String,
    /// How it was written.
    pub encoding: &'static str,
}

/// What a scan saw.
#[derive(Debug, Default)]
pub struct Report {
    /// Canaries that were found.
    pub hits: BTreeSet<Hit>,
    /// Unknown digits that look like a card number, in text files: `place`, offset.
    pub lookalikes: Vec<(String, usize)>,
    /// Files read.
    pub files: usize,
    /// Bytes searched, unpacked ones included.
    pub bytes: usize,
}

impl Report {
    /// Panics with all places if anything was found.
    pub fn assert_clean(&self, what: &str) {
        let hits = self.hits.iter().take(20).map(|hit| format!("\n  {hit:?}")).collect::<String>();
        assert!(self.hits.is_empty(), "{what}: {} leaks, among them{hits}", self.hits.len());
    }
}

/// Searches for a set of canaries.
#[derive(Debug)]
pub struct Scanner {
    needles: Vec<Needle>,
    by_start: HashMap<[u8; 4], Vec<usize>>,
    /// One bit per pair of first bytes, so that most offsets cost one look.
    starts: Vec<bool>,
    allowed_lookalikes: BTreeSet<Vec<u8>>,
}

#[derive(Debug)]
struct Needle {
    canary: String,
    encoding: &'static str,
    bytes: Vec<u8>,
}

impl Scanner {
    /// A scanner for these canaries.
    pub fn new(canaries: &[Canary]) -> Self {
        let mut scanner = Self {
            needles: Vec::new(),
            by_start: HashMap::new(),
            starts: vec![false; 1 << 16],
            allowed_lookalikes: BTreeSet::new(),
        };
        let mut seen = BTreeSet::new();
        for canary in canaries {
            for (encoding, bytes) in canary.needles() {
                if !seen.insert(bytes.clone()) {
                    continue;
                }
                let start = *bytes.first_chunk::<4>().expect("longer than four bytes");
                scanner.starts[usize::from(u16::from_be_bytes([start[0], start[1]]))] = true;
                scanner.by_start.entry(start).or_default().push(scanner.needles.len());
                scanner.needles.push(Needle { canary: canary.name.clone(), encoding, bytes });
            }
        }
        scanner
    }

    /// Numbers that may stand in text files, such as the published test cards on a page that explains them.
    pub fn allow_lookalikes(mut self, numbers: &[&str]) -> Self {
        self.allowed_lookalikes.extend(numbers.iter().map(|number| number.as_bytes().to_vec()));
        self
    }

    /// Searches files, and directories with all that is in them.
    pub fn scan(&self, paths: &[&Path]) -> Report {
        let mut report = Report::default();
        let mut files = Vec::new();
        for path in paths {
            collect(path, &mut files);
        }
        files.sort();
        for file in &files {
            // Files may go while a process that wrote them ends.
            let Ok(bytes) = std::fs::read(file) else { continue };
            report.files += 1;
            self.scan_bytes(&file.display().to_string(), &bytes, 0, &mut report);
            if bytes.starts_with(b"SQLite format 3\0") {
                for (place, value) in sqlite_values(file) {
                    self.scan_bytes(&place, &value, 0, &mut report);
                }
            }
        }
        report
    }

    /// Searches bytes that are not in a file.
    pub fn scan_bytes(&self, place: &str, bytes: &[u8], depth: u32, report: &mut Report) {
        report.bytes += bytes.len();
        for (offset, start) in bytes.windows(4).enumerate() {
            if self.starts[usize::from(u16::from_be_bytes([start[0], start[1]]))] {
                let candidates = self.by_start.get(start).map(Vec::as_slice).unwrap_or_default();
                for needle in candidates.iter().map(|index| &self.needles[*index]) {
                    if bytes[offset..].starts_with(&needle.bytes) {
                        report.hits.insert(Hit {
                            place: place.to_owned(),
                            offset,
                            canary: needle.canary.clone(),
                            encoding: needle.encoding,
                        });
                    }
                }
            }
            if depth < MAX_DEPTH && start[..3] == [0x1f, 0x8b, 0x08] {
                let unpacked = gunzip(&bytes[offset..]);
                if !unpacked.is_empty() {
                    self.scan_bytes(
                        &format!("{place} > gzip at {offset}"),
                        &unpacked,
                        depth + 1,
                        report,
                    );
                }
            }
        }
        if is_text(bytes) {
            self.lookalikes(place, bytes, report);
        }
    }

    fn lookalikes(&self, place: &str, bytes: &[u8], report: &mut Report) {
        let mut at = 0;
        while at < bytes.len() {
            if !bytes[at].is_ascii_digit() {
                at += 1;
                continue;
            }
            let (digits, end) = digit_run(bytes, at);
            let part_of_word = at > 0
                && (bytes[at - 1].is_ascii_alphanumeric() || matches!(bytes[at - 1], b'_' | b'.'))
                || bytes.get(end).is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'_');
            if !part_of_word
                && (13..=19).contains(&digits.len())
                && (b'2'..=b'6').contains(&digits[0])
                && luhn(&digits)
                && !self.allowed_lookalikes.contains(&digits)
            {
                report.lookalikes.push((place.to_owned(), at));
            }
            at = end;
        }
    }
}

/// The digits from `start` on, groups of four joined by one space or dash, and where they end.
fn digit_run(bytes: &[u8], start: usize) -> (Vec<u8>, usize) {
    let run = |from: usize| bytes[from..].iter().take_while(|byte| byte.is_ascii_digit()).count();
    let mut end = start + run(start);
    let mut digits = bytes[start..end].to_vec();
    let mut last = digits.len();
    while last == 4
        && bytes.get(end).is_some_and(|byte| matches!(byte, b' ' | b'-'))
        && run(end + 1) > 0
    {
        last = run(end + 1);
        digits.extend_from_slice(&bytes[end + 1..end + 1 + last]);
        end += 1 + last;
    }
    (digits, end)
}

fn is_text(bytes: &[u8]) -> bool {
    !bytes.iter().take(8192).any(|byte| *byte == 0)
}

fn gunzip(bytes: &[u8]) -> Vec<u8> {
    let mut unpacked = Vec::new();
    // A torn member still gives what could be read of it.
    let _ = flate2::read::GzDecoder::new(bytes).take(MAX_UNPACKED).read_to_end(&mut unpacked);
    unpacked
}

fn collect(path: &Path, files: &mut Vec<PathBuf>) {
    let Ok(kind) = std::fs::symlink_metadata(path) else { return };
    if kind.is_file() {
        files.push(path.to_path_buf());
    } else if kind.is_dir() {
        for entry in std::fs::read_dir(path).into_iter().flatten().flatten() {
            collect(&entry.path(), files);
        }
    }
}

/// Every text and blob of a SQLite file and its write-ahead log, read from a copy.
fn sqlite_values(file: &Path) -> Vec<(String, Vec<u8>)> {
    let copy = tempfile::tempdir().expect("a temporary directory");
    let name = file.file_name().expect("a file has a name").to_string_lossy().into_owned();
    for suffix in ["", "-wal"] {
        let from = file.with_file_name(format!("{name}{suffix}"));
        let _ = std::fs::copy(from, copy.path().join(format!("{name}{suffix}")));
    }
    let mut values = Vec::new();
    let Ok(database) = rusqlite::Connection::open(copy.path().join(&name)) else { return values };
    for table in table_names(&database).unwrap_or_default() {
        let _ = table_values(&database, file, &table, &mut values);
    }
    values
}

fn table_names(database: &rusqlite::Connection) -> rusqlite::Result<Vec<String>> {
    let mut statement = database.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'")?;
    statement.query_map([], |row| row.get(0))?.collect()
}

fn table_values(
    database: &rusqlite::Connection,
    file: &Path,
    table: &str,
    values: &mut Vec<(String, Vec<u8>)>,
) -> rusqlite::Result<()> {
    let mut statement =
        database.prepare(&format!("SELECT * FROM \"{}\"", table.replace('"', "\"\"")))?;
    let columns = statement.column_names().map(str::to_owned).collect::<Vec<_>>();
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        for (index, column) in columns.iter().enumerate() {
            let bytes = match row.get_ref(index)? {
                rusqlite::types::ValueRef::Text(bytes) | rusqlite::types::ValueRef::Blob(bytes) => {
                    bytes.to_vec()
                }
                rusqlite::types::ValueRef::Integer(number) => number.to_string().into_bytes(),
                _ => continue,
            };
            values.push((format!("{} > {table}.{column}", file.display()), bytes));
        }
    }
    Ok(())
}
