//! Web origins: scheme, host and port, nothing else.

use std::fmt;

use url::{Host, Url};

use crate::target::is_loopback_host;

/// A web origin, such as `https://pay.shop.example` or `http://localhost:8081`. Source: RFC 6454, section 6.2.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Origin {
    text: String,
    url: Url,
}

impl Origin {
    /// Parses `scheme://host[:port]`; one slash at the end is forgiven.
    pub fn parse(text: &str) -> Result<Self, NotAnOrigin> {
        let url = Url::parse(text).map_err(|_| NotAnOrigin)?;
        let bare = matches!(url.scheme(), "http" | "https")
            && url.path() == "/"
            && url.query().is_none()
            && url.fragment().is_none()
            && url.username().is_empty()
            && url.password().is_none()
            && !url.host_str().unwrap_or_default().contains('*');
        // `http://host/.` and the like have the path `/` too.
        let written = text.trim_end_matches('/').split_once("://").is_some_and(|(_, rest)| {
            !rest.is_empty()
                && !rest.contains(['/', '\\', '?', '#', '@'])
                && text.len() - text.trim_end_matches('/').len() <= 1
        });
        if !bare || !written {
            return Err(NotAnOrigin);
        }
        Ok(Self { text: url.origin().ascii_serialization(), url })
    }

    /// The serialised origin, without a slash at its end: what a browser sends as `Origin`.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// A URL on this origin; `path` starts with a slash.
    pub fn join(&self, path: &str) -> String {
        format!("{}{path}", self.text)
    }

    /// The host without the port.
    pub fn host(&self) -> Option<Host<&str>> {
        self.url.host()
    }

    /// Whether it is encrypted.
    pub fn is_https(&self) -> bool {
        self.url.scheme() == "https"
    }

    /// Whether it is this machine, by name or by address.
    pub fn is_loopback(&self) -> bool {
        self.url.host().is_some_and(|host| is_loopback_host(&host))
    }

    /// Whether a URL has this origin.
    pub fn is_of(&self, url: &Url) -> bool {
        url.origin().ascii_serialization() == self.text
    }
}

impl fmt::Debug for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// The text is not an origin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be an origin: http or https, a host, perhaps a port, and nothing else")]
pub struct NotAnOrigin;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins_are_written_as_browsers_send_them() {
        for (written, sent) in [
            ("https://Pay.Shop.example", "https://pay.shop.example"),
            ("https://pay.shop.example/", "https://pay.shop.example"),
            ("https://pay.shop.example:443", "https://pay.shop.example"),
            ("http://localhost:8081", "http://localhost:8081"),
            ("http://[::1]:8081", "http://[::1]:8081"),
        ] {
            assert_eq!(Origin::parse(written).unwrap().as_str(), sent);
        }
    }

    #[test]
    fn what_is_more_or_less_than_an_origin_is_refused() {
        for text in [
            "",
            "*",
            "null",
            "pay.shop.example",
            "https://",
            "ftp://a.example",
            "file:///etc",
            "https://a.example/x",
            "https://a.example?x",
            "https://a.example#x",
            "https://u@a.example",
            "https://u:p@a.example",
            "https://*.example",
            "https://a.example/.",
            "https://a.example//",
            "https:a.example",
            "https:\\\\a.example",
            "https://a.example; script-src *",
            "https://a.example\\",
        ] {
            assert_eq!(Origin::parse(text), Err(NotAnOrigin), "{text}");
        }
    }

    #[test]
    fn loopback_is_seen_by_name_and_by_address() {
        for text in [
            "http://localhost:1",
            "http://shop.localhost",
            "http://127.0.0.1",
            "http://127.9.9.9",
            "http://[::1]",
            "http://0x7f.1",
            "http://2130706433",
        ] {
            assert!(Origin::parse(text).unwrap().is_loopback(), "{text}");
        }
        assert!(!Origin::parse("https://localhost.example").unwrap().is_loopback());
    }
}
