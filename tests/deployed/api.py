"""An API server as an administrator asks it, without the code that is under test."""

from __future__ import annotations

import json
import ssl
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

if TYPE_CHECKING:
    from pathlib import Path

MERGE = "application/merge-patch+json"
STRATEGIC = "application/strategic-merge-patch+json"


@dataclass(frozen=True)
class Api:
    """One server.

    Args:
        url: its address.
        ca: the file with its authority.
        token: of the administrator.
    """

    url: str
    ca: Path
    token: str

    def ask(self, method: str, path: str, body: Any = None, kind: str = "application/json") -> Any:
        """The answer; an HTTPError where it is a refusal."""
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": kind}
        data = None if body is None else json.dumps(body).encode()
        request = Request(self.url + path, data, headers, method=method)
        with urlopen(request, context=ssl.create_default_context(cafile=self.ca), timeout=60) as answer:
            return json.load(answer)

    def find(self, path: str) -> Any:
        """The object at `path`; None where there is none."""
        try:
            return self.ask("GET", path)
        except HTTPError as error:
            if error.code != 404:
                raise
            return None
