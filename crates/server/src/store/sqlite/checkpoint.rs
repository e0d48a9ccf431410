//! Moves what the write-ahead log holds into the database, beside the writer instead of inside its commits.

use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use rusqlite::Connection;

/// How often the log is looked at: its sync to disk slows down the commit of a payment that meets it.
const EVERY: Duration = Duration::from_secs(4);

/// From so many pages of the log on (of 4 KiB: 128 MiB) the writer has to wait until the log is empty.
const LIMIT: i64 = 32 * 1024;

/// The checkpointing thread; it ends, with a last checkpoint, when this is dropped.
#[derive(Debug)]
pub(super) struct Checkpointer {
    end: Option<mpsc::Sender<()>>,
    thread: Option<thread::JoinHandle<()>>,
}

impl Checkpointer {
    /// Starts the thread with a connection of its own.
    pub(super) fn start(connection: Connection) -> std::io::Result<Self> {
        let (end, ended) = mpsc::channel();
        let work = move || {
            while let Err(mpsc::RecvTimeoutError::Timeout) = ended.recv_timeout(EVERY) {
                checkpoint(&connection);
            }
            checkpoint(&connection);
        };
        let thread = thread::Builder::new().name("store-checkpoint".into()).spawn(work)?;
        Ok(Self { end: Some(end), thread: Some(thread) })
    }
}

impl Drop for Checkpointer {
    fn drop(&mut self) {
        self.end.take();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Moves what can be moved without anybody waiting. What fails (a full disk, a long read) is tried again next time.
fn checkpoint(connection: &Connection) {
    let pages =
        connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |row| row.get::<_, i64>(1));
    if pages.is_ok_and(|pages| pages > LIMIT) {
        let _ = connection.query_row("PRAGMA wal_checkpoint(RESTART)", [], |_| Ok(()));
    }
}
