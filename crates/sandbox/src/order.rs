//! One order and its life: what may happen to it, and when.

use jiff::{SignedDuration, Timestamp};
use url::Url;

use crate::clock;
use crate::control::{Charge, LedgerCallback, LedgerOrder, OrderKind, Phase, Timeouts};

/// The gateway's documents name 19 codes; these are the ones that the sandbox gives of itself.
pub(crate) mod code {
    pub(crate) const AUTHENTICATION: &str = "AUTHENTICATION_PROCESSING_ERROR";
    pub(crate) const CARD_TIME_LIMIT: &str = "CARD_TIME_LIMIT_PROCESSING_ERROR";
    pub(crate) const DO_NOT_HONOUR: &str = "DO_NOT_HONOUR_PROCESSING_ERROR";
    pub(crate) const DUPLICATED_ORDER_ID: &str = "PLATFORM_ERROR_DUPLICATED_ORDER_ID";
    pub(crate) const EMITTER_DENIAL: &str = "EMITTER_DENIAL_PROCESSING_ERROR";
    pub(crate) const FORM_TIMEOUT: &str = "FORM_TIMEOUT_PROCESSING_ERROR";
    pub(crate) const GATE_NOT_FOUND: &str = "PLATFORM_ERROR_GATE_NOT_FOUND";
    pub(crate) const INSUFFICIENT_FUNDS: &str = "INSUFFICIENT_FUNDS_PROCESSING_ERROR";
    pub(crate) const REDIRECT_TIMEOUT: &str = "3DS_REDIRECT_TIMEOUT_PROCESSING_ERROR";
    pub(crate) const THREE_DS_CANCEL: &str = "3DS_CANCEL_PROCESSING_ERROR";
    pub(crate) const THREE_DS_TIMEOUT: &str = "3DS_TIMEOUT_PROCESSING_ERROR";
    pub(crate) const VALIDATION: &str = "VALIDATION_PROCESSING_ERROR";
}

/// What the order's card will do: decided when the card is seen, after which the number is gone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Plan {
    /// The issuer asks the shopper.
    Challenge,
    /// It fails with a code.
    Fail(String),
    /// It succeeds without a challenge.
    Succeed,
}

/// How a payment ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Failed(String),
    Succeeded,
}

/// What may be told about the card after the number is gone.
#[derive(Clone, Debug)]
pub(crate) struct CardFace {
    /// First six and last four digits, six stars between.
    pub(crate) masked: String,
    /// First six digits.
    pub(crate) bin: String,
    /// As the documents write it: `VISA`.
    pub(crate) brand: String,
    pub(crate) holder: String,
}

/// Where people and news go.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ways {
    pub(crate) callback: Option<Url>,
    pub(crate) fail: Option<Url>,
    pub(crate) status: Option<Url>,
    pub(crate) success: Option<Url>,
}

/// What a request says about a new order.
#[derive(Debug)]
pub(crate) struct NewOrder {
    pub(crate) order_id: String,
    pub(crate) kind: OrderKind,
    pub(crate) account: String,
    pub(crate) amount: u64,
    pub(crate) currency: String,
    pub(crate) purpose: Option<String>,
    pub(crate) merchant_site: Option<Url>,
    pub(crate) first_name: String,
    pub(crate) last_name: String,
    pub(crate) phone: Option<String>,
    pub(crate) ways: Ways,
}

/// How many callbacks of one order the ledger keeps.
const MAX_CALLBACKS: usize = 64;

/// An order.
#[derive(Debug)]
pub(crate) struct Order {
    pub(crate) new: NewOrder,
    pub(crate) processing_id: String,
    pub(crate) created_at: Timestamp,
    pub(crate) card: Option<CardFace>,
    pub(crate) charges: Vec<Charge>,
    pub(crate) callbacks: Vec<LedgerCallback>,
    /// Under which time the ledger's list of time-outs has it.
    pub(crate) listed: Option<Timestamp>,
    plan: Option<Plan>,
    phase: Phase,
    /// When the phase began.
    since: Timestamp,
    outcome: Option<Outcome>,
}

impl Order {
    pub(crate) fn new(new: NewOrder, processing_id: String, now: Timestamp) -> Self {
        let phase = match new.kind {
            OrderKind::Form => Phase::AwaitingCard,
            OrderKind::Host2host => Phase::AwaitingVisit,
        };
        Self {
            new,
            processing_id,
            created_at: now,
            card: None,
            charges: Vec::new(),
            callbacks: Vec::new(),
            listed: None,
            plan: None,
            phase,
            since: now,
            outcome: None,
        }
    }

    pub(crate) fn phase(&self) -> Phase {
        self.phase
    }

    pub(crate) fn outcome(&self) -> Option<&Outcome> {
        self.outcome.as_ref()
    }

    /// Why it failed, if it did.
    pub(crate) fn error(&self) -> Option<&str> {
        match &self.outcome {
            Some(Outcome::Failed(code)) => Some(code),
            _ => None,
        }
    }

    /// When it ended.
    pub(crate) fn ended_at(&self) -> Option<Timestamp> {
        self.outcome.as_ref().map(|_| self.since)
    }

    /// SmartCore's status; `waiting` is what an order says whose `form_url` nobody has opened.
    pub(crate) fn status(&self, waiting: u8) -> i8 {
        match (&self.outcome, self.phase) {
            (Some(Outcome::Succeeded), _) => 2,
            (Some(Outcome::Failed(_)), _) => -1,
            (None, Phase::AwaitingVisit | Phase::AwaitingCard) => {
                i8::try_from(waiting).unwrap_or(0)
            }
            (None, _) => 1,
        }
    }

    /// Gives the order its card. `None` if it already has one or is over.
    pub(crate) fn take_card(&mut self, face: CardFace, plan: Plan) -> Option<()> {
        if self.plan.is_some() || self.outcome.is_some() {
            return None;
        }
        self.card = Some(face);
        self.plan = Some(plan);
        Some(())
    }

    /// The outcome, if the plan needs no shopper.
    pub(crate) fn decided_without_shopper(&self) -> Option<Outcome> {
        match self.plan.as_ref()? {
            Plan::Challenge => None,
            Plan::Fail(code) => Some(Outcome::Failed(code.clone())),
            Plan::Succeed => Some(Outcome::Succeeded),
        }
    }

    /// Sends the shopper on to the issuer, if the plan says so and the order is still open.
    pub(crate) fn send_to_issuer(&mut self, now: Timestamp) {
        if self.plan == Some(Plan::Challenge)
            && matches!(self.phase, Phase::AwaitingVisit | Phase::AwaitingCard)
        {
            self.enter(Phase::AwaitingChallenge, now);
        }
    }

    /// The shopper opened the issuer's page. Opening it again does not restart the time-out.
    pub(crate) fn open_challenge(&mut self, now: Timestamp) {
        if self.phase == Phase::AwaitingChallenge {
            self.enter(Phase::Challenge, now);
        }
    }

    /// Ends the order, takes the money if it succeeded. `false` if it had ended before: the only guard against a second charge.
    pub(crate) fn end(&mut self, outcome: Outcome, taken: u64, now: Timestamp) -> bool {
        if self.outcome.is_some() {
            return false;
        }
        if outcome == Outcome::Succeeded {
            self.charges.push(Charge { amount: taken, at: now });
        }
        self.outcome = Some(outcome);
        self.enter(Phase::Ended, now);
        true
    }

    /// When the time-out of its phase passes, and with which code it then fails.
    pub(crate) fn timeout(&self, timeouts: Timeouts) -> Option<(Timestamp, &'static str)> {
        let (seconds, code) = match self.phase {
            Phase::AwaitingCard => (timeouts.form_seconds, code::FORM_TIMEOUT),
            Phase::AwaitingVisit | Phase::AwaitingChallenge => {
                (timeouts.redirect_seconds, code::REDIRECT_TIMEOUT)
            }
            Phase::Challenge => (timeouts.challenge_seconds, code::THREE_DS_TIMEOUT),
            Phase::Ended => return None,
        };
        Some((clock::add(self.since, SignedDuration::from_secs(i64::from(seconds))), code))
    }

    /// Where the shopper goes when it is over.
    pub(crate) fn way_back(&self) -> Option<&Url> {
        let ways = &self.new.ways;
        match self.outcome.as_ref()? {
            Outcome::Succeeded => ways.success.as_ref(),
            Outcome::Failed(_) => ways.fail.as_ref(),
        }
        .or(ways.status.as_ref())
    }

    /// Lists a callback.
    pub(crate) fn note_callback(&mut self, callback: LedgerCallback) {
        if self.callbacks.len() >= MAX_CALLBACKS {
            self.callbacks.remove(0);
        }
        self.callbacks.push(callback);
    }

    /// What the ledger says about it.
    pub(crate) fn to_ledger(&self, waiting: u8) -> LedgerOrder {
        LedgerOrder {
            order_id: self.new.order_id.clone(),
            processing_id: self.processing_id.clone(),
            kind: self.new.kind,
            account: self.new.account.clone(),
            amount: self.new.amount,
            currency: self.new.currency.clone(),
            status: self.status(waiting),
            phase: self.phase,
            error: self.error().map(str::to_owned),
            card: self.card.as_ref().map(|card| card.masked.clone()),
            charges: self.charges.clone(),
            created_at: self.created_at,
            ended_at: self.ended_at(),
            callbacks: self.callbacks.clone(),
        }
    }

    fn enter(&mut self, phase: Phase, now: Timestamp) {
        self.phase = phase;
        self.since = now;
    }
}
