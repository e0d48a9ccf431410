//! Which hosts a `form_url` may lead to.

use url::{Host, Url};

/// The allow-list: exact hosts, each with its scheme's own port or the one named.
#[derive(Debug)]
pub(super) struct FormHosts {
    entries: Vec<(String, Option<u16>)>,
    allow_http: bool,
}

impl FormHosts {
    /// Reads entries of the form `host` or `host:port`; `None` if one is something else.
    pub(super) fn parse(entries: &[String], allow_http: bool) -> Option<Self> {
        let entries = entries.iter().map(|entry| parse_entry(entry)).collect::<Option<Vec<_>>>()?;
        Some(Self { entries, allow_http })
    }

    /// The URL, if a shopper may be sent there: https (or http in sandbox mode), a host of the list at its port, and no
    /// credentials.
    pub(super) fn allowed(&self, text: &str) -> Option<Url> {
        let url = self.web_url(text)?;
        let host = url.host_str()?;
        let is_listed = self.entries.iter().any(|(listed, port)| {
            listed == host
                && match port {
                    None => url.port().is_none(),
                    Some(port) => url.port_or_known_default() == Some(*port),
                }
        });
        is_listed.then_some(url)
    }

    /// The URL, if it can be a page of some issuer, whom nobody can list: https without credentials, at a public name. In sandbox mode
    /// also http and any host.
    pub(super) fn issuer(&self, text: &str) -> Option<Url> {
        let mut url = self.web_url(text)?;
        url.set_fragment(None);
        let is_public = match url.host()? {
            Host::Domain(name) => is_public_name(name),
            // Certificates name names: an address is somebody's machine, not a bank.
            Host::Ipv4(_) | Host::Ipv6(_) => false,
        };
        (is_public || self.allow_http).then_some(url)
    }

    fn web_url(&self, text: &str) -> Option<Url> {
        if text.len() > MAX_URL {
            return None;
        }
        let url = Url::parse(text).ok()?;
        let is_scheme_allowed =
            url.scheme() == "https" || (self.allow_http && url.scheme() == "http");
        let has_credentials = !url.username().is_empty() || url.password().is_some();
        (is_scheme_allowed && !has_credentials && url.host().is_some()).then_some(url)
    }
}

/// Whether a name can be one of the public internet: it has a dot, and is none that is kept for inside use.
///
/// Source: RFC 6761, RFC 6762 (`local`), RFC 8375 (`home.arpa`), ICANN's reservation of `internal` (2024).
fn is_public_name(name: &str) -> bool {
    const INSIDE: [&str; 9] = [
        "localhost",
        "local",
        "internal",
        "home.arpa",
        "invalid",
        "test",
        "onion",
        "lan",
        "intranet",
    ];
    let name = name.trim_end_matches('.');
    name.contains('.')
        && !INSIDE.iter().any(|inside| {
            name.strip_suffix(inside).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
        })
}

/// Lets the URL parser normalise the host, so that both sides of the comparison went the same way.
fn parse_entry(entry: &str) -> Option<(String, Option<u16>)> {
    // The scheme has no default port, so a named port is never dropped.
    let port = Url::parse(&format!("farthing://{entry}")).ok()?.port();
    let url = Url::parse(&format!("https://{entry}")).ok()?;
    let is_bare = url.path() == "/"
        && !entry.contains(['/', '\\', '?', '#', '@'])
        && url.query().is_none()
        && url.fragment().is_none()
        && entry.chars().all(|c| !c.is_whitespace() && !c.is_control());
    let host = url.host_str().filter(|host| !host.is_empty())?;
    is_bare.then(|| (host.to_owned(), port))
}

/// Longest URL that a shopper is sent to, bytes.
const MAX_URL: usize = 2048;

#[cfg(test)]
mod tests {
    use super::*;

    fn hosts(entries: &[&str], allow_http: bool) -> FormHosts {
        let entries: Vec<String> = entries.iter().map(|entry| (*entry).to_owned()).collect();
        FormHosts::parse(&entries, allow_http).unwrap()
    }

    #[test]
    fn only_https_and_the_exact_host_without_credentials_or_odd_port_pass() {
        let live = hosts(&["payment.smartcore.pro", "pay.example:8443"], false);
        for good in [
            "https://payment.smartcore.pro/64a7e106d46c5db10d082b13",
            "https://PAYMENT.smartcore.pro/x",
            "https://payment.smartcore.pro:443/x",
            "https://pay.example:8443/x?y=z",
        ] {
            assert!(live.allowed(good).is_some(), "{good}");
        }
        for bad in [
            "http://payment.smartcore.pro/x",
            "https://payment.smartcore.pro.evil.example/x",
            "https://evil.example/payment.smartcore.pro",
            "https://sub.payment.smartcore.pro/x",
            "https://payment.smartcore.pro./x",
            "https://payment.smartcore.pro:8443/x",
            "https://pay.example/x",
            "https://user@payment.smartcore.pro/x",
            "https://:secret@payment.smartcore.pro/x",
            "https://payment.smartcore.pro@evil.example/x",
            "https://evil.example\\@payment.smartcore.pro/x",
            "https://pаyment.smartcore.pro/x", // a Cyrillic letter
            "javascript:alert(1)",
            "data:text/html,x",
            "//payment.smartcore.pro/x",
            "/64a7e106d46c5db10d082b13",
            "payment.smartcore.pro/x",
            "",
        ] {
            assert!(live.allowed(bad).is_none(), "{bad}");
        }
        let long = format!("https://payment.smartcore.pro/{}", "x".repeat(2048));
        assert!(live.allowed(&long).is_none());
    }

    #[test]
    fn http_passes_in_sandbox_mode_alone_and_the_port_counts() {
        let sandbox = hosts(&["localhost:8082", "[::1]:8082", "127.0.0.1:80"], true);
        assert!(sandbox.allowed("http://localhost:8082/smartcore/pay/1").is_some());
        assert!(sandbox.allowed("http://[::1]:8082/x").is_some());
        assert!(sandbox.allowed("http://127.0.0.1/x").is_some());
        assert!(sandbox.allowed("http://localhost:8081/x").is_none());
        assert!(sandbox.allowed("http://localhost/x").is_none());
        assert!(sandbox.allowed("ftp://localhost:8082/x").is_none());
        assert!(hosts(&["localhost:8082"], false).allowed("http://localhost:8082/x").is_none());
    }

    #[test]
    fn an_issuers_page_is_https_at_a_public_name() {
        let live = hosts(&["payment.smartcore.pro"], false);
        for good in ["https://acs.bank.example/challenge?id=1", "https://acs.bank.example:8443/x"] {
            assert!(live.issuer(good).is_some(), "{good}");
        }
        assert_eq!(
            live.issuer("https://acs.bank.example/x#y").unwrap().as_str(),
            "https://acs.bank.example/x"
        );
        for bad in [
            "http://acs.bank.example/x",
            "https://user@acs.bank.example/x",
            "https://:x@acs.bank.example/x",
            "https://localhost/x",
            "https://acs.localhost/x",
            "https://LOCALHOST./x",
            "https://intranet/x",
            "https://acs.internal/x",
            "https://acs.local./x",
            "https://router.home.arpa/x",
            "https://127.0.0.1/x",
            "https://2130706433/x",
            "https://0x7f.1/x",
            "https://93.184.216.34/x",
            "https://[::1]/x",
            "https://[::ffff:10.0.0.1]/x",
            "javascript:alert(1)",
            "data:text/html,x",
            "file:///etc/passwd",
            "//acs.bank.example/x",
            "/acs",
            "",
        ] {
            assert!(live.issuer(bad).is_none(), "{bad}");
        }
        let sandbox = hosts(&["localhost:8082"], true);
        assert!(sandbox.issuer("http://localhost:8082/acs/2/x").is_some());
        assert!(sandbox.issuer("http://user@localhost:8082/acs/2/x").is_none());
        assert!(sandbox.issuer("ftp://localhost/x").is_none());
    }

    #[test]
    fn an_entry_is_a_host_and_perhaps_a_port() {
        for bad in [
            "",
            "https://pay.example",
            "pay.example/",
            "pay.example/x",
            "a@pay.example",
            "pay.example:99999",
            "a b",
            "pay.example?x",
            ":80",
        ] {
            assert!(FormHosts::parse(&[bad.to_owned()], false).is_none(), "{bad:?}");
        }
    }
}
