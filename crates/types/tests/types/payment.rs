//! States have stable names, and a result that is known is not taken back.

use farthing_types::{PaymentStatus, SessionStatus};
use proptest::prelude::*;

use PaymentStatus::{
    Authorized, Canceled, Failed, NeedsAttention, Paid, PartiallyRefunded, Processing, Refunded,
    RequiresAction,
};

#[test]
fn names_are_stable_and_read_back() {
    let names: Vec<_> = PaymentStatus::ALL.iter().map(|status| status.name()).collect();
    assert_eq!(
        names,
        [
            "requires_action",
            "processing",
            "authorized",
            "paid",
            "failed",
            "canceled",
            "partially_refunded",
            "refunded",
            "needs_attention",
        ]
    );
    for status in PaymentStatus::ALL {
        assert_eq!(status.name().parse::<PaymentStatus>().unwrap(), status);
        assert_eq!(status.to_string(), status.name());
        assert_eq!(serde_json::to_value(status).unwrap(), status.name());
        assert_eq!(serde_json::from_value::<PaymentStatus>(status.name().into()).unwrap(), status);
    }
    let names: Vec<_> = SessionStatus::ALL.iter().map(|status| status.name()).collect();
    assert_eq!(names, ["open", "processing", "complete", "expired"]);
    for status in SessionStatus::ALL {
        assert_eq!(status.name().parse::<SessionStatus>().unwrap(), status);
        assert_eq!(serde_json::to_value(status).unwrap(), status.name());
        assert_eq!(serde_json::from_value::<SessionStatus>(status.name().into()).unwrap(), status);
    }
}

#[test]
fn an_unknown_state_is_refused_with_the_names_and_without_the_text() {
    for json in
        [r#""4111111111111111""#, "4111111111111111", r#""PAID""#, r#""paid ""#, "null", "{}"]
    {
        let error = serde_json::from_str::<PaymentStatus>(json).unwrap_err().to_string();
        assert!(!error.contains("4111") && !error.contains("PAID"), "{error}");
    }
    let rule = PaymentStatus::ALL.map(PaymentStatus::name).join(", ");
    assert_eq!(
        "x".parse::<PaymentStatus>().unwrap_err().to_string(),
        format!("must be one of {rule}")
    );
    let rule = SessionStatus::ALL.map(SessionStatus::name).join(", ");
    assert_eq!(
        "x".parse::<SessionStatus>().unwrap_err().to_string(),
        format!("must be one of {rule}")
    );
}

/// Every allowed move, written out.
const MOVES: &[(PaymentStatus, &[PaymentStatus])] = &[
    (RequiresAction, &[Processing, Authorized, Paid, Failed, Canceled, NeedsAttention]),
    (Processing, &[RequiresAction, Authorized, Paid, Failed, Canceled, NeedsAttention]),
    (Authorized, &[Paid, Failed, Canceled, NeedsAttention]),
    (Paid, &[PartiallyRefunded, Refunded]),
    (Failed, &[NeedsAttention]),
    (Canceled, &[NeedsAttention]),
    (PartiallyRefunded, &[Refunded]),
    (Refunded, &[]),
    (NeedsAttention, &[Paid, Failed, Canceled, Refunded]),
];

#[test]
fn exactly_the_written_moves_are_allowed() {
    assert_eq!(MOVES.len(), PaymentStatus::ALL.len());
    for (from, to) in MOVES {
        for next in PaymentStatus::ALL {
            assert_eq!(from.may_become(next), to.contains(&next), "{from} to {next}");
        }
    }
}

#[test]
fn each_state_is_open_taken_or_final_as_the_order_needs() {
    for (status, open, taken, is_final, shown) in [
        (RequiresAction, true, false, false, "challenge"),
        (Processing, true, false, false, "processing"),
        (Authorized, false, true, false, "paid"),
        (Paid, false, true, true, "paid"),
        (Failed, false, false, true, "failed"),
        (Canceled, false, false, true, "failed"),
        (PartiallyRefunded, false, true, true, "paid"),
        (Refunded, false, true, true, "paid"),
        (NeedsAttention, false, false, false, "processing"),
    ] {
        assert_eq!(
            (status.is_open(), status.is_taken(), status.is_final(), status.data_state()),
            (open, taken, is_final, shown),
            "{status}"
        );
    }
}

fn any_status() -> impl Strategy<Value = PaymentStatus> {
    prop::sample::select(PaymentStatus::ALL.to_vec())
}

proptest! {
    #[test]
    fn no_chain_of_allowed_moves_takes_a_known_result_back(start in any_status(), wanted in prop::collection::vec(any_status(), 0..40)) {
        let mut status = start;
        for next in wanted {
            if !status.may_become(next) {
                continue;
            }
            prop_assert_ne!(status, next);
            if status.is_final() {
                let listed = matches!(
                    (status, next),
                    (Failed | Canceled, NeedsAttention) | (Paid, PartiallyRefunded | Refunded) | (PartiallyRefunded, Refunded)
                );
                prop_assert!(listed, "{} to {}", status, next);
            }
            status = next;
        }
    }

    #[test]
    fn money_that_was_taken_is_never_reported_as_open_again(wanted in prop::collection::vec(any_status(), 0..40)) {
        let mut status = Paid;
        for next in wanted {
            if status.may_become(next) {
                status = next;
            }
            prop_assert!(status.is_taken() && status.is_final());
        }
    }
}
