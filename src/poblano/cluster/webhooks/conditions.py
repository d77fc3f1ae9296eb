"""matchConditions: CEL over the request, by which a webhook says what it does not want to see.

Source: k8s.io/apiserver/pkg/admission/plugin/webhook/matchconditions/matcher.go
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from poblano.cluster.cel import Program


class ConditionFailed(Exception):
    """A condition has no answer, and the webhook is one that must not be passed by."""


class Conditions:
    """The conditions of one webhook, compiled when they are first needed.

    Args:
        named: names and expressions, in their order.
        ignores_failure: whether a condition that cannot be evaluated means that the webhook is not called.
    """

    __slots__ = ("_ignores_failure", "_named", "_programs")

    def __init__(self, named: tuple[tuple[str, str], ...], *, ignores_failure: bool) -> None:
        self._named = named
        self._ignores_failure = ignores_failure
        self._programs: list[Program | str] | None = None

    def __bool__(self) -> bool:
        return bool(self._named)

    def hold(self, variables: Mapping[str, Any]) -> bool:
        """Whether all of them are true. One that is false decides, whatever happened to the others.

        Raises:
            ConditionFailed: when one cannot be evaluated and none is false, unless failures are ignored.
        """
        from poblano.cluster.cel import CelError

        failures: list[str] = []
        for (_, expression), program in zip(self._named, self._compiled(), strict=True):
            if isinstance(program, str):
                failures.append(program)
                continue
            try:
                if program.evaluate(**variables) is False:
                    return False
            except CelError as error:
                failures.append(f"expression '{expression}' resulted in error: {error}")
        if failures and not self._ignores_failure:
            raise ConditionFailed(_together(failures))
        return not failures

    def _compiled(self) -> list[Program | str]:
        if self._programs is None:
            self._programs = [_compile(expression) for _, expression in self._named]
        return self._programs


def _compile(expression: str) -> Program | str:
    from poblano.cluster.cel import CompileError, compile

    try:
        return compile(expression)
    except CompileError as error:
        return f"compilation error: {error}"


def _together(failures: list[str]) -> str:
    """As k8s.io/apimachinery/pkg/util/errors writes an aggregate: each once."""
    once = list(dict.fromkeys(failures))
    return once[0] if len(once) == 1 else f"[{', '.join(once)}]"
