//! Noise for every parser: fixtures, damaged in many ways, for as long as is wanted.
//!
//! `cargo xtask soak --parsers --minutes 10 --seed 1` runs this in release: ten minutes for each parser, as many at once as there are
//! processors.
//!
//! Else it is a few thousand inputs, always the same. What it says is the seed, the number of inputs, and, if a parser panics, its name with
//! the input in hexadecimal.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test may fail loudly"
)]

use std::num::NonZero;
use std::panic::catch_unwind;
use std::path::Path;
use std::sync::Mutex;
use std::thread::available_parallelism;
use std::time::{Duration, Instant};

use farthing_wallets::fuzz::{TARGETS, Target};

/// Numbers that look random and are the same for the same seed: xorshift64*. Source: Vigna, "An experimental exploration of Marsaglia's
/// xorshift generators, scrambled", 2016.
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    /// Below `end`, or 0.
    fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() >> 32).unwrap() % end.max(1)
    }

    /// A place in the bytes, and another behind it that is not far away.
    fn range(&mut self, bytes: &[u8]) -> std::ops::Range<usize> {
        let start = self.below(bytes.len() + 1);
        let most = 1 << self.below(8);
        let len = self.below(most);
        start..bytes.len().min(start + len)
    }
}

/// Every fixture, and what is inside the tokens.
fn seeds() -> Vec<Vec<u8>> {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
    let mut seeds = Vec::new();
    for folder in ["applepay", "certificates", "chains", "googlepay", "keys"] {
        let files = std::fs::read_dir(fixtures.join(folder)).unwrap();
        let mut files: Vec<_> = files.map(|file| file.unwrap().path()).collect();
        files.sort();
        seeds.extend(files.iter().map(|file| std::fs::read(file).unwrap()));
    }
    let inside: Vec<_> = seeds.iter().flat_map(|seed| inside(seed)).collect();
    seeds.extend(inside);
    seeds
}

/// The signature of an Apple Pay token; the DER of a PEM file; the plaintexts of the list of vectors.
fn inside(seed: &[u8]) -> Vec<Vec<u8>> {
    use base64::Engine;
    let base64 = |text: &str| base64::engine::general_purpose::STANDARD.decode(text).ok();
    let text = String::from_utf8_lossy(seed);
    if let Some((_, body)) = text.split_once("-----\n") {
        let body = body.split("-----").next().unwrap_or_default().replace('\n', "");
        return base64(&body).into_iter().collect();
    }
    let Ok(json) = serde_json::from_str::<serde_json::Value>(&text) else { return Vec::new() };
    let signature = json.pointer("/paymentData/signature").and_then(|text| base64(text.as_str()?));
    let vectors = json["vectors"].as_array().into_iter().flatten();
    let plaintext = |vector: &serde_json::Value| {
        Some(vector.pointer("/debug/plaintext_utf8")?.as_str()?.as_bytes().to_vec())
    };
    signature.into_iter().chain(vectors.filter_map(plaintext)).collect()
}

/// Damages bytes in one way.
fn damage(bytes: &mut Vec<u8>, numbers: &mut Numbers, seeds: &[Vec<u8>]) {
    let range = numbers.range(bytes);
    match numbers.below(7) {
        0 => {
            if let Some(byte) = bytes.get_mut(range.start) {
                *byte ^= 1 << numbers.below(8);
            }
        }
        1 => {
            if let Some(byte) = bytes.get_mut(range.start) {
                *byte = [0x00, 0x01, 0x7f, 0x80, 0xff, b'"', b'\\', b'{'][numbers.below(8)];
            }
        }
        2 => bytes.truncate(range.start),
        3 => drop(bytes.drain(range)),
        4 => {
            let copy = bytes[range.clone()].to_vec();
            bytes.splice(range.start..range.start, copy);
        }
        5 => {
            let other = &seeds[numbers.below(seeds.len())];
            let from = numbers.range(other);
            bytes.splice(range, other[from].iter().copied());
        }
        _ => {
            let number = numbers.next();
            bytes.splice(range, number.to_be_bytes());
        }
    }
}

/// Feeds one parser until its time is over, or a few thousand inputs; gives how many there were.
fn feed((name, parse): Target, seeds: &[Vec<u8>], seed: u64, minutes: Option<u64>) -> u64 {
    let until = minutes.map(|minutes| Instant::now() + Duration::from_secs(minutes * 60));
    let mut numbers = Numbers(seed);
    let mut inputs = 0_u64;
    while until.map_or(inputs < 20_000, |until| Instant::now() < until) {
        let mut input = seeds[numbers.below(seeds.len())].clone();
        for _ in 0..numbers.below(8) {
            damage(&mut input, &mut numbers, seeds);
        }
        let passed = catch_unwind(|| parse(&input)).is_ok();
        assert!(passed, "{name}: seed {seed}, input {inputs}: {}", hex::encode(&input));
        inputs += 1;
    }
    inputs
}

#[test]
fn no_parser_panics_on_damaged_input() {
    let variable = |name| std::env::var(name).ok().map(|text| text.parse::<u64>().unwrap());
    let minutes = variable("FARTHING_SOAK_MINUTES");
    let seed = variable("FARTHING_SOAK_SEED").unwrap_or(0x5eed).max(1);
    let seeds = seeds();
    let queue = Mutex::new(TARGETS.iter());
    let work = || {
        loop {
            let Some(target) = queue.lock().unwrap().next() else { return };
            let inputs = feed(*target, &seeds, seed, minutes);
            println!("{}: {inputs} inputs, seed {seed}: no panic", target.0);
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..available_parallelism().map_or(1, NonZero::get) {
            scope.spawn(work);
        }
    });
}
