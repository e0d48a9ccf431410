//! Payments: their record, the reducer that alone changes them, and the calls to the gateway.

pub mod card_memory;
pub mod checks;
pub mod pay;
pub mod record;
pub mod reducer;
pub mod schedule;

use record::Payment;

use crate::app::App;
use crate::seal::SealError;

/// Seals the address of a payment's next step, which opens the payment at the gateway.
fn seal_step(app: &App, payment_id: &str, url: &str) -> Result<Vec<u8>, SealError> {
    app.sealer.seal(&step_context(payment_id), url.as_bytes())
}

/// The address of a payment's next step, if it has one.
pub fn step_url(app: &App, payment: &Payment) -> Option<String> {
    let sealed = payment.step.as_deref()?;
    let plain = app.sealer.open(&step_context(&payment.id), sealed).ok()?;
    str::from_utf8(&plain).ok().map(str::to_owned)
}

fn step_context(payment_id: &str) -> String {
    format!("step:{payment_id}")
}
