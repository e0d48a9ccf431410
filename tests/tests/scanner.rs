//! The scanner finds whatever is planted, however it is written and wherever it is put, and nothing else.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "test code")]

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use farthing_stories::cards::with_check_digit;
use farthing_stories::scan::{Canary, Encoding, Report, Scanner};
use flate2::Compression;
use flate2::write::GzEncoder;
use proptest::prelude::*;
use tempfile::TempDir;

const PAN: &str = "4012000000003010";
const CODE: &str = "837";
const TOKEN: &str = "cst_Jk3-_xYzAbCdEfGhIjKlMnOpQrStUvWxYz0123456789abc";

fn new_scanner() -> Scanner {
    Scanner::new(&[Canary::pan(PAN), Canary::code(CODE), Canary::secret("token", TOKEN)])
}

/// One for all tests: its table takes a while to fill.
fn scanner() -> &'static Scanner {
    static SCANNER: LazyLock<Scanner> = LazyLock::new(new_scanner);
    &SCANNER
}

/// Everything that has to be found, with what it is.
fn planted() -> Vec<(&'static str, String)> {
    let mut planted = vec![("token", TOKEN.to_owned())];
    for form in
        ["4012000000003010", "4012 0000 0000 3010", "4012-0000-0000-3010", "4012+0000+0000+3010"]
    {
        planted.push(("card number ending in 3010", form.to_owned()));
    }
    for form in [
        "card_code=837",
        "card_cvv=837",
        "{\"card_cvv\":\"837\"}",
        "{\"cvv\": \"837\"}",
        "SecurityCode(837)",
        "cvc: 837",
        "Some(\"837\")",
        "\"code\":837",
    ] {
        planted.push(("security code", form.to_owned()));
    }
    planted
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// Kinds of files; each puts `secret` among other things.
const KINDS: [&str; 9] = [
    "log",
    "json",
    "binary",
    "end of file",
    "sqlite text",
    "sqlite blob",
    "write-ahead log",
    "gzip",
    "gzip inside",
];

fn plant(kind: &str, dir: &Path, secret: &[u8]) -> PathBuf {
    let path = dir.join("file");
    let around = |before: &[u8], after: &[u8]| [before, secret, after].concat();
    let bytes = match kind {
        "log" => around(b"{\"level\":\"TRACE\",\"body\":\"", b"\"}\nnext line\n"),
        "json" => around(b"[{\"a\":1},{\"b\":\"x", b"y\"}]"),
        "binary" => around(&[0, 159, 146, 150, 255, 1, 2], &[255; 500]),
        "end of file" => around(b"short", b""),
        "gzip" => gzip(&around(b"HTTP/1.1 200 OK\r\n\r\n", b"\r\n")),
        "gzip inside" => [&[7; 333], gzip(&gzip(&around(b"a", b"b"))).as_slice(), b"tail"].concat(),
        _ => {
            let database = rusqlite::Connection::open(&path).unwrap();
            if kind == "write-ahead log" {
                database.pragma_update(None, "journal_mode", "WAL").unwrap();
                database.pragma_update(None, "wal_autocheckpoint", 0).unwrap();
            }
            database
                .execute_batch("CREATE TABLE rows (id INTEGER PRIMARY KEY, text, blob BLOB)")
                .unwrap();
            // Rows around it, and so long a value that it lies on two pages.
            let filler = "filler ".repeat(575);
            let value = [filler.as_bytes(), secret, filler.as_bytes()].concat();
            let column = if kind == "sqlite blob" { "blob" } else { "text" };
            for _ in 0..3 {
                database.execute("INSERT INTO rows (text) VALUES ('quiet')", []).unwrap();
            }
            let statement = format!("INSERT INTO rows ({column}) VALUES (?1)");
            if let (true, Ok(text)) = (column == "text", str::from_utf8(&value)) {
                database.execute(&statement, [text]).unwrap();
            } else {
                database.execute(&statement, [value.as_slice()]).unwrap();
            }
            if kind == "write-ahead log" {
                // A crash leaves the log behind; a clean end would not.
                let copy = dir.join("crashed");
                std::fs::create_dir(&copy).unwrap();
                std::fs::copy(&path, copy.join("file")).unwrap();
                std::fs::copy(dir.join("file-wal"), copy.join("file-wal")).unwrap();
                assert!(std::fs::metadata(copy.join("file-wal")).unwrap().len() > 0);
                return copy;
            }
            return path;
        }
    };
    std::fs::write(&path, bytes).unwrap();
    path
}

fn scan_planted(kind: &str, secret: &[u8]) -> Report {
    let dir = TempDir::new().unwrap();
    let path = plant(kind, dir.path(), secret);
    scanner().scan(&[&path])
}

#[test]
fn everything_planted_is_found_in_every_encoding_and_kind_of_file() {
    let mut cases = 0;
    for (name, text) in planted() {
        for encoding in Encoding::ALL {
            // The alignment of base64 depends on how much stands before.
            for before in ["", "x", "yz"] {
                let secret = encoding.encode(format!("{before}{text}, and more").as_bytes());
                for kind in KINDS {
                    let report = scan_planted(kind, &secret);
                    let found = report.hits.iter().any(|hit| hit.canary == name);
                    assert!(
                        found,
                        "{name} as {encoding:?} in {kind}, after {} bytes, was missed",
                        before.len()
                    );
                    cases += 1;
                }
            }
        }
    }
    assert!(cases > 3000, "only {cases} cases");
}

#[test]
fn a_hit_never_repeats_what_was_found() {
    let report = scan_planted("log", format!("{PAN} card_cvv={CODE} {TOKEN}").as_bytes());
    let text = format!("{:?}", report.hits);
    assert!(report.hits.len() >= 3);
    assert!(!text.contains(PAN) && !text.contains(&TOKEN[4..]) && !text.contains("=837"), "{text}");
}

#[test]
fn clean_files_of_every_kind_have_no_hits() {
    let quiet = b"card 401200******3010, last4 3010, amount 837, port 8370, 4012000000003011, \"8370\", code 1837, card_code=";
    for kind in KINDS {
        let report = scan_planted(kind, quiet);
        assert!(report.hits.is_empty(), "{kind}: {:?}", report.hits);
        assert!(report.bytes > 0 && report.files > 0, "{kind} was not read");
    }
}

#[test]
fn a_file_that_is_not_there_and_an_empty_one_are_no_hits() {
    let dir = TempDir::new().unwrap();
    std::fs::write(dir.path().join("empty"), b"").unwrap();
    let report = scanner().scan(&[dir.path(), &dir.path().join("nowhere")]);
    assert_eq!((report.files, report.bytes, report.hits.len()), (1, 0, 0));
}

#[test]
#[should_panic(expected = "1 leaks")]
fn a_story_with_a_leak_fails() {
    scan_planted("log", PAN.as_bytes()).assert_clean("this file");
}

#[test]
fn unknown_numbers_that_look_like_cards_are_listed_unless_they_are_allowed() {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("page.txt");
    let text = "try 4003830171874018 or 5555 5555 5555 4444; id a4003830171874018, 1763645970123456, 4003830171874019";
    std::fs::write(&path, text).unwrap();
    assert_eq!(scanner().scan(&[&path]).lookalikes.len(), 2);
    let allowing = new_scanner().allow_lookalikes(&["4003830171874018", "5555555555554444"]);
    assert_eq!(allowing.scan(&[&path]).lookalikes.len(), 0);
}

proptest! {
    #[test]
    fn any_number_is_found_at_any_place(
        digits in "[2-6][0-9]{11,17}",
        before in proptest::collection::vec(any::<u8>(), 0..200),
        after in proptest::collection::vec(any::<u8>(), 0..200),
        encoding in proptest::sample::select(&Encoding::ALL[..]),
    ) {
        let pan = with_check_digit(&digits);
        let scanner = Scanner::new(&[Canary::pan(&pan)]);
        let mut report = Report::default();
        let bytes = [before.as_slice(), &encoding.encode(pan.as_bytes()), after.as_slice()].concat();
        scanner.scan_bytes("bytes", &bytes, 0, &mut report);
        // Twice is right too: after a zero byte, UTF-16 reads the same in both orders.
        prop_assert!(!report.hits.is_empty());
    }

    #[test]
    fn random_bytes_have_no_hits(bytes in proptest::collection::vec(any::<u8>(), 0..20_000)) {
        let mut report = Report::default();
        scanner().scan_bytes("bytes", &bytes, 0, &mut report);
        prop_assert!(report.hits.is_empty(), "{:?}", report.hits);
    }
}
