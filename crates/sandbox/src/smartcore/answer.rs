//! Answers in exactly the shape of the documents' samples.

use farthing_gateways::smartcore::wire::{
    self, CascadeError, CheckedAnswer, CheckedCard, StepFields,
};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::Refusal;
use crate::control::{FinalAmount, OrderIdEcho, OrderKind};
use crate::order::{Order, Outcome, code};

/// What a reply says about an order, before any fault.
pub(crate) struct About {
    /// The merchant's id, as far as the request had one.
    pub(crate) order_id: Option<String>,
    pub(crate) processing_id: Option<String>,
    /// Minor units, if there is an order.
    pub(crate) amount: Option<u64>,
}

impl About {
    pub(crate) fn order(order: &Order) -> Self {
        Self {
            order_id: Some(order.new.order_id.clone()),
            processing_id: Some(order.processing_id.clone()),
            amount: Some(order.new.amount),
        }
    }

    pub(crate) fn unknown(order_id: Option<String>) -> Self {
        Self { order_id, processing_id: None, amount: None }
    }

    /// The id that a reply calls `order_id`.
    pub(crate) fn echo(&self, echo: OrderIdEcho) -> Option<&str> {
        match echo {
            OrderIdEcho::Absent => None,
            OrderIdEcho::Merchant => self.order_id.as_deref(),
            OrderIdEcho::Processing => self.processing_id.as_deref(),
        }
    }
}

/// The answer to a payment request: "processing, take this step", or without a step how it ended.
pub(crate) fn paying(order: &Order, step: Option<StepFields>, echo: OrderIdEcho) -> Value {
    let about = About::order(order);
    let final_now = step.is_none();
    let step = step.unwrap_or_default();
    // No document has another `responseType` than this, nor a step without `form_url`: other steps have none.
    let response_type = step.form_url.is_some().then(|| wire::RESPONSE_TYPE_REDIRECT.to_owned());
    let status = if final_now { i64::from(order.status(0)) } else { wire::status::PROCESSING };
    let error = if final_now { order.error().map(str::to_owned) } else { None };
    let value = match order.new.kind {
        OrderKind::Form => serde_json::to_value(wire::FormAnswer {
            status,
            form_url: step.form_url,
            order_id: about.echo(echo).map(str::to_owned),
            response_type,
            err: error,
            ..wire::FormAnswer::default()
        }),
        OrderKind::Host2host => serde_json::to_value(wire::CardAnswer {
            form_url: step.form_url,
            three_ds_method_data: step.three_ds_method_data,
            order_id: about.echo(echo).map(str::to_owned),
            status,
            end_date: if final_now { order.ended_at().map(date) } else { None },
            response_type,
            err: error,
            pa_req: step.pa_req,
            creq: step.creq,
            md: step.md,
            term_url: step.term_url,
            acsurl: step.acsurl,
            ..wire::CardAnswer::default()
        }),
    };
    without_absent_id(value.unwrap_or_default(), echo)
}

/// The answer to a payment request that was refused. No document shows one: the shape is that of an accepted one.
pub(crate) fn refused(
    kind: OrderKind,
    refusal: &Refusal,
    about: &About,
    echo: OrderIdEcho,
) -> Value {
    let order_id = about.echo(echo).map(str::to_owned);
    let (err, text) = (Some(refusal.err.clone()), refusal.text.clone());
    let value = match kind {
        OrderKind::Form => serde_json::to_value(wire::FormAnswer {
            description: text,
            status: wire::status::FAIL,
            order_id,
            err,
            ..wire::FormAnswer::default()
        }),
        OrderKind::Host2host => serde_json::to_value(wire::CardAnswer {
            description: text.clone(),
            status: wire::status::FAIL,
            order_id,
            err,
            msg: Some(text),
            ..wire::CardAnswer::default()
        }),
    };
    without_absent_id(value.unwrap_or_default(), echo)
}

/// The answer to a check that was refused, or that found nothing.
pub(crate) fn refused_check(refusal: &Refusal) -> Value {
    if refusal.text.is_empty() {
        json!({"err": refusal.err})
    } else {
        json!({"err": refusal.err, "msg": refusal.text})
    }
}

/// The answer to a check. No document shows a step in one, nor how else the step after the device data could be told.
pub(crate) fn checked(order: &Order, step: StepFields, waiting: u8, says: FinalAmount) -> Value {
    let answer = CheckedAnswer {
        order_id: order.new.order_id.clone(),
        status: i64::from(order.status(waiting)),
        amount: order.new.amount,
        final_amount: final_amount(order, says),
        card: order.card.as_ref().map(|card| CheckedCard {
            number: card.masked.clone(),
            bin: card.bin.clone(),
            // Where the documents' own card comes from.
            country: "Spain".to_owned(),
            iso: "ESP".to_owned(),
            brand: card.brand.clone(),
        }),
        error_message: order.error().map(str::to_owned),
        cascade_errors: order.error().and_then(cascade),
        end_date: order.ended_at().map(date),
        authorize_status: None,
        kind: wire::TYPE_PAYMENT.to_owned(),
        first_name: Some(order.new.first_name.clone()),
        last_name: Some(order.new.last_name.clone()),
        step,
    };
    serde_json::to_value(answer).unwrap_or_default()
}

/// `finalAmount`: what was taken; of a failed payment what would have been, as in the document's sample; nothing while it is open.
pub(crate) fn final_amount(order: &Order, says: FinalAmount) -> Option<u64> {
    if says == FinalAmount::Absent {
        return None;
    }
    match order.outcome()? {
        Outcome::Failed(_) => Some(says.of(order.new.amount)),
        Outcome::Succeeded => Some(order.charges.iter().map(|charge| charge.amount).sum()),
    }
}

/// `cascadeErrors` of a failure: the document's own for the code of its sample; none where no gate was ever asked.
pub(crate) fn cascade(error: &str) -> Option<Vec<CascadeError>> {
    let codes: &[&str] = match error {
        code::GATE_NOT_FOUND => &[
            "PLATFORM_ERROR_ANTIFRAUD_RULES",
            "PLATFORM_ERROR_GATE_SKIPPED",
            "PLATFORM_ERROR_CARD_BRAND_UNAVAILABLE",
        ],
        code::FORM_TIMEOUT
        | code::REDIRECT_TIMEOUT
        | code::THREE_DS_TIMEOUT
        | code::THREE_DS_CANCEL => return None,
        other => &[other],
    };
    let entries = (0_u32..).zip(codes);
    Some(
        entries
            .map(|(gate_priority, code)| CascadeError {
                gate_priority,
                error_category: (*code).to_owned(),
            })
            .collect(),
    )
}

/// A retrieval reference number: 12 digits that belong to the order.
pub(crate) fn rrn(order: &Order) -> String {
    let tail = order
        .processing_id
        .get(14..)
        .and_then(|hex| u64::from_str_radix(hex, 16).ok())
        .unwrap_or_default();
    format!("{:012}", tail % 1_000_000_000_000)
}

/// As the documents write times: milliseconds and `Z`.
pub(crate) fn date(time: Timestamp) -> String {
    format!("{time:.3}")
}

fn without_absent_id(mut value: Value, echo: OrderIdEcho) -> Value {
    if echo == OrderIdEcho::Absent
        && let Some(object) = value.as_object_mut()
    {
        object.remove(wire::answer::ORDER_ID);
    }
    value
}
