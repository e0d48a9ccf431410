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

    /// Host and port, the port only if it is not the scheme's own.
    pub fn authority(&self) -> &str {
        self.text.split_once("://").map_or("", |(_, authority)| authority)
    }

    /// Whether a `Host` header, or the authority in a request's target, names this origin. Source: RFC 9110, sections 4.2.3 and 7.2.
    pub fn is_named_by(&self, authority: &str) -> bool {
        authority == self.authority()
            || !authority.ends_with('/')
                && Self::parse(&format!("{}://{authority}", self.url.scheme()))
                    .is_ok_and(|named| named == *self)
    }

    /// Whether a `Host` header could name both: two schemes on their own ports look alike there.
    pub fn shares_a_host_with(&self, other: &Self) -> bool {
        self.is_named_by(other.authority()) || other.is_named_by(self.authority())
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
    fn a_host_header_names_an_origin_in_any_case_and_with_or_without_the_schemes_own_port() {
        let origin = |text| Origin::parse(text).unwrap();
        for (text, named) in [
            ("https://wallets.example", "wallets.example"),
            ("https://wallets.example", "Wallets.EXAMPLE:443"),
            ("https://wallets.example:8443", "wallets.example:8443"),
            ("http://localhost:8083", "LOCALHOST:8083"),
            ("http://wallets.example", "wallets.example:80"),
            ("http://[::1]:8083", "[::1]:8083"),
        ] {
            assert!(origin(text).is_named_by(named), "{text} {named}");
        }
        for (text, other) in [
            ("https://wallets.example", ""),
            ("https://wallets.example", "wallets.example:80"),
            ("https://wallets.example", "wallets.example.evil.example"),
            ("https://wallets.example", "evil@wallets.example"),
            ("https://wallets.example", "wallets.example/"),
            ("https://wallets.example", "pay.example"),
            ("http://localhost:8083", "localhost"),
            ("http://localhost:8083", "localhost:8081"),
            ("http://localhost:8083", "127.0.0.1:8083"),
        ] {
            assert!(!origin(text).is_named_by(other), "{text} {other}");
        }
    }

    #[test]
    fn two_schemes_on_their_own_ports_cannot_be_told_apart_by_a_host() {
        let origin = |text| Origin::parse(text).unwrap();
        for (one, other, alike) in [
            ("https://pay.example", "http://pay.example", true),
            ("https://pay.example", "http://pay.example:443", true),
            ("https://pay.example", "https://pay.example:8443", false),
            ("http://localhost:8081", "http://localhost:8083", false),
            ("https://pay.example", "https://wallets.pay.example", false),
        ] {
            assert_eq!(origin(one).shares_a_host_with(&origin(other)), alike, "{one} {other}");
            assert_eq!(origin(other).shares_a_host_with(&origin(one)), alike, "{other} {one}");
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
