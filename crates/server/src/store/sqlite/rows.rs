//! Rows to records and back: small conversions that every table shares.

use std::str::FromStr;

use farthing_types::Currency;
use jiff::Timestamp;
use rusqlite::Row;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::store::StoreError;

/// A column that must be readable; anything else means that somebody else wrote the database.
pub(super) fn damaged<E>(_: E) -> StoreError {
    StoreError::Internal("a row has an unexpected form".into())
}

pub(super) fn time(row: &Row<'_>, column: &str) -> Result<Timestamp, StoreError> {
    Timestamp::from_millisecond(row.get(column)?).map_err(damaged)
}

pub(super) fn optional_time(row: &Row<'_>, column: &str) -> Result<Option<Timestamp>, StoreError> {
    let millis: Option<i64> = row.get(column)?;
    millis.map(Timestamp::from_millisecond).transpose().map_err(damaged)
}

pub(super) fn currency(row: &Row<'_>) -> Result<Currency, StoreError> {
    let code: String = row.get("currency")?;
    Currency::from_str(&code).map_err(damaged)
}

/// A word of one of our enums, read through its serde name.
pub(super) fn word<T: DeserializeOwned>(row: &Row<'_>, column: &str) -> Result<T, StoreError> {
    let text: String = row.get(column)?;
    serde_json::from_value(serde_json::Value::String(text)).map_err(damaged)
}

pub(super) fn json<T: DeserializeOwned>(row: &Row<'_>, column: &str) -> Result<T, StoreError> {
    let text: String = row.get(column)?;
    serde_json::from_str(&text).map_err(damaged)
}

pub(super) fn optional_json<T: DeserializeOwned>(
    row: &Row<'_>,
    column: &str,
) -> Result<Option<T>, StoreError> {
    let text: Option<String> = row.get(column)?;
    text.map(|text| serde_json::from_str(&text)).transpose().map_err(damaged)
}

pub(super) fn to_json<T: Serialize>(value: &T) -> Result<String, StoreError> {
    serde_json::to_string(value)
        .map_err(|_| StoreError::Internal("a record cannot be written as JSON".into()))
}

/// The word of one of our enums.
pub(super) fn to_word<T: Serialize>(value: &T) -> Result<String, StoreError> {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(word)) => Ok(word),
        _ => Err(StoreError::Internal("a record cannot be written as a word".into())),
    }
}

/// SQLite keeps signed integers; our amounts fit (see `Money::MAX_MINOR`).
pub(super) fn signed(value: u64) -> Result<i64, StoreError> {
    i64::try_from(value).map_err(|_| StoreError::Internal("a number is out of range".into()))
}

pub(super) fn to_value<T: Serialize>(value: &T) -> Result<serde_json::Value, StoreError> {
    serde_json::to_value(value)
        .map_err(|_| StoreError::Internal("a record cannot be written as JSON".into()))
}
