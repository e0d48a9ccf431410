//! Metrics in the Prometheus text format. One registry per application, none for the process.
//!
//! Labels are words of ours, never of a client or a gateway: their number is bounded.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use farthing_types::PaymentStatus;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};

/// Everything that is counted; cheap to clone.
#[derive(Clone)]
pub struct Metrics {
    inner: Arc<Inner>,
}

struct Inner {
    registry: Registry,
    behind: Gauge,
    breaker_open: Gauge,
    callbacks: Family<Result_, Counter>,
    checks: Family<Result_, Counter>,
    deliveries: Family<Result_, Counter>,
    apple_sessions: Family<Result_, Counter>,
    gateway_calls: Family<Call, Counter>,
    gateway_seconds: Family<Operation, Histogram, fn() -> Histogram>,
    http_requests: Family<Http, Counter>,
    http_seconds: Family<Route, Histogram, fn() -> Histogram>,
    event_streams: Gauge<u64, AtomicU64>,
    outbox_parked: Gauge<u64, AtomicU64>,
    outbox_pending: Gauge<u64, AtomicU64>,
    payments_by_status: Family<Status, Counter>,
    payments_started: Family<Method, Counter>,
    unclear: Family<Reason, Counter>,
    unresolved: Gauge<u64, AtomicU64>,
    wallet_refusals: Family<Wallet, Counter>,
}

impl Metrics {
    /// All at zero.
    pub fn new() -> Self {
        let mut inner = Inner {
            registry: Registry::with_prefix("farthing"),
            behind: Gauge::default(),
            breaker_open: Gauge::default(),
            callbacks: Family::default(),
            checks: Family::default(),
            deliveries: Family::default(),
            apple_sessions: Family::default(),
            gateway_calls: Family::default(),
            gateway_seconds: Family::new_with_constructor(histogram),
            http_requests: Family::default(),
            http_seconds: Family::new_with_constructor(histogram),
            event_streams: Gauge::default(),
            outbox_parked: Gauge::default(),
            outbox_pending: Gauge::default(),
            payments_by_status: Family::default(),
            payments_started: Family::default(),
            unclear: Family::default(),
            unresolved: Gauge::default(),
            wallet_refusals: Family::default(),
        };
        let registry = &mut inner.registry;
        registry.register(
            "store_behind",
            "Whether an outcome waits in memory because the store cannot be written",
            inner.behind.clone(),
        );
        registry.register(
            "breaker_open",
            "Whether charges are stopped because calls to the gateway fail",
            inner.breaker_open.clone(),
        );
        registry.register(
            "callbacks",
            "Callbacks from gateways, by what became of them",
            inner.callbacks.clone(),
        );
        registry.register(
            "checks",
            "Questions about payments, by what the gateway said",
            inner.checks.clone(),
        );
        registry.register(
            "webhook_deliveries",
            "Tries to deliver an event, by outcome",
            inner.deliveries.clone(),
        );
        registry.register(
            "apple_merchant_sessions",
            "Merchant sessions asked of Apple, by what became of them",
            inner.apple_sessions.clone(),
        );
        registry.register(
            "gateway_calls",
            "Calls to the gateway, by operation and outcome",
            inner.gateway_calls.clone(),
        );
        registry.register_with_unit(
            "gateway_call_duration",
            "How long calls to the gateway take",
            Unit::Seconds,
            inner.gateway_seconds.clone(),
        );
        registry.register(
            "http_requests",
            "Requests answered, by route pattern, method and status",
            inner.http_requests.clone(),
        );
        registry.register_with_unit(
            "http_request_duration",
            "How long requests take, by route pattern and method",
            Unit::Seconds,
            inner.http_seconds.clone(),
        );
        registry.register(
            "event_streams",
            "Pages that are told their state as it changes",
            inner.event_streams.clone(),
        );
        registry.register(
            "outbox_parked",
            "Events that are no longer tried and wait to be pulled",
            inner.outbox_parked.clone(),
        );
        registry.register(
            "outbox_pending",
            "Events that wait for their delivery",
            inner.outbox_pending.clone(),
        );
        registry.register(
            "payments",
            "Answered attempts, by the payment's status then",
            inner.payments_by_status.clone(),
        );
        registry.register(
            "payments_started",
            "Attempts started, by method",
            inner.payments_started.clone(),
        );
        registry.register(
            "unclear_answers",
            "Answers of the gateway that were not understood",
            inner.unclear.clone(),
        );
        registry.register(
            "unresolved_payments",
            "Payments whose outcome is not known yet",
            inner.unresolved.clone(),
        );
        registry.register(
            "wallet_tokens_refused",
            "Wallet tokens refused before the gateway was called, by wallet and step",
            inner.wallet_refusals.clone(),
        );
        Self { inner: Arc::new(inner) }
    }

    /// A request was answered. `route` is the pattern, never the path.
    pub fn http_request(&self, route: &str, method: &'static str, status: u16, took: Duration) {
        let route = route.to_owned();
        self.inner
            .http_requests
            .get_or_create(&Http { route: route.clone(), method, status })
            .inc();
        self.inner.http_seconds.get_or_create(&Route { route, method }).observe(took.as_secs_f64());
    }

    /// An attempt was started with a method: `card`, `hosted`, ….
    pub fn payment_started(&self, method: &'static str) {
        self.inner.payments_started.get_or_create(&Method { method }).inc();
    }

    /// An attempt was answered, and the payment's status is this.
    pub fn payment_answered(&self, status: PaymentStatus) {
        self.inner.payments_by_status.get_or_create(&Status { status: status_label(status) }).inc();
    }

    /// A call to the gateway ended. `operation`: `pay`, `check`, …; `outcome` is a word of ours.
    pub fn gateway_call(&self, operation: &'static str, outcome: &'static str, took: Duration) {
        self.inner.gateway_calls.get_or_create(&Call { operation, outcome }).inc();
        self.inner
            .gateway_seconds
            .get_or_create(&Operation { operation })
            .observe(took.as_secs_f64());
    }

    /// A callback arrived and this became of it.
    pub fn callback(&self, result: &'static str) {
        self.inner.callbacks.get_or_create(&Result_ { result }).inc();
    }

    /// A check was answered.
    pub fn check(&self, result: &'static str) {
        self.inner.checks.get_or_create(&Result_ { result }).inc();
    }

    /// An event's delivery was tried.
    pub fn delivery(&self, result: &'static str) {
        self.inner.deliveries.get_or_create(&Result_ { result }).inc();
    }

    /// An answer was not understood, for a reason of ours.
    pub fn unclear(&self, reason: &'static str) {
        self.inner.unclear.get_or_create(&Reason { reason }).inc();
    }

    /// A wallet's token was refused at a step: `signature`, `amount`, `used`, ….
    pub fn wallet_refused(&self, wallet: &'static str, stage: &'static str) {
        self.inner.wallet_refusals.get_or_create(&Wallet { wallet, stage }).inc();
    }

    /// Apple was asked for a merchant session, and this became of it.
    pub fn merchant_session(&self, result: &'static str) {
        self.inner.apple_sessions.get_or_create(&Result_ { result }).inc();
    }

    /// How many events wait, and how many are parked.
    pub fn set_outbox(&self, pending: u64, parked: u64) {
        self.inner.outbox_pending.set(pending);
        self.inner.outbox_parked.set(parked);
    }

    /// How many pages follow their state.
    pub fn set_event_streams(&self, streams: usize) {
        self.inner.event_streams.set(u64::try_from(streams).unwrap_or(u64::MAX));
    }

    /// How many payments are unresolved.
    pub fn set_unresolved(&self, payments: u64) {
        self.inner.unresolved.set(payments);
    }

    /// Whether an outcome waits in memory for the store.
    pub fn set_behind(&self, behind: bool) {
        self.inner.behind.set(i64::from(behind));
    }

    /// Whether the breaker is open.
    pub fn set_breaker_open(&self, open: bool) {
        self.inner.breaker_open.set(i64::from(open));
    }

    /// All of it as text, of the type [`CONTENT_TYPE`].
    pub fn render(&self) -> String {
        let mut text = String::new();
        // Writing to a string cannot fail.
        let _ = encode(&mut text, &self.inner.registry);
        text
    }
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { inner: _ } = self;
        f.write_str("Metrics")
    }
}

/// The type of [`Metrics::render`]'s text. Source: OpenMetrics 1.0.0, "Protocol Negotiation".
pub const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

fn histogram() -> Histogram {
    // Seconds: from what a database write takes to the longest call to a gateway.
    Histogram::new([
        0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0,
    ])
}

const fn status_label(status: PaymentStatus) -> &'static str {
    match status {
        PaymentStatus::RequiresAction => "requires_action",
        PaymentStatus::Processing => "processing",
        PaymentStatus::Authorized => "authorized",
        PaymentStatus::Paid => "paid",
        PaymentStatus::Failed => "failed",
        PaymentStatus::Canceled => "canceled",
        PaymentStatus::PartiallyRefunded => "partially_refunded",
        PaymentStatus::Refunded => "refunded",
        PaymentStatus::NeedsAttention => "needs_attention",
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Call {
    operation: &'static str,
    outcome: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Http {
    route: String,
    method: &'static str,
    status: u16,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Method {
    method: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Operation {
    operation: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Reason {
    reason: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Result_ {
    result: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Route {
    route: String,
    method: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Status {
    status: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Wallet {
    wallet: &'static str,
    stage: &'static str,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_measurement_shows_in_the_text() {
        let metrics = Metrics::new();
        metrics.http_request("/checkout/{token}", "GET", 200, Duration::from_millis(3));
        metrics.payment_started("card");
        metrics.payment_answered(PaymentStatus::Paid);
        metrics.gateway_call("pay", "step", Duration::from_millis(40));
        metrics.callback("accepted");
        metrics.check("succeeded");
        metrics.delivery("delivered");
        metrics.unclear("malformed");
        metrics.wallet_refused("apple_pay", "signature");
        metrics.merchant_session("given");
        metrics.set_outbox(3, 1);
        metrics.set_unresolved(2);
        metrics.set_event_streams(7);
        metrics.set_behind(true);
        metrics.set_breaker_open(true);
        let text = metrics.render();
        for line in [
            "farthing_http_requests_total{route=\"/checkout/{token}\",method=\"GET\",status=\"200\"} 1",
            "farthing_http_request_duration_seconds_count{route=\"/checkout/{token}\",method=\"GET\"} 1",
            "farthing_http_request_duration_seconds_bucket{le=\"0.005\",route=\"/checkout/{token}\",method=\"GET\"} 1",
            "farthing_payments_started_total{method=\"card\"} 1",
            "farthing_payments_total{status=\"paid\"} 1",
            "farthing_gateway_calls_total{operation=\"pay\",outcome=\"step\"} 1",
            "farthing_gateway_call_duration_seconds_count{operation=\"pay\"} 1",
            "farthing_callbacks_total{result=\"accepted\"} 1",
            "farthing_checks_total{result=\"succeeded\"} 1",
            "farthing_webhook_deliveries_total{result=\"delivered\"} 1",
            "farthing_unclear_answers_total{reason=\"malformed\"} 1",
            "farthing_wallet_tokens_refused_total{wallet=\"apple_pay\",stage=\"signature\"} 1",
            "farthing_apple_merchant_sessions_total{result=\"given\"} 1",
            "farthing_outbox_pending 3",
            "farthing_outbox_parked 1",
            "farthing_event_streams 7",
            "farthing_unresolved_payments 2",
            "farthing_store_behind 1",
            "farthing_breaker_open 1",
        ] {
            assert!(text.lines().any(|shown| shown == line), "{line} in\n{text}");
        }
        assert!(text.ends_with("# EOF\n"));
    }

    #[test]
    fn two_applications_in_one_process_count_apart() {
        let (one, other) = (Metrics::new(), Metrics::new());
        one.callback("accepted");
        assert!(!other.render().contains("accepted"));
        let same = one.clone();
        same.callback("accepted");
        assert!(one.render().contains("farthing_callbacks_total{result=\"accepted\"} 2"));
    }
}
