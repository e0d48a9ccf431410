//! The frame's entry for checkouts that offer wallets: the same, compiled with the feature `wallets`.

/// A smaller one than the standard allocator.
#[cfg(target_arch = "wasm32")]
#[global_allocator]
static MEMORY: rlsf::SmallGlobalTlsf = rlsf::SmallGlobalTlsf::new();

fn main() {
    farthing_widget::live::frame::run();
}
