//! Everything that the sandbox remembers, behind one lock. Nothing here waits.

use std::collections::{BTreeSet, HashMap, HashSet, VecDeque};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use secrecy::SecretString;
use url::Url;

use crate::chance::Chance;
use crate::clock::{self, Clock};
use crate::control::{
    Endpoint, Faults, Ledger, LedgerCallback, LedgerOrder, NextStep, ReplyKind, Settle, Totals,
};
use crate::log::RequestLog;
use crate::order::{Answer, Asked, Lapse, NewOrder, Order, Outcome, Plan, Protocol, code};
use crate::smartcore::Refusal;
use crate::smartcore::card::CardInput;
use crate::smartcore::notice::{self, Notice};
use crate::three_ds::Names;
use crate::wallets::registry::Registry;

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
    /// When which open order times out: processing ids. An order is listed as [`Order::listed`] says.
    timeouts: BTreeSet<(Timestamp, String)>,
    dropped: u64,
    max_orders: usize,
    pub(crate) requests: RequestLog,
    chance: Chance,
    /// Fingerprints of cards for the 60-second rule.
    card_times: HashMap<[u8; 32], Timestamp>,
    /// Wallets' tokens of the orders: each counts once.
    spent: HashSet<[u8; 32]>,
    /// Key of fingerprints and of [`Names`]: made at start, never leaves the process.
    key: [u8; 32],
    secret: SecretString,
    epoch: u64,
    pub(crate) registry: Registry,
}

impl State {
    pub(crate) fn new(
        max_orders: usize,
        secret: SecretString,
        key: [u8; 32],
        faults: Faults,
    ) -> Self {
        Self {
            clock: Clock::default(),
            chance: Chance::new(faults.chance_seed),
            faults,
            orders: HashMap::new(),
            by_order_id: HashMap::new(),
            arrival: VecDeque::new(),
            timeouts: BTreeSet::new(),
            dropped: 0,
            max_orders: max_orders.max(1),
            requests: RequestLog::default(),
            card_times: HashMap::new(),
            spent: HashSet::new(),
            key,
            secret,
            epoch: 0,
            registry: Registry::default(),
        }
    }

    /// Forgets everything: orders, faults, clock, log. The key stays.
    pub(crate) fn reset(&mut self) {
        let mut fresh =
            Self::new(self.max_orders, self.secret.clone(), self.key, Faults::default());
        fresh.epoch = self.epoch.wrapping_add(1);
        *self = fresh;
    }

    /// The faults that hit this request; counts go down.
    pub(crate) fn take_replies(&mut self, endpoint: Endpoint) -> Vec<ReplyKind> {
        let mut hits = Vec::new();
        let chance = &mut self.chance;
        self.faults.replies.retain_mut(|fault| {
            if !fault.on.covers(endpoint) {
                return true;
            }
            if fault.percent.is_some_and(|percent| !chance.falls(percent)) {
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
        let token = card.and_then(|card| card.token(&self.key));
        if token.is_some_and(|token| self.spent.contains(&token)) {
            return Err(Refusal::new(code::VALIDATION, "the wallet's token was used before"));
        }
        let now = self.clock.now();
        let order_id = new.order_id.clone();
        let is_proven = card.is_some_and(CardInput::is_proven);
        let next_step = if is_proven && !self.faults.wallet_step {
            NextStep::Frictionless
        } else {
            self.faults.next_step
        };
        let mut order = Order::new(new, processing_id.clone(), next_step, now);
        order.token = token;
        let final_now = order.tells_end();
        let settle = settle_now || final_now || self.faults.settle == Settle::OnAccept;
        if let Some(card) = card {
            let plan = self.plan(card, now);
            order.take_card(card.face(), plan);
        }
        self.make_room();
        self.spent.extend(token);
        self.by_order_id.insert(order_id, processing_id.clone());
        self.arrival.push_back(processing_id.clone());
        let outcome = order.decided_without_shopper().filter(|_| settle);
        self.orders.insert(processing_id.clone(), order);
        self.relist(&processing_id);
        let decided = outcome.is_some();
        let dispatch = outcome.and_then(|outcome| self.end(&processing_id, outcome));
        Ok(Accepted { processing_id, final_now: final_now && decided, dispatch })
    }

    /// The shopper opened `form_url` or the hosted form sent a card: decides, or sends the shopper to the issuer.
    pub(crate) fn visit(&mut self, processing_id: &str) -> Option<Dispatch> {
        let now = self.clock.now();
        let order = self.orders.get_mut(processing_id).filter(|order| order.has_form_url())?;
        order.send_to_issuer(now);
        let outcome = order.decided_without_shopper();
        self.relist(processing_id);
        self.end(processing_id, outcome?)
    }

    /// A card was typed on the hosted form, and a phone number perhaps. Nothing happens if the order has a card already.
    pub(crate) fn type_card(
        &mut self,
        processing_id: &str,
        card: &CardInput,
        phone: Option<String>,
    ) {
        let now = self.clock.now();
        let plan = self.plan(card, now);
        if let Some(order) = self.orders.get_mut(processing_id)
            && order.take_card(card.face(), plan).is_some()
        {
            order.new.phone = phone.or_else(|| order.new.phone.take());
        }
    }

    /// The device data step is over: decides, or waits for the challenge.
    pub(crate) fn end_method(&mut self, processing_id: &str, at: Timestamp) -> Option<Dispatch> {
        let order = self.orders.get_mut(processing_id)?;
        order.end_method(at)?;
        let outcome = order.decided_without_shopper();
        self.relist(processing_id);
        self.end(processing_id, outcome?)
    }

    /// The shopper opened the issuer's page.
    pub(crate) fn open_challenge(&mut self, processing_id: &str, asked: Asked) {
        let now = self.clock.now();
        if let Some(order) = self.orders.get_mut(processing_id) {
            order.open_challenge(asked, now);
        }
        self.relist(processing_id);
    }

    /// The shopper answered on the issuer's page. `false` if nobody asked, or if there was an answer before.
    pub(crate) fn answer(&mut self, processing_id: &str, answer: Answer) -> bool {
        self.orders.get_mut(processing_id).is_some_and(|order| order.take_answer(answer))
    }

    /// The issuer's result reaches the gateway.
    pub(crate) fn report(&mut self, processing_id: &str) -> Option<Dispatch> {
        let order = self.order(processing_id)?;
        let outcome = order.outcome_of(order.answer()?);
        self.end(processing_id, outcome)
    }

    /// The shopper came back from the issuer, perhaps before the result.
    pub(crate) fn come_back(&mut self, processing_id: &str) {
        if let Some(order) = self.orders.get_mut(processing_id) {
            order.come_back();
        }
        self.relist(processing_id);
    }

    /// An order whose shopper is asked under this protocol.
    pub(crate) fn challenged(&self, processing_id: &str, protocol: Protocol) -> Option<&Order> {
        self.order(processing_id)
            .filter(|order| order.protocol() == protocol && order.has_challenge())
    }

    /// Ends an order, once. `None` if nothing is to be announced.
    pub(crate) fn end(&mut self, processing_id: &str, outcome: Outcome) -> Option<Dispatch> {
        let now = self.clock.now();
        let order = self.orders.get_mut(processing_id)?;
        let taken = self.faults.final_amount.of(order.new.amount);
        if !order.end(outcome, taken, now) {
            return None;
        }
        self.relist(processing_id);
        self.announce(processing_id)
    }

    /// Ends every order whose time is over; a device data step is not waited for any longer.
    pub(crate) fn sweep(&mut self) -> Vec<Dispatch> {
        let now = self.clock.now();
        let mut dispatches = Vec::new();
        while let Some((due, id)) = self.timeouts.first().filter(|(due, _)| *due <= now).cloned() {
            match self.orders.get(&id).and_then(|order| order.timeout(self.faults.timeouts)) {
                Some((_, Lapse::Fail(code))) => {
                    dispatches.extend(self.end(&id, Outcome::Failed(code.to_owned())));
                }
                // The next time-out begins where this one ended, however late it was noticed.
                Some((due, Lapse::GoOn)) => dispatches.extend(self.end_method(&id, due)),
                // Cannot be, for every change relists; but it must not be met again and again.
                None => drop(self.timeouts.remove(&(due, id))),
            }
        }
        dispatches
    }

    /// Sets the switches; time-outs of open orders move at once.
    pub(crate) fn set_faults(&mut self, faults: Faults) {
        if faults.chance_seed != self.faults.chance_seed {
            self.chance = Chance::new(faults.chance_seed);
        }
        self.faults = faults;
        let open: Vec<String> = self.timeouts.iter().map(|(_, id)| id.clone()).collect();
        for id in open {
            self.relist(&id);
        }
    }

    pub(crate) fn order(&self, processing_id: &str) -> Option<&Order> {
        self.orders.get(processing_id)
    }

    /// What the messages of 3-D Secure call an order.
    pub(crate) fn names(&self, order: &Order) -> Names {
        Names::of(&self.key, &order.processing_id)
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
        let sessions = self.registry.sessions();
        Ledger { orders, requests: self.requests.to_ledger(), sessions, totals }
    }

    /// Newest first, for the page.
    pub(crate) fn newest(&self, count: usize) -> Vec<LedgerOrder> {
        let orders = self.arrival.iter().rev().filter_map(|id| self.orders.get(id));
        orders.take(count).map(|order| order.to_ledger(self.faults.waiting_status)).collect()
    }

    fn plan(&mut self, card: &CardInput, now: Timestamp) -> Plan {
        if self.faults.card_time_limit && !self.may_use(card.fingerprint(&self.key), now) {
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

    /// Puts an order where it belongs in the list of time-outs: after every change of its phase.
    fn relist(&mut self, processing_id: &str) {
        let Some(order) = self.orders.get_mut(processing_id) else { return };
        let due = order.timeout(self.faults.timeouts).map(|(due, _)| due);
        let before = std::mem::replace(&mut order.listed, due);
        if before == due {
            return;
        }
        if let Some(before) = before {
            self.timeouts.remove(&(before, processing_id.to_owned()));
        }
        if let Some(due) = due {
            self.timeouts.insert((due, processing_id.to_owned()));
        }
    }

    /// Drops the oldest orders until there is room for one more.
    fn make_room(&mut self) {
        while self.arrival.len() >= self.max_orders {
            let Some(oldest) = self.arrival.pop_front() else { return };
            if let Some(order) = self.orders.remove(&oldest) {
                self.by_order_id.remove(&order.new.order_id);
                if let Some(token) = order.token {
                    self.spent.remove(&token);
                }
                if let Some(due) = order.listed {
                    self.timeouts.remove(&(due, oldest));
                }
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

#[cfg(test)]
mod tests;
