"""Large objects: decoded before a rule that will ask for one is called, so that the time it takes is not taken for the rule's."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, cast

from poblano.core.binding import Binding
from poblano.core.calls import Steps
from poblano.core.held import Held
from poblano.core.requests import Request, document_in

LARGE: Final = 65_536
"""From how many bytes on: decoding fewer takes a millisecond or two."""


def prepared(steps: Steps, bindings: Sequence[Binding], held: Held, asked: set[Binding]) -> Steps:
    """`steps`, after decoding the object if one of the rules is known to ask for all of it.

    Args:
        steps: of the rules, not begun.
        bindings: the rules.
        held: the object.
        asked: those known to; what the steps show is added.
    """
    if not asked.isdisjoint(bindings):
        held.opened()
    outcome: Any = None
    while True:
        try:
            call = steps.send(outcome)
        except StopIteration as done:
            return done.value  # type: ignore[no-any-return]
        outcome = yield call
        if call.binding is not None and _is_opened(call.arguments):
            asked.add(call.binding)


def _is_opened(arguments: tuple[Any, ...]) -> bool:
    return any(isinstance(one, Request) and document_in(cast("Any", one)) is not None for one in arguments)
