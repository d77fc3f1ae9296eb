"""The one log line of a review: who asked what, and what the rules said. Never the object, the patch or a token."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from poblano.core.binding import Phase
from poblano.core.context import Running
from poblano.core.review import AdmissionRequest
from poblano.core.verdict import RuleResult, Verdict
from poblano.log import enabled
from poblano.log_lines import Level, Line, places_of
from poblano.redaction import redacted, text

_QUIET: Final = frozenset({"allowed", "unchanged", "changed"})
_NAME_LIMIT: Final = 256


def review_line(phase: Phase, request: AdmissionRequest, verdict: Verdict, seconds: float) -> Line | None:
    """The line of a review that was answered: at info, or at error when a rule raised; None where it is not logged.

    Args:
        phase: which webhook was asked.
        request: what it was asked.
        verdict: what came of it.
        seconds: how long it took.
    """
    loud = [result for result in verdict.results if result.result not in _QUIET]
    errors = [result for result in loud if result.error is not None] if loud else loud
    level: Level = "error" if errors else "info"
    if not enabled(level):
        return None
    line: Line = {
        "time": datetime.now(UTC),
        "level": level,
        "message": "review",
        "phase": phase,
        "uid": request.uid,
        "operation": request.operation,
        "kind": request.kind.kind,
        "namespace": request.namespace,
        "name": request.name,
        "user": request.user_info.username,
        "verdict": "denied" if verdict.refused else "changed" if verdict.patch else "allowed",
        "ms": round(seconds * 1000, 3),
    }
    if request.sub_resource:
        line["subresource"] = request.sub_resource
    if request.dry_run:
        line["dry_run"] = True
    if loud:
        line["rules"] = [f"{result.capability}/{result.rule}: {result.result}" for result in loud]
    if errors:
        line["errors"] = [_described(result, request) for result in errors]
    if _is_long(request):
        line |= {key: text(value, _NAME_LIMIT) for key, value in line.items() if isinstance(value, str)}
    return line


def _is_long(request: AdmissionRequest) -> bool:
    """Whether a name is longer than an API server sends: whoever posts the review writes them."""
    names = len(request.uid) + len(request.kind.kind) + len(request.namespace) + len(request.name)
    return names + len(request.user_info.username) + len(request.sub_resource) > _NAME_LIMIT


def _described(result: RuleResult, request: AdmissionRequest) -> str:
    about = Running(result.capability, result.rule, request.kind.kind)
    assert result.error is not None
    places = places_of(result.error)
    where = f" ({places[-1]})" if places else ""
    return f"{result.capability}/{result.rule}: {redacted(result.error, about=about)}{where}"
