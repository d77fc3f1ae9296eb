from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from poblano.client.proxies import proxy_for

PROXY = "http://proxy:3128"


@pytest.mark.parametrize(
    ("url", "excluded", "expected"),
    (
        ("https://api.test:6443", "", PROXY),
        ("https://api.test:6443", "*", ""),
        ("https://api.test:6443", "other.test, api.test", ""),
        ("https://api.test:6443", "test", ""),
        ("https://api.test:6443", ".test", ""),
        ("https://api.test:6443", "*.test", ""),
        ("https://api.test:6443", "pi.test", PROXY),
        ("https://api.test:6443", "api.test:443", PROXY),
        ("https://api.test:6443", "api.test:6443", ""),
        ("https://API.test", "api.TEST", ""),
        ("https://10.1.2.3", "10.0.0.0/8", ""),
        ("https://10.1.2.3", "10.2.0.0/16", PROXY),
        ("https://10.1.2.3", "10.1.2.3", ""),
        ("https://10.1.2.3", "not/a-network", PROXY),
        ("https://[fd00::1]:6443", "fd00::/8", ""),
        ("https://[fd00::1]:6443", "fd00::1", ""),
        ("https://[fd00::1]:6443", "[fd00::1]:6443", ""),
        ("https://localhost:6443", "", ""),
        ("https://127.0.0.1:6443", "", ""),
        ("https://[::1]:6443", "", ""),
        ("http://api.test", "", ""),
    ),
)
def test_the_proxy_is_the_one_go_would_take(url: str, excluded: str, expected: str):
    assert proxy_for(url, {"HTTPS_PROXY": PROXY, "NO_PROXY": excluded}) == expected


def test_small_letters_count_and_a_scheme_is_added():
    assert proxy_for("http://api.test", {"http_proxy": "proxy:3128"}) == PROXY


@given(st.text())
def test_no_exclusion_breaks_the_client(excluded: str):
    assert proxy_for("https://10.1.2.3", {"HTTPS_PROXY": PROXY, "NO_PROXY": excluded}) in {"", PROXY}
