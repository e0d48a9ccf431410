//! What a shopper is told after a decline.

use std::collections::HashSet;

use farthing_types::DeclineCode;

#[test]
fn names_are_stable_and_read_back() {
    let names: Vec<_> = DeclineCode::ALL.iter().map(|code| code.name()).collect();
    assert_eq!(
        names,
        [
            "authentication_failed",
            "authentication_canceled",
            "authentication_timeout",
            "card_time_limit",
            "declined",
            "misconfigured",
            "not_sent",
            "not_accepted",
            "form_timeout",
            "technical",
            "validation",
        ]
    );
    assert_eq!(names.iter().collect::<HashSet<_>>().len(), names.len());
    for code in DeclineCode::ALL {
        assert_eq!(code.name().parse::<DeclineCode>().unwrap(), code);
        assert_eq!(serde_json::to_value(code).unwrap(), code.name());
        assert_eq!(serde_json::from_value::<DeclineCode>(code.name().into()).unwrap(), code);
    }
    assert!("Declined".parse::<DeclineCode>().is_err());
}

#[test]
fn every_text_says_whether_money_was_taken_and_is_short() {
    for code in DeclineCode::ALL {
        let text = code.advice().text;
        assert!(text.contains("You have not been charged."), "{code}: {text}");
        assert!(
            text.chars().count() <= 120 && text.ends_with('.') && !text.contains("  "),
            "{code}: {text}"
        );
    }
}

#[test]
fn a_thief_learns_nothing_about_the_card() {
    // Funds, limits, dates, codes and numbers all come as one of these two: gateways' tables map them there.
    assert_eq!(DeclineCode::Declined.advice(), DeclineCode::Validation.advice());
    for code in DeclineCode::ALL {
        let text = code.advice().text.to_lowercase();
        for hint in [
            "fund",
            "balance",
            "limit",
            "expir",
            "cvv",
            "cvc",
            "security code",
            "stolen",
            "lost",
            "fraud",
            "number",
            "valid",
        ] {
            assert!(!text.contains(hint), "{code}: {text}");
        }
    }
}

#[test]
fn retrying_is_offered_except_where_no_card_would_work() {
    for code in DeclineCode::ALL {
        let advice = code.advice();
        assert_eq!(advice.may_retry, code != DeclineCode::Misconfigured, "{code}");
        let wait = if code == DeclineCode::CardTimeLimit { 60 } else { 0 };
        assert_eq!(advice.wait_seconds, wait, "{code}");
    }
}
