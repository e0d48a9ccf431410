//! What the gateway's answers mean.
//!
//! Source: "SmartCore API" and "SmartPayments API", "Create payment form", "Create direct payment", "Check transaction
//! status". Where they contradict each other, `docs/gateways/smartcore.md` says what was decided.

use farthing_types::StepKind;

use super::codes::{self, longest_run_of_digits};
use super::hosts::FormHosts;
use super::reader::{Amount, Node, Object, Status, read_object};
use super::steps;
use super::wire::{NOT_FOUND_TEXTS, TYPE_PAYMENT, answer, status};
use crate::gateway::{
    CardSummary, CheckAnswer, CheckedState, NextStep, PayAnswer, PayState, Refusal, Unclear,
};
use crate::wire::WireResponse;

/// Reads the answer of `initPayment` or `initPaymentHost2Host`. The order of the rules is that of the page on the gateway.
pub(super) fn read_pay(
    hosts: &FormHosts,
    gateway_order_id: &str,
    response: &WireResponse,
) -> PayAnswer {
    let object = read_object(&response.body);
    let echo = object
        .as_ref()
        .and_then(|object| object.id(answer::ORDER_ID))
        .filter(|id| id != gateway_order_id);
    let echoed_processing_id = echo.clone().filter(|id| is_processing_id(id));
    let foreign_order_id = echo.is_some() && echoed_processing_id.is_none();
    let state = match (response.status, object) {
        (401 | 403, _) => PayState::Misconfigured,
        // Refused. Whether an earlier copy of the request was accepted, only a check can tell.
        (400 | 422, object) => PayState::CheckNow { refusal: object.as_ref().and_then(refusal) },
        (200..=299, None) => PayState::Unclear(Unclear::Malformed),
        (200..=299, Some(object)) => pay_state(hosts, &object),
        _ => PayState::Unclear(Unclear::Status),
    };
    PayAnswer {
        processing_id: echoed_processing_id.or_else(|| processing_id_of_step(&state)),
        foreign_order_id,
        state,
    }
}

fn pay_state(hosts: &FormHosts, object: &Object) -> PayState {
    match steps::next_step(hosts, object) {
        Ok(Some(step)) => return PayState::Step(step),
        Ok(None) => {}
        Err(why) => return PayState::Unclear(why),
    }
    let is_refused = [answer::ERROR_CATEGORY, answer::ERROR_MESSAGE, answer::ERR]
        .into_iter()
        .any(|name| object.filled(name).is_some());
    if is_refused {
        return PayState::CheckNow { refusal: refusal(object) };
    }
    match object.status() {
        Status::Known(status::SUCCESS) => PayState::CheckNow { refusal: None },
        Status::Known(status::FAIL) => PayState::CheckNow { refusal: refusal(object) },
        Status::Known(_) => PayState::Pending,
        Status::Absent | Status::Unknown => PayState::Unclear(Unclear::UnknownStatus),
    }
}

/// The reason that the answer names. A doubled order id is none: then another request was accepted, and only a check can
/// tell what became of it.
fn refusal(object: &Object) -> Option<Refusal> {
    let code = object.error_text().filter(|code| code != codes::DUPLICATED_ORDER_ID)?;
    Some(Refusal { decline: codes::decline(&code), raw: codes::keepable(&code) })
}

/// The last part of an accepted `form_url`. An issuer's page has ids of its own.
fn processing_id_of_step(state: &PayState) -> Option<String> {
    let PayState::Step(NextStep { kind: StepKind::Redirect, target, .. }) = state else {
        return None;
    };
    target
        .path_segments()?
        .next_back()
        .filter(|segment| is_processing_id(segment))
        .map(str::to_owned)
}

/// The gateway's own ids: 24 hexadecimal digits in every sample.
fn is_processing_id(id: &str) -> bool {
    id.len() == 24 && id.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Reads the answer of `check`.
pub(super) fn read_check(
    hosts: &FormHosts,
    known_ids: &[&str],
    response: &WireResponse,
) -> CheckAnswer {
    let without_card = |state| CheckAnswer { state, card: None, step: None };
    let unclear = |why| without_card(CheckedState::Unclear(why));
    match (response.status, read_object(&response.body)) {
        (401 | 403, _) => without_card(CheckedState::Misconfigured),
        (200..=299, None) => unclear(Unclear::Malformed),
        (200..=299, Some(object)) if is_foreign(known_ids, &object) => {
            unclear(Unclear::ForeignOrder)
        }
        (200..=299, Some(object)) => match checked_state(&object) {
            state @ (CheckedState::Unclear(_) | CheckedState::NotFound) => without_card(state),
            state => {
                // What cannot be taken is no step here: the payment stays pending and is asked for again.
                let step = match state {
                    CheckedState::Pending => steps::next_step(hosts, &object).ok().flatten(),
                    _ => None,
                };
                CheckAnswer { state, card: card_summary(&object), step }
            }
        },
        (400 | 404 | 422, Some(object))
            if is_not_found(&object) && !is_foreign(known_ids, &object) =>
        {
            without_card(CheckedState::NotFound)
        }
        _ => unclear(Unclear::Status),
    }
}

/// Whether the answer is about something else: another order, or a refund or payout instead of the payment.
///
/// An answer without an id is ours, for it came on the connection of our question, and the table of v1 requires no id.
fn is_foreign(known_ids: &[&str], object: &Object) -> bool {
    let is_other_order =
        object.id(answer::ORDER_ID).is_some_and(|id| !known_ids.contains(&id.as_str()));
    let is_other_type = object.filled(answer::TYPE).is_some_and(|kind| {
        !kind.as_text().is_some_and(|kind| kind.eq_ignore_ascii_case(TYPE_PAYMENT))
    });
    is_other_order || is_other_type
}

fn checked_state(object: &Object) -> CheckedState {
    if is_not_found(object) {
        return CheckedState::NotFound;
    }
    match object.status() {
        Status::Known(status::SUCCESS) => succeeded(object),
        Status::Known(status::FAIL) if speaks_of_a_transaction(object) => failed(object),
        Status::Known(status::WAITING | status::PROCESSING) => CheckedState::Pending,
        _ => CheckedState::Unclear(Unclear::UnknownStatus),
    }
}

fn succeeded(object: &Object) -> CheckedState {
    match (object.amount(answer::AMOUNT), object.amount(answer::FINAL_AMOUNT)) {
        (Amount::Minor(amount), Amount::Absent) => {
            CheckedState::Succeeded { amount, final_amount: None }
        }
        (Amount::Minor(amount), Amount::Minor(taken)) => {
            CheckedState::Succeeded { amount, final_amount: Some(taken) }
        }
        _ => CheckedState::Unclear(Unclear::Amount),
    }
}

fn failed(object: &Object) -> CheckedState {
    let code = object.error_text().unwrap_or_default();
    CheckedState::Failed { decline: codes::decline(&code), raw: codes::keepable(&code) }
}

/// A failure is final, so it has to be the payment's: `err` with nothing that describes a transaction is a refusal of
/// the question ("Request Error reason" in the table of v1).
fn speaks_of_a_transaction(object: &Object) -> bool {
    object.filled(answer::ERR).is_none()
        || [answer::ORDER_ID, answer::AMOUNT, answer::ERROR_MESSAGE, answer::CARD]
            .into_iter()
            .any(|name| object.filled(name).is_some())
}

/// Our reading of an undocumented answer: see [`super::wire::ORDER_NOT_FOUND`]. Never beside an amount or a status
/// other than failed, for then a transaction is described.
fn is_not_found(object: &Object) -> bool {
    let says_so = [answer::ERR, answer::ERROR_MESSAGE]
        .into_iter()
        .filter_map(|name| object.text(name))
        .any(|text| {
            let text = text.trim_end_matches('.').replace(['_', '-'], " ").to_ascii_lowercase();
            NOT_FOUND_TEXTS.contains(&text.as_str())
        });
    let describes_none = matches!(object.status(), Status::Absent | Status::Known(status::FAIL))
        && object.amount(answer::AMOUNT) == Amount::Absent;
    says_so && describes_none
}

/// Brand and last four digits; everything else of the card stays unread.
fn card_summary(object: &Object) -> Option<CardSummary> {
    let Node::Map(card) = object.filled(answer::CARD)? else { return None };
    let brand = card.text(answer::CARD_TYPE).filter(|brand| is_brand(brand)).map(str::to_owned);
    let last4 = card.text(answer::CARD_NUMBER).and_then(last4).map(str::to_owned);
    (brand.is_some() || last4.is_some()).then_some(CardSummary { brand, last4 })
}

fn is_brand(brand: &str) -> bool {
    brand.len() <= MAX_BRAND
        && brand.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic())
        && longest_run_of_digits(brand) < codes::MIN_CARD_DIGITS
}

fn last4(number: &str) -> Option<&str> {
    let tail = number.get(number.len().checked_sub(4)?..)?;
    tail.bytes().all(|byte| byte.is_ascii_digit()).then_some(tail)
}

/// Longest brand that is kept, bytes.
const MAX_BRAND: usize = 32;
