"""Addresses: ``ip('10.0.0.1')``, ``cidr('10.0.0.0/8')``, ``url('https://example.com')``.

Source: k8s.io/apiserver/pkg/cel/library/ip.go, cidr.go, urls.go
"""

# pyright: reportUnknownLambdaType=false, reportUnknownArgumentType=false, reportUnknownMemberType=false
# pyright: reportUnknownVariableType=false, reportUnknownParameterType=false
# The types of an implementation are those of the signature beside it; Library.call sees to that.

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from typing import Any, ClassVar, Final
from urllib.parse import SplitResult, parse_qs, quote, urlsplit

from poblano.cluster.cel.errors import CelError
from poblano.cluster.cel.library import Library
from poblano.cluster.cel.types import Type

NETWORK: Final = Library()


@dataclass(frozen=True, slots=True)
class IP:
    """An address."""

    address: ipaddress.IPv4Address | ipaddress.IPv6Address
    cel_type: ClassVar[Type] = Type("net.IP")


@dataclass(frozen=True, slots=True)
class CIDR:
    """An address with the length of its network's prefix."""

    interface: ipaddress.IPv4Interface | ipaddress.IPv6Interface
    cel_type: ClassVar[Type] = Type("net.CIDR")


@dataclass(frozen=True, slots=True)
class URL:
    """An absolute URL or an absolute path."""

    text: str
    parts: SplitResult
    cel_type: ClassVar[Type] = Type("kubernetes.URL")


# ---- addresses


def parse_ip(text: str) -> IP | None:
    """An address, or None; no zones, no IPv4 within IPv6, as the API server has it."""
    if "%" in text or (":" in text and "." in text):
        return None
    try:
        return IP(ipaddress.ip_address(text))
    except ValueError:
        return None


@NETWORK.overload("ip(string) -> net.IP")
def _ip(text: str) -> IP:
    found = parse_ip(text)
    if found is None:
        raise CelError(f'IP Address "{text}" parse error during conversion from string')
    return found


@NETWORK.overload("ip.isCanonical(string) -> bool")
def _is_canonical(text: str) -> bool:
    return str(_ip(text).address) == text


def _is_global(address: Any) -> bool:
    """Go's IsGlobalUnicast: private addresses are global in that sense."""
    special = address.is_unspecified or address.is_loopback or address.is_multicast or address.is_link_local
    return not special and str(address) != "255.255.255.255"


def _is_local_multicast(address: Any) -> bool:
    if address.version == 4:
        return bool(address in ipaddress.ip_network("224.0.0.0/24"))
    return bool(address.is_multicast and address.packed[1] & 0x0F == 2)


NETWORK.add("isIP(string) -> bool", lambda text: parse_ip(text) is not None)
NETWORK.add("string(net.IP) -> string", lambda one: str(one.address))
NETWORK.add("net.IP.family() -> int", lambda one: one.address.version)
NETWORK.add("net.IP.isUnspecified() -> bool", lambda one: one.address.is_unspecified)
NETWORK.add("net.IP.isLoopback() -> bool", lambda one: one.address.is_loopback)
NETWORK.add("net.IP.isLinkLocalUnicast() -> bool", lambda one: one.address.is_link_local)
NETWORK.add("net.IP.isLinkLocalMulticast() -> bool", lambda one: _is_local_multicast(one.address))
NETWORK.add("net.IP.isGlobalUnicast() -> bool", lambda one: _is_global(one.address))

# ---- networks

_PREFIXED: Final = re.compile(r"[0-9a-fA-F:.]+/\d{1,3}", re.ASCII)


def parse_cidr(text: str) -> CIDR | None:
    """A network, or None."""
    if not _PREFIXED.fullmatch(text) or (":" in text and "." in text):
        return None
    try:
        return CIDR(ipaddress.ip_interface(text))
    except ValueError:
        return None


@NETWORK.overload("cidr(string) -> net.CIDR")
def _cidr(text: str) -> CIDR:
    found = parse_cidr(text)
    if found is None:
        raise CelError(f'CIDR "{text}" parse error during conversion from string: network address parse error')
    return found


@NETWORK.overload("net.CIDR.containsIP(net.IP) -> bool", "net.CIDR.containsIP(string) -> bool")
def _contains_ip(cidr: CIDR, other: IP | str) -> bool:
    address = (_ip(other) if isinstance(other, str) else other).address
    return address.version == cidr.interface.version and address in cidr.interface.network


@NETWORK.overload("net.CIDR.containsCIDR(net.CIDR) -> bool", "net.CIDR.containsCIDR(string) -> bool")
def _contains_cidr(cidr: CIDR, other: CIDR | str) -> bool:
    inner = _cidr(other) if isinstance(other, str) else other
    longer = inner.interface.network.prefixlen >= cidr.interface.network.prefixlen
    return longer and _contains_ip(cidr, IP(inner.interface.ip))


NETWORK.add("isCIDR(string) -> bool", lambda text: parse_cidr(text) is not None)
NETWORK.add("string(net.CIDR) -> string", lambda one: str(one.interface))
NETWORK.add("net.CIDR.ip() -> net.IP", lambda one: IP(one.interface.ip))
NETWORK.add("net.CIDR.masked() -> net.CIDR", lambda one: _cidr(str(one.interface.network)))
NETWORK.add("net.CIDR.prefixLength() -> int", lambda one: one.interface.network.prefixlen)

# ---- URLs


def parse_url(text: str) -> URL | None:
    """A URL as Go's url.ParseRequestURI takes it, or None."""
    if any(ord(one) < 0x20 or ord(one) == 0x7F for one in text):
        return None
    try:
        parts = urlsplit(text)
        _ = parts.port
    except ValueError:
        return None
    if re.search(r"%(?![0-9a-fA-F]{2})", parts.path) or " " in parts.netloc:
        return None
    absolute = re.match(r"[a-zA-Z][a-zA-Z0-9+.-]*:", text) or text.startswith("/")
    return URL(text, parts) if absolute else None


@NETWORK.overload("url(string) -> kubernetes.URL")
def _url(text: str) -> URL:
    found = parse_url(text)
    if found is None:
        raise CelError(f'URL parse error during conversion from string: parse "{text}": invalid URI for request')
    return found


def _host(parts: SplitResult) -> str:
    return parts.netloc.rpartition("@")[2]


def _hostname(parts: SplitResult) -> str:
    host = _host(parts)
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.partition(":")[0]


NETWORK.add("isURL(string) -> bool", lambda text: parse_url(text) is not None)
NETWORK.add("kubernetes.URL.getScheme() -> string", lambda one: one.parts.scheme)
NETWORK.add("kubernetes.URL.getHost() -> string", lambda one: _host(one.parts))
NETWORK.add("kubernetes.URL.getHostname() -> string", lambda one: _hostname(one.parts))
NETWORK.add("kubernetes.URL.getPort() -> string", lambda one: "" if one.parts.port is None else str(one.parts.port))
NETWORK.add("kubernetes.URL.getEscapedPath() -> string", lambda one: quote(one.parts.path, safe="/:@!$&'()*+,;=-._~%"))
NETWORK.add(
    "kubernetes.URL.getQuery() -> map<string, list<string>>",
    lambda one: parse_qs(one.parts.query, keep_blank_values=True),
)
