//! One order and its life: what may happen to it, and when.

mod step;

use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use url::Url;

use crate::clock;
use crate::control::{
    Charge, LedgerCallback, LedgerOrder, NextStep, OrderKind, PaymentMethod, Phase, Timeouts,
};
use crate::three_ds::v2::Window;

pub(crate) use step::{Asked, Protocol, Step};

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
    /// The issuer asks the shopper, and fails it with a code whatever the answer.
    ChallengeThenFail(String),
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

/// What the shopper pressed on the issuer's page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Answer {
    Approve,
    Cancel,
    Decline,
}

impl Answer {
    /// What 3-D Secure makes of it.
    pub(crate) fn outcome(self) -> Outcome {
        match self {
            Self::Approve => Outcome::Succeeded,
            Self::Cancel => Outcome::Failed(code::THREE_DS_CANCEL.to_owned()),
            Self::Decline => Outcome::Failed(code::AUTHENTICATION.to_owned()),
        }
    }
}

/// What happens when a phase's time is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lapse {
    /// The order fails with a code.
    Fail(&'static str),
    /// The gateway waits no longer for the device data.
    GoOn,
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
    pub(crate) method: PaymentMethod,
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
    /// What tells the wallet's token from all others.
    pub(crate) token: Option<[u8; 32]>,
    /// What the switch said when the order was accepted.
    next_step: NextStep,
    asked: Option<Asked>,
    answer: Option<Answer>,
    plan: Option<Plan>,
    phase: Phase,
    /// When the phase began.
    since: Timestamp,
    outcome: Option<Outcome>,
}

impl Order {
    /// `next_step` counts for card payments: a hosted form is always opened at its `form_url`.
    pub(crate) fn new(
        new: NewOrder,
        processing_id: String,
        next_step: NextStep,
        now: Timestamp,
    ) -> Self {
        let (next_step, phase) = match (new.kind, next_step) {
            (OrderKind::Form, _) => (NextStep::FormUrl, Phase::AwaitingCard),
            (OrderKind::Host2host, NextStep::FormUrl | NextStep::Frictionless) => {
                (next_step, Phase::AwaitingVisit)
            }
            (OrderKind::Host2host, NextStep::Method | NextStep::MethodFormUrl) => {
                (next_step, Phase::AwaitingMethod)
            }
            (OrderKind::Host2host, NextStep::Creq | NextStep::PaReq) => {
                (next_step, Phase::AwaitingChallenge)
            }
        };
        Self {
            new,
            processing_id,
            created_at: now,
            card: None,
            charges: Vec::new(),
            callbacks: Vec::new(),
            listed: None,
            token: None,
            next_step,
            asked: None,
            answer: None,
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

    /// SmartCore's status; `waiting` is what an order says whose first step the shopper has not taken.
    pub(crate) fn status(&self, waiting: u8) -> i8 {
        let untouched = match self.phase {
            Phase::AwaitingCard | Phase::AwaitingMethod => true,
            Phase::AwaitingVisit => !self.has_method(),
            Phase::AwaitingChallenge => {
                matches!(self.next_step, NextStep::Creq | NextStep::PaReq)
            }
            Phase::AwaitingResult | Phase::Challenge | Phase::Ended => false,
        };
        match &self.outcome {
            Some(Outcome::Succeeded) => 2,
            Some(Outcome::Failed(_)) => -1,
            None if untouched => i8::try_from(waiting).unwrap_or(0),
            None => 1,
        }
    }

    /// What came with the request that the issuer was last sent; `None` until its page is opened.
    pub(crate) fn asked(&self) -> Option<&Asked> {
        self.asked.as_ref()
    }

    /// Which size the issuer's page has.
    pub(crate) fn window(&self) -> Option<Window> {
        self.asked.as_ref()?.window
    }

    /// What the shopper pressed.
    pub(crate) fn answer(&self) -> Option<Answer> {
        self.answer
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
            Plan::Challenge | Plan::ChallengeThenFail(_) => None,
            Plan::Fail(code) => Some(Outcome::Failed(code.clone())),
            Plan::Succeed => Some(Outcome::Succeeded),
        }
    }

    /// How it ends after the shopper's answer. An issuer that asks may still refuse whoever approved.
    pub(crate) fn outcome_of(&self, answer: Answer) -> Outcome {
        match (answer, &self.plan) {
            (Answer::Approve, Some(Plan::ChallengeThenFail(code))) => Outcome::Failed(code.clone()),
            _ => answer.outcome(),
        }
    }

    /// The device data step is over: whoever has a challenge is awaited there. `None` if it was over before.
    pub(crate) fn end_method(&mut self, now: Timestamp) -> Option<()> {
        if self.phase != Phase::AwaitingMethod {
            return None;
        }
        let next = match self.protocol() {
            Protocol::Form => Phase::AwaitingVisit,
            Protocol::V1 | Protocol::V2 => Phase::AwaitingChallenge,
        };
        self.enter(next, now);
        Some(())
    }

    /// Sends the shopper on to the issuer, if the plan says so and the order is still open.
    pub(crate) fn send_to_issuer(&mut self, now: Timestamp) {
        if self.has_challenge() && matches!(self.phase, Phase::AwaitingVisit | Phase::AwaitingCard)
        {
            self.enter(Phase::AwaitingChallenge, now);
        }
    }

    /// The shopper opened the issuer's page. Opening it again does not restart the time-out.
    pub(crate) fn open_challenge(&mut self, asked: Asked, now: Timestamp) {
        if self.phase == Phase::AwaitingChallenge {
            self.enter(Phase::Challenge, now);
        }
        if self.phase == Phase::Challenge && self.answer.is_none() {
            self.asked = Some(asked);
        }
    }

    /// The shopper answered. `false` if nobody asked, or if there was an answer before.
    pub(crate) fn take_answer(&mut self, answer: Answer) -> bool {
        let is_first = self.phase == Phase::Challenge && self.answer.is_none();
        if is_first {
            self.answer = Some(answer);
        }
        is_first
    }

    /// The browser came back from the issuer before the result did. The time-out goes on.
    pub(crate) fn come_back(&mut self) {
        if self.phase == Phase::Challenge && self.answer.is_some() {
            self.phase = Phase::AwaitingResult;
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

    /// When the time-out of its phase passes, and what then happens.
    pub(crate) fn timeout(&self, timeouts: Timeouts) -> Option<(Timestamp, Lapse)> {
        let (seconds, lapse) = match self.phase {
            Phase::AwaitingCard => (timeouts.form_seconds, Lapse::Fail(code::FORM_TIMEOUT)),
            Phase::AwaitingMethod => (timeouts.method_seconds, Lapse::GoOn),
            Phase::AwaitingVisit | Phase::AwaitingChallenge => {
                (timeouts.redirect_seconds, Lapse::Fail(code::REDIRECT_TIMEOUT))
            }
            Phase::AwaitingResult | Phase::Challenge => {
                (timeouts.challenge_seconds, Lapse::Fail(code::THREE_DS_TIMEOUT))
            }
            Phase::Ended => return None,
        };
        Some((clock::add(self.since, SignedDuration::from_secs(i64::from(seconds))), lapse))
    }

    /// Where the shopper goes when it is over, or when only the result is still awaited.
    pub(crate) fn way_back(&self) -> Option<&Url> {
        let status = self.new.ways.status.as_ref();
        match &self.outcome {
            Some(outcome) => self.way_after(outcome).or(status),
            // `status_url` is for payments that are not decided; without one, the shopper goes where the answer points.
            None if self.phase == Phase::AwaitingResult => {
                status.or_else(|| self.way_after(&self.outcome_of(self.answer?)))
            }
            None => None,
        }
    }

    fn way_after(&self, outcome: &Outcome) -> Option<&Url> {
        match outcome {
            Outcome::Failed(_) => self.new.ways.fail.as_ref(),
            Outcome::Succeeded => self.new.ways.success.as_ref(),
        }
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
            method: self.new.method,
            account: self.new.account.clone(),
            amount: self.new.amount,
            currency: self.new.currency.clone(),
            status: self.status(waiting),
            phase: self.phase,
            error: self.error().map(str::to_owned),
            card: self.card.as_ref().map(|card| card.masked.clone()),
            challenge_window: self.window().map(|window| window.code().to_owned()),
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
