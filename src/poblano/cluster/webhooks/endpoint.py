"""Where a webhook listens: the address it is called at, and the name its certificate must have.

Source: k8s.io/apiserver/pkg/util/webhook/client.go
"""

from __future__ import annotations

import posixpath
from dataclasses import dataclass
from urllib.parse import quote, unquote, urlsplit

from poblano.core.jsonvalue import Document

_IN_PATHS = "/:@!$&'()*+,;=~"
"""What net/url leaves as it is in a path."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A webhook's clientConfig.

    Args:
        base: scheme, host and port as they are written in messages, "https://hook.shop.svc:443".
        path: what is called there, "/mutate".
        host: of `base`.
        port: of `base`.
        service: namespace and name of the Service it stands for; None where a URL was given.
        ca_bundle: base64 of the PEM of the authorities to be trusted; empty for the system's own.
    """

    base: str
    path: str
    host: str
    port: int
    service: tuple[str, str] | None = None
    ca_bundle: str = ""

    @classmethod
    def of(cls, config: Document) -> Endpoint:
        """The endpoint that a clientConfig describes.

        >>> Endpoint.of({"service": {"namespace": "shop", "name": "hook", "path": "/a/"}}).url(5)
        'https://hook.shop.svc:443/a?timeout=5s'
        >>> Endpoint.of({"url": "https://localhost:8443"}).url(10)
        'https://localhost:8443/?timeout=10s'
        """
        bundle = config.get("caBundle") or ""
        service = config.get("service")
        if service:
            namespace, name, port = service.get("namespace", ""), service.get("name", ""), service.get("port") or 443
            host = f"{name}.{namespace}.svc"
            path = _cleaned(service.get("path") or "")
            return cls(f"https://{host}:{port}", path, host, port, (namespace, name), bundle)
        parts = urlsplit(config.get("url") or "")
        path = _cleaned(unquote(parts.path))
        return cls(f"{parts.scheme}://{parts.netloc}", path, parts.hostname or "", parts.port or 443, None, bundle)

    def url(self, seconds: int) -> str:
        """What is called when so many seconds are left."""
        return f"{self.base}{quote(self.path, safe=_IN_PATHS)}?timeout={seconds}s"


def _cleaned(path: str) -> str:
    # client-go joins the parts of a path, which cleans it: no slash at the end, no dots
    return posixpath.normpath(f"/{path.lstrip('/')}")
