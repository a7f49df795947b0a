//! The registries of special-purpose addresses, block by block.

use proptest::prelude::*;

use super::*;

/// The registries as they are written, with where a block ends.
const NOT_PUBLIC: [(&str, u32, Range); 38] = [
    ("0.0.0.0", 8, Range::Unspecified),
    ("10.0.0.0", 8, Range::Private),
    ("100.64.0.0", 10, Range::Carrier),
    ("127.0.0.0", 8, Range::Loopback),
    ("168.63.129.16", 32, Range::Metadata),
    ("169.254.0.0", 16, Range::LinkLocal),
    ("172.16.0.0", 12, Range::Private),
    ("192.0.0.0", 24, Range::Reserved),
    ("192.0.2.0", 24, Range::Documentation),
    ("192.88.99.0", 24, Range::Reserved),
    ("192.168.0.0", 16, Range::Private),
    ("198.18.0.0", 15, Range::Reserved),
    ("198.51.100.0", 24, Range::Documentation),
    ("203.0.113.0", 24, Range::Documentation),
    ("224.0.0.0", 4, Range::Multicast),
    ("240.0.0.0", 4, Range::Reserved),
    ("255.255.255.255", 32, Range::Reserved),
    ("::", 128, Range::Unspecified),
    ("::1", 128, Range::Loopback),
    ("::2", 127, Range::Reserved),
    ("::127.0.0.0", 104, Range::Reserved),
    ("64:ff9b:1::", 48, Range::Reserved),
    ("100::", 64, Range::Reserved),
    ("2001::", 32, Range::Reserved),
    ("2001::", 23, Range::Reserved),
    ("2001:db8::", 32, Range::Documentation),
    ("3fff::", 20, Range::Documentation),
    ("5f00::", 16, Range::Reserved),
    ("fc00::", 7, Range::Private),
    ("fd00:ec2::254", 128, Range::Private),
    ("fe80::", 10, Range::LinkLocal),
    ("fec0::", 10, Range::Reserved),
    ("ff00::", 8, Range::Multicast),
    ("::ffff:10.0.0.0", 104, Range::Private),
    ("::ffff:127.0.0.0", 104, Range::Loopback),
    ("64:ff9b::169.254.0.0", 112, Range::LinkLocal),
    ("2002:c0a8::", 32, Range::Private),
    ("2002:7f00::", 24, Range::Loopback),
];

fn address(text: &str) -> IpAddr {
    text.parse().unwrap()
}

/// The address of the block whose free bits are `bits`.
fn within(base: IpAddr, prefix: u32, bits: u128) -> IpAddr {
    match base {
        IpAddr::V4(base) => {
            let free = u32::MAX.checked_shr(prefix).unwrap_or(0);
            Ipv4Addr::from_bits(base.to_bits() | (first(bits) & free)).into()
        }
        IpAddr::V6(base) => {
            let free = u128::MAX.checked_shr(prefix).unwrap_or(0);
            Ipv6Addr::from_bits(base.to_bits() | (bits & free)).into()
        }
    }
}

fn first(bits: u128) -> u32 {
    bits.to_be_bytes()[..4].iter().fold(0, |bits, byte| bits << 8 | u32::from(*byte))
}

fn wrapped(address: Ipv4Addr) -> [Ipv6Addr; 3] {
    let bits = u128::from(address.to_bits());
    let nat64 = Ipv6Addr::new(0x64, 0xff9b, 0, 0, 0, 0, 0, 0).to_bits();
    let six_to_four = Ipv6Addr::new(0x2002, 0, 0, 0, 0, 0, 0, 1).to_bits();
    [address.to_ipv6_mapped(), Ipv6Addr::from_bits(nat64 | bits), Ipv6Addr::from_bits(six_to_four | bits << 80)]
}

#[test]
fn blocks_that_are_not_public_are_told_by_their_first_and_last_address() {
    for (base, prefix, expected) in NOT_PUBLIC {
        for bits in [0, u128::MAX] {
            let address = within(address(base), prefix, bits);
            assert_eq!(range(address), Some(expected), "{address} of {base}/{prefix}");
            assert!(!is_public(address));
        }
    }
}

#[test]
fn their_neighbours_are_public() {
    let neighbours = "
        1.0.0.0 9.255.255.255 11.0.0.0 100.63.255.255 100.128.0.0 126.255.255.255 128.0.0.0 168.63.129.15
        168.63.129.17 169.253.255.255 169.255.0.0 172.15.255.255 172.32.0.0 191.255.255.255 192.0.1.0 192.0.3.0
        192.88.98.255 192.88.100.0 192.167.255.255 192.169.0.0 198.17.255.255 198.20.0.0 198.51.99.255
        198.51.101.0 203.0.112.255 203.0.114.0 223.255.255.255 2000:: 2001:200:: 2001:db7:ffff:: 2001:db9::
        2003:: 2606:4700::1111 2a00:1450::200e 3ffe:ffff:: 3fff:1000:: ::ffff:8.8.8.8 64:ff9b::8.8.8.8
        2002:808:808::1
    ";
    for neighbour in neighbours.split_whitespace() {
        assert_eq!(range(address(neighbour)), None, "{neighbour}");
    }
}

proptest! {
    #[test]
    fn nothing_within_a_block_is_public(block in 0..NOT_PUBLIC.len(), bits: u128) {
        let (base, prefix, _) = NOT_PUBLIC[block];
        let address = within(address(base), prefix, bits);
        prop_assert!(!is_public(address), "{address} of {base}/{prefix}");
    }

    #[test]
    fn an_ipv4_address_is_what_it_is_however_it_is_wrapped(bits: u32) {
        let plain = Ipv4Addr::from_bits(bits);
        for wrapped in wrapped(plain) {
            prop_assert_eq!(range(plain.into()), range(wrapped.into()), "{} in {}", plain, wrapped);
        }
    }

    #[test]
    fn no_public_address_is_one_that_the_standard_library_calls_special(bits: u32, wide: u128) {
        let (v4, v6) = (Ipv4Addr::from_bits(bits), Ipv6Addr::from_bits(wide));
        if is_public(v4.into()) {
            prop_assert!(!(v4.is_private() || v4.is_loopback() || v4.is_link_local() || v4.is_multicast()));
            prop_assert!(!(v4.is_unspecified() || v4.is_broadcast() || v4.is_documentation()));
        }
        if is_public(v6.into()) {
            prop_assert!(!(v6.is_unique_local() || v6.is_unicast_link_local() || v6.is_multicast()));
            prop_assert!(!(v6.is_loopback() || v6.is_unspecified()));
        }
    }
}
