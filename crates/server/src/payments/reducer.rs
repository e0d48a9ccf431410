//! The one place where a payment changes its state.
//!
//! [`reduce`] is a pure function of the stored payment and one piece of evidence. Callbacks, returns, the check schedule,
//! operators and restarts all end here; stores call it inside the transaction that writes its result.
//! `paid` has one cause: an authenticated check that says success with the session's amount.

use farthing_gateways::{CardSummary, CheckedState};
use farthing_types::{DeclineCode, PaymentStatus, StepKind};
use jiff::{SignedDuration, Timestamp};

use super::record::{Attention, Decline, EventKind, Payment, Phase, Stage, Step, TimelineEntry};
use super::schedule::{GIVE_UP_AFTER, next_check};
use super::steps::NewStep;

/// What was learnt about a payment.
#[derive(Clone, Debug)]
pub enum Evidence {
    /// The call was answered: accepted, nothing to do but to wait.
    Accepted {
        /// The gateway's own id.
        processing_id: Option<String>,
    },
    /// The call was answered: it is over, or refused; a check must say so.
    AnsweredOver {
        /// The gateway's own id.
        processing_id: Option<String>,
        /// Why the gateway refused, if it said so.
        refusal: Option<Decline>,
    },
    /// A check was answered.
    Checked(Checked),
    /// The call's outcome is not known: time-out, cut, or an answer that could not be read.
    Lost,
    /// The call was answered: our credentials were refused.
    Misconfigured,
    /// It is certain that nothing was sent.
    NotSent,
    /// The process restarted while the call was under way.
    Restarted,
    /// The shopper came back from the next step. What its result is, only a check can tell.
    Returned,
    /// The call was answered: the shopper's browser has something to do.
    Step {
        /// The gateway's own id.
        processing_id: Option<String>,
        /// What.
        step: NewStep,
    },
    /// The next step's page was handed to the shopper.
    StepOpened,
}

/// The answer to a check, its step sealed.
#[derive(Clone, Debug)]
pub struct Checked {
    /// What it says.
    pub state: CheckedState,
    /// The card, if the answer described one.
    pub card: Option<CardSummary>,
    /// What the shopper's browser has to do now, if the answer said so.
    pub step: Option<NewStep>,
}

/// What the reducer needs besides the payment.
#[derive(Clone, Copy, Debug)]
pub struct Context {
    /// Now.
    pub now: Timestamp,
    /// How far apart two "not found" answers have to be: two call time-outs.
    pub not_found_gap: SignedDuration,
    /// A drawn number that spreads checks in time.
    pub jitter: u8,
}

/// The change that a piece of evidence causes.
#[derive(Debug, PartialEq, Eq)]
pub struct Change {
    /// The payment afterwards.
    pub payment: Payment,
    /// The event that the merchant has to hear of.
    pub event: Option<EventKind>,
}

/// Applies one piece of evidence.
pub fn reduce(before: &Payment, evidence: Evidence, context: Context) -> Change {
    let mut payment = before.clone();
    let (what, event) = step(&mut payment, evidence, context);
    let progressed = stage(&payment) > stage(before);
    if payment.status != before.status
        || payment.phase != before.phase
        || progressed
        || event.is_some()
    {
        payment.updated_at = context.now;
        payment.timeline.push(TimelineEntry {
            at: context.now,
            what: what.to_owned(),
            status: payment.status,
        });
    }
    if event.is_some() {
        payment.events += 1;
    }
    debug_assert!(
        payment.status != PaymentStatus::Paid || payment.holds_order,
        "a paid payment holds its order"
    );
    Change { payment, event }
}

/// Changes the payment; says what happened and what the merchant has to hear.
fn step(
    payment: &mut Payment,
    evidence: Evidence,
    context: Context,
) -> (&'static str, Option<EventKind>) {
    match evidence {
        Evidence::Checked(answer) => checked(payment, answer, context),
        Evidence::StepOpened => {
            progress(payment, Stage::Opened);
            ("step_opened", None)
        }
        Evidence::Returned => {
            progress(payment, Stage::Returned);
            ("returned", None)
        }
        // Only a call of this process can answer, and only the first word about a call counts: a callback's check
        // may have settled the payment before the call came back.
        _ if payment.phase != Phase::Sending => {
            adopt_processing_id(payment, evidence);
            ("late_answer", None)
        }
        Evidence::Accepted { processing_id } => {
            accept(payment, processing_id, Phase::Pending, PaymentStatus::Processing, context);
            ("accepted", None)
        }
        Evidence::AnsweredOver { processing_id, refusal } => {
            // Refusals are answers too, so this does not prove that the gateway keeps the payment.
            payment.processing_id = processing_id.or(payment.processing_id.take());
            payment.decline = refusal;
            unresolve(payment, context);
            payment.next_check_at = Some(context.now);
            ("answered", None)
        }
        Evidence::Lost => {
            unresolve(payment, context);
            ("answer_lost", None)
        }
        Evidence::Restarted => {
            unresolve(payment, context);
            payment.next_check_at = Some(context.now);
            ("restarted", None)
        }
        // A check has found the payment at the gateway, whatever this call says.
        Evidence::Misconfigured | Evidence::NotSent if payment.acknowledged => {
            unresolve(payment, context);
            ("answer_lost", None)
        }
        Evidence::Misconfigured => {
            ("refused_credentials", Some(fail(payment, ours(DeclineCode::Misconfigured), None)))
        }
        Evidence::NotSent => ("not_sent", Some(fail(payment, ours(DeclineCode::NotSent), None))),
        Evidence::Step { processing_id, step } => {
            take_step(payment, step, context);
            let (phase, status) = (payment.phase, payment.status);
            accept(payment, processing_id, phase, status, context);
            ("step", None)
        }
    }
}

fn stage(payment: &Payment) -> Option<Stage> {
    payment.step.as_ref().map(|step| step.stage)
}

/// A shopper never goes back to an earlier stage: the hand-over page is handed out once.
fn progress(payment: &mut Payment, stage: Stage) {
    if let Some(step) = &mut payment.step {
        step.stage = step.stage.max(stage);
    }
}

/// The step is now what the payment waits for. The device data step needs nothing of the shopper.
fn take_step(payment: &mut Payment, step: NewStep, context: Context) {
    let NewStep { kind, sealed } = step;
    payment.phase = Phase::Step;
    payment.status = match kind {
        StepKind::Method => PaymentStatus::Processing,
        _ => PaymentStatus::RequiresAction,
    };
    payment.step = Some(Step { kind, sealed, stage: Stage::Offered, since: context.now });
}

/// A late answer may still tell the gateway's id, which later checks can use.
fn adopt_processing_id(payment: &mut Payment, evidence: Evidence) {
    if let Evidence::Accepted { processing_id }
    | Evidence::AnsweredOver { processing_id, .. }
    | Evidence::Step { processing_id, .. } = evidence
    {
        payment.processing_id = payment.processing_id.take().or(processing_id);
        payment.acknowledged |= payment.processing_id.is_some();
    }
}

fn accept(
    payment: &mut Payment,
    processing_id: Option<String>,
    phase: Phase,
    status: PaymentStatus,
    context: Context,
) {
    payment.processing_id = processing_id.or(payment.processing_id.take());
    payment.acknowledged = true;
    payment.phase = phase;
    payment.status = status;
    payment.next_check_at = Some(soon(payment, context));
}

/// The next check of a payment whose result is to come: a clock that jumped beyond the schedule must not end it.
fn soon(payment: &Payment, context: Context) -> Timestamp {
    let next = next_check(payment.created_at, context.now, context.jitter).unwrap_or(context.now);
    // Somebody looks at a page and waits: only the gateway can tell that the device data step is over.
    let while_method = method_age(payment, context)
        .filter(|age| *age < METHOD_PATIENCE)
        .and_then(|_| context.now.checked_add(METHOD_PAUSE).ok())
        .unwrap_or(next);
    next.min(while_method)
}

/// How long the device data step may go on.
///
/// Source: EMV 3-D Secure 2.2.0, 5.8.1: a requestor waits ten seconds at most.
const METHOD_PATIENCE: SignedDuration = SignedDuration::from_secs(10);

/// The pause between two checks while it goes on.
const METHOD_PAUSE: SignedDuration = SignedDuration::from_secs(1);

/// For how long the device data step has been going on, if that is what the payment waits for.
fn method_age(payment: &Payment, context: Context) -> Option<SignedDuration> {
    let step = payment.step.as_ref().filter(|step| step.kind == StepKind::Method)?;
    Some(context.now.duration_since(step.since))
}

fn unresolve(payment: &mut Payment, context: Context) {
    payment.phase = Phase::Unresolved;
    payment.status = PaymentStatus::Processing;
    payment.next_check_at = Some(soon(payment, context));
}

/// Reads a check's answer. Nothing else leads to `paid`.
fn checked(
    payment: &mut Payment,
    answer: Checked,
    context: Context,
) -> (&'static str, Option<EventKind>) {
    let Checked { state, card, step } = answer;
    if !matches!(
        state,
        CheckedState::NotFound | CheckedState::Unclear(_) | CheckedState::Misconfigured
    ) {
        payment.acknowledged = true;
        payment.not_found_since = None;
        if let Some(card) = card {
            let kept = payment.card.get_or_insert_default();
            kept.brand = kept.brand.take().or(card.brand);
            kept.last4 = kept.last4.take().or(card.last4);
        }
    }
    let outcome = match state {
        CheckedState::Succeeded { amount, final_amount } => {
            return succeeded(payment, amount, final_amount);
        }
        CheckedState::Failed { decline, raw } => {
            if may_fail(payment) {
                // The gateway's own "failed" is final: what comes later arrives by callback.
                let event = fail(payment, Decline { code: decline, raw }, None);
                return ("failed", Some(event));
            }
            "failed_again"
        }
        CheckedState::NotFound => return not_found(payment, context),
        CheckedState::Pending => pending(payment, step, context),
        // Without an answer that can be used nothing is known, so nothing changes but the time of the next check.
        _ => "unclear",
    };
    again_or_give_up(payment, outcome, context)
}

/// Under way: perhaps with another step than before.
fn pending(payment: &mut Payment, step: Option<NewStep>, context: Context) -> &'static str {
    if let Some(step) = step.filter(|step| is_news(payment, step)) {
        take_step(payment, step, context);
        return "step";
    }
    if method_age(payment, context).is_some_and(|age| age >= METHOD_PATIENCE) {
        // Whatever the issuer's page does: the gateway goes on without it, and the next answers say how.
        payment.step = None;
        payment.phase = Phase::Pending;
        return "method_over";
    }
    if payment.phase == Phase::Unresolved {
        payment.phase = Phase::Pending;
    }
    "pending"
}

/// Whether a step that a check tells of is to be taken. Once the shopper has been sent somewhere, it is that step's own business what
/// comes next: a second one beside it would be a second challenge. The device data step is begun once, and early.
fn is_news(payment: &Payment, step: &NewStep) -> bool {
    let waits_for_none = match &payment.step {
        None => step.kind != StepKind::Method || payment.phase == Phase::Unresolved,
        Some(before) => before.kind == StepKind::Method && step.kind != StepKind::Method,
    };
    payment.is_open() && payment.phase != Phase::Sending && waits_for_none
}

fn succeeded(
    payment: &mut Payment,
    amount: u64,
    final_amount: Option<u64>,
) -> (&'static str, Option<EventKind>) {
    use PaymentStatus::{Canceled, Failed, NeedsAttention, Processing, RequiresAction};
    let whole =
        amount == payment.amount && final_amount.is_none_or(|taken| taken == payment.amount);
    let no_result = payment.attention == Some(Attention::NoResult);
    match payment.status {
        Processing | RequiresAction => {}
        NeedsAttention if no_result => {}
        Failed | Canceled => {
            payment.final_amount = final_amount;
            return ("late_money", Some(attend(payment, Attention::LateMoney)));
        }
        // Final, and the gateway agrees.
        _ => {
            payment.next_check_at = None;
            return ("paid_again", None);
        }
    }
    payment.final_amount = final_amount;
    if !whole {
        return ("amount_differs", Some(attend(payment, Attention::AmountDiffers)));
    }
    payment.phase = Phase::Settled;
    payment.status = PaymentStatus::Paid;
    payment.attention = None;
    payment.decline = None;
    payment.holds_order = true;
    payment.step = None;
    payment.next_check_at = None;
    ("paid", Some(EventKind::Paid))
}

fn not_found(payment: &mut Payment, context: Context) -> (&'static str, Option<EventKind>) {
    // While our own call is under way, or once the gateway has spoken of the payment, "not found" proves nothing.
    if payment.phase == Phase::Sending {
        return ("not_found", None);
    }
    if payment.acknowledged || payment.phase != Phase::Unresolved {
        return again_or_give_up(payment, "not_found", context);
    }
    // The gateway refused in so many words, and keeps nothing: there is nothing to wait for.
    if let Some(refusal) = payment.decline.take() {
        return ("refused", Some(fail(payment, refusal, None)));
    }
    match payment.not_found_since {
        Some(since) if context.now.duration_since(since) >= context.not_found_gap => {
            let watch = next_check(payment.created_at, context.now, context.jitter);
            ("not_accepted", Some(fail(payment, ours(DeclineCode::NotAccepted), watch)))
        }
        Some(since) => {
            payment.next_check_at = since.checked_add(context.not_found_gap).ok();
            ("not_found", None)
        }
        None => {
            payment.not_found_since = Some(context.now);
            payment.next_check_at = context.now.checked_add(context.not_found_gap).ok();
            ("not_found", None)
        }
    }
}

/// Plans the next check, or hands an open payment to a person when the schedule has ended.
fn again_or_give_up(
    payment: &mut Payment,
    what: &'static str,
    context: Context,
) -> (&'static str, Option<EventKind>) {
    if payment.phase == Phase::Sending {
        return (what, None);
    }
    let over = context.now.duration_since(payment.created_at) >= GIVE_UP_AFTER;
    if over && payment.is_open() {
        return ("no_result", Some(attend(payment, Attention::NoResult)));
    }
    // News of a failed payment plans a check; an answer that decides nothing must not use it up.
    let undecided =
        what != "failed_again" && what != "not_found" && payment.next_check_at.is_some();
    payment.next_check_at = if payment.is_open() || (is_watched(payment) && !over) {
        Some(soon(payment, context))
    } else if undecided && context.now.duration_since(payment.created_at) < GIVE_UP_AFTER * 2 {
        let later = context.now.checked_add(SignedDuration::from_hours(3)).ok();
        next_check(payment.created_at, context.now, context.jitter).or(later)
    } else {
        None
    };
    (what, None)
}

/// Whether a gateway's "failed" may end the payment.
fn may_fail(payment: &Payment) -> bool {
    payment.is_open() || payment.attention == Some(Attention::NoResult)
}

/// Whether a failed payment is still asked for: we concluded that it failed, not the gateway.
fn is_watched(payment: &Payment) -> bool {
    let Some(decline) = &payment.decline else { return false };
    match decline.code {
        DeclineCode::NotAccepted => true,
        // Nothing was sent, or nothing was taken in; a gateway that speaks of the payment all the same has to be watched.
        DeclineCode::NotSent | DeclineCode::Misconfigured => payment.acknowledged,
        _ => false,
    }
}

/// A decline that we found ourselves.
fn ours(code: DeclineCode) -> Decline {
    Decline { code, raw: None }
}

fn fail(payment: &mut Payment, decline: Decline, watch: Option<Timestamp>) -> EventKind {
    payment.phase = Phase::Settled;
    payment.status = PaymentStatus::Failed;
    payment.decline = Some(decline);
    payment.attention = None;
    payment.holds_order = false;
    payment.step = None;
    payment.next_check_at = watch;
    EventKind::Failed
}

fn attend(payment: &mut Payment, why: Attention) -> EventKind {
    payment.phase = Phase::Settled;
    payment.status = PaymentStatus::NeedsAttention;
    payment.attention = Some(why);
    payment.step = None;
    payment.next_check_at = None;
    // Late money leaves the lock to an attempt that may have followed; the store gives it back where the order is free.
    if why != Attention::LateMoney {
        payment.holds_order = true;
    }
    EventKind::NeedsAttention
}

#[cfg(test)]
pub(crate) mod tests;
