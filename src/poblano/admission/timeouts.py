"""The deadline an API server puts into the address: ``POST /mutate/fail/10?timeout=10s``."""

from __future__ import annotations

import math
import re
from urllib.parse import parse_qsl

DEFAULT_SECONDS = 10.0  # k8s.io/api/admissionregistration/v1: timeoutSeconds, "Default to 10 seconds"
SHORTEST_SECONDS = 1.0  # as above: "between 1 and 30 seconds"
LONGEST_SECONDS = 30.0

UNITS = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "μs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}
NUMBER = r"(?:[0-9]+\.?[0-9]*|\.[0-9]+)"
PART = re.compile(rf"({NUMBER})({'|'.join(sorted(UNITS, key=len, reverse=True))})")
DURATION = re.compile(rf"[+-]?(?:{PART.pattern})+")
SECONDS = re.compile(rf"[+-]?{NUMBER}(?:[eE][+-]?[0-9]+)?")
LONGEST_TEXT = 64


def parse_timeout(text: str | None) -> float:
    """Seconds from a Go duration (``10s``, ``1m30s``, ``500ms``) or a plain number of seconds.

    Never fails: what is no duration counts as the API server's default, what is too short or too long as the nearest
    that Kubernetes allows.

    >>> [parse_timeout(text) for text in ("10s", "5", "1.5s", "500ms", "1m30s", "-3s", "99h", "NaN", "", None)]
    [10.0, 5.0, 1.5, 1.0, 30.0, 1.0, 30.0, 10.0, 10.0, 10.0]
    """
    seconds = _seconds(text) if text and len(text) <= LONGEST_TEXT else None
    if seconds is None or math.isnan(seconds):
        return DEFAULT_SECONDS
    return min(max(seconds, SHORTEST_SECONDS), LONGEST_SECONDS)


def timeout_of_query(query: bytes) -> float:
    """The timeout in a query string; the first one counts.

    >>> timeout_of_query(b"timeout=3s&timeout=9s"), timeout_of_query(b"")
    (3.0, 10.0)
    """
    try:
        pairs = parse_qsl(query.decode("ascii", "replace"), keep_blank_values=True, max_num_fields=16)
    except ValueError:
        return DEFAULT_SECONDS
    return parse_timeout(next((value for name, value in pairs if name == "timeout"), None))


def _seconds(text: str) -> float | None:
    if SECONDS.fullmatch(text):
        return float(text)
    if not DURATION.fullmatch(text):
        return None
    total = sum(float(number) * UNITS[unit] for number, unit in PART.findall(text))
    return -total if text.startswith("-") else total
