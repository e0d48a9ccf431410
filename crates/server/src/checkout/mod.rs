//! What the checkout page shows and sends.

pub mod answer;
pub mod form;
pub mod refusals;
pub mod view;
