//! Google Pay and Apple Pay on the server: a token is checked, used once, and seen by nobody but the gateway.

mod apple;
mod doctor;
mod frame;
mod google;
mod merchant;

use farthing_stories::World;

/// Nothing was sent to the gateway.
async fn assert_not_charged(world: &World) {
    assert_eq!(world.sandbox.requests("initPaymentHost2Host").await, 0, "the gateway was called");
}
