//! The frame's entry: what trunk builds and the checkout page starts.

/// A smaller one than the standard allocator.
#[cfg(target_arch = "wasm32")]
#[global_allocator]
static MEMORY: rlsf::SmallGlobalTlsf = rlsf::SmallGlobalTlsf::new();

fn main() {
    farthing_widget::live::frame::run();
}
