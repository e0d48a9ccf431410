//! The two versions of the documents.

use serde::Deserialize;

/// Which document the gateway follows. Both are read with the same tolerance; they differ in what may be sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Profile {
    /// "SmartPayments API", the older one: no mobile commerce, no status 0, no callback chapter.
    V0,
    /// "SmartCore API", the newer one.
    #[default]
    V1,
}

impl Profile {
    /// The name in configuration: `v0` or `v1`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::V0 => "v0",
            Self::V1 => "v1",
        }
    }

    /// Whether `initPayment` takes `form_prefilled_phone`: "SmartCore API", Mobile Commerce.
    pub const fn may_prefill_phone(self) -> bool {
        matches!(self, Self::V1)
    }
}
