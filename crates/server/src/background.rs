//! What runs beside the requests: the reconciler, the outbox, and the broom.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::sync::{Notify, Semaphore};
use tracing::{error, info, warn};
use url::Url;

use crate::app::App;
use crate::payments::checks;
use crate::store::{Delivery, DeliveryRecord};
use crate::webhook::{DeliveryFailure, DeliveryOutcome, WebhookSender, retry_delay};

/// The gateway is asked at most this often by the schedule: 20 a second.
const CHECK_PAUSE: Duration = Duration::from_millis(50);

/// Checks of the schedule under way at once.
const CHECKS_AT_ONCE: usize = 16;

/// Deliveries under way at once.
const DELIVERIES_AT_ONCE: usize = 16;

/// So much work is taken from the store at once.
const BATCH: u32 = 64;

/// A loop looks at the store at least this often, for clocks may jump.
const LONGEST_SLEEP: Duration = Duration::from_secs(1);

/// How often a gateway that failed too often is asked whether it is back.
const PROBE_PAUSE: Duration = Duration::from_secs(2);

/// The store's counts are taken once in so many rounds of the broom.
const SAMPLE_EVERY: u32 = 5;

/// Starts the loops; they end when the server stops.
pub fn start(app: &App) {
    app.tasks.spawn(guarded(app.clone(), "reconciler", reconcile));
    app.tasks.spawn(guarded(app.clone(), "outbox", deliver));
    app.tasks.spawn(guarded(app.clone(), "broom", sweep));
    app.tasks.spawn(guarded(app.clone(), "probe", watch_breaker));
}

/// Runs a loop again if it panics, with a pause: no background task may die in silence.
async fn guarded<F, R>(app: App, name: &'static str, run: F)
where
    F: Fn(App) -> R,
    R: Future<Output = ()> + Send + 'static,
{
    let mut pause = Duration::from_millis(100);
    loop {
        let ended = tokio::spawn(run(app.clone())).await;
        if app.stopping.is_cancelled() {
            return;
        }
        if ended.is_err() {
            error!(task = name, "a background task panicked and is started again");
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(Duration::from_secs(10));
    }
}

/// What is being worked on, so that a second look at the store does not start it twice.
#[derive(Clone, Default)]
struct Working<K>(Arc<Mutex<HashSet<K>>>);

impl<K: Eq + std::hash::Hash + Clone> Working<K> {
    /// Takes on a key, until what is returned is dropped; `None` if somebody has it.
    fn begin(&self, key: &K) -> Option<Held<K>> {
        let fresh = self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(key.clone());
        fresh.then(|| Held { working: Self(Arc::clone(&self.0)), key: key.clone() })
    }
}

/// A key that is being worked on; given back also by a panic.
struct Held<K: Eq + std::hash::Hash> {
    working: Working<K>,
    key: K,
}

impl<K: Eq + std::hash::Hash> Drop for Held<K> {
    fn drop(&mut self) {
        self.working.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.key);
    }
}

/// Probes while the breaker is open.
async fn watch_breaker(app: App) {
    while !app.stopping.is_cancelled() {
        app.metrics.set_breaker_open(app.transport.breaker_is_open());
        probe(&app).await;
        tokio::select! {
            () = app.stopping.cancelled() => return,
            () = tokio::time::sleep(PROBE_PAUSE) => {}
        }
    }
}

/// Asks a gateway that failed too often whether it is there again: only an answer lets payments through.
async fn probe(app: &App) {
    if app.transport.breaker_is_open()
        && let Ok(request) = app.gateway.check("farthing-probe")
    {
        let answered = app.transport.send_check(request).await.is_ok();
        info!(answered, "asked whether the gateway is back");
    }
}

/// Follows the check schedule.
async fn reconcile(app: App) {
    let working = Working::<String>::default();
    let slots = Arc::new(Semaphore::new(CHECKS_AT_ONCE));
    while !app.stopping.is_cancelled() {
        let mut begun = 0;
        let next = match app.store.due_checks(app.now(), BATCH).await {
            Ok(due) => {
                for id in due.now {
                    if app.stopping.is_cancelled() {
                        break;
                    }
                    let Some(held) = working.begin(&id) else { continue };
                    begun += 1;
                    let Ok(slot) = Arc::clone(&slots).acquire_owned().await else { return };
                    let app = app.clone();
                    app.tasks.clone().spawn(async move {
                        if let Err(error) = checks::check(&app, &id).await {
                            // Still due: without a pause the gateway would be asked again and again.
                            warn!(payment = id, %error, "a check could not be stored");
                            tokio::time::sleep(checks::TRIGGER_GAP).await;
                        }
                        drop((held, slot));
                    });
                    tokio::time::sleep(CHECK_PAUSE).await;
                }
                due.next
            }
            Err(error) => {
                warn!(%error, "the store cannot tell what to check");
                None
            }
        };
        // A full batch means that there is more; one that begins nothing new is being worked on.
        if begun < BATCH {
            rest(&app, &app.check_wanted, next).await;
        }
    }
}

/// Delivers events in the order of each payment.
async fn deliver(app: App) {
    let working = Working::<u64>::default();
    let slots = Arc::new(Semaphore::new(DELIVERIES_AT_ONCE));
    while !app.stopping.is_cancelled() {
        let mut begun = 0;
        let next = match app.store.due_deliveries(app.now(), BATCH).await {
            Ok(due) => {
                for delivery in due.now {
                    if app.stopping.is_cancelled() {
                        break;
                    }
                    let Some(held) = working.begin(&delivery.event.seq) else { continue };
                    begun += 1;
                    let Ok(slot) = Arc::clone(&slots).acquire_owned().await else { return };
                    let app = app.clone();
                    app.tasks.clone().spawn(async move {
                        deliver_one(&app, &delivery).await;
                        drop((held, slot));
                    });
                }
                due.next
            }
            Err(error) => {
                warn!(%error, "the store cannot tell what to deliver");
                None
            }
        };
        // A full batch means that there is more; one that begins nothing new is being worked on.
        if begun < BATCH {
            rest(&app, &app.event_written, next).await;
        }
    }
}

/// One try of one delivery. A crash between the merchant's answer and our record repeats it, with the same id.
async fn deliver_one(app: &App, delivery: &Delivery) {
    let configured = app.config.merchant.webhook.as_ref().map(|webhook| webhook.url.clone());
    let own = delivery.url.as_deref().map(Url::parse);
    let record = match (&app.webhooks, own, configured) {
        (Some(sender), Some(Ok(url)), _) | (Some(sender), None, Some(url)) => {
            try_once(app, sender, &url, delivery).await
        }
        // Without an endpoint events wait to be pulled.
        _ => DeliveryRecord::Parked(app.now()),
    };
    if let Err(error) = app.store.record_delivery(delivery.event.seq, record).await {
        warn!(event = delivery.event.id, %error, "a delivery cannot be recorded; it will be repeated");
        tokio::time::sleep(LONGEST_SLEEP).await;
    }
}

async fn try_once(
    app: &App,
    sender: &WebhookSender,
    url: &Url,
    delivery: &Delivery,
) -> DeliveryRecord {
    let event = &delivery.event;
    let outcome = sender.deliver(url.as_str(), &event.id, app.now(), event.body.as_bytes()).await;
    app.metrics.delivery(match outcome {
        DeliveryOutcome::Delivered => "delivered",
        DeliveryOutcome::Gone => "gone",
        DeliveryOutcome::Failed(_) => "failed",
    });
    match outcome {
        DeliveryOutcome::Delivered => DeliveryRecord::Delivered(app.now()),
        // The endpoint wants no more: what waits for it is parked too.
        DeliveryOutcome::Gone => DeliveryRecord::EndpointGone(app.now()),
        DeliveryOutcome::Failed(DeliveryFailure::BodyTooLarge) => DeliveryRecord::Parked(app.now()),
        DeliveryOutcome::Failed(reason) => {
            info!(event = event.id, tries = delivery.tries + 1, %reason, "a webhook was not taken");
            retry(app.now(), delivery.tries + 1)
        }
    }
}

/// When to try again after `tries` failures; parked when the schedule has ended.
fn retry(now: Timestamp, tries: u32) -> DeliveryRecord {
    let Some(delay) = retry_delay(tries) else { return DeliveryRecord::Parked(now) };
    let at = SignedDuration::try_from(delay).ok().and_then(|delay| now.checked_add(delay).ok());
    at.map_or(DeliveryRecord::Parked(now), DeliveryRecord::Retry)
}

/// Ends sessions whose time is over, and forgets what is only kept for a time.
async fn sweep(app: App) {
    let mut rounds = 0_u32;
    while !app.stopping.is_cancelled() {
        match app.store.expire_due_sessions(app.now()).await {
            Ok(0) => {}
            Ok(_) => app.event_written.notify_one(),
            Err(error) => warn!(%error, "sessions cannot be expired"),
        }
        if rounds.is_multiple_of(SAMPLE_EVERY) {
            sample(&app).await;
        }
        if rounds.is_multiple_of(600)
            && let Err(error) = app.store.tidy(app.now()).await
        {
            warn!(%error, "the store cannot be tidied");
        }
        rounds = rounds.wrapping_add(1);
        tokio::select! {
            () = app.stopping.cancelled() => return,
            () = tokio::time::sleep(LONGEST_SLEEP) => {}
        }
    }
}

/// Reads what only the store can count.
async fn sample(app: &App) {
    app.metrics.set_event_streams(app.store.changes().watchers());
    if let Ok(open) = app.store.unresolved().await {
        app.metrics.set_unresolved(open);
    }
    if let Ok((pending, parked)) = app.store.outbox_size().await {
        app.metrics.set_outbox(pending, parked);
    }
}

/// Sleeps until there may be work.
async fn rest(app: &App, wake: &Notify, next: Option<Timestamp>) {
    let until = next.and_then(|next| Duration::try_from(next.duration_since(app.now())).ok());
    let pause = until.unwrap_or(LONGEST_SLEEP).clamp(Duration::from_millis(5), LONGEST_SLEEP);
    tokio::select! {
        () = app.stopping.cancelled() => {}
        () = wake.notified() => {}
        () = tokio::time::sleep(pause) => {}
    }
}
