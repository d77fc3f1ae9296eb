"""How long pods may take to begin and to end: the numbers of `poblano run`, and no others.

A pod that is told to end is killed once its grace period is over. Until then it serves on for those who have not heard yet,
answers what is under way and sends what its stores have. So the period is the sum of what each of these may take.
"""

from __future__ import annotations

from typing import Final

from poblano.build.metadata import Role
from poblano.build.plan import Plan
from poblano.core.jsonvalue import Document
from poblano.store.speaking import keeps_something

MARGIN_SECONDS: Final = 5
"""For the interpreter to come and go, and for a kubelet that is late."""

STARTUP: Final[Document] = {
    "httpGet": {"path": "/healthz", "port": "health"},
    "periodSeconds": 2,
    "timeoutSeconds": 3,
    "failureThreshold": 60,
}
"""Two minutes for the interpreter, the module's imports and the health port, looked at often: a start takes two seconds."""

READINESS: Final[Document] = {
    "httpGet": {"path": "/readyz", "port": "health"},
    "periodSeconds": 5,
    "timeoutSeconds": 3,
    "failureThreshold": 2,
}
"""What is wrong with a pod is known to the Service within ten seconds. A pod that ends needs no probe for that."""

LIVENESS: Final[Document] = {
    "httpGet": {"path": "/healthz", "port": "health"},
    "periodSeconds": 10,
    "timeoutSeconds": 5,
    "failureThreshold": 3,
}
"""``/healthz`` says no once the loop has been held for ten seconds; a restart is due when that has lasted for half a minute.
It answers from a thread of its own, which may have to wait for the interpreter's lock: hence five seconds."""


def grace_seconds(plan: Plan, role: Role) -> int:
    """How long a pod may take to end."""
    held, drained = _admission_seconds() if role == "admission" else _watcher_seconds()
    return round(held + drained + _store_seconds(plan)) + MARGIN_SECONDS


def _admission_seconds() -> tuple[float, float]:
    """How long an action may hold the loop before it is interrupted, and how long the drain takes after that.

    Both end when nobody waits for an answer any more. A chart's user may give webhooks the longest timeout that there is.
    """
    from poblano.admission.server import GRACE_SECONDS, LAST_ANSWERS_SECONDS

    return LAST_ANSWERS_SECONDS, GRACE_SECONDS + LAST_ANSWERS_SECONDS


def _watcher_seconds() -> tuple[float, float]:
    """The same of a watcher: an action that holds its loop, and those that are under way."""
    from poblano.watch.watcher import GRACE_SECONDS

    return GRACE_SECONDS, GRACE_SECONDS


def _store_seconds(plan: Plan) -> float:
    from poblano.store.stores import GRACE_SECONDS

    return GRACE_SECONDS if keeps_something(plan.module) else 0
