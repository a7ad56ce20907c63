"""Which IP addresses belong to the public internet, whatever they are wrapped in."""

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

NAT64 = IPv6Network("64:ff9b::/96")  # RFC 6052: the last 32 bits are an IPv4 address
GLOBAL_UNICAST = IPv6Network("2000::/3")  # the only part of IPv6 from which public addresses are given out
# Set aside by IANA, but not in the tables of every Python. The first IPv6 block holds Teredo.
SET_ASIDE_V4 = (IPv4Network("192.0.0.0/24"), IPv4Network("192.88.99.0/24"))
SET_ASIDE_V6 = (IPv6Network("2001::/23"), IPv6Network("3fff::/20"))
ISATAP = (0x00005EFE, 0x02005EFE)  # RFC 5214: bits 64 to 95 of an address that ends in an IPv4 address


def is_public(address: str) -> bool:
    """Whether a connection to `address` leaves for the public internet, also behind translators and tunnels.

    IPv4 inside IPv6 is judged by the IPv4 address. Teredo and the NAT64 prefix for local use (64:ff9b:1::/48) are
    never public: what they lead to is decided by somebody's gateway.
    """
    try:
        ip = ip_address(address)
    except ValueError:
        return False
    return _public_v4(ip) if isinstance(ip, IPv4Address) else _public_v6(ip)


def _public_v4(ip: IPv4Address) -> bool:
    if any(ip in network for network in SET_ASIDE_V4):
        return False
    return ip.is_global and not ip.is_multicast and not ip.is_reserved


def _public_v6(ip: IPv6Address) -> bool:
    if ip.ipv4_mapped:
        return _public_v4(ip.ipv4_mapped)
    last = IPv4Address(int(ip) & 0xFFFFFFFF)
    if ip in NAT64:
        return _public_v4(last)
    if ip not in GLOBAL_UNICAST or ip.scope_id or any(ip in network for network in SET_ASIDE_V6):
        return False
    if ip.sixtofour:
        return _public_v4(ip.sixtofour)
    if (int(ip) >> 32) & 0xFFFFFFFF in ISATAP and not _public_v4(last):
        return False
    return ip.is_global and not ip.is_multicast and not ip.is_reserved
