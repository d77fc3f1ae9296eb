"""Which proxy a URL goes through, by the environment: ``HTTPS_PROXY``, ``HTTP_PROXY`` and ``NO_PROXY`` as Go reads them.

golang.org/x/net/http/httpproxy: a NO_PROXY item is ``*``, an address, a network, ``host``, ``.domain`` or ``host:port``;
loopback never goes through a proxy.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from urllib.parse import urlsplit

_HOST_AND_PORT = re.compile(r"(?P<host>\[[^]]*\]|[^:]+):(?P<port>[0-9]{1,5})")


def proxy_for(url: str, environ: Mapping[str, str]) -> str:
    """The proxy's URL, or "" for none.

    >>> proxy_for("https://10.0.0.1:6443", {"HTTPS_PROXY": "proxy:3128"})
    'http://proxy:3128'
    >>> proxy_for("https://10.0.0.1:6443", {"HTTPS_PROXY": "proxy:3128", "NO_PROXY": "10.0.0.0/8"})
    ''
    """
    parts = urlsplit(url)
    name = f"{parts.scheme}_proxy"
    proxy = environ.get(name.upper()) or environ.get(name) or ""
    excluded = environ.get("NO_PROXY") or environ.get("no_proxy") or ""
    port = parts.port or (443 if parts.scheme == "https" else 80)
    if not proxy or _is_direct(parts.hostname or "", port, excluded):
        return ""
    return proxy if "://" in proxy else f"http://{proxy}"


def _is_direct(host: str, port: int, excluded: str) -> bool:
    address = _address(host)
    if host == "localhost" or (address is not None and address.is_loopback):
        return True
    items = [item.strip().lower() for item in excluded.split(",")]
    return any(_matches(item, host.lower(), port, address) for item in items if item)


def _matches(item: str, host: str, port: int, address: IPv4Address | IPv6Address | None) -> bool:
    if item == "*":
        return True
    if address is not None and "/" in item:
        try:
            return address in ip_network(item, strict=False)
        except ValueError:
            return False
    if found := _HOST_AND_PORT.fullmatch(item):
        return port == int(found["port"]) and _matches(found["host"].strip("[]"), host, port, address)
    if item.startswith("*."):
        item = item[1:]
    if item.startswith("."):
        return host.endswith(item)
    return host == item.strip("[]") or host.endswith(f".{item}")


def _address(host: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(host)
    except ValueError:
        return None
