"""What spec.conversion of a definition may say.

Source: k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/validation/validation.go; k8s.io/apiserver/pkg/util/webhook
"""

from __future__ import annotations

from typing import Final
from urllib.parse import urlsplit

from poblano.cluster import field_errors as errors
from poblano.cluster.field_errors import FieldError
from poblano.cluster.kinds import names
from poblano.core.jsonvalue import Document

_STRATEGIES: Final = ("None", "Webhook")
_REVIEWS: Final = ("v1", "v1beta1")


def validate_conversion(conversion: Document | None, path: str) -> list[FieldError]:
    """What is wrong with it."""
    if conversion is None:
        return []
    strategy = conversion.get("strategy") or ""
    webhook: Document = conversion.get("webhook") or {}
    if not strategy:
        return [errors.required(f"{path}.strategy")]
    found = [] if strategy in _STRATEGIES else [errors.not_supported(f"{path}.strategy", strategy, _STRATEGIES)]
    client = webhook.get("clientConfig")
    reviews: list[str] = webhook.get("conversionReviewVersions") or []
    if strategy != "Webhook":
        detail = "should not be set when strategy is not set to Webhook"
        if client is not None:
            found.append(errors.forbidden(f"{path}.webhookClientConfig", detail))
        if reviews:
            found.append(errors.forbidden(f"{path}.conversionReviewVersions", detail))
        return found
    if client is None:
        where = f"{path}.webhookClientConfig"
        found.append(errors.required(where, "required when strategy is set to Webhook"))
    else:
        found += _client(client, f"{path}.webhookClientConfig")
    return found + _review_versions(reviews, f"{path}.conversionReviewVersions")


def _client(client: Document, path: str) -> list[FieldError]:
    url, service = client.get("url"), client.get("service")
    if (url is None) == (service is None):
        return [errors.required(path, "exactly one of url or service is required")]
    if url is not None:
        return _url(url, f"{path}.url")
    return _service(service or {}, f"{path}.service")


def _url(url: str, path: str) -> list[FieldError]:
    form = "; desired format: https://host[/path]"
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return [errors.required(path, f"url must be a valid URL: parse {url!r}{form}")]
    found: list[FieldError] = []
    if parts.scheme != "https":
        found.append(errors.invalid(path, parts.scheme, f"'https' is the only allowed URL scheme{form}"))
    if not parts.netloc:
        found.append(errors.invalid(path, parts.netloc, f"host must be specified{form}"))
    if parts.username is not None:
        found.append(errors.invalid(path, parts.username, "user information is not permitted in the URL"))
    if parts.fragment:
        found.append(errors.invalid(path, parts.fragment, "fragments are not permitted in the URL"))
    if parts.query:
        found.append(errors.invalid(path, parts.query, "query parameters are not permitted in the URL"))
    return found


def _service(service: Document, path: str) -> list[FieldError]:
    found: list[FieldError] = []
    for key in ("name", "namespace"):
        if not service.get(key):
            found.append(errors.required(f"{path}.{key}", f"service {key} is required"))
    port = service.get("port", 443)
    for wrong in names.port_number(port):
        found.append(errors.invalid(f"{path}.port", port, f"port is not valid: {wrong}"))
    given = service.get("path")
    if given and not given.startswith("/"):
        found.append(errors.invalid(f"{path}.path", given, "must start with a '/'"))
    return found


def _review_versions(versions: list[str], path: str) -> list[FieldError]:
    if not versions:
        return [errors.required(path)]
    found: list[FieldError] = []
    for at, version in enumerate(versions):
        if version in versions[:at]:
            found.append(errors.invalid(f"{path}[{at}]", version, "duplicate version"))
            continue
        found += [errors.invalid(f"{path}[{at}]", version, wrong) for wrong in names.dns1035(version)]
    if not set(versions) & set(_REVIEWS):
        found.append(errors.invalid(path, versions, f"must include at least one of {', '.join(_REVIEWS)}"))
    return found
