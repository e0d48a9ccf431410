//! The table of payments. Every change of a payment goes through the reducer, inside the transaction that writes it.

use farthing_types::{PaymentStatus, SessionStatus};
use jiff::{SignedDuration, Timestamp};
use rusqlite::{Connection, OptionalExtension, Params, Row, params, params_from_iter};

use super::{events, millis, rows, sessions};
use crate::payments::record::{Payment, Phase, Step, TimelineEntry};
use crate::payments::reducer::{Change, Context, Evidence, reduce};
use crate::sessions::record::{MAX_ATTEMPTS, Session};
use crate::store::{Begun, Due, NewAttempt, PaymentFilter, StoreError};

/// Transaction 1 of the order of writes.
pub(super) fn begin(connection: &Connection, new: &NewAttempt) -> Result<Begun, StoreError> {
    let session = sessions::by_id(connection, &new.session_id)?.ok_or(StoreError::Missing)?;
    let same =
        one(connection, "session_id = ?1 AND attempt = ?2", params![session.id, new.attempt])?;
    if let Some(payment) = same {
        return Ok(Begun::Repeated(payment));
    }
    if let Some(holder) = holder(connection, &session.order_id)? {
        return Ok(if holder.is_open() {
            Begun::OrderOpen(holder)
        } else {
            Begun::OrderPaid(holder)
        });
    }
    if !session.may_be_paid(new.now) {
        return Ok(Begun::SessionClosed);
    }
    if session.attempts >= MAX_ATTEMPTS {
        return Ok(Begun::TooMany);
    }
    if session.version != new.version {
        return Ok(Begun::Stale);
    }
    if is_used(connection, new.wallet_token.as_ref())? {
        return Ok(Begun::TokenUsed);
    }
    let payment = Payment {
        id: new.id.clone(),
        session_id: session.id.clone(),
        order_id: session.order_id.clone(),
        gateway: new.gateway.clone(),
        gateway_order_id: new.gateway_order_id.clone(),
        processing_id: None,
        number: session.attempts + 1,
        method: new.method,
        phase: Phase::Sending,
        status: PaymentStatus::Processing,
        amount: session.amount,
        currency: session.currency,
        final_amount: None,
        card: new.card.clone(),
        decline: None,
        attention: None,
        holds_order: true,
        acknowledged: false,
        step: None,
        not_found_since: None,
        next_check_at: None,
        events: 0,
        created_at: new.now,
        updated_at: new.now,
        timeline: vec![TimelineEntry {
            at: new.now,
            what: "started".to_owned(),
            status: PaymentStatus::Processing,
        }],
    };
    insert(connection, &payment, new)?;
    if let Some(token) = &new.wallet_token {
        connection
            .prepare_cached("INSERT INTO wallet_tokens (fingerprint, payment_id) VALUES (?1, ?2)")?
            .execute(params![token.as_slice(), payment.id])?;
    }
    let session =
        Session { attempts: payment.number, status: SessionStatus::Processing, ..session };
    sessions::update(connection, &session)?;
    Ok(Begun::Started(payment))
}

fn is_used(connection: &Connection, token: Option<&[u8; 32]>) -> Result<bool, StoreError> {
    let Some(token) = token else { return Ok(false) };
    let found = connection
        .prepare_cached("SELECT 1 FROM wallet_tokens WHERE fingerprint = ?1")?
        .exists([token.as_slice()])?;
    Ok(found)
}

/// Transaction 2 of the order of writes, and every later change.
pub(super) fn apply(
    connection: &Connection,
    id: &str,
    evidence: Vec<Evidence>,
    context: Context,
) -> Result<Payment, StoreError> {
    let mut payment = by_id(connection, id)?.ok_or(StoreError::Missing)?;
    for evidence in evidence {
        payment = apply_one(connection, &payment, evidence, context)?;
    }
    Ok(payment)
}

fn apply_one(
    connection: &Connection,
    before: &Payment,
    evidence: Evidence,
    context: Context,
) -> Result<Payment, StoreError> {
    let Change { mut payment, event } = reduce(before, evidence, context);
    // Late money takes the order's lock where no other attempt holds it, so that nobody is asked to pay again.
    if payment.status == PaymentStatus::NeedsAttention
        && !payment.holds_order
        && holder(connection, &payment.order_id)?.is_none()
    {
        payment.holds_order = true;
    }
    if payment == *before {
        return Ok(payment);
    }
    update(connection, &payment)?;
    let heir = if before.holds_order && !payment.holds_order {
        hand_over(connection, &payment, context.now)?
    } else {
        None
    };
    // A session that waits for an earlier attempt's late money does not end with the last attempt.
    if payment.status != before.status && heir.as_ref() != Some(&payment.session_id) {
        follow(connection, &payment, context.now)?;
    }
    if let Some(kind) = event {
        events::payment(connection, &payment, kind, context.now)?;
    }
    // The order is locked for a person: another checkout of it must not go on asking for money that it would refuse.
    let is_locked = payment.status == PaymentStatus::NeedsAttention && payment.holds_order;
    if heir.is_some() || (is_locked && !before.holds_order) {
        sessions::close_open(connection, &payment.order_id, context.now)?;
    }
    Ok(payment)
}

/// An order that is given free stays locked if an earlier attempt's money came late: it must not be charged again. Gives
/// the session that waits for it.
fn hand_over(
    connection: &Connection,
    freed: &Payment,
    now: Timestamp,
) -> Result<Option<String>, StoreError> {
    let late = one(
        connection,
        "order_id = ?1 AND status = 'needs_attention' ORDER BY position LIMIT 1",
        [&freed.order_id],
    )?;
    let Some(mut late) = late else { return Ok(None) };
    late.holds_order = true;
    update(connection, &late)?;
    follow(connection, &late, now)?;
    Ok(Some(late.session_id))
}

/// The session follows its payment.
fn follow(connection: &Connection, payment: &Payment, now: Timestamp) -> Result<(), StoreError> {
    let mut session =
        sessions::by_id(connection, &payment.session_id)?.ok_or(StoreError::Missing)?;
    // The last attempt speaks for its session, and so does one that holds the order.
    if session.attempts != payment.number && !payment.holds_order {
        return Ok(());
    }
    session.status = match payment.status {
        PaymentStatus::Paid
        | PaymentStatus::Authorized
        | PaymentStatus::PartiallyRefunded
        | PaymentStatus::Refunded => SessionStatus::Complete,
        PaymentStatus::Processing | PaymentStatus::RequiresAction => SessionStatus::Processing,
        PaymentStatus::NeedsAttention => {
            // A person goes on from here, and needs nothing that the shopper typed.
            session.customer = None;
            SessionStatus::Processing
        }
        PaymentStatus::Failed | PaymentStatus::Canceled => {
            if session.attempts >= MAX_ATTEMPTS || session.expires_at <= now {
                sessions::close(connection, session, now)?;
                return Ok(());
            }
            SessionStatus::Open
        }
    };
    sessions::update(connection, &session)
}

/// The payment that holds an order's lock.
pub(super) fn holder(
    connection: &Connection,
    order_id: &str,
) -> Result<Option<Payment>, StoreError> {
    one(connection, "order_id = ?1 AND holds_order = 1", [order_id])
}

pub(super) fn by_id(connection: &Connection, id: &str) -> Result<Option<Payment>, StoreError> {
    one(connection, "id = ?1", [id])
}

/// The payment that a condition of ours selects; the condition is a constant, never a value.
pub(super) fn one(
    connection: &Connection,
    condition: &str,
    values: impl Params,
) -> Result<Option<Payment>, StoreError> {
    let mut statement =
        connection.prepare_cached(&format!("SELECT * FROM payments WHERE {condition}"))?;
    statement.query_row(values, |row| Ok(read(row))).optional()?.transpose()
}

pub(super) fn hasten(connection: &Connection, id: &str, at: Timestamp) -> Result<(), StoreError> {
    connection
        .prepare_cached(
            "UPDATE payments SET next_check_at = ?2
             WHERE id = ?1 AND phase <> 'sending' AND status NOT IN ('paid', 'partially_refunded', 'refunded')
             AND (next_check_at IS NULL OR next_check_at > ?2)",
        )?
        .execute(params![id, millis(at)])?;
    Ok(())
}

/// What a dead process left behind: card data is gone, so nothing can be sent again, and only checks can tell.
pub(super) fn recover(connection: &Connection, context: Context) -> Result<usize, StoreError> {
    let ids: Vec<String> = connection
        .prepare_cached("SELECT id FROM payments WHERE phase = 'sending'")?
        .query_map([], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    for id in &ids {
        apply(connection, id, vec![Evidence::Restarted], context)?;
    }
    Ok(ids.len())
}

pub(super) fn due(
    connection: &Connection,
    now: Timestamp,
    limit: u32,
) -> Result<Due<String>, StoreError> {
    // Newest first, so that shoppers who are waiting come first; what has waited a minute too long goes before them.
    let aged = now.checked_sub(SignedDuration::from_mins(1)).unwrap_or(now);
    // Nothing is ever planned so far ahead: the clock has been set back since.
    let absurd = now.checked_add(SignedDuration::from_hours(6)).unwrap_or(now);
    let ids = connection
        .prepare_cached(
            "SELECT id FROM payments WHERE next_check_at <= ?1 OR next_check_at > ?4
             ORDER BY next_check_at > ?2, CASE WHEN next_check_at > ?2 THEN -position ELSE next_check_at END LIMIT ?3",
        )?
        .query_map(params![millis(now), millis(aged), limit, millis(absurd)], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    let next: Option<i64> = connection
        .prepare_cached("SELECT min(next_check_at) FROM payments WHERE next_check_at > ?1")?
        .query_row([millis(now)], |row| row.get(0))?;
    let next = next.map(Timestamp::from_millisecond).transpose().map_err(rows::damaged)?;
    Ok(Due { now: ids, next })
}

pub(super) fn unresolved(connection: &Connection) -> Result<u64, StoreError> {
    let count: i64 = connection
        .prepare_cached(
            "SELECT count(*) FROM payments WHERE status IN ('processing', 'requires_action')",
        )?
        .query_row([], |row| row.get(0))?;
    count.try_into().map_err(rows::damaged)
}

pub(super) fn list(
    connection: &Connection,
    filter: &PaymentFilter,
) -> Result<Vec<(u64, Payment)>, StoreError> {
    use rusqlite::types::Value;
    let mut conditions = vec!["1 = 1"];
    let mut values: Vec<Value> = Vec::new();
    if let Some(order_id) = &filter.order_id {
        conditions.push("order_id = ?");
        values.push(Value::Text(order_id.clone()));
    }
    if let Some(status) = &filter.status {
        conditions.push("status = ?");
        values.push(Value::Text(rows::to_word(status)?));
    }
    if let Some(method) = &filter.method {
        conditions.push("method = ?");
        values.push(Value::Text(rows::to_word(method)?));
    }
    if let Some(after) = filter.created_after {
        // Positions grow with time, but for clocks that were set back: so the first thousand rows after that time tell
        // where to stop walking back.
        conditions.push("created_at > ?");
        conditions.push(
            "position >= (SELECT min(position) FROM
             (SELECT position FROM payments WHERE created_at > ? ORDER BY created_at LIMIT 1000))",
        );
        values.push(Value::Integer(millis(after)));
        values.push(Value::Integer(millis(after)));
    }
    if let Some(before) = filter.before {
        conditions.push("position < ?");
        values.push(Value::Integer(rows::signed(before)?));
    }
    values.push(Value::Integer(filter.limit.into()));
    let query = format!(
        "SELECT * FROM payments WHERE {} ORDER BY position DESC LIMIT ?",
        conditions.join(" AND ")
    );
    let mut statement = connection.prepare_cached(&query)?;
    let mut found = statement.query(params_from_iter(values))?;
    let mut payments = Vec::new();
    while let Some(row) = found.next()? {
        let position: i64 = row.get("position")?;
        payments.push((position.try_into().map_err(rows::damaged)?, read(row)?));
    }
    Ok(payments)
}

fn insert(connection: &Connection, payment: &Payment, new: &NewAttempt) -> Result<(), StoreError> {
    connection
        .prepare_cached(
            "INSERT INTO payments (id, session_id, order_id, gateway, gateway_order_id, number, attempt, method, phase, status,
             amount, currency, card, holds_order, acknowledged, events, return_token, callback_token,
             created_at, updated_at, timeline)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, 1, 0, 0, ?14, ?15, ?16, ?16, ?17)",
        )?
        .execute(params![
            payment.id,
            payment.session_id,
            payment.order_id,
            payment.gateway,
            payment.gateway_order_id,
            payment.number,
            new.attempt,
            payment.method.name(),
            payment.phase.name(),
            rows::to_word(&payment.status)?,
            rows::signed(payment.amount)?,
            payment.currency.code(),
            payment.card.as_ref().map(rows::to_json).transpose()?,
            new.return_token.as_bytes().as_slice(),
            new.callback_token.as_bytes().as_slice(),
            millis(payment.created_at),
            rows::to_json(&payment.timeline)?,
        ])?;
    Ok(())
}

fn update(connection: &Connection, payment: &Payment) -> Result<(), StoreError> {
    let step = payment.step.as_ref();
    connection
        .prepare_cached(
            "UPDATE payments SET processing_id = ?2, phase = ?3, status = ?4, final_amount = ?5, card = ?6, decline = ?7,
             attention = ?8, holds_order = ?9, acknowledged = ?10, step = ?11, step_kind = ?12, step_stage = ?13, step_since = ?14,
             not_found_since = ?15, next_check_at = ?16, events = ?17, updated_at = ?18, timeline = ?19 WHERE id = ?1",
        )?
        .execute(params![
            payment.id,
            payment.processing_id,
            payment.phase.name(),
            rows::to_word(&payment.status)?,
            payment.final_amount.map(rows::signed).transpose()?,
            payment.card.as_ref().map(rows::to_json).transpose()?,
            payment.decline.as_ref().map(rows::to_json).transpose()?,
            payment.attention.map(crate::payments::record::Attention::name),
            payment.holds_order,
            payment.acknowledged,
            step.map(|step| &step.sealed),
            step.map(|step| step.kind.name()),
            step.map(|step| rows::to_word(&step.stage)).transpose()?,
            step.map(|step| millis(step.since)),
            payment.not_found_since.map(millis),
            payment.next_check_at.map(millis),
            payment.events,
            millis(payment.updated_at),
            rows::to_json(&payment.timeline)?,
        ])?;
    Ok(())
}

fn read(row: &Row<'_>) -> Result<Payment, StoreError> {
    let attention: Option<String> = row.get("attention")?;
    let attention = attention
        .map(|word| serde_json::from_value(serde_json::Value::String(word)))
        .transpose()
        .map_err(rows::damaged)?;
    let final_amount: Option<i64> = row.get("final_amount")?;
    Ok(Payment {
        id: row.get("id")?,
        session_id: row.get("session_id")?,
        order_id: row.get("order_id")?,
        gateway: row.get("gateway")?,
        gateway_order_id: row.get("gateway_order_id")?,
        processing_id: row.get("processing_id")?,
        number: row.get("number")?,
        method: rows::word(row, "method")?,
        phase: rows::word(row, "phase")?,
        status: rows::word(row, "status")?,
        amount: row.get::<_, i64>("amount")?.try_into().map_err(rows::damaged)?,
        currency: rows::currency(row)?,
        final_amount: final_amount.map(u64::try_from).transpose().map_err(rows::damaged)?,
        card: rows::optional_json(row, "card")?,
        decline: rows::optional_json(row, "decline")?,
        attention,
        holds_order: row.get("holds_order")?,
        acknowledged: row.get("acknowledged")?,
        step: read_step(row)?,
        not_found_since: rows::optional_time(row, "not_found_since")?,
        next_check_at: rows::optional_time(row, "next_check_at")?,
        events: row.get("events")?,
        created_at: rows::time(row, "created_at")?,
        updated_at: rows::time(row, "updated_at")?,
        timeline: rows::json(row, "timeline")?,
    })
}

fn read_step(row: &Row<'_>) -> Result<Option<Step>, StoreError> {
    let sealed: Option<Vec<u8>> = row.get("step")?;
    let Some(sealed) = sealed else { return Ok(None) };
    Ok(Some(Step {
        kind: rows::word(row, "step_kind")?,
        sealed,
        stage: rows::word(row, "step_stage")?,
        since: rows::time(row, "step_since")?,
    }))
}
