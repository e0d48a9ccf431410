//! Which step the shopper has to take: from what the switch said when the order was accepted, and from where the order is.

use std::fmt;

use super::{Order, Plan};
use crate::control::{NextStep, Phase};
use crate::three_ds::v2::Window;

/// What the shopper's browser has to do next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// Post a 3-D Secure 2 challenge request to the issuer.
    Creq,
    /// Open `form_url`.
    FormUrl,
    /// Let the issuer look at the device.
    Method,
    /// Post a 3-D Secure 1 request to the issuer.
    PaReq,
}

/// Which of the issuer's pages asks the shopper.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Protocol {
    /// The one behind `form_url`.
    Form,
    /// 3-D Secure 1.
    V1,
    /// 3-D Secure 2.
    V2,
}

/// What the merchant's page told the issuer along with its request, for the way back.
#[derive(Clone, Default)]
pub(crate) struct Asked {
    /// `challengeWindowSize` of 3-D Secure 2, if the page chose one.
    pub(crate) window: Option<Window>,
    /// `threeDSSessionData` or `MD`: goes back as it came.
    pub(crate) session_data: Option<String>,
    /// `TermUrl` of 3-D Secure 1.
    pub(crate) term_url: Option<String>,
}

impl fmt::Debug for Asked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Session data lets whoever holds them through the gateway's ways in.
        let Self { window: _, session_data: _, term_url: _ } = self;
        f.write_str("Asked(..)")
    }
}

impl Order {
    /// The step that the reply to the payment request asks for, unless it tells the end.
    pub(crate) fn first_step(&self) -> Step {
        match self.next_step {
            NextStep::Creq => Step::Creq,
            NextStep::FormUrl | NextStep::Frictionless => Step::FormUrl,
            NextStep::Method | NextStep::MethodFormUrl => Step::Method,
            NextStep::PaReq => Step::PaReq,
        }
    }

    /// Whether the reply tells the end of a payment without challenge.
    pub(crate) fn tells_end(&self) -> bool {
        matches!(self.next_step, NextStep::Creq | NextStep::Frictionless | NextStep::PaReq)
    }

    /// Which of the issuer's pages asks the shopper, if the card wants a challenge.
    pub(crate) fn protocol(&self) -> Protocol {
        match self.next_step {
            NextStep::Creq | NextStep::Method => Protocol::V2,
            NextStep::FormUrl | NextStep::Frictionless | NextStep::MethodFormUrl => Protocol::Form,
            NextStep::PaReq => Protocol::V1,
        }
    }

    /// Whether the card wants a challenge.
    pub(crate) fn has_challenge(&self) -> bool {
        matches!(self.plan, Some(Plan::Challenge | Plan::ChallengeThenFail(_)))
    }

    /// Whether the reply asked for the device data.
    pub(crate) fn has_method(&self) -> bool {
        self.first_step() == Step::Method
    }

    /// The step that is open, as `check` tells it. Nothing is told of a `form_url` that the reply has told.
    pub(crate) fn open_step(&self) -> Option<Step> {
        match (self.phase, self.protocol()) {
            (Phase::AwaitingMethod, _) => Some(Step::Method),
            (
                Phase::AwaitingVisit | Phase::AwaitingChallenge | Phase::Challenge,
                Protocol::Form,
            ) => self.has_method().then_some(Step::FormUrl),
            (Phase::AwaitingChallenge | Phase::Challenge, Protocol::V1) => Some(Step::PaReq),
            (Phase::AwaitingChallenge | Phase::Challenge, Protocol::V2) => Some(Step::Creq),
            _ => None,
        }
    }

    /// Whether a shopper who comes to `form_url` is expected there.
    pub(crate) fn has_form_url(&self) -> bool {
        self.protocol() == Protocol::Form && self.phase != Phase::AwaitingMethod
    }
}
