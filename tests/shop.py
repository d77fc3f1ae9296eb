"""A capability to define rules in, two rules for it, and what a rule is called with."""

from __future__ import annotations

from typing import Any

from poblano import Capability, Decision, MutateRequest, ValidateRequest, a
from poblano.core.requests import Request
from poblano.core.review import AdmissionRequest


def shop(**options: Any) -> Capability:
    return Capability("shop", **options)


def request(kind: type[Request[Any]], document: Any = None) -> Any:
    return kind(AdmissionRequest("u", "CREATE"), a.Pod, document or {"metadata": {}})


def label(pod: MutateRequest[a.Pod]) -> str:
    """Give it a tier."""
    pod.set_label("tier", "data")
    return "labelled"


def judge(pod: ValidateRequest[a.Pod]) -> Decision:
    return pod.approve() if pod.has_label("tier") else pod.deny("needs a tier")
