"""Looks, by itself, at what the server has and at what a cache says it has. It shares no code with those who keep the cache.

>>> had = {("shop", "web"): {"metadata": {"uid": "1", "resourceVersion": "7"}}}
>>> differences({}, had), differences(had, {})
(['shop/web is missing'], ['shop/web is gone at the server'])
"""

from __future__ import annotations

import json
import ssl
import time
import urllib.request
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

Objects: TypeAlias = "Mapping[tuple[str, str], dict[str, Any]]"
"""By namespace and name."""


class Auditor:
    """Asks one API server, past every proxy.

    Args:
        url: where it is.
        ca: what it is trusted by, in PEM.
        token: of somebody who may read everything.
    """

    def __init__(self, url: str, ca: str, token: str) -> None:
        self._url = url
        self._context = ssl.create_default_context(cadata=ca)
        self._headers = {"Authorization": f"Bearer {token}", "Accept": "application/json"}

    def list(self, path: str) -> dict[tuple[str, str], dict[str, Any]]:
        """All objects, consistently: without a resource version the server asks its store."""
        asked = urllib.request.Request(f"{self._url}{path}", headers=self._headers)
        with urllib.request.urlopen(asked, context=self._context, timeout=30) as answer:
            items = json.load(answer)["items"]
        return {(item["metadata"].get("namespace", ""), item["metadata"]["name"]): item for item in items}

    def audit(self, path: str, cached: Callable[[], Objects], seconds: float) -> Objects:
        """What both have, once they have the same; nobody may write meanwhile.

        Raises:
            AssertionError: they did not come to have the same in so many seconds; it says what differs.
        """
        deadline = time.monotonic() + seconds
        while True:
            found = self.list(path)
            wrong = differences(cached(), found)
            if not wrong:
                return found
            assert time.monotonic() < deadline, f"after {seconds:g} s the cache is not what the server has: {wrong[:9]}"
            time.sleep(0.1)


def differences(cached: Objects, found: Objects) -> list[str]:
    """In words, for each object."""
    wrong: list[str] = []
    for key in sorted({*cached, *found}):
        name = "/".join(key)
        if key not in cached:
            wrong.append(f"{name} is missing")
        elif key not in found:
            wrong.append(f"{name} is gone at the server")
        elif _told(cached[key]) != _told(found[key]):
            wrong.append(f"{name} is stale: {_brief(cached[key])} and not {_brief(found[key])}")
    return wrong


def _told(item: dict[str, Any]) -> dict[str, Any]:
    """All of it but for the kind, which the items of a list do not say, and who manages what, which a cache may leave out."""
    told = {name: value for name, value in item.items() if name not in {"apiVersion", "kind"}}
    told["metadata"] = {name: value for name, value in item["metadata"].items() if name != "managedFields"}
    return told


def _brief(item: dict[str, Any]) -> str:
    metadata = item["metadata"]
    return f"{metadata.get('uid', '')[:8]} at {metadata.get('resourceVersion')} with {item.get('data')}"
