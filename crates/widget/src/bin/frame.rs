//! The frame's entry: what trunk builds and the checkout page starts.

fn main() {
    // A page that is no checkout stays as it is.
    let _ = farthing_widget::live::frame::hydrate();
}
