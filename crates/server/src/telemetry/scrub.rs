//! The last line of defence: what looks like a card number or a secret does not leave in a log line.
//!
//! Types come first: nothing that holds card data or a secret prints it. This filter is for what nobody foresaw, so it
//! would rather mask an innocent number than miss a card's.

use std::borrow::Cow;

/// Masks card numbers and secrets, and makes the text one line: a line break inside it becomes a space.
pub fn scrub(line: &str) -> Cow<'_, str> {
    let mut spans = card_numbers(line);
    spans.extend(secrets(line));
    let broken = line.contains(['\r', '\n', '\u{2028}', '\u{2029}', '\u{85}']);
    if spans.is_empty() && !broken {
        return Cow::Borrowed(line);
    }
    spans.sort_unstable_by_key(|span| span.start);
    let mut out = String::with_capacity(line.len());
    let mut done = 0;
    for Span { start, end, mask } in spans {
        if start < done {
            continue; // a card number within a secret, or the other way round
        }
        out.push_str(line.get(done..start).unwrap_or_default());
        out.push_str(mask);
        done = end;
    }
    out.push_str(line.get(done..).unwrap_or_default());
    Cow::Owned(out.replace(['\r', '\n', '\u{2028}', '\u{2029}', '\u{85}'], " "))
}

struct Span {
    start: usize,
    end: usize,
    mask: &'static str,
}

/// Runs of digits, perhaps in groups, that hold 13 to 19 digits with a valid check digit (ISO/IEC 7812-1).
fn card_numbers(line: &str) -> Vec<Span> {
    let bytes = line.as_bytes();
    let mut spans = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        if !digit_at(bytes, at) {
            at += 1;
            continue;
        }
        let (groups, next) = groups_from(bytes, at);
        spans.extend(suspicious(bytes, &groups));
        at = next;
    }
    spans
}

/// Groups of digits with at most one separator between them, and where they end.
fn groups_from(bytes: &[u8], start: usize) -> (Vec<(usize, usize)>, usize) {
    let mut groups = Vec::new();
    let mut at = start;
    loop {
        let begin = at;
        while digit_at(bytes, at) {
            at += 1;
        }
        groups.push((begin, at));
        let rest = bytes.get(at..).unwrap_or_default();
        let separator = SEPARATORS
            .iter()
            .find(|separator| rest.starts_with(separator))
            .map_or(0, |separator| separator.len());
        if separator == 0 || !digit_at(bytes, at + separator) {
            return (groups, at);
        }
        at += separator;
    }
}

fn suspicious(bytes: &[u8], groups: &[(usize, usize)]) -> Vec<Span> {
    let mut spans = Vec::new();
    let mut first = 0;
    while let Some((start, _)) = groups.get(first).copied() {
        let found = longest_card(bytes, groups, first);
        match found {
            Some(last) => {
                let end = groups.get(last).map_or(start, |(_, end)| *end);
                spans.push(Span { start, end, mask: "[card]" });
                first = last + 1;
            }
            None => first += 1,
        }
    }
    spans
}

/// The last group of the longest card number that starts with the group `first`.
fn longest_card(bytes: &[u8], groups: &[(usize, usize)], first: usize) -> Option<usize> {
    let mut digits = Vec::new();
    let mut found = None;
    for (index, (start, end)) in groups.iter().enumerate().skip(first) {
        digits.extend(bytes.get(*start..*end).unwrap_or_default().iter().map(|byte| byte - b'0'));
        if index == first && digits.len() > LONGEST {
            // One run without separators: a number may stand anywhere in it.
            return digits.windows(LONGEST).any(has_card).then_some(index);
        }
        if digits.len() > LONGEST {
            break;
        }
        if digits.len() >= SHORTEST && luhn(&digits) {
            found = Some(index);
        }
        if index == first && digits.len() > SHORTEST && has_card(&digits) {
            found = Some(index);
        }
    }
    found
}

/// Whether a card number stands anywhere in up to 19 digits.
fn has_card(digits: &[u8]) -> bool {
    (SHORTEST..=digits.len()).any(|length| digits.windows(length).any(luhn))
}

fn luhn(digits: &[u8]) -> bool {
    // Zeros alone are padding, not a card.
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(position, digit)| {
            let digit = u32::from(*digit);
            match (position % 2, digit * 2) {
                (0, _) => digit,
                (_, doubled @ 0..=9) => doubled,
                (_, doubled) => doubled - 9,
            }
        })
        .sum();
    sum > 0 && sum.is_multiple_of(10)
}

fn digit_at(bytes: &[u8], at: usize) -> bool {
    bytes.get(at).is_some_and(u8::is_ascii_digit)
}

/// Texts that start like one of our secrets, and credentials of HTTP authentication.
fn secrets(line: &str) -> Vec<Span> {
    let bytes = line.as_bytes();
    let mut spans = Vec::new();
    for (prefix, at_least, mask) in PREFIXES {
        for (start, _) in line.match_indices(prefix) {
            let in_a_word = start > 0
                && bytes
                    .get(start - 1)
                    .is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'_');
            let body = bytes.get(start + prefix.len()..).unwrap_or_default();
            let length = body
                .iter()
                .take_while(|byte| {
                    byte.is_ascii_alphanumeric()
                        || matches!(byte, b'_' | b'-' | b'+' | b'/' | b'=' | b'.' | b'~')
                })
                .count();
            if !in_a_word && length >= at_least {
                spans.push(Span { start, end: start + prefix.len() + length, mask });
            }
        }
    }
    spans
}

/// How a secret starts, how long its rest is at least, and what stands in its place.
const PREFIXES: [(&str, usize, &str); 8] = [
    ("Basic ", 8, "Basic […]"),
    ("Bearer ", 4, "Bearer […]"),
    ("basic ", 16, "basic […]"),
    ("bearer ", 16, "bearer […]"),
    ("cst_", 16, "cst_[…]"),
    ("rt_", 16, "rt_[…]"),
    ("sk_", 4, "sk_[…]"),
    ("whsec_", 4, "whsec_[…]"),
];

/// What people and encodings put between groups of digits.
const SEPARATORS: [&[u8]; 8] = [b" ", b"-", b"+", b"_", b".", b"%20", b"\\t", "\u{a0}".as_bytes()];

const SHORTEST: usize = 13;
const LONGEST: usize = 19;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn card_numbers_are_masked_plain_and_grouped() {
        for (line, masked) in [
            ("4012000000003010", "[card]"),
            ("x=4012000000003010;", "x=[card];"),
            ("card 4012 0000 0000 3010 refused", "card [card] refused"),
            ("4012-0000-0000-3010", "[card]"),
            ("4012+0000+0000+3010", "[card]"),
            ("4012%200000%200000%203010", "[card]"),
            ("4012\u{a0}0000\u{a0}0000\u{a0}3010", "[card]"),
            ("3782 822463 10005", "[card]"),
            ("order 12 4012000000003010", "order 12 [card]"),
            ("4012000000003010 4003830171874018", "[card] [card]"),
            ("4012000000003010 12", "[card] 12"),
            ("00004012000000003010", "[card]"),
            ("99994012000000003010999", "[card]"),
            ("a4012000000003010b", "a[card]b"),
            ("6304000000000000018", "[card]"),
        ] {
            assert_eq!(scrub(line), masked, "{line}");
        }
    }

    #[test]
    fn a_number_hidden_in_a_slightly_longer_run_is_masked() {
        assert_eq!(scrub("id14012000000003010"), "id[card]");
        assert_eq!(scrub("40120000000030107"), "[card]");
    }

    #[test]
    fn other_numbers_stay() {
        for line in [
            "2026-11-20T13:30:32.123456Z",
            "ms=12 status=200",
            "127.0.0.1:8081",
            "req_01j0000000",
            "0000000000000000",
            "order 12345678",
        ] {
            assert_eq!(scrub(line), line, "{line}");
        }
    }

    #[test]
    fn secrets_are_masked() {
        let body = "A".repeat(43);
        for (line, masked) in [
            (format!("GET /checkout/cst_{body} x"), "GET /checkout/cst_[…] x".to_owned()),
            (format!("\"rt_{body}\""), "\"rt_[…]\"".to_owned()),
            ("key=sk_demo".to_owned(), "key=sk_[…]".to_owned()),
            ("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw==, x".to_owned(), "whsec_[…], x".to_owned()),
            (
                "Authorization: Bearer abc.def-ghi".to_owned(),
                "Authorization: Bearer […]".to_owned(),
            ),
            ("Authorization: Basic eDp5eDp5".to_owned(), "Authorization: Basic […]".to_owned()),
        ] {
            assert_eq!(scrub(&line), masked);
        }
    }

    #[test]
    fn words_that_merely_hold_a_prefix_stay() {
        for line in [
            "start_timestamp_of_something",
            "task_identifier",
            "the bearer of news",
            "a basic rule",
        ] {
            assert_eq!(scrub(line), line);
        }
    }

    #[test]
    fn line_breaks_cannot_make_a_second_line() {
        assert_eq!(scrub("one\r\ntwo\u{2028}three"), "one  two three");
    }

    proptest! {
        #[test]
        fn no_card_number_survives_between_any_texts(
            before in "[a-z ,:=\"]{0,10}", after in "[a-z ,:=\"]{0,10}", body in proptest::collection::vec(0..10u8, 12..=18),
            separator in prop::sample::select(vec!["", " ", "-", ".", "%20"]), group in 2..6usize,
        ) {
            let mut digits = body;
            digits.push(0);
            if !luhn(&digits) {
                digits.pop();
                let check = (0..10).find(|check| { let mut with = digits.clone(); with.push(*check); luhn(&with) });
                prop_assume!(check.is_some());
                digits.push(check.unwrap());
            }
            let text: Vec<String> = digits.chunks(group).map(|chunk| chunk.iter().map(|digit| char::from(b'0' + digit)).collect()).collect();
            let line = format!("{before}{}{after}", text.join(separator));
            let scrubbed = scrub(&line);
            prop_assert!(!scrubbed.bytes().any(|byte| byte.is_ascii_digit()), "{line} -> {scrubbed}");
        }

        #[test]
        fn any_text_is_scrubbed_without_panic_and_into_one_line(line in "\\PC{0,80}[\r\n]?\\PC{0,20}") {
            prop_assert!(!scrub(&line).contains(['\r', '\n']));
        }

        #[test]
        fn scrubbing_twice_changes_nothing_more(line in "[ -~]{0,80}") {
            let once = scrub(&line).into_owned();
            prop_assert_eq!(scrub(&once), once.as_str());
        }
    }
}
