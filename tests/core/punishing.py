"""What a real API server punishes in a webhook's answer: read from what v1.36.2 did (tests/fixtures/conformance)."""

from __future__ import annotations

import base64
import binascii
import json
import re
from typing import Any

from poblano.core.errors import PatchFailed
from poblano.core.patch import apply

_AUDIT_KEY = re.compile(r"[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")


def _number(digits: str) -> int | float:
    return int(digits) if len(digits) < 4300 else float(digits)  # Python reads no longer ones, and Go neither


def punished(answer: bytes, review: bytes, phase: str, status: int = 200) -> str | None:
    """Why an API server that sent `review` would not take `answer` as it is meant, or None when it would."""
    if status != 200:
        return f"HTTP {status}"
    try:
        found = json.loads(answer)
    except ValueError:
        return "not JSON"
    if not isinstance(found, dict):
        return "not a map"
    asked = json.loads(review, parse_int=_number)
    if found.get("apiVersion") != asked["apiVersion"] or found.get("kind") != "AdmissionReview":
        return "not an AdmissionReview of the version asked"
    response = found.get("response")
    if not isinstance(response, dict):
        return "no response"
    if response.get("uid") != asked["request"]["uid"]:
        return "another uid"
    if not isinstance(response.get("allowed"), bool):
        return "allowed is no boolean"
    return (
        _denial(response)
        or _patch(response, asked["request"], phase)
        or _warnings(response)
        or _audit(response)
        or None
    )


def _denial(response: dict[str, Any]) -> str | None:
    status = response.get("status")
    if response["allowed"]:
        return None
    if not isinstance(status, dict) or not status.get("message"):
        return "denied without explanation"
    code = status.get("code")
    return None if isinstance(code, int) and 400 <= code <= 599 else f"code {code} becomes another, or spoils metrics"


def _patch(response: dict[str, Any], request: dict[str, Any], phase: str) -> str | None:
    if "patch" not in response and "patchType" not in response:
        return None
    if phase == "validate":
        return "a validating webhook patches"
    if response.get("patchType") != "JSONPatch" or "patch" not in response:
        return "half of patch and patchType"
    if not response["allowed"]:
        return "a patch to what is refused"
    if request.get("object") is None:
        return "a patch where there is no object"
    try:
        operations = json.loads(base64.b64decode(response["patch"], validate=True))
        if not isinstance(operations, list) or not operations:
            return None if operations == [] else "a patch that is no list"
        apply(request["object"], operations)
    except (binascii.Error, ValueError):
        return "a patch that cannot be decoded"
    except PatchFailed as error:
        return f"a patch that does not apply: {error}"
    return None


def _warnings(response: dict[str, Any]) -> str | None:
    warnings = response.get("warnings", [])
    if any(not isinstance(text, str) or not text or _CONTROL.search(text) for text in warnings):
        return "a warning that is dropped"
    if sum(map(len, warnings)) > 4096 and any(len(text) > 256 for text in warnings):
        return "warnings that are cut"
    return "a warning that is said twice" if len(set(warnings)) < len(warnings) else None


def _audit(response: dict[str, Any]) -> str | None:
    notes = response.get("auditAnnotations", {})
    bad = [key for key, value in notes.items() if not _AUDIT_KEY.fullmatch(key) or not isinstance(value, str)]
    return f"audit annotations that are dropped: {bad}" if bad else None
