//! Everything that the sandbox remembers, behind one lock. Nothing here waits.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use secrecy::SecretString;
use url::Url;

use crate::clock::{self, Clock};
use crate::control::{
    Endpoint, EndpointLog, Faults, Ledger, LedgerCallback, LedgerOrder, NextStep, OrderKind,
    ReplyKind, RequestShape, Settle, Totals,
};
use crate::order::{NewOrder, Order, Outcome, Plan, code};
use crate::smartcore::Refusal;
use crate::smartcore::card::CardInput;
use crate::smartcore::notice::{self, Notice};

/// How many different sets of fields the log of requests keeps per endpoint.
const MAX_SHAPES: usize = 32;
/// The rule of the documents: "minimum time between card transactions 60 seconds".
const CARD_TIME_LIMIT: SignedDuration = SignedDuration::from_secs(60);

/// Callbacks to be sent, in order, after a delay.
#[derive(Debug)]
pub(crate) struct Dispatch {
    pub(crate) processing_id: String,
    pub(crate) url: Url,
    pub(crate) delay: Duration,
    pub(crate) lose: bool,
    pub(crate) notices: Vec<Notice>,
    /// A reset in between makes it void.
    pub(crate) epoch: u64,
}

/// What became of a payment request.
#[derive(Debug)]
pub(crate) struct Accepted {
    pub(crate) processing_id: String,
    /// Whether the reply may already say how it ended.
    pub(crate) final_now: bool,
    pub(crate) dispatch: Option<Dispatch>,
}

/// All state.
pub(crate) struct State {
    pub(crate) clock: Clock,
    pub(crate) faults: Faults,
    orders: HashMap<String, Order>,
    by_order_id: HashMap<String, String>,
    /// Processing ids, oldest first.
    arrival: VecDeque<String>,
    /// Processing ids of orders that are not over.
    open: BTreeSet<String>,
    dropped: u64,
    max_orders: usize,
    requests: BTreeMap<&'static str, EndpointLog>,
    /// Fingerprints of cards for the 60-second rule.
    card_times: HashMap<[u8; 32], Timestamp>,
    /// Key of the fingerprints: made at start, never leaves the process.
    card_key: [u8; 32],
    secret: SecretString,
    epoch: u64,
}

impl State {
    pub(crate) fn new(
        max_orders: usize,
        secret: SecretString,
        card_key: [u8; 32],
        faults: Faults,
    ) -> Self {
        Self {
            clock: Clock::default(),
            faults,
            orders: HashMap::new(),
            by_order_id: HashMap::new(),
            arrival: VecDeque::new(),
            open: BTreeSet::new(),
            dropped: 0,
            max_orders: max_orders.max(1),
            requests: BTreeMap::new(),
            card_times: HashMap::new(),
            card_key,
            secret,
            epoch: 0,
        }
    }

    /// Forgets everything: orders, faults, clock, log. The key of the fingerprints stays.
    pub(crate) fn reset(&mut self) {
        let mut fresh =
            Self::new(self.max_orders, self.secret.clone(), self.card_key, Faults::default());
        fresh.epoch = self.epoch.wrapping_add(1);
        *self = fresh;
    }

    /// The faults that hit this request; counts go down.
    pub(crate) fn take_replies(&mut self, endpoint: Endpoint) -> Vec<ReplyKind> {
        let mut hits = Vec::new();
        self.faults.replies.retain_mut(|fault| {
            if !fault.on.covers(endpoint) {
                return true;
            }
            match fault.count.as_mut() {
                Some(0) => return false,
                Some(count) => *count -= 1,
                None => {}
            }
            hits.push(fault.kind.clone());
            fault.count != Some(0)
        });
        hits
    }

    /// Counts a request.
    pub(crate) fn log_request(&mut self, endpoint: &'static str) -> &mut EndpointLog {
        let log = self.requests.entry(endpoint).or_default();
        log.count += 1;
        log
    }

    /// Notes which fields a request had.
    pub(crate) fn log_shape(&mut self, endpoint: &'static str, fields: Vec<String>, unknown: u64) {
        let log = self.requests.entry(endpoint).or_default();
        if let Some(shape) =
            log.shapes.iter_mut().find(|shape| shape.fields == fields && shape.unknown == unknown)
        {
            shape.count += 1;
        } else if log.shapes.len() < MAX_SHAPES {
            log.shapes.push(RequestShape { count: 1, fields, unknown });
        }
    }

    /// Takes a payment request. `settle_now`: decide a payment without challenge whatever the switches say.
    pub(crate) fn accept(
        &mut self,
        new: NewOrder,
        card: Option<&CardInput>,
        processing_id: String,
        settle_now: bool,
    ) -> Result<Accepted, Refusal> {
        if self.by_order_id.contains_key(&new.order_id) {
            return Err(Refusal::new(code::DUPLICATED_ORDER_ID, "order_id was used before"));
        }
        let now = self.clock.now();
        let final_now =
            new.kind == OrderKind::Host2host && self.faults.next_step == NextStep::Frictionless;
        let settle = settle_now || final_now || self.faults.settle == Settle::OnAccept;
        let order_id = new.order_id.clone();
        let mut order = Order::new(new, processing_id.clone(), now);
        if let Some(card) = card {
            let plan = self.plan(card, now);
            order.take_card(card.face(), plan);
        }
        self.make_room();
        self.by_order_id.insert(order_id, processing_id.clone());
        self.arrival.push_back(processing_id.clone());
        self.open.insert(processing_id.clone());
        let outcome = order.decided_without_shopper().filter(|_| settle);
        self.orders.insert(processing_id.clone(), order);
        let decided = outcome.is_some();
        let dispatch = outcome.and_then(|outcome| self.end(&processing_id, outcome));
        Ok(Accepted { processing_id, final_now: final_now && decided, dispatch })
    }

    /// The shopper opened `form_url` or the hosted form sent a card: decides, or sends the shopper to the issuer.
    pub(crate) fn visit(&mut self, processing_id: &str) -> Option<Dispatch> {
        let now = self.clock.now();
        let order = self.orders.get_mut(processing_id)?;
        order.send_to_issuer(now);
        let outcome = order.decided_without_shopper()?;
        self.end(processing_id, outcome)
    }

    /// A card was typed on the hosted form. `None` if the order has a card already.
    pub(crate) fn type_card(&mut self, processing_id: &str, card: &CardInput) -> Option<()> {
        let now = self.clock.now();
        let plan = self.plan(card, now);
        self.orders.get_mut(processing_id)?.take_card(card.face(), plan)
    }

    /// Ends an order, once. `None` if nothing is to be announced.
    pub(crate) fn end(&mut self, processing_id: &str, outcome: Outcome) -> Option<Dispatch> {
        let now = self.clock.now();
        let order = self.orders.get_mut(processing_id)?;
        let taken = self.faults.final_amount.of(order.new.amount);
        if !order.end(outcome, taken, now) {
            return None;
        }
        self.open.remove(processing_id);
        self.announce(processing_id)
    }

    /// Ends every order whose time is over.
    pub(crate) fn sweep(&mut self) -> Vec<Dispatch> {
        let (now, timeouts) = (self.clock.now(), self.faults.timeouts);
        let late: Vec<(String, &'static str)> = self
            .open
            .iter()
            .filter_map(|id| Some((id.clone(), self.orders.get(id)?.timed_out(timeouts, now)?)))
            .collect();
        late.into_iter()
            .filter_map(|(id, code)| self.end(&id, Outcome::Failed(code.to_owned())))
            .collect()
    }

    pub(crate) fn order(&self, processing_id: &str) -> Option<&Order> {
        self.orders.get(processing_id)
    }

    pub(crate) fn order_mut(&mut self, processing_id: &str) -> Option<&mut Order> {
        self.orders.get_mut(processing_id)
    }

    pub(crate) fn by_order_id(&self, order_id: &str) -> Option<&Order> {
        self.orders.get(self.by_order_id.get(order_id)?)
    }

    /// One callback of an order as it stands, announcing its status or another one.
    pub(crate) fn notice(&self, order: &Order, status: Option<i64>) -> Notice {
        let status = status.unwrap_or_else(|| i64::from(order.status(self.faults.waiting_status)));
        notice::build(order, status, self.faults.final_amount, &self.faults.callbacks, &self.secret)
    }

    /// Lists a callback, unless a reset came in between.
    pub(crate) fn note_callback(
        &mut self,
        epoch: u64,
        id: &str,
        status: i64,
        http: Option<u16>,
        lost: bool,
    ) {
        let at = self.clock.now();
        if let Some(order) = self.orders.get_mut(id).filter(|_| epoch == self.epoch) {
            order.note_callback(LedgerCallback { status, at, http_status: http, lost });
        }
    }

    pub(crate) fn epoch(&self) -> u64 {
        self.epoch
    }

    /// The ledger, or the part of it that concerns one merchant id.
    pub(crate) fn ledger(&self, only: Option<&str>) -> Ledger {
        let mut totals = Totals { dropped: self.dropped, ..Totals::default() };
        let mut orders: Vec<LedgerOrder> = Vec::new();
        for order in self.arrival.iter().filter_map(|id| self.orders.get(id)) {
            totals.orders += 1;
            for charge in &order.charges {
                totals.charges += 1;
                let sum = totals.charged.entry(order.new.currency.clone()).or_default();
                *sum = sum.saturating_add(charge.amount);
            }
            if only.is_none_or(|id| id == order.new.order_id) {
                orders.push(order.to_ledger(self.faults.waiting_status));
            }
        }
        let requests =
            self.requests.iter().map(|(name, log)| ((*name).to_owned(), log.clone())).collect();
        Ledger { orders, requests, totals }
    }

    /// Newest first, for the page.
    pub(crate) fn newest(&self, count: usize) -> Vec<LedgerOrder> {
        let orders = self.arrival.iter().rev().filter_map(|id| self.orders.get(id));
        orders.take(count).map(|order| order.to_ledger(self.faults.waiting_status)).collect()
    }

    fn plan(&mut self, card: &CardInput, now: Timestamp) -> Plan {
        if self.faults.card_time_limit && !self.may_use(card.fingerprint(&self.card_key), now) {
            return Plan::Fail(code::CARD_TIME_LIMIT.to_owned());
        }
        card.plan(self.faults.fail_code.as_deref())
    }

    /// The 60-second rule; a use that is refused does not start a new minute.
    fn may_use(&mut self, fingerprint: [u8; 32], now: Timestamp) -> bool {
        self.card_times.retain(|_, used| clock::add(*used, CARD_TIME_LIMIT) > now);
        if self.card_times.contains_key(&fingerprint) {
            return false;
        }
        self.card_times.insert(fingerprint, now);
        true
    }

    /// Drops the oldest orders until there is room for one more.
    fn make_room(&mut self) {
        while self.arrival.len() >= self.max_orders {
            let Some(oldest) = self.arrival.pop_front() else { return };
            self.open.remove(&oldest);
            if let Some(order) = self.orders.remove(&oldest) {
                self.by_order_id.remove(&order.new.order_id);
            }
            self.dropped += 1;
        }
    }

    /// The callbacks of an order that has just ended.
    fn announce(&self, processing_id: &str) -> Option<Dispatch> {
        let order = self.orders.get(processing_id)?;
        let url = order.new.ways.callback.clone()?;
        let faults = &self.faults.callbacks;
        let repeat = usize::try_from(faults.repeat).unwrap_or(1);
        let lose = faults.lose || repeat == 0;
        let own = self.notice(order, None);
        let other = |status: &i64| self.notice(order, Some(*status));
        let notices = faults
            .statuses_before
            .iter()
            .map(other)
            .chain(std::iter::repeat_n(own, repeat.max(1)))
            .chain(faults.statuses_after.iter().map(other))
            .collect();
        let delay = Duration::from_millis(faults.delay_ms);
        Some(Dispatch {
            processing_id: processing_id.to_owned(),
            url,
            delay,
            lose,
            notices,
            epoch: self.epoch,
        })
    }
}
