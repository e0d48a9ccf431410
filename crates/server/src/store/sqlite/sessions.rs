//! The table of sessions.

use farthing_types::SessionStatus;
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Params, Row, params};

use super::{events, millis, payments, rows};
use crate::sessions::record::Session;
use crate::store::{Amended, Amendment, NewSession, OrderLock, StoreError};

/// Creates a session; beside it the ids of the older ones that it ended.
pub(super) fn create(
    connection: &Connection,
    new: &NewSession,
) -> Result<(OrderLock<Session>, Vec<String>), StoreError> {
    let session = &new.session;
    if let Some(holder) = payments::holder(connection, &session.order_id)? {
        let payment_id = holder.id.clone();
        let lock = if holder.is_open() {
            OrderLock::Open { payment_id }
        } else {
            OrderLock::Paid { payment_id }
        };
        return Ok((lock, Vec::new()));
    }
    let ended = close_open(connection, &session.order_id, session.created_at)?;
    connection
        .prepare_cached(
            "INSERT INTO sessions (id, token, order_id, version, amount, currency, status, attempts, terms, customer,
             created_at, expires_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
        )?
        .execute(params![
            session.id,
            new.token.as_bytes().as_slice(),
            session.order_id,
            session.version,
            rows::signed(session.amount)?,
            session.currency.code(),
            rows::to_word(&session.status)?,
            session.attempts,
            rows::to_json(&session.terms)?,
            session.customer,
            millis(session.created_at),
            millis(session.expires_at),
        ])?;
    Ok((OrderLock::Free(session.clone()), ended))
}

pub(super) fn by_id(connection: &Connection, id: &str) -> Result<Option<Session>, StoreError> {
    one(connection, "SELECT * FROM sessions WHERE id = ?1", [id])
}

pub(super) fn by_token(
    connection: &Connection,
    token: &[u8],
) -> Result<Option<Session>, StoreError> {
    one(connection, "SELECT * FROM sessions WHERE token = ?1", [token])
}

pub(super) fn amend(
    connection: &Connection,
    id: &str,
    amendment: &Amendment,
    now: Timestamp,
) -> Result<Amended, StoreError> {
    let Some(mut session) = by_id(connection, id)? else { return Ok(Amended::Missing) };
    if session.status != SessionStatus::Open || session.expires_at <= now {
        let status = if session.status == SessionStatus::Open {
            SessionStatus::Expired
        } else {
            session.status
        };
        return Ok(Amended::NotOpen(status));
    }
    session.version += 1;
    session.amount = amendment.amount.unwrap_or(session.amount);
    if amendment.purpose.is_some() {
        session.terms.purpose.clone_from(&amendment.purpose);
    }
    update(connection, &session)?;
    Ok(Amended::Done(session))
}

pub(super) fn expire(
    connection: &Connection,
    id: &str,
    now: Timestamp,
) -> Result<Option<Session>, StoreError> {
    let Some(session) = by_id(connection, id)? else { return Ok(None) };
    if session.status != SessionStatus::Open {
        return Ok(Some(session));
    }
    close(connection, session, now).map(Some)
}

pub(super) fn due(connection: &Connection, now: Timestamp) -> Result<Vec<Session>, StoreError> {
    let mut statement = connection
        .prepare_cached("SELECT * FROM sessions WHERE status = 'open' AND expires_at <= ?1 ORDER BY expires_at LIMIT 200")?;
    let mut found = statement.query([millis(now)])?;
    let mut due = Vec::new();
    while let Some(row) = found.next()? {
        due.push(read(row)?);
    }
    Ok(due)
}

/// Ends the sessions whose time is over; gives their ids.
pub(super) fn expire_due(
    connection: &Connection,
    now: Timestamp,
) -> Result<Vec<String>, StoreError> {
    let due = due(connection, now)?;
    due.into_iter().map(|session| Ok(close(connection, session, now)?.id)).collect()
}

/// Ends the sessions of an order that could still be paid; gives their ids.
pub(super) fn close_open(
    connection: &Connection,
    order_id: &str,
    now: Timestamp,
) -> Result<Vec<String>, StoreError> {
    let mut statement = connection
        .prepare_cached("SELECT * FROM sessions WHERE order_id = ?1 AND status = 'open'")?;
    let mut found = statement.query([order_id])?;
    let mut open = Vec::new();
    while let Some(row) = found.next()? {
        open.push(read(row)?);
    }
    open.into_iter().map(|session| Ok(close(connection, session, now)?.id)).collect()
}

/// Writes back what may change. The customer's data is forgotten with the session's end.
pub(super) fn update(connection: &Connection, session: &Session) -> Result<(), StoreError> {
    let over = matches!(session.status, SessionStatus::Complete | SessionStatus::Expired);
    let customer = if over { None } else { session.customer.as_ref() };
    connection
        .prepare_cached(
            "UPDATE sessions SET version = ?2, amount = ?3, status = ?4, attempts = ?5, terms = ?6, customer = ?7 WHERE id = ?1",
        )?
        .execute(params![
            session.id,
            session.version,
            rows::signed(session.amount)?,
            rows::to_word(&session.status)?,
            session.attempts,
            rows::to_json(&session.terms)?,
            customer,
        ])?;
    Ok(())
}

/// Ends a session and says so.
pub(super) fn close(
    connection: &Connection,
    mut session: Session,
    now: Timestamp,
) -> Result<Session, StoreError> {
    session.status = SessionStatus::Expired;
    update(connection, &session)?;
    events::session_expired(connection, &session, now)?;
    Ok(session)
}

fn one(
    connection: &Connection,
    query: &str,
    values: impl Params,
) -> Result<Option<Session>, StoreError> {
    let mut statement = connection.prepare_cached(query)?;
    statement.query_row(values, |row| Ok(read(row))).optional()?.transpose()
}

fn read(row: &Row<'_>) -> Result<Session, StoreError> {
    Ok(Session {
        id: row.get("id")?,
        order_id: row.get("order_id")?,
        version: row.get("version")?,
        amount: row.get::<_, i64>("amount")?.try_into().map_err(rows::damaged)?,
        currency: rows::currency(row)?,
        status: rows::word(row, "status")?,
        attempts: row.get("attempts")?,
        terms: rows::json(row, "terms")?,
        customer: row.get("customer")?,
        created_at: rows::time(row, "created_at")?,
        expires_at: rows::time(row, "expires_at")?,
    })
}
