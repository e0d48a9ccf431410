//! The frame's entry: what trunk builds and the checkout page starts.

/// A smaller one than the standard allocator.
#[cfg(target_arch = "wasm32")]
#[global_allocator]
static MEMORY: rlsf::SmallGlobalTlsf = rlsf::SmallGlobalTlsf::new();

fn main() {
    if farthing_widget::live::frame::hydrate().is_none() {
        // The start script hears it, and the page goes on as a plain one.
        wasm_bindgen::throw_str("this page is no checkout");
    }
}
