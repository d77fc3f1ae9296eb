"""Where a webhook is: a URL, or a Service and a path.

Source: k8s.io/apiserver pkg/util/webhook/validation.go
"""

from __future__ import annotations

from typing import Final
from urllib.parse import SplitResult, urlsplit

from poblano.cluster import field_errors as errors
from poblano.cluster.field_errors import FieldError
from poblano.cluster.kinds import names
from poblano.core.jsonvalue import Document

_FORM: Final = "; desired format: https://host[/path]"


def client_config(config: Document, path: str) -> list[FieldError]:
    """What is wrong with a clientConfig: exactly one of ``url`` and ``service``, and that one sound."""
    url, service = config.get("url"), config.get("service")
    if (url is None) == (service is None):
        return [errors.required(path, "exactly one of url or service is required")]
    return _url(url, f"{path}.url") if isinstance(url, str) else _service(service or {}, f"{path}.service")


def _url(url: str, path: str) -> list[FieldError]:
    """What is wrong with the URL of a webhook."""
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError as error:
        return [errors.required(path, f'url must be a valid URL: parse "{url}": {error}{_FORM}')]
    return [errors.invalid(path, shown, text) for shown, text in _url_problems(parts)]


def _url_problems(parts: SplitResult) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    if parts.scheme != "https":
        found.append((parts.scheme, f"'https' is the only allowed URL scheme{_FORM}"))
    if not parts.netloc:
        found.append(("", f"host must be specified{_FORM}"))
    user, at, _ = parts.netloc.rpartition("@")
    if at:
        found.append((user, "user information is not permitted in the URL"))
    if parts.fragment:
        found.append((parts.fragment, "fragments are not permitted in the URL"))
    if parts.query:
        found.append((parts.query, "query parameters are not permitted in the URL"))
    return found


def _service(service: Document, path: str) -> list[FieldError]:
    found: list[FieldError] = []
    if not service.get("name"):
        found.append(errors.required(f"{path}.name", "service name is required"))
    if not service.get("namespace"):
        found.append(errors.required(f"{path}.namespace", "service namespace is required"))
    port = service.get("port") or 0
    wrong = names.port_number(port)
    if wrong:
        found.append(errors.invalid(f"{path}.port", port, f"port is not valid: {','.join(wrong)}"))
    return found + _path(service.get("path"), f"{path}.path")


def _path(text: str | None, path: str) -> list[FieldError]:
    if text in (None, "", "/"):
        return []
    if text == "//":
        return [errors.invalid(path, text, "segment[0] may not be empty")]
    found: list[FieldError] = []
    if not text.startswith("/"):
        found.append(errors.invalid(path, text, "must start with a '/'"))
    for index, step in enumerate(text[1:].removesuffix("/").split("/")):
        wrong = names.subdomain(step) if step else []
        if not step:
            found.append(errors.invalid(path, text, f"segment[{index}] may not be empty"))
        found += [errors.invalid(path, text, f"segment[{index}]: {one}") for one in wrong]
    return found
