"""CertificateSigningRequest.

Source: kubernetes/pkg/apis/certificates/validation, pkg/registry/certificates
"""

from __future__ import annotations

import base64
import binascii
import re
from typing import Final

from poblano.cluster import field_errors as errors
from poblano.cluster.attributes import User
from poblano.cluster.field_errors import FieldError
from poblano.cluster.kinds import checks, names
from poblano.cluster.kinds.strategy import Strategy, keep
from poblano.cluster.kinds.tree import many, struct
from poblano.cluster.reading import Lookup
from poblano.core.jsonvalue import Document

_USAGES: Final = frozenset(
    {"signing", "digital signature", "content commitment", "key encipherment", "key agreement", "data encipherment"}
    | {"cert sign", "crl sign", "encipher only", "decipher only", "any", "server auth", "client auth", "code signing"}
    | {"email protection", "s/mime", "ipsec end system", "ipsec tunnel", "ipsec user", "timestamping"}
    | {"ocsp signing", "microsoft sgc", "netscape sgc"}
)
_REQUEST: Final = re.compile(rb"-----BEGIN (NEW )?CERTIFICATE REQUEST-----")


class CertificateSigningRequest(Strategy):
    """Source: kubernetes/pkg/registry/certificates/certificates/strategy.go"""

    namespaced = False
    has_status = True
    update_checks = ("update", "create")

    def name_errors(self, name: str) -> list[str]:
        return names.path_segment(name)

    def sign(self, obj: Document, user: User) -> None:
        spec = obj.setdefault("spec", {})
        for key in ("username", "uid", "groups", "extra"):
            spec.pop(key, None)
        spec |= user.document()

    def prepare_for_update(self, obj: Document, old: Document, lookup: Lookup) -> None:
        # What was asked for stays; only metadata changes here.
        keep(obj, old, "spec")
        super().prepare_for_update(obj, old, lookup)

    def validate_content(self, obj: Document, old: Document | None = None) -> list[FieldError]:
        spec = struct(obj, "spec")
        found = _request(spec.get("request") or "")
        usages = many(spec, "usages")
        if not usages:
            found.append(errors.required("spec.usages", "usages must contain at least one value"))
        for where, usage in checks.indexed(usages, "spec.usages"):
            if usage not in _USAGES:
                found.append(errors.not_supported(where, usage, sorted(_USAGES)))
        found += _signer(spec.get("signerName") or "")
        seconds = spec.get("expirationSeconds")
        if seconds is not None and seconds < 600:
            text = "may not specify a duration less than 600 seconds (10 minutes)"
            found.append(errors.invalid("spec.expirationSeconds", seconds, text))
        return found

    def validate_changes(self, obj: Document, old: Document) -> list[FieldError]:
        return self.validate_content(obj, old)


def _request(text: str) -> list[FieldError]:
    try:
        fine = bool(_REQUEST.search(base64.b64decode(text, validate=True)))
    except (binascii.Error, ValueError):
        fine = False
    if fine:
        return []
    return [errors.invalid("spec.request", text, "PEM block type must be CERTIFICATE REQUEST")]


def _signer(name: str) -> list[FieldError]:
    path = "spec.signerName"
    if not name:
        return [errors.required(path)]
    domain, slash, rest = name.partition("/")
    if not slash:
        return [
            errors.invalid(
                path, name, "must be a fully qualified domain and path of the form 'example.com/signer-name'"
            )
        ]
    found = checks.complaints(path, name, [f"validating label {domain!r}: {one}" for one in names.subdomain(domain)])
    if "." not in domain:
        found.append(errors.invalid(path, name, "should be a domain with at least two segments separated by dots"))
    return found if rest else [*found, errors.invalid(path, name, "must not be empty")]
