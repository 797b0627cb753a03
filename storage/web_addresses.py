"""Which addresses the bench calls by itself: public ones by https, others only by permission.

A webhook whose address people may choose must not reach what only this machine can reach
(cloud metadata, routers, data bases without a password).
"""

from __future__ import annotations

import ipaddress
import socket
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

from storage.entities import StorageError
from storage.settings import settings

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

LONGEST_URL = 2000
SCHEMES = ("https", "http")
LOCAL_NAMES = ("localhost", "local", "internal", "home.arpa", "localdomain")
GLOBAL_V6 = ipaddress.IPv6Network("2000::/3")
NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
HOW_TO_ALLOW = "Whoever runs the bench can allow it by SIGNALBENCH_WEBHOOK_PRIVATE."


class AddressRefusedError(StorageError, ValueError):
    """An address that the bench does not call."""


@dataclass(frozen=True)
class Permission:
    """What SIGNALBENCH_WEBHOOK_PRIVATE allows beside public addresses."""

    hosts: frozenset[str]
    networks: tuple[Network, ...]

    def covers(self, host: str, address: Address | None = None) -> bool:
        """Tell whether a host is allowed by its name, or by its address."""
        if host.lower().rstrip(".") in self.hosts:
            return True
        plain = None if address is None else _unwrapped(address)
        return plain is not None and any(plain in network for network in self.networks)


def permission() -> Permission:
    """Read what this installation allows."""
    hosts, networks = set(), []
    for part in settings().webhook_private.split(","):
        word = part.strip().lower()
        try:
            networks.append(ipaddress.ip_network(word, strict=False))
        except ValueError:
            hosts.add(word.rstrip("."))
    return Permission(frozenset(hosts - {""}), tuple(networks))


def checked_url(url: str) -> SplitResult:
    """Check what can be seen of an address without asking the name service.

    Raises:
        AddressRefusedError: It is no http(s) address, holds a password, or leads inside.
    """
    parts = _split(url)
    host, allowed = parts.hostname or "", permission()
    literal = literal_address(host)
    if literal is not None:
        check_address(host, literal, allowed)
    elif _is_local(host) and not allowed.covers(host):
        raise AddressRefusedError(f"“{host}” is inside this network. {HOW_TO_ALLOW}")
    by_network = literal is None and bool(allowed.networks)
    if parts.scheme == "http" and not (allowed.covers(host, literal) or by_network):
        raise AddressRefusedError("The address must begin with https://.")
    return parts


def resolved(host: str, port: int, scheme: str) -> list[str]:
    """Ask the name service once and give the addresses that may be called, in its order.

    Raises:
        AddressRefusedError: One of them leads inside, or the name is not known.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise AddressRefusedError(f"The name “{host}” is not known. Check the address.") from error
    allowed = permission()
    addresses = list(dict.fromkeys(str(item[4][0]).partition("%")[0] for item in found))
    for text in addresses:
        address = ipaddress.ip_address(text)
        check_address(host, address, allowed)
        if scheme == "http" and not allowed.covers(host, address):
            raise AddressRefusedError("The address must begin with https://.")
    return addresses


def check_address(host: str, address: Address, allowed: Permission) -> None:
    """Refuse what is not public and not allowed.

    Raises:
        AddressRefusedError: It leads inside.
    """
    if not is_public(address) and not allowed.covers(host, address):
        raise AddressRefusedError(f"“{host}” leads to a private address. {HOW_TO_ALLOW}")


def literal_address(host: str) -> Address | None:
    """Read a host that is an address, in the old forms too (2130706433, 0x7f.1), else None."""
    try:
        return ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        pass
    try:
        return ipaddress.IPv4Address(socket.inet_aton(host))
    except (OSError, UnicodeError):
        return None


def is_public(address: Address) -> bool:
    """Tell whether an address is one of the Internet's, whatever it is wrapped in."""
    plain = _unwrapped(address)
    if isinstance(plain, ipaddress.IPv6Address) and (plain not in GLOBAL_V6 or plain.teredo):
        return False
    return plain.is_global and not (plain.is_multicast or plain.is_reserved)


def _unwrapped(address: Address) -> Address:
    if isinstance(address, ipaddress.IPv4Address):
        return address
    if address in NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or address


def _split(url: str) -> SplitResult:
    if len(url) > LONGEST_URL or any(c.isspace() or not c.isprintable() for c in url):
        raise AddressRefusedError("This is no web address: it is too long or has blanks in it.")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise AddressRefusedError("This is no web address.") from error
    if parts.scheme not in SCHEMES or not parts.hostname or port == 0:
        raise AddressRefusedError("Give a web address that begins with https://.")
    if parts.username is not None or parts.password is not None:
        raise AddressRefusedError("The address must not hold a user name or password.")
    return parts


def _is_local(host: str) -> bool:
    name = host.lower().rstrip(".")
    return "." not in name or any(name == end or name.endswith(f".{end}") for end in LOCAL_NAMES)
