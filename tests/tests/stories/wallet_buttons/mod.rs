//! Google Pay and Apple Pay as a shopper meets them: buttons in a frame of the wallets' origin, sheets in windows of their own.

mod absent;
mod apple;
mod bank;
mod changes;
mod contact;
mod endings;
mod errors;
mod offered;
mod once;
mod paid;
mod still;
mod thief;
