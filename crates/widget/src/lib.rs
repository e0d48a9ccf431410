//! The checkout as Leptos components.
