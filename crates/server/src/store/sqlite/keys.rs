//! Idempotency keys.

use jiff::{SignedDuration, Timestamp};
use rusqlite::{Connection, OptionalExtension, params};

use super::millis;
use crate::store::{KeyClaim, KeyScope, KeyState, StoreError};

/// How long an answer is remembered.
const KEPT: SignedDuration = SignedDuration::from_hours(7 * 24);

/// A row: the request's hash, who claimed it, and the answer if there is one.
type Found = (Vec<u8>, String, Option<u16>, Option<Vec<u8>>);

pub(super) fn claim(connection: &Connection, claim: &KeyClaim) -> Result<KeyState, StoreError> {
    let KeyScope { caller, route, key } = &claim.scope;
    let found: Option<Found> = connection
        .prepare_cached(
            "SELECT request, process, status, body FROM idempotency_keys
             WHERE caller = ?1 AND route = ?2 AND key = ?3 AND created_at > ?4",
        )?
        .query_row(
            params![
                caller,
                route,
                key,
                millis(claim.now.checked_sub(KEPT).unwrap_or(Timestamp::MIN))
            ],
            |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)),
        )
        .optional()?;
    match found {
        Some((request, ..)) if request != claim.request => Ok(KeyState::Different),
        Some((_, _, Some(status), Some(body))) => Ok(KeyState::Answered(status, body)),
        Some((_, process, ..)) if process == claim.process => Ok(KeyState::Running),
        // New, too old, or claimed by a process that died before it answered.
        _ => {
            connection
                .prepare_cached(
                    "INSERT OR REPLACE INTO idempotency_keys (caller, route, key, request, process, created_at)
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                )?
                .execute(params![caller, route, key, claim.request.as_slice(), claim.process, millis(claim.now)])?;
            Ok(KeyState::Claimed)
        }
    }
}

pub(super) fn finish(
    connection: &Connection,
    key: &KeyScope,
    status: u16,
    body: &[u8],
) -> Result<(), StoreError> {
    connection
        .prepare_cached("UPDATE idempotency_keys SET status = ?4, body = ?5 WHERE caller = ?1 AND route = ?2 AND key = ?3")?
        .execute(params![key.caller, key.route, key.key, status, body])?;
    Ok(())
}

pub(super) fn release(connection: &Connection, key: &KeyScope) -> Result<(), StoreError> {
    connection
        .prepare_cached(
            "DELETE FROM idempotency_keys WHERE caller = ?1 AND route = ?2 AND key = ?3 AND status IS NULL",
        )?
        .execute(params![key.caller, key.route, key.key])?;
    Ok(())
}

pub(super) fn forget_old(connection: &Connection, now: Timestamp) -> Result<(), StoreError> {
    connection
        .prepare_cached("DELETE FROM idempotency_keys WHERE created_at <= ?1")?
        .execute([millis(now.checked_sub(KEPT).unwrap_or(Timestamp::MIN))])?;
    Ok(())
}
