"""The spans of actions that follow objects. Loaded where spans are wanted, and nowhere else."""

from __future__ import annotations

from typing import Any

from opentelemetry.trace import Tracer

from poblano.client.spans import record_error
from poblano.core.cache import Key
from poblano.core.context import Running
from poblano.watch.calling import THREADS, Caller, Rule


class TracedCaller(Caller):
    """Each call begins a trace; what the action asks of the API server is in it.

    Args:
        tracer: who makes spans.
        size: see `Caller`.
    """

    def __init__(self, tracer: Tracer, size: int = THREADS) -> None:
        super().__init__(size)
        self._tracer = tracer

    async def call(self, binding: Rule, key: Key, uid: str, *arguments: Any) -> Any:
        """See `Caller.call`."""
        attributes = {
            "poblano.kind": binding.kind.kind,
            "poblano.name": key.name,
            "k8s.namespace.name": key.namespace,
            "poblano.uid": uid,
        }
        name = f"{binding.phase} {binding.title}"
        with self._tracer.start_as_current_span(
            name, attributes=attributes, record_exception=False, set_status_on_exception=False
        ) as span:
            try:
                return await super().call(binding, key, uid, *arguments)
            except Exception as error:
                record_error(span, error, Running(binding.capability, binding.rule, binding.kind.kind, *key, uid))
                raise
