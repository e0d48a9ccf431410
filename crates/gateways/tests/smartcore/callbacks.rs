//! Callback signatures: known vectors, forgeries, and what the signature cannot see.

use farthing_gateways::smartcore::{Profile, SmartCore, callback, sign};
use farthing_gateways::{CallbackError, Gateway, Notice, RawCallback};
use form_urlencoded::Serializer;
use proptest::prelude::*;
use secrecy::SecretString;

use crate::support::config;

type Pairs = Vec<(String, String)>;

const FORM: &str = "application/x-www-form-urlencoded";
const BODY_A: &str = include_str!("../../fixtures/smartcore/v1/callback.form");
const SECRET_A: &str = "test-secret-A";
const SIGN_A: &str = "8090e712cc935d083750c6449e5c0c9b865b80e80a62393541b8081f81cac2e3";

fn pairs_a() -> Pairs {
    form_urlencoded::parse(BODY_A.as_bytes()).into_owned().collect()
}

fn pairs(pairs: &[(&str, &str)]) -> Pairs {
    pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}

fn form(pairs: &[(String, String)]) -> String {
    Serializer::new(String::new()).extend_pairs(pairs).finish()
}

fn signed(pairs: &[(String, String)], signature: &str) -> String {
    format!("{}&sign={signature}", form(pairs))
}

fn read_as(
    secrets: &[&str],
    content_type: Option<&str>,
    body: &[u8],
) -> Result<Notice, CallbackError> {
    let secrets: Vec<SecretString> =
        secrets.iter().map(|secret| SecretString::from(*secret)).collect();
    callback::verify(&RawCallback { content_type, body }, &secrets)
}

fn read(secret: &str, body: &str) -> Result<Notice, CallbackError> {
    read_as(&[secret], Some(FORM), body.as_bytes())
}

fn notice(id: &str) -> Result<Notice, CallbackError> {
    Ok(Notice { gateway_order_id: id.to_owned() })
}

/// Signs as the gateway does and reads as we do: both have to reach the vector.
fn holds(pairs: &[(String, String)], secret: &str, canonical: Option<&str>, signature: &str) {
    if let Some(canonical) = canonical {
        assert_eq!(sign::canonical(pairs), canonical);
    }
    assert_eq!(sign::sign(pairs, &SecretString::from(secret)), signature);
    let without: Pairs = pairs.iter().filter(|(key, _)| key != "sign").cloned().collect();
    let body = signed(&without, signature);
    match pairs.iter().find(|(key, _)| key == "orderId") {
        Some((_, id)) => assert_eq!(read(secret, &body), notice(id)),
        // The signature held, or it would be refused for that.
        None => assert_eq!(read(secret, &body), Err(CallbackError::Malformed)),
    }
}

#[test]
fn vector_a_is_the_documented_body() {
    let canonical = "10000|null|N/A|N/A|N/A|401200******3010|null|EUR|null|10000|null|false|null|null|200004|null|2|Withdrawal";
    holds(&pairs_a(), SECRET_A, Some(canonical), SIGN_A);
}

#[test]
fn vector_a2_has_the_documents_sample_secret() {
    holds(
        &pairs_a(),
        "qwerty",
        None,
        "1ed9be2a9b4df27eb167c9984178563d5546d0c4cec75c6110db67b3e391612d",
    );
}

#[test]
fn vector_b_has_no_field_that_is_null() {
    let pairs: Pairs = pairs_a().into_iter().filter(|(_, value)| value != "null").collect();
    let canonical = "10000|N/A|N/A|N/A|401200******3010|EUR|10000|false|200004|2|Withdrawal";
    let signature = "517846fad97e0ce06fb27d1d06c27d7a5f26e3b71e0fa107ffd7ff858656fce5";
    holds(&pairs, "s3cr3t/B+with=chars", Some(canonical), signature);
}

#[test]
fn vector_c_is_not_ascii_and_its_own_signature_is_left_out() {
    let cascade = r#"[{"gatePriority":0,"errorCategory":"PLATFORM_ERROR_GATE_SKIPPED"}]"#;
    let pairs = pairs(&[
        ("orderId", "шоп-0042"),
        ("status", "2"),
        ("type", "Payment"),
        ("message", "OK"),
        ("amount", "1999"),
        ("finalAmount", "1999"),
        ("currency", "EUR"),
        ("eci", "05"),
        ("firstName", "Zoë"),
        ("lastName", "Łukasiewicz-Иванова"),
        ("rrn", ""),
        ("card_holder", "ZOË Ł"),
        ("card_number", "400383******4018"),
        ("cascadeErrors", cascade),
        ("isTrustedTransaction", "true"),
        ("sign", "ffff"),
    ]);
    let canonical = format!(
        "1999|ZOË Ł|400383******4018|{cascade}|EUR|05|1999|Zoë|true|Łukasiewicz-Иванова|OK|шоп-0042||2|Payment"
    );
    let signature = "72c16569a77ca12eb321fe7f0ae766c0a60f1005b79b6576f55214ee00a3c405";
    holds(&pairs, "ключ-C-€", Some(&canonical), signature);
    // What a verifier that signs the signature would compute.
    let body =
        signed(&pairs[..15], "0c72390ffbf6ebec7f1f674da08c2d9cc609e8562cdf7b617e07a1c2a3b33382");
    assert_eq!(read("ключ-C-€", &body), Err(CallbackError::Signature));
}

#[test]
fn vector_d_has_empty_values() {
    let pairs: Pairs = pairs_a()
        .into_iter()
        .map(
            |(key, value)| {
                if key == "message" || key == "rrn" { (key, String::new()) } else { (key, value) }
            },
        )
        .collect();
    holds(&pairs, SECRET_A, None, VECTOR_D);
}

const VECTOR_D: &str = "d17eea53f51b2ee6a3315ad53f51ce5414ae5b373ff280020cb6330a667e9674";

#[test]
fn vector_f_sorts_by_utf_16_and_not_by_bytes() {
    let pairs = pairs(&[("\u{1f600}", "astral"), ("\u{ff41}", "fullwidth"), ("amount", "1")]);
    let signature = "a43dcf223b91fee943a77282b5523a695b557dc82561062b406b4e4e0ebf64ff";
    holds(&pairs, "test-secret-E", Some("1|astral|fullwidth"), signature);
    let by_bytes =
        signed(&pairs, "a4440675f6371dd20ac16b1cd36135fc1e55e79174f4e8fc461dcf41c5533386");
    assert_eq!(read("test-secret-E", &by_bytes), Err(CallbackError::Signature));
}

#[test]
fn the_order_of_fields_and_the_case_of_the_signatures_digits_do_not_matter() {
    let mut pairs = pairs_a();
    pairs.reverse();
    assert_eq!(read(SECRET_A, &signed(&pairs, &SIGN_A.to_uppercase())), notice("200004"));
    assert_eq!(read(SECRET_A, &format!("sign={SIGN_A}&{BODY_A}")), notice("200004"));
    assert_eq!(read(SECRET_A, &format!("{BODY_A}&SIGN={SIGN_A}")), notice("200004"));
}

#[test]
fn a_signature_that_is_missing_or_misshapen_is_no_signature() {
    assert_eq!(read(SECRET_A, BODY_A), Err(CallbackError::Signature));
    for bad in [
        String::new(),
        SIGN_A[..63].to_owned(),
        SIGN_A[..62].to_owned(),
        format!("{SIGN_A}0"),
        format!("{SIGN_A}00"),
        format!("+{SIGN_A}"),
        format!("0x{}", &SIGN_A[2..]),
        "z".repeat(64),
        "0".repeat(64),
        "é".repeat(32),
    ] {
        assert_eq!(
            read(SECRET_A, &signed(&pairs_a(), &bad)),
            Err(CallbackError::Signature),
            "{bad}"
        );
    }
}

#[test]
fn doubled_keys_are_refused_even_under_a_good_signature() {
    for extra in ["status=2", "st%61tus=2", "sign=00", "SIGN=00", &format!("Sign={SIGN_A}")] {
        let body = format!("{}&{extra}", signed(&pairs_a(), SIGN_A));
        assert_eq!(read(SECRET_A, &body), Err(CallbackError::Malformed), "{extra}");
    }
}

#[test]
fn what_would_decode_to_a_replacement_character_is_refused() {
    for bad in ["firstName=%ff", "firstName=%c3", "%ff=1", "firstName=%ed%a0%80"] {
        assert_eq!(
            read(SECRET_A, &format!("{BODY_A}&{bad}&sign={SIGN_A}")),
            Err(CallbackError::Malformed),
            "{bad}"
        );
    }
    let raw = [BODY_A.as_bytes(), b"&firstName2=\xff&sign=", SIGN_A.as_bytes()].concat();
    assert_eq!(read_as(&[SECRET_A], Some(FORM), &raw), Err(CallbackError::Malformed));
}

#[test]
fn an_order_id_is_needed_and_has_to_look_like_one() {
    let secret = SecretString::from(SECRET_A);
    for id in [None, Some(String::new()), Some("a\nb".to_owned()), Some("x".repeat(257))] {
        let mut pairs = pairs(&[("status", "2"), ("amount", "1")]);
        pairs.extend(id.map(|id| ("orderId".to_owned(), id)));
        let body = signed(&pairs, &sign::sign(&pairs, &secret));
        assert_eq!(read(SECRET_A, &body), Err(CallbackError::Malformed));
    }
}

#[test]
fn size_and_number_of_fields_are_limited() {
    let secret = SecretString::from(SECRET_A);
    let with_fields = |extra: usize| {
        let mut pairs = pairs(&[("orderId", "a1")]);
        pairs.extend((0..extra).map(|n| (format!("k{n}"), "v".to_owned())));
        signed(&pairs, &sign::sign(&pairs, &secret))
    };
    assert_eq!(read(SECRET_A, &with_fields(callback::MAX_PAIRS - 2)), notice("a1"));
    assert_eq!(
        read(SECRET_A, &with_fields(callback::MAX_PAIRS - 1)),
        Err(CallbackError::Malformed)
    );

    let with_size = |size: usize| {
        let mut pairs = pairs(&[("orderId", "a1"), ("pad", "")]);
        let bare = signed(&pairs, SIGN_A).len();
        pairs[1].1 = "x".repeat(size - bare);
        signed(&pairs, &sign::sign(&pairs, &secret))
    };
    assert_eq!(with_size(callback::MAX_BODY).len(), 64 * 1024);
    assert_eq!(read(SECRET_A, &with_size(callback::MAX_BODY)), notice("a1"));
    assert_eq!(read(SECRET_A, &with_size(callback::MAX_BODY + 1)), Err(CallbackError::Malformed));
}

#[test]
fn an_old_secret_is_accepted_while_it_is_configured_and_no_longer() {
    let body = signed(&pairs_a(), SIGN_A);
    let raw = RawCallback { content_type: Some(FORM), body: body.as_bytes() };
    for profile in [Profile::V0, Profile::V1] {
        let mut during = config(profile);
        during.old_secrets = vec![SecretString::from("older still"), SecretString::from(SECRET_A)];
        assert_eq!(SmartCore::new(during).unwrap().read_callback(&raw), notice("200004"));
        assert_eq!(
            SmartCore::new(config(profile)).unwrap().read_callback(&raw),
            Err(CallbackError::Signature)
        );
    }
    assert_eq!(read_as(&[], Some(FORM), body.as_bytes()), Err(CallbackError::Signature));
}

#[test]
fn json_is_read_when_the_header_says_so_with_null_as_javascript_joins_it() {
    let json = format!(
        r#"{{"orderId":"200004","status":2,"type":"Withdrawal","message":null,"cascadeErrors":"null",
        "isTrustedTransaction":false,"amount":10000,"finalAmount":10000,"currency":"EUR","authorize_status":"null",
        "eci":"null","firstName":"null","lastName":"null","rrn":null,"card_holder":"N/A",
        "card_number":"401200******3010","card_exp_month":"N/A","card_exp_year":"N/A","sign":"{VECTOR_D}"}}"#
    );
    for content_type in ["application/json", "Application/JSON; charset=utf-8"] {
        assert_eq!(read_as(&[SECRET_A], Some(content_type), json.as_bytes()), notice("200004"));
    }
    for content_type in [None, Some(FORM), Some("text/plain"), Some("application/jsonp")] {
        assert!(read_as(&[SECRET_A], content_type, json.as_bytes()).is_err());
    }
    let form = signed(&pairs_a(), SIGN_A);
    assert_eq!(
        read_as(&[SECRET_A], Some("application/json"), form.as_bytes()),
        Err(CallbackError::Malformed)
    );
    assert_eq!(read_as(&[SECRET_A], None, form.as_bytes()), notice("200004"));
    for bad in [
        r#"{"orderId":"a","orderId":"b"}"#,
        r#"{"orderId":"a","x":[1]}"#,
        r#"{"orderId":"a","x":1.5}"#,
        "[]",
        "7",
    ] {
        assert_eq!(
            read_as(&[SECRET_A], Some("application/json"), bad.as_bytes()),
            Err(CallbackError::Malformed),
            "{bad}"
        );
    }
}

/// Values may move over a bar and keys may be renamed: the signature holds. What comes out has no status and no
/// amount, only the name of an order to ask about; a field added to `Notice` does not compile here.
#[test]
fn what_the_signature_cannot_see_gives_at_most_a_hint() {
    let signature = "9448d091f5b2f41bc28dee28bb07bc2c962e5719f3c1aa0e0005e8f796739ccb";
    let original = pairs(&[
        ("orderId", "77"),
        ("status", "-1"),
        ("type", "Payment"),
        ("amount", "500"),
        ("currency", "EUR"),
        ("firstName", "Ann|Lee"),
        ("lastName", "X"),
    ]);
    let changed = |from: &str, to: (&str, &str)| -> Pairs {
        let replace = |(key, value): &(String, String)| {
            if key == from {
                (to.0.to_owned(), to.1.to_owned())
            } else {
                (key.clone(), value.clone())
            }
        };
        original.iter().map(replace).collect()
    };
    let mut resplit = changed("firstName", ("firstName", "Ann"));
    resplit[6].1 = "Lee|X".to_owned();
    let renamed = changed("status", ("statusX", "-1"));
    // The decline hides under another name, and another value reads as the status.
    let mut promoted = changed("status", ("rrn", "-1"));
    promoted[2] = ("status".to_owned(), "Payment".to_owned());
    for body in [&original, &resplit, &renamed, &promoted] {
        assert_eq!(sign::sign(body, &SecretString::from("test-secret-E")), signature);
        let Notice { gateway_order_id } = read("test-secret-E", &signed(body, signature)).unwrap();
        assert_eq!(gateway_order_id, "77");
    }
    // Even the order's id can be the payer's last name: hence the path token of a callback is bound to one order, and
    // a notice for another order is no more than a wasted check.
    let moved = pairs(&[
        ("orderId", "X"),
        ("status", "77|-1"),
        ("type", "Payment"),
        ("amount", "500"),
        ("currency", "EUR"),
        ("firstName", "Ann"),
        ("lastName", "Lee"),
    ]);
    assert_eq!(read("test-secret-E", &signed(&moved, signature)), notice("X"));
}

proptest! {
    #[test]
    fn no_bytes_make_the_reader_panic_and_none_by_chance_verify(
        body in proptest::collection::vec(any::<u8>(), 0..400),
        as_json in any::<bool>(),
    ) {
        let content_type = if as_json { "application/json" } else { FORM };
        prop_assert!(read_as(&[SECRET_A], Some(content_type), &body).is_err());
    }

    #[test]
    fn anything_like_a_form_is_read_or_refused(body in "[a-zA-Z0-9%+&=|]{0,200}") {
        let body = format!("orderId=1&{body}&sign={SIGN_A}");
        prop_assert!(read(SECRET_A, &body).is_err());
    }

    #[test]
    fn whatever_is_signed_verifies_and_names_its_order(
        id in "[^\\p{Cc}]{1,60}",
        rest in proptest::collection::btree_map("[a-z]{1,3}x", any::<String>(), 0..12),
        secret in "[^\\p{Cc}]{1,40}",
    ) {
        let mut pairs: Pairs = rest.into_iter().collect();
        pairs.push(("orderId".to_owned(), id.clone()));
        let signature = sign::sign(&pairs, &SecretString::from(secret.as_str()));
        prop_assert_eq!(read(&secret, &signed(&pairs, &signature)), notice(&id));
        prop_assert_eq!(read(&format!("{secret}x"), &signed(&pairs, &signature)), Err(CallbackError::Signature));
    }

    #[test]
    fn one_flipped_bit_of_the_signature_is_refused(byte in 0_usize..32, bit in 0_u8..8) {
        let mut bytes = hex::decode(SIGN_A).unwrap();
        bytes[byte] ^= 1 << bit;
        let body = signed(&pairs_a(), &hex::encode(bytes));
        prop_assert_eq!(read(SECRET_A, &body), Err(CallbackError::Signature));
    }

    #[test]
    fn one_flipped_bit_of_any_value_is_refused(field in 0_usize..18, position in any::<prop::sample::Index>(), bit in 0_u8..7) {
        let mut pairs = pairs_a();
        let mut value = pairs[field].1.clone().into_bytes();
        let at = position.index(value.len());
        value[at] ^= 1 << bit;
        pairs[field].1 = String::from_utf8(value).unwrap();
        prop_assert_eq!(read(SECRET_A, &signed(&pairs, SIGN_A)), Err(CallbackError::Signature));
    }
}
