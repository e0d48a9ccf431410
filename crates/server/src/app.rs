//! What every part of the running server shares.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use farthing_gateways::Gateway;
use farthing_widget::Shell;
use jiff::{SignedDuration, Timestamp};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::checkout::refusals::Refusals;
use crate::clock::SharedClock;
use crate::config::{Config, Origin};
use crate::payments::card_memory::CardMemory;
use crate::payments::checks::Checks;
use crate::payments::reducer::Context;
use crate::seal::Sealer;
use crate::store::Store;
use crate::telemetry::Metrics;
use crate::token::random_bytes;
use crate::transport::Transport;
use crate::wallets::merchant_session::AppleHost;
use crate::webhook::WebhookSender;

/// The running server's parts; cheap to clone.
#[derive(Clone, Debug)]
pub struct App {
    parts: Arc<Parts>,
}

/// The parts.
#[derive(Debug)]
pub struct Parts {
    /// The operator's configuration.
    pub config: Config,
    /// The origin of all our URLs.
    pub public_url: Origin,
    /// The origin of wallets' scripts, if there is one.
    pub wallet_origin: Option<Origin>,
    /// What is remembered.
    pub store: Arc<dyn Store>,
    /// The gateway's dialect.
    pub gateway: Arc<dyn Gateway>,
    /// The only sender of bytes to gateways.
    pub transport: Transport,
    /// The only sender of bytes to merchants.
    pub webhooks: Option<WebhookSender>,
    /// Seals personal data and addresses before they are stored.
    pub sealer: Sealer,
    /// The time.
    pub clock: SharedClock,
    /// What the operator measures.
    pub metrics: Metrics,
    /// This process, among those that have used the store.
    pub process: String,
    /// Checks under way.
    pub checks: Checks,
    /// The template of pages with scripts, in a build that has them.
    pub shell: Option<Shell>,
    /// The template of the wallets' document, in a build that has it.
    pub wallets_shell: Option<Shell>,
    /// The template of checkouts that offer wallets, with their script.
    pub shell_with_wallets: Option<Shell>,
    /// What is wrong with submits, until it is shown.
    pub refusals: Refusals,
    /// Which card an attempt's key was used for, as keyed hashes.
    pub cards: CardMemory,
    /// Held while a hand-over page is claimed: only one window is the first to open it.
    pub step_turn: tokio::sync::Mutex<()>,
    /// The way to Apple's host, where Apple Pay is configured.
    pub apple_host: Option<AppleHost>,
    /// Work that must end before the process does.
    pub tasks: TaskTracker,
    /// Tells the background loops to end.
    pub stopping: CancellationToken,
    /// Wakes the reconciler.
    pub check_wanted: Notify,
    /// Wakes the outbox.
    pub event_written: Notify,
    /// How many outcomes are known here that the store could not take yet.
    pub behind: AtomicUsize,
}

impl App {
    /// Shares the parts.
    pub fn new(parts: Parts) -> Self {
        Self { parts: Arc::new(parts) }
    }

    /// Now, in whole milliseconds: what is stored, compared and shown is one and the same.
    pub fn now(&self) -> Timestamp {
        let now = self.clock.now();
        Timestamp::from_millisecond(now.as_millisecond()).unwrap_or(now)
    }

    /// What the reducer needs.
    pub fn context(&self) -> Context {
        Context { now: self.now(), not_found_gap: self.not_found_gap(), jitter: draw() }
    }

    /// How far apart two "not found" answers have to be: two call time-outs.
    fn not_found_gap(&self) -> SignedDuration {
        SignedDuration::try_from(self.config.server.call_timeout.saturating_mul(2))
            .unwrap_or(SignedDuration::from_secs(60))
    }

    /// Marks that an outcome waits in memory for the store, until what is returned is dropped.
    pub fn fall_behind(&self) -> Behind {
        self.behind.fetch_add(1, Ordering::AcqRel);
        self.metrics.set_behind(true);
        Behind(self.clone())
    }

    /// Whether an outcome waits in memory for the store: no new payment may start.
    pub fn is_behind(&self) -> bool {
        self.behind.load(Ordering::Acquire) > 0
    }

    /// How long a browser waits for the gateway at most.
    pub fn browser_patience(&self) -> Duration {
        self.config.server.call_timeout.saturating_add(Duration::from_secs(1))
    }
}

/// While it lives, an outcome waits for the store.
#[derive(Debug)]
pub struct Behind(App);

impl Drop for Behind {
    fn drop(&mut self) {
        let before = self.0.behind.fetch_sub(1, Ordering::AcqRel);
        self.0.metrics.set_behind(before > 1);
    }
}

impl std::ops::Deref for App {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.parts
    }
}

/// A drawn number; without randomness checks are merely less spread.
fn draw() -> u8 {
    random_bytes::<1>().map_or(127, |bytes| bytes.first().copied().unwrap_or(127))
}
