//! What trunk builds and the document in the checkout's frame starts.

/// The standard allocator is a quarter of this program.
#[cfg(target_arch = "wasm32")]
#[global_allocator]
static MEMORY: rlsf::SmallGlobalTlsf = rlsf::SmallGlobalTlsf::new();

fn main() {
    // Opened by itself, or by somebody else, the document stays empty.
    let _ = farthing_wallet_frame::start();
}
