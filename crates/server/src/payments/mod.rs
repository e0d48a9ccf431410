//! Payments: their record, the reducer that alone changes them, and the calls to the gateway.

pub mod card_memory;
pub mod checks;
pub mod pay;
pub mod record;
pub mod reducer;
pub mod schedule;
pub mod steps;
