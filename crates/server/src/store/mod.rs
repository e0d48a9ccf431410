//! What is remembered, and the promises of remembering it.
//!
//! A [`Store`] is asked for whole steps of the order of writes, each of which is one durable transaction: when a call
//! returns `Ok`, its effect survives a power cut. Rows hold no card number, no code and no token in clear: tokens are
//! stored as SHA-256, personal data and addresses of next steps arrive sealed.

pub mod changes;
pub mod sqlite;

use std::fmt;

use async_trait::async_trait;
use farthing_types::{PaymentStatus, SessionStatus};
use jiff::Timestamp;

use self::changes::Changes;
use crate::payments::record::{CardOnFile, Method, Payment};
use crate::payments::reducer::{Context, Evidence};
use crate::sessions::record::Session;
use crate::token::TokenHash;

/// Where sessions, payments and events live. SQLite implements it; PostgreSQL can without touching a caller.
#[async_trait]
pub trait Store: Send + Sync + fmt::Debug {
    /// Creates a session if its order is free; an older open session of the order is expired in the same transaction.
    async fn create_session(&self, session: NewSession) -> Result<OrderLock<Session>, StoreError>;

    /// One session.
    async fn session(&self, id: &str) -> Result<Option<Session>, StoreError>;

    /// The session of a checkout token.
    async fn session_by_token(&self, token: &TokenHash) -> Result<Option<Session>, StoreError>;

    /// Changes amount or purpose of an open session and raises its version.
    async fn amend_session(
        &self,
        id: &str,
        amendment: Amendment,
        now: Timestamp,
    ) -> Result<Amended, StoreError>;

    /// Ends an open session; tells whether it was open.
    async fn expire_session(&self, id: &str, now: Timestamp)
    -> Result<Option<Session>, StoreError>;

    /// Ends every open session whose time is over; returns how many.
    async fn expire_due_sessions(&self, now: Timestamp) -> Result<usize, StoreError>;

    /// Writes the intent to pay (transaction 1 of the order of writes) if session and order allow it.
    async fn begin_attempt(&self, attempt: NewAttempt) -> Result<Begun, StoreError>;

    /// Applies evidence to a payment through the reducer, piece by piece, and writes the events in the same transaction.
    async fn apply(
        &self,
        payment_id: &str,
        evidence: Vec<Evidence>,
        context: Context,
    ) -> Result<Payment, StoreError>;

    /// Makes sure that a payment that is not settled is checked at `at` or earlier.
    async fn hasten_check(&self, payment_id: &str, at: Timestamp) -> Result<(), StoreError>;

    /// Marks every attempt that a dead process left in `sending` as unresolved; returns how many.
    async fn recover(&self, context: Context) -> Result<usize, StoreError>;

    /// One payment.
    async fn payment(&self, id: &str) -> Result<Option<Payment>, StoreError>;

    /// The payment of a return token.
    async fn payment_by_return(&self, token: &TokenHash) -> Result<Option<Payment>, StoreError>;

    /// The payment of a callback's path token.
    async fn payment_by_callback(&self, token: &TokenHash) -> Result<Option<Payment>, StoreError>;

    /// The last attempt of a session.
    async fn last_payment(&self, session_id: &str) -> Result<Option<Payment>, StoreError>;

    /// Payments with their positions, newest first.
    async fn payments(&self, filter: PaymentFilter) -> Result<Vec<(u64, Payment)>, StoreError>;

    /// Payments whose check is due, newest first, at most `limit`; and when the next one will be.
    async fn due_checks(&self, now: Timestamp, limit: u32) -> Result<Due<String>, StoreError>;

    /// How many payments wait for their result.
    async fn unresolved(&self) -> Result<u64, StoreError>;

    /// Events after a sequence number, oldest first.
    async fn events(&self, after: u64, limit: u32) -> Result<Vec<StoredEvent>, StoreError>;

    /// Deliveries that are due and first in line for their payment, at most `limit`; and when the next one will be.
    async fn due_deliveries(&self, now: Timestamp, limit: u32)
    -> Result<Due<Delivery>, StoreError>;

    /// Records how a delivery went.
    async fn record_delivery(&self, seq: u64, result: DeliveryRecord) -> Result<(), StoreError>;

    /// How many events wait to be delivered, and how many are parked.
    async fn outbox_size(&self) -> Result<(u64, u64), StoreError>;

    /// Keeps a validly signed callback that names no order of its token, for the operator; the oldest go beyond 10,000.
    async fn record_orphan(
        &self,
        gateway: &str,
        order_id: &str,
        now: Timestamp,
    ) -> Result<(), StoreError>;

    /// Claims an idempotency key.
    async fn claim_key(&self, claim: KeyClaim) -> Result<KeyState, StoreError>;

    /// Remembers the answer to a claimed key: status and sealed body.
    async fn finish_key(
        &self,
        key: &KeyScope,
        status: u16,
        body: Vec<u8>,
    ) -> Result<(), StoreError>;

    /// Gives a claimed key back: its request was refused by validation, or failed without an effect.
    async fn release_key(&self, key: &KeyScope) -> Result<(), StoreError>;

    /// Forgets what is only kept for a time: idempotency keys after 7 days.
    async fn tidy(&self, now: Timestamp) -> Result<(), StoreError>;

    /// A row of the table of facts about the store itself.
    async fn fact(&self, name: &str) -> Result<Option<Vec<u8>>, StoreError>;

    /// Sets such a fact if it is not set yet; returns the one that holds.
    async fn set_fact_once(&self, name: &str, value: Vec<u8>) -> Result<Vec<u8>, StoreError>;

    /// Where it tells which sessions have changed: by their own rows or by their payments'.
    fn changes(&self) -> &Changes;

    /// Whether it can be written now.
    async fn ready(&self) -> Result<(), StoreError>;
}

/// Why the store could not do its part. Nothing was written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// Another writer held the database too long.
    #[error("the database is locked by another writer")]
    Busy,
    /// The disk or the database is full, or refuses to be written.
    #[error("the database is full or cannot be written")]
    Full,
    /// Anything else; the text comes from the database and holds no value of ours.
    #[error("the database failed: {0}")]
    Internal(String),
    /// The row that must exist does not.
    #[error("a row is missing")]
    Missing,
}

/// What it takes to create a session.
#[derive(Debug)]
pub struct NewSession {
    /// The session as it will be; status open, version 1.
    pub session: Session,
    /// SHA-256 of its checkout token.
    pub token: TokenHash,
}

/// Whether an order was free.
#[derive(Debug, PartialEq, Eq)]
pub enum OrderLock<T> {
    /// It was.
    Free(T),
    /// A payment of the order is open or unresolved.
    Open {
        /// `pay_…`.
        payment_id: String,
    },
    /// The order is paid, or money for it needs a person's attention.
    Paid {
        /// `pay_…`.
        payment_id: String,
    },
}

/// What may change in an open session.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Amendment {
    /// The new amount, minor units.
    pub amount: Option<u64>,
    /// The new purpose.
    pub purpose: Option<String>,
}

/// What became of an amendment.
#[derive(Debug, PartialEq, Eq)]
#[expect(clippy::large_enum_variant, reason = "made once for each call and taken apart at once")]
pub enum Amended {
    /// Done.
    Done(Session),
    /// No such session.
    Missing,
    /// The session is not open.
    NotOpen(SessionStatus),
}

/// The intent to pay.
#[derive(Debug)]
pub struct NewAttempt {
    /// `pay_…`.
    pub id: String,
    /// Its session.
    pub session_id: String,
    /// The attempt's key that the page carried: the same key is the same attempt.
    pub attempt: String,
    /// The session's version that the page carried.
    pub version: u32,
    /// The gateway.
    pub gateway: String,
    /// The id that the gateway will see.
    pub gateway_order_id: String,
    /// How it is paid.
    pub method: Method,
    /// What may be kept of the card.
    pub card: Option<CardOnFile>,
    /// What tells its wallet's token from all others, as a keyed hash: no token pays twice.
    pub wallet_token: Option<[u8; 32]>,
    /// SHA-256 of the return token.
    pub return_token: TokenHash,
    /// SHA-256 of the callback's path token.
    pub callback_token: TokenHash,
    /// Now.
    pub now: Timestamp,
}

/// What became of an intent.
#[derive(Debug, PartialEq, Eq)]
pub enum Begun {
    /// The order has an open attempt of another session.
    OrderOpen(Payment),
    /// The order is paid already.
    OrderPaid(Payment),
    /// The same attempt exists: this is what became of it.
    Repeated(Payment),
    /// The session is not open, or its time is over.
    SessionClosed,
    /// The page showed another version of the session.
    Stale,
    /// Written; the gateway may be called, once.
    Started(Payment),
    /// Another attempt was made with the same wallet token.
    TokenUsed,
    /// No attempt is left.
    TooMany,
}

/// Which payments to list.
#[derive(Clone, Debug, Default)]
pub struct PaymentFilter {
    /// Only this order.
    pub order_id: Option<String>,
    /// Only this status.
    pub status: Option<PaymentStatus>,
    /// Only this method.
    pub method: Option<Method>,
    /// Only those created after this time.
    pub created_after: Option<Timestamp>,
    /// Only those before this position.
    pub before: Option<u64>,
    /// At most so many.
    pub limit: u32,
}

/// Work that is due now, and when more will be.
#[derive(Debug)]
pub struct Due<T> {
    /// What is due.
    pub now: Vec<T>,
    /// When the next one will be due.
    pub next: Option<Timestamp>,
}

/// An event as stored: the body is what is signed and sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredEvent {
    /// Position among all events.
    pub seq: u64,
    /// `evt_…`, the same on every delivery.
    pub id: String,
    /// The JSON body.
    pub body: String,
}

/// A delivery to make.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// The event.
    pub event: StoredEvent,
    /// Where to, if the session names its own endpoint.
    pub url: Option<String>,
    /// How often it was tried.
    pub tries: u32,
}

/// How a delivery went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeliveryRecord {
    /// The endpoint took it.
    Delivered(Timestamp),
    /// The endpoint wants no more events: this one and all that wait for the same endpoint are parked.
    EndpointGone(Timestamp),
    /// Not tried again by itself: refused for good, or too often.
    Parked(Timestamp),
    /// To be tried again at the given time.
    Retry(Timestamp),
}

/// Whose idempotency key, and for what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyScope {
    /// The merchant key's id.
    pub caller: String,
    /// The route's pattern with its ids filled in.
    pub route: String,
    /// The key.
    pub key: String,
}

/// A request that wants to run under an idempotency key.
#[derive(Debug)]
pub struct KeyClaim {
    /// Whose, and for what.
    pub scope: KeyScope,
    /// Keyed hash of the request's body.
    pub request: [u8; 32],
    /// This process, so that a claim of a dead one can be taken over.
    pub process: String,
    /// Now.
    pub now: Timestamp,
}

/// The state of an idempotency key.
#[derive(Debug, PartialEq, Eq)]
pub enum KeyState {
    /// Answered before: status and sealed body.
    Answered(u16, Vec<u8>),
    /// Claimed by this request.
    Claimed,
    /// Used for another body.
    Different,
    /// The first request is still running.
    Running,
}
