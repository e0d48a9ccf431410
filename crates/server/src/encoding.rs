//! Content encodings: brotli or nothing. Every browser that can run the checkout's script takes brotli over https.

use std::io::Write as _;

use axum::http::HeaderMap;
use axum::http::header::ACCEPT_ENCODING;

/// For what is compressed once.
pub const BEST: u32 = 11;

/// For pages, which are compressed one by one. A page of 18.6 KB comes to 5.4 KB in 0.5 ms, the longest (31 KB, every
/// field asked for) to 8.1 KB in 0.8 ms. The next step that gains more than 1 % is 11: 10 % smaller, 200 times slower.
pub const PAGE: u32 = 5;

/// 256 KiB: more than is compressed here. Not less, for up to 64 KiB the compressor takes another search, 40 times slower.
const WINDOW: u32 = 18;

/// The bytes in brotli (RFC 7932), at a quality of 0 to 11.
pub fn brotli(bytes: &[u8], quality: u32) -> Vec<u8> {
    let room = bytes.len() / 3 + 64;
    let mut writer = brotli::CompressorWriter::new(Vec::with_capacity(room), 4096, quality, WINDOW);
    // Writing into memory cannot fail.
    let _ = writer.write_all(bytes);
    writer.into_inner()
}

/// Whether the client takes brotli at least as gladly as plain bytes (RFC 9110, 12.5.3). Silence is taken for a no.
pub fn accepts_brotli(headers: &HeaderMap) -> bool {
    let (mut brotli, mut identity, mut other) = (None, None, None);
    let lists = headers.get_all(ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
    for item in lists.flat_map(|list| list.split(',')) {
        let (coding, parameters) = item.split_once(';').unwrap_or((item, ""));
        let quality = quality(parameters);
        match coding.trim() {
            name if name.eq_ignore_ascii_case("br") => brotli = Some(quality),
            name if name.eq_ignore_ascii_case("identity") => identity = Some(quality),
            "*" => other = Some(quality),
            _ => {}
        }
    }
    let brotli = brotli.or(other).unwrap_or(0);
    brotli > 0 && brotli >= identity.unwrap_or(0)
}

/// The weight of a choice in thousandths (RFC 9110, 12.4.2); 1000 if none is given, 0 if it cannot be read.
fn quality(parameters: &str) -> u16 {
    let Some(value) = parameters.split(';').find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        name.trim().eq_ignore_ascii_case("q").then(|| value.trim())
    }) else {
        return 1000;
    };
    let (whole, fraction) = value.split_once('.').unwrap_or((value, ""));
    if fraction.len() > 3 || !fraction.bytes().all(|digit| digit.is_ascii_digit()) {
        return 0;
    }
    let fraction = format!("{fraction:0<3}").parse::<u16>().unwrap_or(0);
    match (whole, fraction) {
        ("1", 0) => 1000,
        ("0", fraction) => fraction,
        _ => 0,
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The other way round.
    pub(crate) fn unpack(packed: &[u8]) -> Vec<u8> {
        let mut plain = Vec::new();
        std::io::copy(&mut brotli::Decompressor::new(packed, 4096), &mut plain).unwrap();
        plain
    }

    fn accepts(values: &[&str]) -> bool {
        let headers = values.iter().map(|value| (ACCEPT_ENCODING, value.parse().unwrap()));
        accepts_brotli(&headers.collect())
    }

    #[test]
    fn brotli_is_used_only_where_it_is_wanted() {
        for wanted in [
            "br",
            "gzip, deflate, br, zstd",
            "BR;q=0.5",
            "br;Q=0.001",
            "*",
            "gzip;q=1.0, *;q=0.5",
            "br;q=1.000",
            "br;q=1.",
            "identity;q=0.5, br;q=0.5",
        ] {
            assert!(accepts(&[wanted]), "{wanted}");
        }
        for unwanted in [
            "",
            "gzip",
            "br;q=0",
            "br; q=0.0",
            "br;q=0, *;q=1",
            "*;q=0",
            "xbr",
            "brotli",
            "br;q=2",
            "br;q=-1",
            "br;q=0.0001",
            "br;q=x",
            "br;q=",
            "identity, br;q=0.5",
        ] {
            assert!(!accepts(&[unwanted]), "{unwanted}");
        }
        assert!(!accepts(&[]), "silence");
        assert!(accepts(&["gzip", "br"]), "two headers are one list");
    }

    proptest! {
        #[test]
        fn what_is_packed_comes_out_as_it_was(bytes in prop::collection::vec(any::<u8>(), 0..3000), quality in 0_u32..=11) {
            prop_assert_eq!(unpack(&brotli(&bytes, quality)), bytes);
        }

        #[test]
        fn no_header_breaks_the_reading(text in "[ -~]{0,60}") {
            let _ = accepts(&[&text]);
        }
    }
}
