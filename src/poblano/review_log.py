"""The one log line of a review: who asked what, and what the rules said. Never the object, the patch or a token."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from poblano.core.binding import Phase
from poblano.core.context import Running
from poblano.core.review import AdmissionRequest
from poblano.core.verdict import RuleResult, Verdict
from poblano.log import emit, enabled
from poblano.log_lines import Level, Line, places_of
from poblano.redaction import redacted, text

_QUIET: Final = frozenset({"allowed", "unchanged", "changed", "error"})
_NAME_LIMIT: Final = 256


def log_review(phase: Phase, request: AdmissionRequest, verdict: Verdict, seconds: float) -> None:
    """Log a review that was answered: at info, or at error when a rule raised.

    Args:
        phase: which webhook was asked.
        request: what it was asked.
        verdict: what came of it.
        seconds: how long it took.
    """
    errors = [result for result in verdict.results if result.error is not None]
    level: Level = "error" if errors else "info"
    if not enabled(level):
        return
    line: Line = {
        "time": datetime.now(UTC),
        "level": level,
        "message": "review",
        "phase": phase,
        "uid": text(request.uid, _NAME_LIMIT),
        "operation": request.operation,
        "kind": text(request.kind.kind, _NAME_LIMIT),
        "namespace": text(request.namespace, _NAME_LIMIT),
        "name": text(request.name, _NAME_LIMIT),
        "user": text(request.user_info.username, _NAME_LIMIT),
        "verdict": "denied" if verdict.refused else "changed" if verdict.patch else "allowed",
        "ms": round(seconds * 1000, 3),
    }
    if request.sub_resource:
        line["subresource"] = text(request.sub_resource, _NAME_LIMIT)
    if request.dry_run:
        line["dry_run"] = True
    rules = [
        f"{result.capability}/{result.rule}: {result.result}"
        for result in verdict.results
        if result.result not in _QUIET
    ]
    if rules:
        line["rules"] = rules
    if errors:
        line["errors"] = [_described(result, request) for result in errors]
    emit(line)


def _described(result: RuleResult, request: AdmissionRequest) -> str:
    about = Running(result.capability, result.rule, request.kind.kind)
    assert result.error is not None
    places = places_of(result.error)
    where = f" ({places[-1]})" if places else ""
    return f"{result.capability}/{result.rule}: {redacted(result.error, about=about)}{where}"
