"""Whom a refusal is for: the uid and the version of a review that was never reviewed, as far as they can be read."""

from __future__ import annotations

import re
from typing import Final

import msgspec

from poblano.core.review import VERSIONS

_BEGINNING: Final = 4096
"""How much of a broken body is searched."""

_UID: Final = re.compile(rb'"request"\s*:\s*\{\s*"uid"\s*:\s*"([^"\\\x00-\x1f]{1,128})"')
"""Where the API server puts the uid: first in the request, so that it can be read of a body that was cut short."""

_OLD_VERSION: Final = re.compile(rb'"apiVersion"\s*:\s*"admission\.k8s\.io/v1beta1"')


class _Request(msgspec.Struct, frozen=True):
    uid: str = ""


class _Envelope(msgspec.Struct, frozen=True, rename="camel"):
    api_version: str = ""
    request: _Request = _Request()


_envelope = msgspec.json.Decoder(_Envelope)


def asked_by(body: bytes) -> tuple[str, str]:
    """The uid, "" if there is none, and the version to answer in.

    Args:
        body: what was posted, or what of it had come when it was given up.

    >>> asked_by(b'{"apiVersion":"admission.k8s.io/v1beta1","request":{"uid":"u","object":{"meta')
    ('u', 'admission.k8s.io/v1beta1')
    """
    try:
        found = _envelope.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return _searched(body[:_BEGINNING])
    return found.request.uid, found.api_version if found.api_version in VERSIONS else VERSIONS[0]


def _searched(beginning: bytes) -> tuple[str, str]:
    uid = _UID.search(beginning)
    version = VERSIONS[1] if _OLD_VERSION.search(beginning) else VERSIONS[0]
    return uid[1].decode(errors="replace") if uid else "", version
