"""The one log line of a review: who asked what, what the rules said and changed. Never the object, a Secret's value or a token."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from poblano.core.binding import Phase
from poblano.core.context import Running
from poblano.core.review import AdmissionRequest
from poblano.core.verdict import RuleResult, Verdict
from poblano.log import enabled
from poblano.log_lines import Level, Line, places_of
from poblano.patch_log import patch_lines
from poblano.redaction import redacted, text

_QUIET: Final = frozenset({"allowed", "unchanged", "changed"})
_NAME_LIMIT: Final = 256
_MESSAGE_LIMIT: Final = 500


def review_line(phase: Phase, request: AdmissionRequest, verdict: Verdict, seconds: float) -> Line | None:
    """The line of a review that was answered: at info, or at error when a rule raised; None where it is not logged.

    Args:
        phase: which webhook was asked.
        request: what it was asked.
        verdict: what came of it.
        seconds: how long it took.
    """
    loud: list[RuleResult] = []
    errors: list[RuleResult] = []
    for result in verdict.results:
        if result.result not in _QUIET:
            loud.append(result)
            if result.error is not None:
                errors.append(result)
    level: Level = "error" if errors else "info"
    if not enabled(level):
        return None
    uid, kind, namespace, name = request.uid, request.kind.kind, request.namespace, request.name
    user, subresource = request.user_info.username, request.sub_resource
    line: Line = {
        "time": datetime.now(UTC),
        "level": level,
        "message": "review",
        "phase": phase,
        "uid": uid,
        "operation": request.operation,
        "kind": kind,
        "namespace": namespace,
        "name": name,
        "user": user,
        "verdict": "denied" if verdict.refused else "changed" if verdict.patch else "allowed",
        "ms": round(seconds * 1000, 3),
    }
    if subresource:
        line["subresource"] = subresource
    if request.dry_run:
        line["dry_run"] = True
    if loud:
        line["rules"] = [f"{result.capability}/{result.rule}: {result.result}" for result in loud]
    if verdict.refused:
        line["denials"] = [_said(message, verdict) for message, _ in verdict.denials]
    elif verdict.patch:
        line["changes"] = patch_lines(verdict.patch, secret=verdict.about_secret)
    if errors:
        line["errors"] = [_described(result, request) for result in errors]
    # Longer than an API server sends: whoever posts the review writes them.
    if len(uid) + len(kind) + len(namespace) + len(name) + len(user) + len(subresource) > _NAME_LIMIT:
        line |= {key: text(value, _NAME_LIMIT) for key, value in line.items() if isinstance(value, str)}
    return line


def _said(message: str, verdict: Verdict) -> str:
    """What a user was told; of a Secret only by which rule, since a rule may have put a value into the words."""
    return f"{message.partition(': ')[0]}: (withheld)" if verdict.about_secret else text(message, _MESSAGE_LIMIT)


def _described(result: RuleResult, request: AdmissionRequest) -> str:
    about = Running(result.capability, result.rule, request.kind.kind)
    assert result.error is not None
    places = places_of(result.error)
    where = f" ({places[-1]})" if places else ""
    return f"{result.capability}/{result.rule}: {redacted(result.error, about=about)}{where}"
