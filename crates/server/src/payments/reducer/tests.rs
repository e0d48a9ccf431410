use farthing_gateways::{CardSummary, Unclear};
use farthing_types::Currency;
use proptest::prelude::*;

use super::*;
use crate::payments::record::Method;

const START: i64 = 1_800_000_000;

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(START + seconds).unwrap()
}

fn context(seconds: i64) -> Context {
    Context { now: at(seconds), not_found_gap: SignedDuration::from_secs(60), jitter: 127 }
}

pub(crate) fn fresh() -> Payment {
    Payment {
        id: "pay_1".into(),
        session_id: "ses_1".into(),
        order_id: "order-1".into(),
        gateway: "smartcore".into(),
        gateway_order_id: "pay_1".into(),
        processing_id: None,
        number: 1,
        method: Method::Card,
        phase: Phase::Sending,
        status: PaymentStatus::Processing,
        amount: 1000,
        currency: "EUR".parse::<Currency>().unwrap(),
        final_amount: None,
        card: None,
        decline: None,
        attention: None,
        holds_order: true,
        acknowledged: false,
        step: None,
        not_found_since: None,
        next_check_at: None,
        events: 0,
        created_at: at(0),
        updated_at: at(0),
        timeline: Vec::new(),
    }
}

fn checked_as(state: CheckedState) -> Evidence {
    Evidence::Checked(Checked { state, card: None, step: None })
}

fn success(amount: u64, final_amount: Option<u64>) -> Evidence {
    checked_as(CheckedState::Succeeded { amount, final_amount })
}

fn failure() -> Evidence {
    checked_as(CheckedState::Failed { decline: DeclineCode::Declined, raw: None })
}

/// Applies evidence in order, each a second after the one before; returns the payment and all events.
fn run(evidence: impl IntoIterator<Item = Evidence>) -> (Payment, Vec<EventKind>) {
    let mut payment = fresh();
    let mut events = Vec::new();
    for (second, evidence) in evidence.into_iter().enumerate() {
        let change = reduce(&payment, evidence, context(i64::try_from(second).unwrap() + 1));
        payment = change.payment;
        events.extend(change.event);
    }
    (payment, events)
}

#[test]
fn success_by_check_with_the_right_amount_pays() {
    let (payment, events) =
        run([Evidence::Accepted { processing_id: None }, success(1000, Some(1000))]);
    assert_eq!(payment.status, PaymentStatus::Paid);
    assert_eq!(events, [EventKind::Paid]);
    assert!(payment.holds_order);
    assert_eq!(payment.next_check_at, None);
}

#[test]
fn success_without_a_final_amount_pays() {
    let (payment, _) = run([Evidence::Lost, success(1000, None)]);
    assert_eq!(payment.status, PaymentStatus::Paid);
}

#[test]
fn success_with_any_other_amount_needs_a_person() {
    for (amount, taken) in [
        (999, None),
        (1001, None),
        (1000, Some(900)),
        (1000, Some(1001)),
        (0, None),
        (100_000, None),
    ] {
        let (payment, events) = run([Evidence::Lost, success(amount, taken)]);
        assert_eq!(payment.status, PaymentStatus::NeedsAttention, "{amount} {taken:?}");
        assert_eq!(payment.attention, Some(Attention::AmountDiffers));
        assert_eq!(events, [EventKind::NeedsAttention]);
        assert!(payment.holds_order, "money has moved, so the order is not free");
    }
}

#[test]
fn a_gateway_that_says_it_is_over_is_asked_at_once_and_not_believed() {
    let (payment, events) = run([Evidence::AnsweredOver { processing_id: None, refusal: None }]);
    assert_eq!(payment.status, PaymentStatus::Processing);
    assert_eq!(payment.next_check_at, Some(at(1)));
    assert_eq!(events, []);
}

#[test]
fn a_refusal_that_the_gateway_keeps_nothing_of_fails_at_once_with_its_reason() {
    let refusal = Some(Decline {
        code: DeclineCode::CardTimeLimit,
        raw: Some("CARD_TIME_LIMIT_PROCESSING_ERROR".into()),
    });
    let answered = Evidence::AnsweredOver { processing_id: None, refusal: refusal.clone() };
    let (open, _) = run([answered.clone()]);
    assert_eq!((open.status, open.final_decline()), (PaymentStatus::Processing, None));
    let (payment, events) = run([answered, checked_as(CheckedState::NotFound)]);
    assert_eq!((payment.status, payment.decline), (PaymentStatus::Failed, refusal));
    assert_eq!(events, [EventKind::Failed]);
}

#[test]
fn a_refusal_is_forgotten_when_the_gateway_says_that_it_took_the_money() {
    let refusal = Some(ours(DeclineCode::Technical));
    let (payment, _) =
        run([Evidence::AnsweredOver { processing_id: None, refusal }, success(1000, None)]);
    assert_eq!((payment.status, payment.decline), (PaymentStatus::Paid, None));
}

#[test]
fn a_failed_call_for_a_payment_that_the_gateway_knows_is_not_a_failed_payment() {
    for failed in [Evidence::NotSent, Evidence::Misconfigured] {
        let (payment, events) = run([checked_as(CheckedState::Pending), failed]);
        assert_eq!((payment.status, payment.phase), (PaymentStatus::Processing, Phase::Unresolved));
        assert_eq!(events, []);
    }
}

#[test]
fn news_of_a_failed_payment_is_followed_until_the_gateway_has_decided() {
    let (mut payment, _) = run([Evidence::Lost, failure()]);
    assert_eq!(payment.next_check_at, None);
    payment.next_check_at = Some(at(10)); // a callback came
    for state in
        [CheckedState::Unclear(Unclear::Status), CheckedState::Pending, CheckedState::Misconfigured]
    {
        payment = reduce(&payment, checked_as(state), context(10)).payment;
        assert!(payment.next_check_at.is_some_and(|next| next > at(10)));
    }
    let settled = reduce(&payment, failure(), context(20)).payment;
    assert_eq!(settled.next_check_at, None);
    let late = reduce(&payment, success(1000, None), context(20)).payment;
    assert_eq!(late.attention, Some(Attention::LateMoney));
    let old = reduce(&payment, checked_as(CheckedState::Pending), context(6 * 24 * 3600)).payment;
    assert_eq!(old.next_check_at, None, "not for ever");
}

#[test]
fn a_failed_payment_is_watched_only_where_we_and_not_the_gateway_said_so() {
    let (declined, _) = run([Evidence::Lost, failure(), checked_as(CheckedState::Pending)]);
    assert_eq!(declined.next_check_at, None);
    let (not_sent, _) = run([Evidence::NotSent, checked_as(CheckedState::Pending)]);
    assert!(not_sent.next_check_at.is_some(), "the gateway speaks of what we never sent");
}

#[test]
fn what_was_certainly_not_sent_fails_at_once_and_frees_the_order() {
    let (payment, events) = run([Evidence::NotSent]);
    assert_eq!(payment.status, PaymentStatus::Failed);
    assert_eq!(payment.decline.unwrap().code, DeclineCode::NotSent);
    assert!(!payment.holds_order);
    assert_eq!(payment.next_check_at, None);
    assert_eq!(events, [EventKind::Failed]);
}

#[test]
fn a_lost_answer_leaves_the_payment_processing_and_planned() {
    let (payment, events) = run([Evidence::Lost]);
    assert_eq!((payment.status, payment.phase), (PaymentStatus::Processing, Phase::Unresolved));
    assert!(payment.next_check_at.is_some() && payment.holds_order);
    assert_eq!(events, []);
}

#[test]
fn not_found_is_believed_only_twice_and_sixty_seconds_apart() {
    let lost = reduce(&fresh(), Evidence::Lost, context(1)).payment;
    let once = reduce(&lost, checked_as(CheckedState::NotFound), context(2)).payment;
    assert_eq!(once.status, PaymentStatus::Processing);
    assert_eq!(once.next_check_at, Some(at(62)));
    let early = reduce(&once, checked_as(CheckedState::NotFound), context(61)).payment;
    assert_eq!(early.status, PaymentStatus::Processing);
    let twice = reduce(&early, checked_as(CheckedState::NotFound), context(62));
    assert_eq!(twice.payment.status, PaymentStatus::Failed);
    assert_eq!(twice.payment.decline.as_ref().unwrap().code, DeclineCode::NotAccepted);
    assert!(
        !twice.payment.holds_order && twice.payment.next_check_at.is_some(),
        "the order is free, the gateway is watched"
    );
    assert_eq!(twice.event, Some(EventKind::Failed));
}

#[test]
fn not_found_after_the_gateway_had_spoken_proves_nothing() {
    let mut payment =
        reduce(&fresh(), Evidence::Accepted { processing_id: None }, context(1)).payment;
    for second in [10, 100, 1000, 10_000] {
        payment = reduce(&payment, checked_as(CheckedState::NotFound), context(second)).payment;
        assert_eq!(payment.status, PaymentStatus::Processing);
    }
}

#[test]
fn an_answer_between_two_not_founds_starts_the_count_again() {
    let mut payment = reduce(&fresh(), Evidence::Lost, context(1)).payment;
    payment = reduce(&payment, checked_as(CheckedState::NotFound), context(2)).payment;
    payment = reduce(&payment, checked_as(CheckedState::Pending), context(30)).payment;
    payment = reduce(&payment, checked_as(CheckedState::NotFound), context(100)).payment;
    assert_eq!(payment.status, PaymentStatus::Processing);
}

#[test]
fn money_after_not_accepted_is_late_money() {
    let mut payment = reduce(&fresh(), Evidence::Lost, context(1)).payment;
    payment = reduce(&payment, checked_as(CheckedState::NotFound), context(2)).payment;
    payment = reduce(&payment, checked_as(CheckedState::NotFound), context(70)).payment;
    let change = reduce(&payment, success(1000, None), context(200));
    assert_eq!(change.payment.status, PaymentStatus::NeedsAttention);
    assert_eq!(change.payment.attention, Some(Attention::LateMoney));
    assert_eq!(change.event, Some(EventKind::NeedsAttention));
}

#[test]
fn a_payment_without_a_result_needs_a_person_after_72_hours_and_may_still_be_paid() {
    let pending = reduce(&fresh(), Evidence::Accepted { processing_id: None }, context(1)).payment;
    let given_up = reduce(&pending, checked_as(CheckedState::Pending), context(72 * 3600)).payment;
    assert_eq!(given_up.status, PaymentStatus::NeedsAttention);
    assert_eq!(given_up.attention, Some(Attention::NoResult));
    assert!(given_up.holds_order);
    let paid = reduce(&given_up, success(1000, None), context(73 * 3600)).payment;
    assert_eq!((paid.status, paid.attention), (PaymentStatus::Paid, None));
}

#[test]
fn a_check_before_the_reply_wins_and_the_reply_changes_nothing() {
    let early = reduce(&fresh(), success(1000, None), context(1));
    assert_eq!(early.payment.status, PaymentStatus::Paid);
    for reply in [
        Evidence::Lost,
        Evidence::NotSent,
        Evidence::Misconfigured,
        Evidence::Step {
            processing_id: Some("64a7e106d46c5db10d082b13".into()),
            step: new_step(StepKind::Redirect),
        },
    ] {
        let late = reduce(&early.payment, reply, context(2));
        assert_eq!(late.payment.status, PaymentStatus::Paid);
        assert_eq!(late.event, None);
    }
}

#[test]
fn restart_makes_a_call_under_way_unresolved_and_asks_at_once() {
    let (payment, _) = run([Evidence::Restarted]);
    assert_eq!((payment.phase, payment.next_check_at), (Phase::Unresolved, Some(at(1))));
}

#[test]
fn what_is_kept_of_the_card_is_never_replaced_by_the_gateways_word() {
    let mut payment = fresh();
    payment.card = Some(crate::payments::record::CardOnFile {
        brand: Some("visa".into()),
        last4: Some("3010".into()),
        exp: None,
    });
    let card = CardSummary { brand: Some("MASTERCARD".into()), last4: Some("9999".into()) };
    let evidence =
        Evidence::Checked(Checked { state: CheckedState::Pending, card: Some(card), step: None });
    let card = reduce(&payment, evidence, context(1)).payment.card.unwrap();
    assert_eq!((card.brand.as_deref(), card.last4.as_deref()), (Some("visa"), Some("3010")));
}

fn new_step(kind: StepKind) -> NewStep {
    NewStep { kind, sealed: vec![kind as u8] }
}

fn pending_with(step: NewStep) -> Evidence {
    Evidence::Checked(Checked { state: CheckedState::Pending, card: None, step: Some(step) })
}

fn answered(kind: StepKind) -> Evidence {
    Evidence::Step { processing_id: None, step: new_step(kind) }
}

const VISIBLE: [StepKind; 3] = [StepKind::Redirect, StepKind::Challenge, StepKind::PaReq];

#[test]
fn a_step_of_the_shoppers_is_action_and_the_device_data_step_is_not() {
    for kind in VISIBLE {
        let (payment, events) = run([answered(kind)]);
        assert_eq!((payment.status, payment.phase), (PaymentStatus::RequiresAction, Phase::Step));
        assert_eq!(payment.step.unwrap().kind, kind);
        assert_eq!(events, []);
    }
    let (payment, _) = run([answered(StepKind::Method)]);
    assert_eq!((payment.status, payment.phase), (PaymentStatus::Processing, Phase::Step));
}

#[test]
fn the_gateway_is_asked_each_second_while_the_device_data_step_goes_on_and_no_longer() {
    let (mut payment, _) = run([answered(StepKind::Method)]);
    for second in 2..11 {
        assert_eq!(payment.next_check_at, Some(at(second)));
        payment = reduce(&payment, checked_as(CheckedState::Pending), context(second)).payment;
        assert_eq!(payment.step.as_ref().unwrap().kind, StepKind::Method);
    }
    payment = reduce(&payment, checked_as(CheckedState::Pending), context(11)).payment;
    assert_eq!((payment.step.clone(), payment.phase), (None, Phase::Pending));
    assert!(payment.next_check_at > Some(at(13)));
    assert_eq!(payment.timeline.last().unwrap().what, "method_over");
    // The same answer again begins nothing anew.
    let again = reduce(&payment, pending_with(new_step(StepKind::Method)), context(15)).payment;
    assert_eq!(again.step, None);
    let late = reduce(&again, pending_with(new_step(StepKind::Challenge)), context(30)).payment;
    assert_eq!(late.status, PaymentStatus::RequiresAction, "slow, but not too late");
}

#[test]
fn a_gateway_that_does_not_answer_is_not_asked_each_second_for_ever() {
    let (mut payment, _) = run([answered(StepKind::Method)]);
    payment =
        reduce(&payment, checked_as(CheckedState::Unclear(Unclear::Status)), context(20)).payment;
    assert!(payment.next_check_at > Some(at(25)), "{:?}", payment.next_check_at);
}

#[test]
fn after_the_device_data_step_a_check_brings_the_challenge() {
    for kind in VISIBLE {
        let (payment, events) =
            run([answered(StepKind::Method), Evidence::StepOpened, pending_with(new_step(kind))]);
        assert_eq!(payment.status, PaymentStatus::RequiresAction);
        let step = payment.step.unwrap();
        assert_eq!((step.kind, step.stage, step.since), (kind, Stage::Offered, at(3)));
        assert_eq!(events, []);
    }
}

#[test]
fn a_check_brings_the_step_that_a_lost_answer_held() {
    for kind in VISIBLE.into_iter().chain([StepKind::Method]) {
        let (payment, _) = run([Evidence::Lost, pending_with(new_step(kind))]);
        assert_eq!(payment.step.unwrap().kind, kind);
    }
}

#[test]
fn a_shopper_who_was_sent_somewhere_is_not_sent_elsewhere() {
    for first in VISIBLE {
        for then in VISIBLE.into_iter().chain([StepKind::Method]) {
            let (payment, _) = run([answered(first), pending_with(new_step(then))]);
            assert_eq!(payment.step.unwrap().kind, first, "{first} and then {then}");
        }
    }
}

#[test]
fn a_way_back_says_where_the_shopper_is_and_nothing_about_money() {
    let (payment, events) = run([
        answered(StepKind::Challenge),
        Evidence::StepOpened,
        Evidence::Returned,
        Evidence::StepOpened,
    ]);
    assert_eq!(payment.status, PaymentStatus::RequiresAction);
    assert_eq!(payment.step.as_ref().unwrap().stage, Stage::Returned);
    assert_eq!(events, []);
    let told: Vec<&str> = payment.timeline.iter().map(|entry| entry.what.as_str()).collect();
    assert_eq!(told, ["step", "step_opened", "returned"]);
    // By hand, without a step that leads back.
    let (payment, _) = run([Evidence::Lost, Evidence::Returned]);
    assert_eq!((payment.status, payment.step), (PaymentStatus::Processing, None));
}

fn any_step() -> impl Strategy<Value = NewStep> {
    prop_oneof![
        Just(StepKind::Redirect),
        Just(StepKind::Method),
        Just(StepKind::Challenge),
        Just(StepKind::PaReq)
    ]
    .prop_map(new_step)
}

fn any_evidence() -> impl Strategy<Value = Evidence> {
    let id = proptest::option::of(Just("64a7e106d46c5db10d082b13".to_owned()));
    let amount = prop_oneof![4 => Just(1000_u64), 1 => Just(900_u64), 1 => any::<u64>()];
    prop_oneof![
        id.clone().prop_map(|processing_id| Evidence::Accepted { processing_id }),
        (id.clone(), any::<bool>()).prop_map(|(processing_id, refused)| Evidence::AnsweredOver {
            processing_id,
            refusal: refused.then(|| ours(DeclineCode::CardTimeLimit)),
        }),
        (id, any_step()).prop_map(|(processing_id, step)| Evidence::Step { processing_id, step }),
        Just(Evidence::Lost),
        Just(Evidence::NotSent),
        Just(Evidence::Misconfigured),
        Just(Evidence::Restarted),
        Just(Evidence::StepOpened),
        Just(Evidence::Returned),
        any_step().prop_map(pending_with),
        (amount.clone(), proptest::option::of(amount))
            .prop_map(|(amount, taken)| success(amount, taken)),
        Just(failure()),
        Just(checked_as(CheckedState::NotFound)),
        Just(checked_as(CheckedState::Pending)),
        Just(checked_as(CheckedState::Misconfigured)),
        Just(checked_as(CheckedState::Unclear(Unclear::UnknownStatus))),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(20_000))]

    #[test]
    fn no_sequence_of_evidence_breaks_an_invariant(
        steps in proptest::collection::vec((any_evidence(), 0_i64..40_000), 1..24),
    ) {
        let mut payment = fresh();
        let mut now = 0;
        let mut paid_events = 0;
        for (evidence, pause) in steps {
            now += pause;
            let right_success = matches!(
                &evidence,
                Evidence::Checked(Checked { state: CheckedState::Succeeded { amount: 1000, final_amount }, .. })
                    if final_amount.is_none_or(|taken| taken == 1000)
            );
            let before = payment.clone();
            let Change { payment: after, event } = reduce(&before, evidence, context(now));
            // Paid has one cause (I3), and is never left (I4).
            if after.status == PaymentStatus::Paid && before.status != PaymentStatus::Paid {
                prop_assert!(right_success);
                prop_assert_eq!(event, Some(EventKind::Paid));
            }
            if before.status == PaymentStatus::Paid {
                prop_assert_eq!(after.status, PaymentStatus::Paid);
                prop_assert_eq!(event, None);
            }
            // Final states move only as allowed.
            prop_assert!(after.status == before.status || before.status.may_become(after.status),
                "{:?} became {:?}", before.status, after.status);
            // Every change of status is told once, except into and between open states (I6).
            let told = (after.status != before.status && !after.is_open()) || (after.attention != before.attention && after.attention.is_some());
            prop_assert_eq!(event.is_some(), told);
            prop_assert_eq!(after.events, before.events + u32::from(event.is_some()));
            // Open and paid payments hold the order (I1); an open one that is not being sent is always planned (I2).
            prop_assert!(!(after.is_open() || after.status == PaymentStatus::Paid) || after.holds_order);
            if after.is_open() && after.phase != Phase::Sending {
                prop_assert!(after.next_check_at.is_some(), "an open payment was forgotten: {:?}", after);
            }
            // A step belongs to an open payment; the shopper's part in it is what `requires_action` says.
            let visible = after.step.as_ref().is_some_and(|step| step.kind != StepKind::Method);
            prop_assert_eq!(after.status == PaymentStatus::RequiresAction, visible);
            prop_assert!(after.step.is_none() || after.phase == Phase::Step);
            // A step that the shopper was sent to is never replaced, and its page is not handed out again.
            if let (Some(before), Some(after)) = (&before.step, &after.step) {
                if before.kind == after.kind {
                    prop_assert!(after.stage >= before.stage && after.sealed == before.sealed);
                } else {
                    prop_assert_eq!(before.kind, StepKind::Method);
                }
            }
            paid_events += u32::from(event == Some(EventKind::Paid));
            payment = after;
        }
        prop_assert!(paid_events <= 1);
    }
}
