//! The outbox: events, and how far each has been delivered.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row, params};
use sha2::{Digest as _, Sha256};

use super::{millis, rows};
use crate::payments::record::{EventKind, Payment};
use crate::sessions::record::Session;
use crate::store::{Delivery, DeliveryRecord, Due, StoreError, StoredEvent};
use crate::views::{Event, PaymentView, SessionView};

/// The `type` of a session's end without a payment.
const SESSION_EXPIRED: &str = "session.expired";

/// Writes a payment's event in the caller's transaction.
pub(super) fn payment(
    connection: &Connection,
    payment: &Payment,
    kind: EventKind,
    now: Timestamp,
) -> Result<(), StoreError> {
    let url = webhook_url(connection, &payment.session_id)?;
    let event = Event {
        id: event_id(&payment.id, kind.name(), payment.events),
        r#type: kind.name().to_owned(),
        timestamp: now,
        sequence: payment.events,
        data: rows::to_value(&PaymentView::of(payment))?,
    };
    insert(connection, &payment.id, &event, url.as_deref(), now)
}

/// Writes the event of a session that ended without a payment.
pub(super) fn session_expired(
    connection: &Connection,
    session: &Session,
    now: Timestamp,
) -> Result<(), StoreError> {
    let event = Event {
        id: event_id(&session.id, SESSION_EXPIRED, 1),
        r#type: SESSION_EXPIRED.to_owned(),
        timestamp: now,
        sequence: 1,
        data: rows::to_value(&SessionView::of(session))?,
    };
    insert(connection, &session.id, &event, session.terms.webhook_url.as_deref(), now)
}

pub(super) fn after(
    connection: &Connection,
    after: u64,
    limit: u32,
) -> Result<Vec<StoredEvent>, StoreError> {
    let mut statement = connection
        .prepare_cached("SELECT seq, id, body FROM events WHERE seq > ?1 ORDER BY seq LIMIT ?2")?;
    let mut found = statement.query(params![rows::signed(after)?, limit])?;
    let mut events = Vec::new();
    while let Some(row) = found.next()? {
        events.push(read(row)?);
    }
    Ok(events)
}

pub(super) fn due(
    connection: &Connection,
    now: Timestamp,
    limit: u32,
) -> Result<Due<Delivery>, StoreError> {
    // First in line for its subject: what came earlier for the same payment is delivered or parked.
    let mut statement = connection.prepare_cached(
        "SELECT seq, id, body, url, tries FROM events AS e WHERE next_try_at <= ?1
         AND NOT EXISTS (SELECT 1 FROM events AS o WHERE o.subject = e.subject AND o.seq < e.seq AND o.next_try_at IS NOT NULL)
         ORDER BY seq LIMIT ?2",
    )?;
    let mut found = statement.query(params![millis(now), limit])?;
    let mut due = Vec::new();
    while let Some(row) = found.next()? {
        due.push(Delivery { event: read(row)?, url: row.get("url")?, tries: row.get("tries")? });
    }
    let next: Option<i64> = connection
        .prepare_cached("SELECT min(next_try_at) FROM events WHERE next_try_at > ?1")?
        .query_row([millis(now)], |row| row.get(0))?;
    Ok(Due {
        now: due,
        next: next.map(Timestamp::from_millisecond).transpose().map_err(rows::damaged)?,
    })
}

pub(super) fn record(
    connection: &Connection,
    seq: u64,
    result: DeliveryRecord,
) -> Result<(), StoreError> {
    let (delivered, parked, next) = match result {
        DeliveryRecord::Delivered(at) => (Some(millis(at)), None, None),
        DeliveryRecord::EndpointGone(at) => {
            connection
                .prepare_cached(
                    "UPDATE events SET parked_at = ?2, next_try_at = NULL
                     WHERE next_try_at IS NOT NULL AND url IS (SELECT url FROM events WHERE seq = ?1)",
                )?
                .execute(params![rows::signed(seq)?, millis(at)])?;
            (None, Some(millis(at)), None)
        }
        DeliveryRecord::Parked(at) => (None, Some(millis(at)), None),
        DeliveryRecord::Retry(at) => (None, None, Some(millis(at))),
    };
    connection
        .prepare_cached(
            "UPDATE events SET tries = tries + 1, delivered_at = ?2, parked_at = ?3, next_try_at = ?4 WHERE seq = ?1",
        )?
        .execute(params![rows::signed(seq)?, delivered, parked, next])?;
    Ok(())
}

pub(super) fn size(connection: &Connection) -> Result<(u64, u64), StoreError> {
    let count = |query| -> Result<u64, StoreError> {
        let count: i64 = connection.prepare_cached(query)?.query_row([], |row| row.get(0))?;
        count.try_into().map_err(rows::damaged)
    };
    Ok((
        count("SELECT count(*) FROM events WHERE next_try_at IS NOT NULL")?,
        count("SELECT count(*) FROM events WHERE parked_at IS NOT NULL")?,
    ))
}

fn insert(
    connection: &Connection,
    subject: &str,
    event: &Event,
    url: Option<&str>,
    now: Timestamp,
) -> Result<(), StoreError> {
    connection
        .prepare_cached(
            "INSERT INTO events (id, subject, body, url, next_try_at) VALUES (?1, ?2, ?3, ?4, ?5)",
        )?
        .execute(params![event.id, subject, rows::to_json(event)?, url, millis(now)])?;
    Ok(())
}

fn webhook_url(connection: &Connection, session_id: &str) -> Result<Option<String>, StoreError> {
    let url: Option<Option<String>> = connection
        .prepare_cached("SELECT terms ->> 'webhook_url' FROM sessions WHERE id = ?1")?
        .query_row([session_id], |row| row.get(0))
        .optional()?;
    Ok(url.flatten())
}

/// The same event of the same subject has the same id, also when it is made again after a backup was restored: the
/// merchant then sees a double, not news.
fn event_id(subject: &str, kind: &str, sequence: u32) -> String {
    let digest = Sha256::digest(format!("{subject}\n{kind}\n{sequence}"));
    let half = digest.iter().take(16).copied().collect::<Vec<u8>>();
    format!("evt_{}", hex::encode(half))
}

fn read(row: &Row<'_>) -> Result<StoredEvent, StoreError> {
    let seq: i64 = row.get("seq")?;
    Ok(StoredEvent {
        seq: seq.try_into().map_err(rows::damaged)?,
        id: row.get("id")?,
        body: row.get("body")?,
    })
}
