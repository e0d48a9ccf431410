//! Payments: their record, the reducer that alone changes them, and the calls to the gateway.

pub mod card_memory;
pub mod checks;
pub mod pay;
pub mod record;
pub mod reducer;
pub mod schedule;

use crate::app::App;
use record::Payment;

/// The address of a payment's next step, if it has one.
pub fn step_url(app: &App, payment: &Payment) -> Option<String> {
    let sealed = payment.step.as_deref()?;
    let plain = app.sealer.open("step", sealed).ok()?;
    str::from_utf8(&plain).ok().map(str::to_owned)
}
