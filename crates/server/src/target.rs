//! Which network addresses a URL may lead to.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use url::Host;

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
    let special = (first == 0x2001 && second < 0x0200) // Teredo and other protocol assignments
        || (first == 0x2001 && second == 0x0db8) // documentation
        || (first == 0x3fff && second < 0x1000); // documentation
    global && !special
}

/// The 32 bits that start `offset` bits into the address.
fn embedded(address: Ipv6Addr, offset: u32) -> Option<Ipv4Addr> {
    let bits = address.to_bits().checked_shr(96_u32.checked_sub(offset)?)? & u128::from(u32::MAX);
    Some(Ipv4Addr::from_bits(u32::try_from(bits).ok()?))
}
