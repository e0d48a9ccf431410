//! The one writer: a thread that runs queued jobs in transactions and acknowledges them after the commit.
//!
//! Jobs that wait while a commit syncs to disk share the next one (group commit), so durability costs one sync for many
//! payments under load. Each job runs in its own savepoint: one that fails undoes only itself.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc;
use std::thread;

use rusqlite::Connection;
use tokio::sync::oneshot;

use crate::store::StoreError;

/// At most this many jobs share a commit.
const MAX_GROUP: usize = 64;

/// Runs with the connection inside a savepoint, or learns that there is none; returns what to say after the commit.
type Job = Box<dyn FnOnce(Result<&Connection, StoreError>) -> Finish + Send>;

/// Tells the waiting caller, after the commit; `Err` if the commit failed.
type Acknowledge = Box<dyn FnOnce(Result<(), StoreError>) + Send>;

/// What a job asks for: keep its writes or undo them, and whom to tell.
struct Finish {
    keep: bool,
    acknowledge: Acknowledge,
}

/// A handle to the writing thread, which ends when the last handle is dropped.
pub(super) struct Writer {
    queue: Option<mpsc::Sender<Job>>,
    thread: Option<thread::JoinHandle<()>>,
}

impl fmt::Debug for Writer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Writer")
    }
}

impl Writer {
    /// Starts the thread with a connection of its own.
    pub(super) fn start(connection: Connection) -> std::io::Result<Self> {
        let (queue, jobs) = mpsc::channel::<Job>();
        let thread = thread::Builder::new()
            .name("store-writer".into())
            .spawn(move || work(&connection, &jobs))?;
        Ok(Self { queue: Some(queue), thread: Some(thread) })
    }

    /// Runs `job` in a transaction; returns after the commit is durable.
    pub(super) async fn run<T, F>(&self, job: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    {
        let (tell, told) = oneshot::channel();
        let boxed: Job = Box::new(move |connection| {
            let result = connection.and_then(job);
            Finish {
                keep: result.is_ok(),
                acknowledge: Box::new(move |commit| {
                    let _ = tell.send(commit.and(result));
                }),
            }
        });
        let gone = || StoreError::Internal("the writer has stopped".into());
        self.queue.as_ref().ok_or_else(gone)?.send(boxed).map_err(|_| gone())?;
        told.await.map_err(|_| gone())?
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.queue.take();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn work(connection: &Connection, jobs: &mpsc::Receiver<Job>) {
    while let Ok(first) = jobs.recv() {
        let mut group = vec![first];
        while group.len() < MAX_GROUP {
            let Ok(job) = jobs.try_recv() else { break };
            group.push(job);
        }
        run_group(connection, group);
    }
}

fn run_group(connection: &Connection, group: Vec<Job>) {
    if let Err(error) = connection.execute_batch("BEGIN IMMEDIATE") {
        let error = StoreError::from(error);
        for job in group {
            (job(Err(error.clone())).acknowledge)(Ok(()));
        }
        return;
    }
    let mut finished = Vec::with_capacity(group.len());
    let mut waiting = group.into_iter();
    for job in waiting.by_ref() {
        finished.push(run_one(connection, job));
        // A full disk makes SQLite end the whole transaction by itself. What ran in it is undone, and says so;
        // what waits must not run outside a transaction.
        if connection.is_autocommit() {
            for acknowledge in finished {
                acknowledge(Err(StoreError::Full));
            }
            let rest: Vec<Job> = waiting.collect();
            if !rest.is_empty() {
                run_group(connection, rest);
            }
            return;
        }
    }
    let commit = connection.execute_batch("COMMIT").map_err(StoreError::from);
    if commit.is_err() {
        let _ = connection.execute_batch("ROLLBACK");
    }
    for acknowledge in finished {
        acknowledge(commit.clone());
    }
}

fn run_one(connection: &Connection, job: Job) -> Acknowledge {
    if let Err(error) = connection.execute_batch("SAVEPOINT job") {
        return job(Err(error.into())).acknowledge;
    }
    // A job that panics undoes itself like one that fails; its caller hears that it is gone.
    let finish = catch_unwind(AssertUnwindSafe(|| job(Ok(connection))));
    let Finish { keep, acknowledge } =
        finish.unwrap_or_else(|_| Finish { keep: false, acknowledge: Box::new(|_| {}) });
    if connection.is_autocommit() {
        return acknowledge; // the transaction is gone; the caller of this function looks
    }
    let end = if keep { "RELEASE job" } else { "ROLLBACK TO job; RELEASE job" };
    if let Err(error) = connection.execute_batch(end) {
        // The job can neither be kept nor undone by itself: the whole group is undone, and its callers hear of it.
        let _ = connection.execute_batch("ROLLBACK");
        let error = StoreError::from(error);
        return Box::new(move |_| acknowledge(Err(error)));
    }
    acknowledge
}
