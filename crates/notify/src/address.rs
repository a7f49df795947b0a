//! Which addresses are public. Everything that the registries of special-purpose addresses list is not, and neither is
//! an IPv6 address that only wraps such an IPv4 address.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Why an address is not public.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Range {
    /// This machine.
    Loopback,
    /// "No address", which systems read as this machine.
    Unspecified,
    /// A private network (RFC 1918, unique-local).
    Private,
    /// The local link; most clouds keep their metadata there.
    LinkLocal,
    /// Between a provider and its customers (100.64.0.0/10).
    Carrier,
    /// A cloud's own service for its machines, at an address that looks public.
    Metadata,
    /// Many receivers.
    Multicast,
    /// For examples in documents.
    Documentation,
    /// Kept for other purposes.
    Reserved,
}

impl fmt::Display for Range {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Loopback | Self::Unspecified => "this machine",
            Self::Private => "in the private network",
            Self::LinkLocal => "on the local link, where clouds keep their metadata",
            Self::Carrier => "in the network of a provider or cloud (100.64.0.0/10)",
            Self::Metadata => "a cloud's metadata service",
            Self::Multicast => "a multicast address",
            Self::Documentation => "an address for documentation only",
            Self::Reserved => "a reserved address",
        })
    }
}

/// True for an address that anybody on the internet could have.
pub fn is_public(address: IpAddr) -> bool {
    range(address).is_none()
}

/// Why it is not public; nothing when it is.
pub(crate) fn range(address: IpAddr) -> Option<Range> {
    match address {
        IpAddr::V4(address) => range_of_v4(address),
        IpAddr::V6(address) => range_of_v6(address),
    }
}

/// <https://www.iana.org/assignments/iana-ipv4-special-registry>, and Azure's 168.63.129.16.
fn range_of_v4(address: Ipv4Addr) -> Option<Range> {
    match address.octets() {
        [0, ..] => Some(Range::Unspecified),
        [10, ..] | [172, 16..=31, ..] | [192, 168, ..] => Some(Range::Private),
        [100, 64..=127, ..] => Some(Range::Carrier),
        [127, ..] => Some(Range::Loopback),
        [168, 63, 129, 16] => Some(Range::Metadata),
        [169, 254, ..] => Some(Range::LinkLocal),
        [192, 0, 2, _] | [198, 51, 100, _] | [203, 0, 113, _] => Some(Range::Documentation),
        [224..=239, ..] => Some(Range::Multicast),
        [192, 0, 0, _] | [192, 88, 99, _] | [198, 18..=19, ..] | [240..=255, ..] => Some(Range::Reserved),
        _ => None,
    }
}

/// <https://www.iana.org/assignments/iana-ipv6-special-registry>: public is what is in `2000::/3` and has no
/// purpose of its own.
fn range_of_v6(address: Ipv6Addr) -> Option<Range> {
    match address.segments() {
        [0, 0, 0, 0, 0, 0, 0, 0] => Some(Range::Unspecified),
        [0, 0, 0, 0, 0, 0, 0, 1] => Some(Range::Loopback),
        // Mapped, NAT64 and 6to4: the packets go to the IPv4 address inside.
        [0, 0, 0, 0, 0, 0xffff, high, low] | [0x64, 0xff9b, 0, 0, 0, 0, high, low] | [0x2002, high, low, ..] => {
            range_of_v4(inside(high, low))
        }
        [0xfc00..=0xfdff, ..] => Some(Range::Private),
        [0xfe80..=0xfebf, ..] => Some(Range::LinkLocal),
        [0xff00..=0xffff, ..] => Some(Range::Multicast),
        [0x2001, 0xdb8, ..] | [0x3fff, 0..=0xfff, ..] => Some(Range::Documentation),
        // Teredo, benchmarks, ORCHID and other protocols' own.
        [0x2001, 0..=0x1ff, ..] => Some(Range::Reserved),
        [0x2000..=0x3fff, ..] => None,
        _ => Some(Range::Reserved),
    }
}

fn inside(high: u16, low: u16) -> Ipv4Addr {
    Ipv4Addr::from_bits(u32::from(high) << 16 | u32::from(low))
}

#[cfg(test)]
mod tests;
