//! SmartCore and SmartPayments: one gateway, two versions of its documents.

pub mod sign;
pub mod wire;
