//! Many stored payments, written into the database as if they had happened over the last year.
//!
//! Two payments are made through the server first, one paid and one declined. Their rows (crates/server/migrations) are the models: every
//! column that is not named here is copied, so that the copies stay real when a column is added.

use std::path::Path;

use rusqlite::{Connection, params};

/// Rows of one transaction.
const CHUNK: u32 = 100_000;

/// Of each ten payments, one was declined.
const MODELS: [(&str, &str); 2] = [("paid", "f.n % 10 <> 0"), ("failed", "f.n % 10 = 0")];

/// Adds `count` payments with their sessions and their delivered events. No server may be running.
pub(crate) fn fill(database: &Path, count: u32) {
    let mut connection = Connection::open(database).expect("the database opens");
    // Fast and not durable: the file is synced once at the end.
    connection
        .execute_batch(
            "PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = DELETE; PRAGMA journal_mode = OFF;
             PRAGMA synchronous = OFF; PRAGMA cache_size = -3000000; PRAGMA temp_store = MEMORY;
             CREATE TEMP TABLE f (n INTEGER PRIMARY KEY, tag TEXT NOT NULL, at INTEGER NOT NULL);",
        )
        .expect("pragmas");
    let mut done = 0;
    while done < count {
        let last = (done + CHUNK).min(count);
        chunk(&mut connection, done + 1, last, count);
        done = last;
    }
    connection
        .execute_batch("DROP TABLE f; PRAGMA journal_mode = WAL; PRAGMA locking_mode = NORMAL;")
        .expect("pragmas");
    drop(connection);
    std::fs::File::open(database).and_then(|file| file.sync_all()).expect("a disk that syncs");
}

/// How many payments are stored.
pub(crate) fn count(database: &Path) -> u64 {
    let connection = Connection::open(database).expect("the database opens");
    let count: i64 = connection
        .query_row("SELECT count(*) FROM payments", [], |row| row.get(0))
        .expect("a count");
    u64::try_from(count).unwrap_or_default()
}

fn chunk(connection: &mut Connection, first: u32, last: u32, count: u32) {
    let transaction = connection.transaction().expect("a transaction");
    transaction.execute("DELETE FROM f", []).expect("ours");
    // A year, ending four days ago: older than the 72 hours in which a failed payment is still asked about.
    transaction
        .execute(
            "INSERT INTO f WITH RECURSIVE c (n) AS (SELECT ?1 UNION ALL SELECT n + 1 FROM c WHERE n < ?2)
             SELECT n, lower(hex(randomblob(13))), (unixepoch() - 369 * 86400) * 1000 + n * (365 * 86400000 / ?3) FROM c",
            params![first, last, count],
        )
        .expect("ours");
    for (status, which) in MODELS {
        let (payment, session, order, event, body): (String, String, String, String, String) = transaction
            .query_row(
                "SELECT p.id, p.session_id, p.order_id, e.id, e.body FROM payments AS p JOIN events AS e ON e.subject = p.id
                 WHERE p.status = ?1 ORDER BY p.position LIMIT 1",
                [status],
                |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?)),
            )
            .expect("a model payment");
        let over = if status == "paid" { "'complete'" } else { "'expired'" };
        copy(
            &transaction,
            "sessions",
            which,
            &session,
            &[
                ("id", "'ses_' || f.tag"),
                ("token", "randomblob(32)"),
                ("order_id", "'stored-' || f.n"),
                ("status", over),
                ("customer", "NULL"),
                ("created_at", "f.at"),
                ("expires_at", "f.at + 1800000"),
            ],
        );
        copy(
            &transaction,
            "payments",
            which,
            &payment,
            &[
                ("position", "f.n + 1000"),
                ("id", "'pay_' || f.tag"),
                ("session_id", "'ses_' || f.tag"),
                ("order_id", "'stored-' || f.n"),
                ("gateway_order_id", "'pay_' || f.tag"),
                ("processing_id", "lower(hex(randomblob(12)))"),
                ("attempt", "lower(hex(randomblob(16)))"),
                ("return_token", "randomblob(32)"),
                ("callback_token", "randomblob(32)"),
                ("next_check_at", "NULL"),
                ("created_at", "f.at"),
                ("updated_at", "f.at + 900"),
            ],
        );
        let quoted = |text: &str| format!("'{}'", text.replace('\'', "''"));
        let body = format!(
            "replace(replace(replace(replace({}, {}, 'evt_' || f.tag), {}, 'pay_' || f.tag), {}, 'ses_' || f.tag), {}, 'stored-' || f.n)",
            quoted(&body),
            quoted(&event),
            quoted(&payment),
            quoted(&session),
            quoted(&order)
        );
        copy(
            &transaction,
            "events",
            which,
            &event,
            &[
                ("seq", "f.n + 1000"),
                ("id", "'evt_' || f.tag"),
                ("subject", "'pay_' || f.tag"),
                ("body", &body),
                ("tries", "1"),
                ("next_try_at", "NULL"),
                ("delivered_at", "f.at + 1000"),
                ("parked_at", "NULL"),
            ],
        );
    }
    transaction.commit().expect("a commit");
}

/// Copies the row `model` once for each chosen row of `f`, with these columns in its stead.
fn copy(connection: &Connection, table: &str, which: &str, model: &str, instead: &[(&str, &str)]) {
    let columns: Vec<String> = connection
        .prepare(&format!("SELECT name FROM pragma_table_info('{table}')"))
        .and_then(|mut statement| statement.query_map([], |row| row.get(0))?.collect())
        .expect("columns");
    for (name, _) in instead {
        assert!(columns.iter().any(|column| column == name), "{table} has no column {name}");
    }
    let values: Vec<String> = columns
        .iter()
        .map(|column| {
            let own = instead.iter().find(|(name, _)| name == column);
            own.map_or_else(|| format!("t.{column}"), |(_, value)| (*value).to_owned())
        })
        .collect();
    let statement = format!(
        "INSERT INTO {table} ({}) SELECT {} FROM f, (SELECT * FROM {table} WHERE id = ?1) AS t WHERE {which} ORDER BY f.n",
        columns.join(", "),
        values.join(", ")
    );
    connection.execute(&statement, [model]).unwrap_or_else(|error| panic!("{table}: {error}"));
}
