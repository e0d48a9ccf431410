//! The store in one SQLite file: WAL, `synchronous = FULL`, one writing thread, a few readers.

mod checkpoint;
mod events;
mod keys;
mod payments;
mod rows;
mod sessions;
#[cfg(test)]
mod tests;
mod writer;

use std::fmt;
use std::fs::{File, OpenOptions};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use rusqlite::{Connection, ErrorCode, OpenFlags, OptionalExtension, params};

use tokio::sync::Semaphore;

use self::checkpoint::Checkpointer;
use self::writer::Writer;
use super::changes::Changes;
use super::{
    Amended, Amendment, Begun, Delivery, DeliveryRecord, Due, KeyClaim, KeyScope, KeyState,
    NewAttempt, NewSession, OrderLock, PaymentFilter, Store, StoreError, StoredEvent,
};
use crate::payments::record::Payment;
use crate::payments::reducer::{Context, Evidence};
use crate::sessions::record::Session;
use crate::token::TokenHash;

/// Migrations in order; the database's `user_version` is the number of those applied.
const MIGRATIONS: &[&str] = &[
    include_str!("../../../migrations/0001_payments.sql"),
    include_str!("../../../migrations/0002_steps.sql"),
    include_str!("../../../migrations/0003_wallets.sql"),
];

/// How long a writer waits for another process's lock.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// At most so many readers are open at once; all are kept.
const READERS: usize = 4;

/// The store in one SQLite file, locked against a second server.
pub struct SqliteStore {
    path: PathBuf,
    writer: Writer,
    readers: Arc<Mutex<Vec<Connection>>>,
    reading: Arc<Semaphore>,
    changes: Changes,
    _checkpointer: Checkpointer,
    _lock: File,
}

impl fmt::Debug for SqliteStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SqliteStore")
    }
}

/// Why a database could not be opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// SQLite refused it.
    #[error("the database cannot be opened: {0}")]
    Database(#[from] rusqlite::Error),
    /// The file or its lock cannot be created.
    #[error("the database file cannot be opened: {0}")]
    File(#[from] std::io::Error),
    /// Another server holds it.
    #[error("another server is using this database")]
    InUse,
    /// A newer version has written it.
    #[error("the database was written by a newer version of farthing")]
    Newer,
}

impl SqliteStore {
    /// Opens or creates the database, takes its lock, and brings its tables up to date.
    pub fn open(path: &Path) -> Result<Self, OpenError> {
        let lock = lock(path)?;
        create(path)?;
        let connection = connect(path)?;
        migrate(&connection)?;
        Ok(Self {
            path: path.to_owned(),
            writer: Writer::start(connection)?,
            readers: Arc::new(Mutex::new(Vec::new())),
            reading: Arc::new(Semaphore::new(READERS)),
            changes: Changes::default(),
            _checkpointer: Checkpointer::start(connect(path)?)?,
            _lock: lock,
        })
    }

    /// Runs a query on an idle reader, off the async threads.
    async fn read<T, F>(&self, query: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    {
        let closed = |_| StoreError::Internal("the store is closed".into());
        let turn = Arc::clone(&self.reading).acquire_owned().await.map_err(closed)?;
        let readers = Arc::clone(&self.readers);
        let path = self.path.clone();
        let run = move || {
            let _turn = turn;
            let idle = readers.lock().unwrap_or_else(PoisonError::into_inner).pop();
            let connection = match idle {
                Some(connection) => connection,
                None => connect_to_read(&path)?,
            };
            let result = query(&connection);
            readers.lock().unwrap_or_else(PoisonError::into_inner).push(connection);
            result
        };
        tokio::task::spawn_blocking(run)
            .await
            .map_err(|_| StoreError::Internal("a query panicked".into()))?
    }
}

/// Takes the lock file beside the database: a second server must not start.
fn lock(path: &Path) -> Result<File, OpenError> {
    let mut name = path.as_os_str().to_owned();
    name.push(".lock");
    let file = private(OpenOptions::new().create(true).truncate(false).write(true))
        .open(PathBuf::from(name))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(std::fs::TryLockError::WouldBlock) => Err(OpenError::InUse),
        Err(std::fs::TryLockError::Error(error)) => Err(error.into()),
    }
}

/// Files of the store are for their owner only.
fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600);
    options
}

/// Creates the database file if there is none, so that its mode is right from the first byte; WAL and SHM inherit it.
///
/// Before the first connection only, and no file that exists is opened: closing it would drop the locks that SQLite holds on it for this
/// process ("How To Corrupt An SQLite Database File", 2.2), and another program could then take the log away.
fn create(path: &Path) -> std::io::Result<()> {
    match private(OpenOptions::new().create_new(true).write(true)).open(path) {
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => Ok(()),
        created => created.map(drop),
    }
}

fn connect(path: &Path) -> Result<Connection, OpenError> {
    let connection = Connection::open_with_flags(
        path,
        OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX,
    )?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.pragma_update(None, "secure_delete", true)?;
    // Checkpoints have a thread of their own, so that no payment waits for one inside its commit.
    connection.pragma_update(None, "wal_autocheckpoint", 0)?;
    connection.set_prepared_statement_cache_capacity(64);
    Ok(connection)
}

fn connect_to_read(path: &Path) -> Result<Connection, StoreError> {
    let connection = Connection::open_with_flags(
        path,
        OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX,
    )?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    connection.set_prepared_statement_cache_capacity(32);
    Ok(connection)
}

/// Applies what is missing, each migration in one transaction with its number.
fn migrate(connection: &Connection) -> Result<(), OpenError> {
    let done: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    let done = usize::try_from(done).unwrap_or(usize::MAX);
    if done > MIGRATIONS.len() {
        return Err(OpenError::Newer);
    }
    for (number, migration) in MIGRATIONS.iter().enumerate().skip(done) {
        connection.execute_batch(&format!(
            "BEGIN IMMEDIATE; {migration} PRAGMA user_version = {}; COMMIT;",
            number + 1
        ))?;
    }
    Ok(())
}

impl From<rusqlite::Error> for StoreError {
    /// Keeps SQLite's own words for the code and drops the rest, which may quote a statement.
    fn from(error: rusqlite::Error) -> Self {
        match &error {
            rusqlite::Error::SqliteFailure(failure, _) => match failure.code {
                ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked => Self::Busy,
                // A quota or a limit on file sizes shows itself as a failed write.
                ErrorCode::DiskFull | ErrorCode::SystemIoFailure => Self::Full,
                _ => Self::Internal(format!("SQLite code {}", failure.extended_code)),
            },
            rusqlite::Error::QueryReturnedNoRows => Self::Missing,
            _ => Self::Internal("a row has an unexpected form".into()),
        }
    }
}

/// Milliseconds since 1970, as stored.
fn millis(time: Timestamp) -> i64 {
    time.as_millisecond()
}

#[async_trait]
impl Store for SqliteStore {
    async fn create_session(&self, session: NewSession) -> Result<OrderLock<Session>, StoreError> {
        let (lock, ended) =
            self.writer.run(move |connection| sessions::create(connection, &session)).await?;
        for id in ended {
            self.changes.tell(&id);
        }
        Ok(lock)
    }

    async fn session(&self, id: &str) -> Result<Option<Session>, StoreError> {
        let id = id.to_owned();
        self.read(move |connection| sessions::by_id(connection, &id)).await
    }

    async fn session_by_token(&self, token: &TokenHash) -> Result<Option<Session>, StoreError> {
        let token = token.as_bytes().to_vec();
        self.read(move |connection| sessions::by_token(connection, &token)).await
    }

    async fn amend_session(
        &self,
        id: &str,
        amendment: Amendment,
        now: Timestamp,
    ) -> Result<Amended, StoreError> {
        let key = id.to_owned();
        let amended = self
            .writer
            .run(move |connection| sessions::amend(connection, &key, &amendment, now))
            .await?;
        self.changes.tell(id);
        Ok(amended)
    }

    async fn expire_session(
        &self,
        id: &str,
        now: Timestamp,
    ) -> Result<Option<Session>, StoreError> {
        let key = id.to_owned();
        let session =
            self.writer.run(move |connection| sessions::expire(connection, &key, now)).await?;
        self.changes.tell(id);
        Ok(session)
    }

    async fn expire_due_sessions(&self, now: Timestamp) -> Result<usize, StoreError> {
        // A read first, so that an idle server writes nothing.
        if self.read(move |connection| sessions::due(connection, now)).await?.is_empty() {
            return Ok(0);
        }
        let ended =
            self.writer.run(move |connection| sessions::expire_due(connection, now)).await?;
        for id in &ended {
            self.changes.tell(id);
        }
        Ok(ended.len())
    }

    async fn begin_attempt(&self, attempt: NewAttempt) -> Result<Begun, StoreError> {
        let session_id = attempt.session_id.clone();
        let begun =
            self.writer.run(move |connection| payments::begin(connection, &attempt)).await?;
        self.changes.tell(&session_id);
        Ok(begun)
    }

    async fn apply(
        &self,
        payment_id: &str,
        evidence: Vec<Evidence>,
        context: Context,
    ) -> Result<Payment, StoreError> {
        let id = payment_id.to_owned();
        let payment = self
            .writer
            .run(move |connection| payments::apply(connection, &id, evidence, context))
            .await?;
        // An order that it freed may matter to another session's page too: that one looks by itself, and soon.
        self.changes.tell(&payment.session_id);
        Ok(payment)
    }

    async fn hasten_check(&self, payment_id: &str, at: Timestamp) -> Result<(), StoreError> {
        let id = payment_id.to_owned();
        self.writer.run(move |connection| payments::hasten(connection, &id, at)).await
    }

    async fn recover(&self, context: Context) -> Result<usize, StoreError> {
        self.writer.run(move |connection| payments::recover(connection, context)).await
    }

    async fn payment(&self, id: &str) -> Result<Option<Payment>, StoreError> {
        let id = id.to_owned();
        self.read(move |connection| payments::by_id(connection, &id)).await
    }

    async fn payment_by_return(&self, token: &TokenHash) -> Result<Option<Payment>, StoreError> {
        let token = token.as_bytes().to_vec();
        self.read(move |connection| payments::one(connection, "return_token = ?1", params![token]))
            .await
    }

    async fn payment_by_callback(&self, token: &TokenHash) -> Result<Option<Payment>, StoreError> {
        let token = token.as_bytes().to_vec();
        self.read(move |connection| {
            payments::one(connection, "callback_token = ?1", params![token])
        })
        .await
    }

    async fn last_payment(&self, session_id: &str) -> Result<Option<Payment>, StoreError> {
        let id = session_id.to_owned();
        self.read(move |connection| {
            payments::one(connection, "session_id = ?1 ORDER BY number DESC LIMIT 1", params![id])
        })
        .await
    }

    async fn payments(&self, filter: PaymentFilter) -> Result<Vec<(u64, Payment)>, StoreError> {
        self.read(move |connection| payments::list(connection, &filter)).await
    }

    async fn due_checks(&self, now: Timestamp, limit: u32) -> Result<Due<String>, StoreError> {
        self.read(move |connection| payments::due(connection, now, limit)).await
    }

    async fn unresolved(&self) -> Result<u64, StoreError> {
        self.read(payments::unresolved).await
    }

    async fn events(&self, after: u64, limit: u32) -> Result<Vec<StoredEvent>, StoreError> {
        self.read(move |connection| events::after(connection, after, limit)).await
    }

    async fn due_deliveries(
        &self,
        now: Timestamp,
        limit: u32,
    ) -> Result<Due<Delivery>, StoreError> {
        self.read(move |connection| events::due(connection, now, limit)).await
    }

    async fn record_delivery(&self, seq: u64, result: DeliveryRecord) -> Result<(), StoreError> {
        self.writer.run(move |connection| events::record(connection, seq, result)).await
    }

    async fn outbox_size(&self) -> Result<(u64, u64), StoreError> {
        self.read(events::size).await
    }

    async fn record_orphan(
        &self,
        gateway: &str,
        order_id: &str,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let (gateway, order_id) = (gateway.to_owned(), order_id.to_owned());
        self.writer
            .run(move |connection| {
                connection
                    .prepare_cached(
                        "INSERT INTO orphans (gateway, order_id, seen_at) VALUES (?1, ?2, ?3)",
                    )?
                    .execute(params![gateway, order_id, millis(now)])?;
                connection
                    .prepare_cached(
                        "DELETE FROM orphans WHERE seq <= (SELECT max(seq) FROM orphans) - 10000",
                    )?
                    .execute([])?;
                Ok(())
            })
            .await
    }

    async fn claim_key(&self, claim: KeyClaim) -> Result<KeyState, StoreError> {
        self.writer.run(move |connection| keys::claim(connection, &claim)).await
    }

    async fn finish_key(
        &self,
        key: &KeyScope,
        status: u16,
        body: Vec<u8>,
    ) -> Result<(), StoreError> {
        let key = key.clone();
        self.writer.run(move |connection| keys::finish(connection, &key, status, &body)).await
    }

    async fn release_key(&self, key: &KeyScope) -> Result<(), StoreError> {
        let key = key.clone();
        self.writer.run(move |connection| keys::release(connection, &key)).await
    }

    async fn tidy(&self, now: Timestamp) -> Result<(), StoreError> {
        self.writer.run(move |connection| keys::forget_old(connection, now)).await
    }

    async fn fact(&self, name: &str) -> Result<Option<Vec<u8>>, StoreError> {
        let name = name.to_owned();
        self.read(move |connection| {
            Ok(connection
                .prepare_cached("SELECT value FROM facts WHERE name = ?1")?
                .query_row([name], |row| row.get(0))
                .optional()?)
        })
        .await
    }

    async fn set_fact_once(&self, name: &str, value: Vec<u8>) -> Result<Vec<u8>, StoreError> {
        let name = name.to_owned();
        self.writer
            .run(move |connection| {
                connection
                    .prepare_cached(
                        "INSERT INTO facts (name, value) VALUES (?1, ?2) ON CONFLICT DO NOTHING",
                    )?
                    .execute(params![name, value])?;
                Ok(connection
                    .prepare_cached("SELECT value FROM facts WHERE name = ?1")?
                    .query_row([name], |row| row.get(0))?)
            })
            .await
    }

    fn changes(&self) -> &Changes {
        &self.changes
    }

    async fn ready(&self) -> Result<(), StoreError> {
        // An empty transaction takes the write lock and touches no page.
        self.writer.run(|_| Ok(())).await
    }
}
