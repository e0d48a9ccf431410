//! Which addresses may become links.
//!
//! Addresses reach the page from merchants and gateways. A browser runs `javascript:` and `data:` links as code of the
//! page that holds them, so only two kinds pass: absolute `http` and `https`, and paths on our own server.

/// `url` if it is an absolute `http` or `https` address that may become a link, else `None`.
pub fn web_url(url: &str) -> Option<&str> {
    let rest = strip_scheme(url, "https://").or_else(|| strip_scheme(url, "http://"))?;
    let host = rest.chars().next().is_some_and(|c| !matches!(c, '/' | '\\' | '?' | '#'));
    (host && is_plain(url)).then_some(url)
}

fn strip_scheme<'a>(url: &'a str, scheme: &str) -> Option<&'a str> {
    let (found, rest) = url.split_at_checked(scheme.len())?;
    found.eq_ignore_ascii_case(scheme).then_some(rest)
}

/// `path` if it is an absolute path on our own server, else `None`: `//host` and `/\host` would lead elsewhere.
pub fn own_path(path: &str) -> Option<&str> {
    let rest = path.strip_prefix('/')?;
    (!rest.starts_with(['/', '\\']) && is_plain(path)).then_some(path)
}

/// Browsers drop tabs and line ends inside addresses and trim spaces around them, which can hide a scheme.
fn is_plain(url: &str) -> bool {
    !url.chars().any(|c| c.is_control() || c.is_whitespace())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_web_addresses_and_own_paths_become_links() {
        assert_eq!(web_url("https://shop.example/a?b=c#d"), Some("https://shop.example/a?b=c#d"));
        assert_eq!(web_url("HTTP://localhost:8080/"), Some("HTTP://localhost:8080/"));
        for bad in [
            "",
            "javascript:alert(1)",
            "javascript://shop.example/%0aalert(1)",
            "JaVaScRiPt:alert(1)",
            "data:text/html,x",
            "vbscript:x",
            " https://shop.example",
            "https://",
            "https:///x",
            "https://\\x",
            "ht\ntps://shop.example",
            "https:/x",
            "//shop.example",
            "/relative",
            "https://shop.example/\u{7f}",
            "https://?x",
            "https://#x",
        ] {
            assert_eq!(web_url(bad), None, "{bad:?}");
        }
        assert_eq!(own_path("/checkout/cst_1"), Some("/checkout/cst_1"));
        for bad in [
            "",
            "checkout",
            "//evil.example",
            "/\\evil.example",
            "/\t/evil.example",
            "https://shop.example",
            "javascript:x",
        ] {
            assert_eq!(own_path(bad), None, "{bad:?}");
        }
    }
}
