//! The sheets: pages for people in a window that a vendor's script has opened.

use axum::response::Response;

use crate::pages::{Html, scripted};

const STYLE: &str = include_str!("sheets/sheet.css");
const GOOGLE: &str = concat!(include_str!("sheets/sheet.js"), include_str!("sheets/google.js"));
const APPLE: &str = concat!(include_str!("sheets/sheet.js"), include_str!("sheets/apple.js"));

/// `GET /wallets/google/sheet`.
pub(super) async fn google() -> Response {
    sheet("Google Pay", include_str!("sheets/google.html"), GOOGLE)
}

/// `GET /wallets/apple/sheet`.
pub(super) async fn apple() -> Response {
    sheet("Apple Pay", include_str!("sheets/apple.html"), APPLE)
}

fn sheet(title: &str, markup: &str, script: &str) -> Response {
    let mut html = Html::default();
    html.raw(markup);
    scripted(title, &html, STYLE, &format!("(() => {{\n'use strict';\n{script}}})();\n"))
}
