//! Which network addresses a URL may lead to.

use std::error::Error;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::str::FromStr;
use std::sync::Arc;
use std::{fmt, io};

use async_trait::async_trait;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use url::{Host, Url};

use crate::config::Mode;

/// A range of addresses: `10.0.0.0/8`, or one address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IpRange {
    network: IpAddr,
    bits: u8,
}

/// The text is not an address or a range.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be an address, or an address, a slash and a number of bits")]
pub struct NotARange;

impl IpRange {
    /// Whether the address is in the range. An IPv4 address written as IPv6 counts as IPv4.
    pub fn contains(&self, address: IpAddr) -> bool {
        match (self.network, address.to_canonical()) {
            (IpAddr::V4(network), IpAddr::V4(address)) => same_prefix(
                u128::from(network.to_bits()) << 96,
                u128::from(address.to_bits()) << 96,
                self.bits,
            ),
            (IpAddr::V6(network), IpAddr::V6(address)) => {
                same_prefix(network.to_bits(), address.to_bits(), self.bits)
            }
            _ => false,
        }
    }
}

impl FromStr for IpRange {
    type Err = NotARange;

    fn from_str(text: &str) -> Result<Self, NotARange> {
        let (address, bits) =
            text.split_once('/').map_or((text, None), |(address, bits)| (address, Some(bits)));
        let network: IpAddr = address.parse().map_err(|_| NotARange)?;
        let longest = if network.is_ipv4() { 32 } else { 128 };
        let bits = match bits {
            None => longest,
            Some(bits) => bits.parse().ok().filter(|bits| *bits <= longest).ok_or(NotARange)?,
        };
        Ok(Self { network, bits })
    }
}

fn same_prefix(left: u128, right: u128, bits: u8) -> bool {
    // A shift by all 128 bits is not defined: a prefix of none is always the same.
    (left ^ right).checked_shr(128 - u32::from(bits)).unwrap_or(0) == 0
}

/// Whether a host is this machine, by name (RFC 6761, section 6.3) or by address.
pub fn is_loopback_host<S: AsRef<str>>(host: &Host<S>) -> bool {
    match host {
        Host::Domain(name) => {
            let name = name.as_ref().trim_end_matches('.').to_ascii_lowercase();
            name == "localhost" || name.ends_with(".localhost")
        }
        Host::Ipv4(address) => address.is_loopback() || address.is_unspecified(),
        Host::Ipv6(address) => {
            address.is_loopback()
                || address.is_unspecified()
                || address.to_ipv4_mapped().is_some_and(|v4| v4.is_loopback())
        }
    }
}

/// Whether an address is on the public internet, by the registries of special-purpose addresses (RFC 6890).
///
/// Everything that is not surely public is refused: a webhook that cannot be delivered is better than a request to
/// a cloud's metadata service.
pub fn is_public(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    !(a == 0 // "this network"
        || address.is_private()
        || address.is_loopback()
        || address.is_link_local() // 169.254.169.254 is the metadata service of most clouds
        || (a == 100 && (64..128).contains(&b)) // shared address space
        || (a == 192 && b == 0 && c == 0) // protocol assignments
        || (a == 192 && b == 88 && c == 99) // 6to4 relays
        || (a == 198 && (18..20).contains(&b)) // benchmarks
        || address.is_documentation()
        || a >= 224) // multicast, reserved, broadcast
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let [first, second, third, ..] = address.segments();
    // Addresses that carry an IPv4 address lead where that one leads.
    if first == 0x0064 && second == 0xff9b && third == 0 {
        return embedded(address, 96).is_some_and(is_public_v4); // NAT64, RFC 6052
    }
    if first == 0x2002 {
        return embedded(address, 16).is_some_and(is_public_v4); // 6to4, RFC 3056
    }
    let global = (first & 0xe000) == 0x2000; // 2000::/3
    let protocols = first == 0x2001 && second < 0x0200; // Teredo and other protocol assignments
    let documentation =
        (first == 0x2001 && second == 0x0db8) || (first == 0x3fff && second < 0x1000);
    global && !protocols && !documentation
}

/// The 32 bits that start `offset` bits into the address.
fn embedded(address: Ipv6Addr, offset: u32) -> Option<Ipv4Addr> {
    let bits = address.to_bits().checked_shr(96_u32.checked_sub(offset)?)? & u128::from(u32::MAX);
    Some(Ipv4Addr::from_bits(u32::try_from(bits).ok()?))
}

/// Keeps requests to URLs that a merchant chose (webhooks) away from the inside of the network.
///
/// The names are resolved here, and the address that was judged is the one that is connected to: a second look-up that
/// answers otherwise (DNS rebinding) has no effect.
#[derive(Clone)]
pub struct TargetGuard {
    rule: GuardRule,
    lookup: Arc<dyn Lookup>,
}

/// Where a guard lets requests go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum GuardRule {
    Anywhere,
    PublicOnly,
}

impl TargetGuard {
    /// In live mode only public addresses; in sandbox mode anything.
    pub fn new(mode: Mode) -> Self {
        Self::with_lookup(mode, Arc::new(SystemLookup))
    }

    fn with_lookup(mode: Mode, lookup: Arc<dyn Lookup>) -> Self {
        let rule = match mode {
            Mode::Live => GuardRule::PublicOnly,
            Mode::Sandbox => GuardRule::Anywhere,
        };
        Self { rule, lookup }
    }

    /// Judges what can be judged without a look-up: the scheme, credentials, addresses written in the URL, local names.
    pub fn check_url(&self, url: &Url) -> Result<(), TargetRefused> {
        let scheme_fits = match self.rule {
            GuardRule::Anywhere => matches!(url.scheme(), "http" | "https"),
            GuardRule::PublicOnly => url.scheme() == "https",
        };
        if !scheme_fits || !url.username().is_empty() || url.password().is_some() {
            return Err(TargetRefused);
        }
        let host = url.host().ok_or(TargetRefused)?;
        let inside = match (&host, self.rule) {
            (_, GuardRule::Anywhere) => false,
            (Host::Domain(_), GuardRule::PublicOnly) => is_loopback_host(&host),
            (Host::Ipv4(address), GuardRule::PublicOnly) => !is_public((*address).into()),
            (Host::Ipv6(address), GuardRule::PublicOnly) => !is_public((*address).into()),
        };
        if inside { Err(TargetRefused) } else { Ok(()) }
    }

    async fn addresses(&self, name: &str) -> Result<Vec<SocketAddr>, Box<dyn Error + Send + Sync>> {
        let found = self.lookup.lookup(name).await?;
        // One inside address among public ones is no accident worth serving.
        if self.rule == GuardRule::PublicOnly
            && found.iter().any(|address| !is_public(address.ip()))
        {
            return Err(Box::new(TargetRefused));
        }
        Ok(found)
    }
}

impl fmt::Debug for TargetGuard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { rule, lookup: _ } = self;
        write!(f, "TargetGuard({rule:?})")
    }
}

impl Resolve for TargetGuard {
    fn resolve(&self, name: Name) -> Resolving {
        let guard = self.clone();
        Box::pin(async move {
            let addresses = guard.addresses(name.as_str()).await?;
            Ok(Box::new(addresses.into_iter()) as Addrs)
        })
    }
}

/// The target is inside the network, or not a plain https URL.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the target is not on the public internet")]
pub struct TargetRefused;

#[async_trait]
trait Lookup: Send + Sync {
    /// All addresses of a name. The port is the caller's.
    async fn lookup(&self, name: &str) -> io::Result<Vec<SocketAddr>>;
}

struct SystemLookup;

#[async_trait]
impl Lookup for SystemLookup {
    async fn lookup(&self, name: &str) -> io::Result<Vec<SocketAddr>> {
        Ok(tokio::net::lookup_host((name, 0)).await?.collect())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn ranges_hold_what_shares_their_prefix() {
        let range: IpRange = "10.1.0.0/16".parse().unwrap();
        assert!(range.contains("10.1.255.255".parse().unwrap()));
        assert!(range.contains("::ffff:10.1.2.3".parse().unwrap()), "IPv4 written as IPv6");
        assert!(!range.contains("10.2.0.0".parse().unwrap()));
        assert!(!range.contains("::1".parse().unwrap()));
        let one: IpRange = "192.0.2.7".parse().unwrap();
        assert!(
            one.contains("192.0.2.7".parse().unwrap())
                && !one.contains("192.0.2.6".parse().unwrap())
        );
        let all: IpRange = "::/0".parse().unwrap();
        assert!(
            all.contains("2001:db8::1".parse().unwrap())
                && !all.contains("1.2.3.4".parse().unwrap())
        );
        let all: IpRange = "0.0.0.0/0".parse().unwrap();
        assert!(all.contains("255.1.2.3".parse().unwrap()));
    }

    #[test]
    fn what_is_no_range_is_refused() {
        for text in [
            "",
            "10.0.0.0/33",
            "::/129",
            "10.0.0/8",
            "10.0.0.0/",
            "10.0.0.0/-1",
            "localhost",
            "10.0.0.0/8/8",
        ] {
            assert_eq!(text.parse::<IpRange>(), Err(NotARange), "{text}");
        }
    }

    #[test]
    fn addresses_that_are_not_public_are_known_in_every_spelling() {
        for text in [
            "0.0.0.0",
            "0.1.2.3",
            "10.0.0.1",
            "100.64.0.1",
            "127.0.0.1",
            "127.255.0.1",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.8",
            "192.0.2.1",
            "192.168.1.1",
            "198.18.0.1",
            "198.51.100.1",
            "203.0.113.1",
            "224.0.0.1",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::ffff:127.0.0.1",
            "::ffff:169.254.169.254",
            "::127.0.0.1",
            "64:ff9b::7f00:1",
            "64:ff9b::a9fe:a9fe",
            "64:ff9b:1::1",
            "2002:7f00:1::",
            "2002:a9fe:a9fe::1",
            "2001::1",
            "2001:db8::1",
            "3fff::1",
            "fc00::1",
            "fd00:ec2::254",
            "fe80::1",
            "fec0::1",
            "ff02::1",
            "100::1",
        ] {
            assert!(!is_public(text.parse().unwrap()), "{text}");
        }
    }

    #[test]
    fn public_addresses_are_public() {
        for text in [
            "1.1.1.1",
            "8.8.8.8",
            "100.63.255.255",
            "100.128.0.1",
            "172.15.0.1",
            "172.32.0.1",
            "198.20.0.1",
            "223.255.255.1",
            "::ffff:8.8.8.8",
            "64:ff9b::808:808",
            "2002:808:808::1",
            "2606:4700::1111",
            "2a00:1450:4001::1",
            "2001:4860::8888",
        ] {
            assert!(is_public(text.parse().unwrap()), "{text}");
        }
    }

    struct Fixed(Vec<&'static str>);

    #[async_trait]
    impl Lookup for Fixed {
        async fn lookup(&self, _: &str) -> io::Result<Vec<SocketAddr>> {
            Ok(self.0.iter().map(|text| SocketAddr::new(text.parse().unwrap(), 0)).collect())
        }
    }

    #[test]
    fn live_mode_refuses_urls_that_lead_inside_or_are_not_https() {
        let guard = TargetGuard::new(Mode::Live);
        for text in [
            "http://shop.example/",
            "https://127.0.0.1/",
            "https://169.254.169.254/latest",
            "https://[::1]/",
            "https://[::ffff:10.0.0.1]/",
            "https://localhost/",
            "https://a.localhost./",
            "https://2130706433/",
            "https://0x7f.0.0.1/",
            "https://017700000001/",
            "https://u:p@shop.example/",
            "file:///etc/passwd",
            "data:,x",
            "https://[fd00:ec2::254]/",
        ] {
            assert_eq!(guard.check_url(&Url::parse(text).unwrap()), Err(TargetRefused), "{text}");
        }
        assert_eq!(guard.check_url(&Url::parse("https://shop.example/hook").unwrap()), Ok(()));
        assert_eq!(guard.check_url(&Url::parse("https://8.8.8.8/hook").unwrap()), Ok(()));
    }

    #[test]
    fn sandbox_mode_lets_http_and_loopback_through_and_nothing_that_is_no_web_url() {
        let guard = TargetGuard::new(Mode::Sandbox);
        assert_eq!(guard.check_url(&Url::parse("http://127.0.0.1:1/hook").unwrap()), Ok(()));
        assert_eq!(guard.check_url(&Url::parse("file:///etc/passwd").unwrap()), Err(TargetRefused));
    }

    #[tokio::test]
    async fn a_name_with_one_inside_address_is_refused_in_live_mode() {
        let rebound = Arc::new(Fixed(vec!["8.8.8.8", "169.254.169.254"]));
        let live = TargetGuard::with_lookup(Mode::Live, rebound.clone());
        assert!(live.addresses("a.example").await.unwrap_err().is::<TargetRefused>());
        let sandbox = TargetGuard::with_lookup(Mode::Sandbox, rebound);
        assert_eq!(sandbox.addresses("a.example").await.unwrap().len(), 2);
        let public = TargetGuard::with_lookup(Mode::Live, Arc::new(Fixed(vec!["8.8.8.8"])));
        assert_eq!(public.addresses("a.example").await.unwrap().len(), 1);
    }

    #[tokio::test]
    async fn a_client_with_the_guard_sends_no_packet_to_a_name_that_leads_inside() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        for (mode, connects) in [(Mode::Live, false), (Mode::Sandbox, true)] {
            let guard = TargetGuard::with_lookup(mode, Arc::new(Fixed(vec!["127.0.0.1"])));
            let client = reqwest::Client::builder()
                .tls_backend_preconfigured(crate::transport::tls_config().unwrap())
                .dns_resolver(guard)
                .build()
                .unwrap();
            let call = client.get(format!("http://inside.example:{port}/")).send();
            let seen = tokio::select! {
                accepted = listener.accept() => accepted.is_ok(),
                answer = call => { assert!(answer.unwrap_err().is_connect()); false }
            };
            assert_eq!(seen, connects, "{mode:?}");
        }
    }

    proptest! {
        #[test]
        fn writing_an_ipv4_address_as_ipv6_changes_nothing(bits: u32) {
            let v4 = Ipv4Addr::from_bits(bits);
            prop_assert_eq!(is_public(v4.into()), is_public(v4.to_ipv6_mapped().into()));
            let nat64 = Ipv6Addr::from_bits((0x0064_ff9b_u128 << 96) | u128::from(bits));
            prop_assert_eq!(is_public(v4.into()), is_public(nat64.into()));
            let six_to_four = Ipv6Addr::from_bits((0x2002_u128 << 112) | (u128::from(bits) << 80));
            prop_assert_eq!(is_public(v4.into()), is_public(six_to_four.into()));
        }

        #[test]
        fn a_range_of_all_bits_holds_only_its_address(a: u128, b: u128) {
            let range: IpRange = Ipv6Addr::from_bits(a | 1 << 127).to_string().parse().unwrap();
            prop_assert_eq!(range.contains(Ipv6Addr::from_bits(b | 1 << 127).into()), (a | 1 << 127) == (b | 1 << 127));
        }
    }
}
