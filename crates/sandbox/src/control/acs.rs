//! Switches of the issuer's pages: members of `acs` in [`super::Faults`].

use serde::{Deserialize, Serialize};

/// How the issuer's pages behave.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AcsFaults {
    /// The page that asks the shopper, of every protocol, and the way back from it.
    pub behaviour: AcsBehaviour,
    /// The page of the device data step.
    pub method: MethodBehaviour,
}

/// What the page that asks the shopper does. A request takes effect whatever becomes of its answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum AcsBehaviour {
    /// The connection ends in the middle of the page.
    ClosesEarly,
    /// The shopper's answer is taken, and the browser stays on a page that leads nowhere. With 3-D Secure 1, nothing reaches the
    /// gateway then: only the browser could have brought it.
    NeverPostsBack,
    /// It comes, and leads back.
    #[default]
    Normal,
    /// It may not be shown in a frame, nor the page after the answer.
    RefusesFraming,
    /// The browser comes back at once, the result reaches the gateway later.
    ResultLate {
        /// Real milliseconds.
        ms: u64,
    },
    /// Its request is never answered.
    Silent,
    /// It comes late.
    Slow {
        /// Real milliseconds.
        ms: u64,
    },
}

/// What the page of the device data step does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum MethodBehaviour {
    /// It comes late.
    Late {
        /// Real milliseconds.
        ms: u64,
    },
    /// Its request is never answered.
    Never,
    /// It comes at once, and the gateway never hears of it.
    NoNotification,
    /// It comes, and notifies the gateway.
    #[default]
    Normal,
}
