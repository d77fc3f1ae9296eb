"""The formats of strings that custom resources are held to.

Source: k8s.io/kube-openapi/pkg/validation/strfmt; k8s.io/apiextensions-apiserver/pkg/apiserver/validation/formats.go
"""

from __future__ import annotations

import base64
import ipaddress
import re
from collections.abc import Callable
from datetime import date
from typing import Final
from urllib.parse import urlsplit

from poblano.cluster.cel.times import parse_duration, parse_timestamp

_HUMAN_DURATION: Final = re.compile(
    r"(\d+(?:\.\d*)?)\s*(ns|nanos?|nanoseconds?|us|micros?|ms|millis?|milliseconds?|s|secs?|seconds?|m|mins?|minutes?"
    r"|h|hrs?|hours?|d|days?|w|weeks?)(\s+|$)?",
    re.ASCII,
)


def _shaped(pattern: str) -> Callable[[str], bool]:
    shape = re.compile(pattern, re.ASCII)
    return lambda text: shape.fullmatch(text) is not None


def _parsed(parse: Callable[[str], object]) -> Callable[[str], bool]:
    def check(text: str) -> bool:
        try:
            parse(text)
        except ValueError:
            return False
        return True

    return check


def _is_uri(text: str) -> bool:
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return bool(parts.scheme or text.startswith("/")) and " " not in parts.netloc


def _is_duration(text: str) -> bool:
    return parse_duration(text) is not None or _HUMAN_DURATION.fullmatch(text) is not None


def _is_date(text: str) -> bool:
    return re.fullmatch(r"\d{4}-\d\d-\d\d", text, re.ASCII) is not None and _parsed(date.fromisoformat)(text)


_LABEL: Final = r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?"
_UUID: Final = r"(?i:[0-9a-f]{8}-?[0-9a-f]{4}-?%s[0-9a-f]{3}-?%s[0-9a-f]{3}-?[0-9a-f]{12})"
_HOST_PART: Final = r"(?i:[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?)"
_HOSTNAME: Final = _shaped(rf"{_HOST_PART}(\.{_HOST_PART})*\.?")
_FORMATS: Final[dict[str, Callable[[str], bool]]] = {
    "date-time": lambda text: parse_timestamp(text) is not None,
    "date": _is_date,
    "duration": _is_duration,
    "uri": _is_uri,
    "email": _shaped(r"[^@\s<>]+@[^@\s<>]+|[^<>]*<[^@\s<>]+@[^@\s<>]+>"),
    "hostname": lambda text: len(text) <= 253 and _HOSTNAME(text),
    "ipv4": _parsed(ipaddress.IPv4Address),
    "ipv6": _parsed(ipaddress.IPv6Address),
    "cidr": lambda text: "/" in text and _parsed(ipaddress.ip_interface)(text),
    "mac": _shaped(r"(?i:[0-9a-f]{2}([:-][0-9a-f]{2}){5}|[0-9a-f]{4}(\.[0-9a-f]{4}){2}|[0-9a-f]{2}([:-][0-9a-f]{2}){7})"),
    "uuid": _shaped(_UUID % ("[0-9a-f]", "[0-9a-f]")),
    "uuid3": _shaped(_UUID % ("3", "[0-9a-f]")),
    "uuid4": _shaped(_UUID % ("4", "[89ab]")),
    "uuid5": _shaped(_UUID % ("5", "[89ab]")),
    "bsonobjectid": _shaped(r"[0-9a-fA-F]{24}"),
    "hexcolor": _shaped(r"#?([0-9a-fA-F]{3}|[0-9a-fA-F]{6})"),
    "rgbcolor": _shaped(r"rgb\(\s*\d{1,3}\s*,\s*\d{1,3}\s*,\s*\d{1,3}\s*\)"),
    "isbn": _shaped(r"[0-9X-]{10,17}"),
    "isbn10": _shaped(r"[0-9X-]{10,13}"),
    "isbn13": _shaped(r"[0-9-]{13,17}"),
    "creditcard": _shaped(r"[0-9 -]{13,25}"),
    "ssn": _shaped(r"\d{3}[- ]?\d{2}[- ]?\d{4}"),
    "byte": _parsed(lambda text: base64.b64decode(text, validate=True)),
    "k8s-short-name": _shaped(_LABEL),
    "k8s-long-name": lambda text: len(text) <= 253 and _shaped(rf"{_LABEL}(\.{_LABEL})*")(text),
}  # fmt: skip
"""Formats that are not listed mean nothing to the API server."""


def is_format(name: str, text: str) -> bool:
    """Whether a text has a format; every text has one that nobody knows.

    >>> is_format("ipv4", "10.0.0.256"), is_format("colour", "x")
    (False, True)
    """
    check = _FORMATS.get(name)
    return check is None or check(text)
