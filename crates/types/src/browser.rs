//! The browser's fingerprint that 3-D Secure asks for.

use serde::{Deserialize, Serialize};

/// What 3-D Secure wants to know of the browser; the nine `browser_*` fields of SmartCore's `initPaymentHost2Host`.
///
/// `None` means that nobody could know it: without JavaScript only the two headers and the language are known.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BrowserInfo {
    /// The `Accept` header that the server saw.
    pub accept_header: Option<String>,
    /// The `User-Agent` header.
    pub user_agent: Option<String>,
    /// `navigator.javaEnabled()`.
    pub java_enabled: Option<bool>,
    /// Whether the form was sent by our script.
    pub js_enabled: bool,
    /// `screen.colorDepth`, bits.
    pub color_depth: Option<u16>,
    /// `screen.height`, pixels.
    pub screen_height: Option<u32>,
    /// `screen.width`, pixels.
    pub screen_width: Option<u32>,
    /// `navigator.language`, or the first of `Accept-Language`: BCP 47.
    pub language: Option<String>,
    /// `Date.getTimezoneOffset()`, minutes.
    pub time_zone: Option<i16>,
}
