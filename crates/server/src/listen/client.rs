//! The client's true address, behind proxies too.

use std::net::{IpAddr, SocketAddr};

use axum::extract::FromRequestParts;
use axum::http::header::FORWARDED;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName};

use crate::problem::ApiError;
use crate::target::IpRange;

/// Where a request came from. As an extractor it needs a request that [`super::serve`] has accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClientAddr {
    ip: IpAddr,
    peer: SocketAddr,
    forwarded: bool,
}

impl ClientAddr {
    /// The client of a request that came over a connection from `peer`.
    ///
    /// Forwarding headers are read from the right, where the nearest proxy wrote, and only as long as the address
    /// that wrote is trusted: what a client wrote itself is never reached.
    pub fn of(peer: SocketAddr, headers: &HeaderMap, trusted: &[IpRange]) -> Self {
        let is_trusted = |ip: IpAddr| trusted.iter().any(|range| range.contains(ip));
        let peer_ip = peer.ip().to_canonical();
        let has = |name: &HeaderName| headers.contains_key(name);
        let forwarded = has(&FORWARDED) || has(&X_FORWARDED_FOR);
        let walk = |chain: Vec<Option<IpAddr>>| {
            let mut client = peer_ip;
            for hop in chain.into_iter().rev() {
                if !is_trusted(client) {
                    break;
                }
                // What cannot be read ends the walk at the last address that is known.
                let Some(hop) = hop else { break };
                client = hop;
            }
            client
        };
        let ip = match (has(&FORWARDED), has(&X_FORWARDED_FOR)) {
            (true, false) => walk(forwarded_chain(headers)),
            (false, true) => walk(x_forwarded_for_chain(headers)),
            // A proxy writes one of them and passes the other one on as the client wrote it: believed only if they agree.
            (true, true) => {
                let (one, other) =
                    (walk(forwarded_chain(headers)), walk(x_forwarded_for_chain(headers)));
                if one == other { one } else { peer_ip }
            }
            (false, false) => peer_ip,
        };
        Self { ip, peer, forwarded }
    }

    /// The client's address.
    pub const fn ip(&self) -> IpAddr {
        self.ip
    }

    /// The other end of the connection, which may be a proxy.
    pub const fn peer(&self) -> SocketAddr {
        self.peer
    }

    /// Whether the request was made on this machine and not merely passed on by a proxy on it.
    pub const fn is_local(&self) -> bool {
        self.ip.is_loopback() && self.peer.ip().to_canonical().is_loopback() && !self.forwarded
    }
}

impl<S: Send + Sync> FromRequestParts<S> for ClientAddr {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        parts
            .extensions
            .get()
            .copied()
            .ok_or_else(|| ApiError::internal("the request has no client address"))
    }
}

/// Source: RFC 7239, section 4.
fn forwarded_chain(headers: &HeaderMap) -> Vec<Option<IpAddr>> {
    elements(headers, &FORWARDED)
        .map(|element| {
            let mut pairs = element?.split(';').filter_map(|pair| pair.split_once('='));
            let (_, node) = pairs.find(|(name, _)| name.trim().eq_ignore_ascii_case("for"))?;
            address(node.trim().trim_matches('"'))
        })
        .collect()
}

fn x_forwarded_for_chain(headers: &HeaderMap) -> Vec<Option<IpAddr>> {
    elements(headers, &X_FORWARDED_FOR).map(|element| address(element?)).collect()
}

/// The comma-separated elements of all headers of a name, in order; `None` for a header that is not text.
fn elements<'a>(
    headers: &'a HeaderMap,
    name: &HeaderName,
) -> impl Iterator<Item = Option<&'a str>> {
    headers.get_all(name).iter().flat_map(|value| match value.to_str() {
        Ok(text) => text.split(',').map(|element| Some(element.trim())).collect::<Vec<_>>(),
        Err(_) => vec![None],
    })
}

/// An address, with or without a port and brackets.
fn address(text: &str) -> Option<IpAddr> {
    let plain = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
    let ip = plain
        .parse::<IpAddr>()
        .ok()
        .or_else(|| text.parse::<SocketAddr>().ok().map(|socket| socket.ip()))?;
    Some(ip.to_canonical())
}

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn client(peer: &str, lines: &[(&'static str, &str)]) -> String {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(HeaderName::from_static(name), value.parse().unwrap());
        }
        let trusted = ["10.0.0.0/8", "fd00::/8"].map(|text| text.parse().unwrap());
        ClientAddr::of(SocketAddr::new(peer.parse().unwrap(), 1), &headers, &trusted)
            .ip()
            .to_string()
    }

    #[test]
    fn headers_of_untrusted_peers_are_not_believed() {
        for name in ["x-forwarded-for", "forwarded"] {
            assert_eq!(client("192.0.2.1", &[(name, "for=198.51.100.9")]), "192.0.2.1");
            assert_eq!(client("192.0.2.1", &[(name, "198.51.100.9")]), "192.0.2.1");
        }
    }

    #[test]
    fn the_rightmost_untrusted_address_is_the_client() {
        for (value, expected) in [
            ("198.51.100.9", "198.51.100.9"),
            ("6.6.6.6, 198.51.100.9", "198.51.100.9"),
            ("6.6.6.6, 198.51.100.9, 10.9.9.9", "198.51.100.9"),
            ("10.1.1.1, 10.2.2.2", "10.1.1.1"),
            ("198.51.100.9:4711", "198.51.100.9"),
            ("[2001:db8::7]:4711", "2001:db8::7"),
            ("2001:db8::7", "2001:db8::7"),
            ("::ffff:198.51.100.9", "198.51.100.9"),
        ] {
            assert_eq!(client("10.0.0.1", &[("x-forwarded-for", value)]), expected, "{value}");
        }
    }

    #[test]
    fn several_headers_are_one_list() {
        let lines = [("x-forwarded-for", "6.6.6.6"), ("x-forwarded-for", "198.51.100.9, 10.3.3.3")];
        assert_eq!(client("10.0.0.1", &lines), "198.51.100.9");
    }

    #[test]
    fn what_cannot_be_read_ends_at_the_last_known_address() {
        assert_eq!(
            client("10.0.0.1", &[("x-forwarded-for", "198.51.100.9, unknown, 10.3.3.3")]),
            "10.3.3.3"
        );
        assert_eq!(client("10.0.0.1", &[("x-forwarded-for", "")]), "10.0.0.1");
        assert_eq!(client("10.0.0.1", &[("forwarded", "for=_hidden")]), "10.0.0.1");
    }

    #[test]
    fn the_standard_header_is_read_with_quotes_and_parameters() {
        let value = "for=6.6.6.6, For=\"[2001:db8::7]:4711\";proto=https;by=10.0.0.1";
        assert_eq!(client("10.0.0.1", &[("forwarded", value)]), "2001:db8::7");
    }

    #[test]
    fn two_headers_that_disagree_are_not_believed() {
        let lines = [("forwarded", "for=6.6.6.6"), ("x-forwarded-for", "198.51.100.9")];
        assert_eq!(client("10.0.0.1", &lines), "10.0.0.1");
        let lines = [("forwarded", "for=198.51.100.9"), ("x-forwarded-for", "198.51.100.9")];
        assert_eq!(client("10.0.0.1", &lines), "198.51.100.9");
    }

    #[test]
    fn only_direct_requests_of_this_machine_are_local() {
        let of = |peer: &str, lines: &[(&'static str, &str)]| {
            let mut headers = HeaderMap::new();
            for (name, value) in lines {
                headers.append(HeaderName::from_static(name), value.parse().unwrap());
            }
            ClientAddr::of(SocketAddr::new(peer.parse().unwrap(), 1), &headers, &[]).is_local()
        };
        assert!(of("127.0.0.1", &[]) && of("::1", &[]) && of("::ffff:127.0.0.1", &[]));
        assert!(!of("192.0.2.1", &[]));
        assert!(
            !of("127.0.0.1", &[("x-forwarded-for", "192.0.2.1")]),
            "a proxy that nobody configured"
        );
        assert!(!of("127.0.0.1", &[("forwarded", "for=192.0.2.1")]));
    }

    proptest! {
        #[test]
        fn whatever_a_client_writes_the_address_that_the_proxy_saw_wins(written in "[ -~]{0,60}") {
            let value = format!("{written}, 198.51.100.9");
            prop_assert_eq!(client("10.0.0.1", &[("x-forwarded-for", &value)]), "198.51.100.9");
        }
    }
}
