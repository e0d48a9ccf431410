//! Asking the gateway, and believing only its answer.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use farthing_gateways::{CheckAnswer, CheckedState, Unclear};
use jiff::SignedDuration;
use tracing::{info, warn};

use super::record::Payment;
use super::reducer::{Checked, Evidence};
use super::steps;
use crate::app::App;
use crate::store::StoreError;

/// A callback or a returning shopper triggers a check at most this often for one payment.
pub const TRIGGER_GAP: Duration = Duration::from_secs(5);

/// Checks under way, and the last one that something triggered.
#[derive(Debug, Default)]
pub struct Checks {
    running: Mutex<HashMap<String, Arc<tokio::sync::Mutex<()>>>>,
    triggered: Mutex<HashMap<String, Instant>>,
}

impl Checks {
    /// The turn for one payment: whoever holds it checks, and everybody else waits for its result.
    pub(super) fn turn(&self, payment_id: &str) -> Arc<tokio::sync::Mutex<()>> {
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        // Only turns that nobody waits for have a single owner: the map itself.
        running.retain(|_, turn| Arc::strong_count(turn) > 1);
        Arc::clone(running.entry(payment_id.to_owned()).or_default())
    }

    /// Whether a trigger may check now; `Err` is the time to wait.
    fn may_trigger(&self, payment_id: &str) -> Result<(), Duration> {
        let mut triggered = self.triggered.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        triggered.retain(|_, last| now.duration_since(*last) < TRIGGER_GAP);
        if let Some(last) = triggered.get(payment_id) {
            return Err(TRIGGER_GAP.saturating_sub(now.duration_since(*last)));
        }
        triggered.insert(payment_id.to_owned(), now);
        Ok(())
    }
}

/// Checks because something happened: at most once per [`TRIGGER_GAP`], else as soon as that is over.
///
/// Waits `patience` at most for the gateway, then tells what is known; the check goes on, also when the caller hangs up.
pub async fn trigger(
    app: &App,
    payment: &Payment,
    patience: Duration,
) -> Result<Payment, StoreError> {
    let task = app.tasks.spawn(check_or_plan(app.clone(), payment.id.clone()));
    match tokio::time::timeout(patience, task).await {
        Ok(Ok(checked)) => checked,
        Ok(Err(_)) | Err(_) => app.store.payment(&payment.id).await?.ok_or(StoreError::Missing),
    }
}

async fn check_or_plan(app: App, payment_id: String) -> Result<Payment, StoreError> {
    match app.checks.may_trigger(&payment_id) {
        Ok(()) => check(&app, &payment_id).await,
        Err(wait) => {
            // The check that took the turn may be under way: its answer is worth waiting for.
            let turn = app.checks.turn(&payment_id);
            let _ = tokio::time::timeout(longest_turn(&app), turn.lock()).await;
            let payment = app.store.payment(&payment_id).await?.ok_or(StoreError::Missing)?;
            if is_worth_asking(&payment) {
                plan(&app, &payment_id, wait).await?;
            }
            Ok(payment)
        }
    }
}

/// Makes sure that a check comes after `wait`.
async fn plan(app: &App, payment_id: &str, wait: Duration) -> Result<(), StoreError> {
    let wait = SignedDuration::try_from(wait).unwrap_or(SignedDuration::from_secs(5));
    if let Ok(at) = app.now().checked_add(wait) {
        app.store.hasten_check(payment_id, at).await?;
        app.check_wanted.notify_one();
    }
    Ok(())
}

/// Asks the gateway about one payment and applies the answer. Those who ask at the same moment share one question.
pub async fn check(app: &App, payment_id: &str) -> Result<Payment, StoreError> {
    let turn = app.checks.turn(payment_id);
    let (_held, waited) = match turn.try_lock() {
        Ok(held) => (Some(held), false),
        Err(_) => (tokio::time::timeout(longest_turn(app), turn.lock()).await.ok(), true),
    };
    let payment = app.store.payment(payment_id).await?.ok_or(StoreError::Missing)?;
    if waited {
        // The question that was answered may have been asked before what brought us here happened.
        if is_worth_asking(&payment) {
            plan(app, payment_id, TRIGGER_GAP).await?;
        }
        return Ok(payment);
    }
    if !is_worth_asking(&payment) {
        return Ok(payment);
    }
    let told = payment.events;
    let answer = ask(app, &payment).await;
    let evidence = vec![Evidence::Checked(answer)];
    let payment = app.store.apply(payment_id, evidence, app.context()).await?;
    if payment.events > told {
        app.event_written.notify_one();
    }
    Ok(payment)
}

/// A turn is two questions long at most; one that takes longer waits for the store, and nobody should wait with it.
fn longest_turn(app: &App) -> Duration {
    app.config.server.call_timeout.saturating_mul(2).saturating_add(TRIGGER_GAP)
}

/// A paid payment stays paid whatever a check says; everything else can still learn.
pub fn is_worth_asking(payment: &Payment) -> bool {
    use farthing_types::PaymentStatus::{
        Authorized, Canceled, Failed, NeedsAttention, Processing, RequiresAction,
    };
    matches!(
        payment.status,
        Processing | RequiresAction | Failed | Canceled | NeedsAttention | Authorized
    )
}

/// The question and its answer; everything that goes wrong on the way is an unclear answer.
pub async fn ask(app: &App, payment: &Payment) -> Checked {
    let CheckAnswer { state, card, step } = ask_by_both_ids(app, payment).await;
    app.metrics.check(outcome(&state));
    // A step that cannot be sealed is not stored; the next answer tells of it again.
    let step = step.and_then(|step| steps::seal(app, &payment.id, &step).ok());
    Checked { state, card, step }
}

/// By our id, and by the gateway's own where it does not know ours.
async fn ask_by_both_ids(app: &App, payment: &Payment) -> CheckAnswer {
    let processing_id = payment.processing_id.as_deref();
    let mut known = vec![payment.gateway_order_id.as_str()];
    known.extend(processing_id);
    let first = ask_by(app, &payment.gateway_order_id, &known).await;
    let Some(processing_id) = processing_id else { return first };
    if first.state != CheckedState::NotFound {
        return first;
    }
    let second = ask_by(app, processing_id, &known).await;
    info!(
        payment = payment.id,
        found = second.state != CheckedState::NotFound,
        "asked by the gateway's own id"
    );
    second
}

async fn ask_by(app: &App, id: &str, known: &[&str]) -> CheckAnswer {
    let unclear = |why| CheckAnswer { state: CheckedState::Unclear(why), card: None, step: None };
    let request = match app.gateway.check(id) {
        Ok(request) => request,
        Err(error) => {
            warn!(%error, "a check could not be built");
            return unclear(Unclear::Status);
        }
    };
    let started = Instant::now();
    let answer = match app.transport.send_check(request).await {
        Ok(response) => app.gateway.read_check(known, &response),
        Err(error) => {
            info!(%error, "a check got no answer");
            unclear(Unclear::Status)
        }
    };
    app.metrics.gateway_call("check", outcome(&answer.state), started.elapsed());
    if let CheckedState::Unclear(why) = answer.state {
        app.metrics.unclear(why.label());
    }
    answer
}

/// The metric's label.
fn outcome(state: &CheckedState) -> &'static str {
    match state {
        CheckedState::Failed { .. } => "failed",
        CheckedState::Misconfigured => "misconfigured",
        CheckedState::NotFound => "not_found",
        CheckedState::Pending => "pending",
        CheckedState::Succeeded { .. } => "succeeded",
        _ => "unclear",
    }
}
