//! Card data: parsed once, wiped on drop, never printed, serialised or cloned.

mod code;
mod expiry;
mod holder;
mod pan;

pub(crate) use expiry::is_mark;

pub use code::{SecurityCode, SecurityCodeError};
pub use expiry::{Expiry, ExpiryError};
pub use holder::{HolderName, HolderNameError};
pub use pan::{Last4, Pan, PanError, Progress};

/// A whole card as a gateway wants it.
#[derive(Debug)]
pub struct Card {
    /// The number.
    pub pan: Pan,
    /// The month until whose end it is valid.
    pub expiry: Expiry,
    /// The code on the card; `None` only for brands without one.
    pub security_code: Option<SecurityCode>,
    /// The name on the card.
    pub holder: HolderName,
}
