//! What the widget and the server both say: money, cards, brands, sessions and payment states.
//!
//! No I/O, no async, no gateway: this crate also builds for `wasm32-unknown-unknown`.

pub mod brand;
pub mod browser;
pub mod card;
pub mod checkout;
pub mod country;
pub mod currency;
pub mod customer;
pub mod decline;
mod digits;
pub mod format;
pub mod money;
mod named;
pub mod payment;
pub mod three_ds;
pub mod wallet;

pub use brand::Brand;
pub use browser::BrowserInfo;
pub use card::{Card, Expiry, Pan, SecurityCode};
pub use currency::Currency;
pub use customer::{Customer, CustomerField};
pub use decline::{Advice, DeclineCode};
pub use money::Money;
pub use payment::{PaymentStatus, SessionStatus};
pub use three_ds::{ChallengeWindow, StepKind, StepWay};
pub use wallet::Wallet;
