"""A module: what is deployed together. ``module = Module(shop, other)`` is what ``[tool.poblano] module`` names."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Iterable
from typing import Any, TypeAlias

from poblano.capability import Capability
from poblano.core.binding import Binding
from poblano.core.errors import InvalidDefinition
from poblano.core.filters import NamespaceIs
from poblano.core.location import caller_location
from poblano.core.pipeline import Hooks
from poblano.core.review import AdmissionRequest, Answer
from poblano.core.schedule.definition import Schedule

Before: TypeAlias = Callable[[AdmissionRequest], Awaitable[None] | None]
After: TypeAlias = Callable[[AdmissionRequest, Answer], Awaitable[None] | None]


class Module:
    """Capabilities that are deployed together, and hooks around every review they are asked.

    Args:
        capabilities: in the order in which their rules run.
        before: called with the AdmissionRequest before any rule; awaited when it is async. An exception in it counts as a
            failed rule ``module/before``.
        after: called with the AdmissionRequest and the Answer once all rules have run; awaited when it is async.

    Raises:
        InvalidDefinition: when two capabilities share a name, or something else than capabilities is given.

    >>> Module(Capability("shop"), before=lambda request: None).bindings
    ()
    """

    def __init__(
        self, *capabilities: Capability[Any], before: Before | None = None, after: After | None = None
    ) -> None:
        self.location = caller_location()
        for capability in capabilities:
            if not isinstance(capability, Capability):
                raise InvalidDefinition(
                    f"Module takes capabilities, not {capability!r}", "write Module(shop, other)", self.location
                )
        names = [capability.name for capability in capabilities]
        for name in names:
            if names.count(name) > 1:
                raise InvalidDefinition(
                    f"two capabilities are named {name!r}", "give each a name of its own", self.location
                )
        self.capabilities = capabilities
        self.before = self._hook("before", before, 1)
        self.after = self._hook("after", after, 2)

    def _hook(self, name: str, hook: Callable[..., object] | None, count: int) -> Callable[..., object] | None:
        if hook is None:
            return None
        remedy = f"write def {name}({', '.join(('request', 'answer')[:count])}): ..."
        if not callable(hook):
            raise InvalidDefinition(f"{name} is not a function but {hook!r}", remedy, self.location)
        try:
            inspect.signature(hook).bind(*[None] * count)
        except TypeError as error:
            raise InvalidDefinition(
                f"{name} cannot be called with {count} argument{'s' if count > 1 else ''}: {error}",
                remedy,
                self.location,
            ) from None
        return hook

    @property
    def bindings(self) -> tuple[Binding, ...]:
        """The rules of all capabilities, in order."""
        return tuple(binding for capability in self.capabilities for binding in capability.bindings)

    @property
    def schedules(self) -> tuple[Schedule, ...]:
        """The schedules of all capabilities, in order."""
        return tuple(schedule for capability in self.capabilities for schedule in capability.schedules)

    @property
    def hooks(self) -> Hooks:
        """What runs around every review."""
        return Hooks(self.before, self.after)

    def check_finished(self) -> None:
        """See that every chain has come to an action. To be asked once all is imported.

        Raises:
            InvalidDefinition: one has not, with its file and line.
        """
        for capability in self.capabilities:
            for end in capability.open_ends:
                if not end.taken:
                    raise InvalidDefinition(
                        f"a rule of the capability {capability.name!r} has no action, so it would do nothing",
                        end.remedy,
                        end.location,
                    )

        self._check_finalizers()

    def _check_finalizers(self) -> None:
        """See that no two rules mean the same finalizer: the first to clean up would let the object go."""
        taken: dict[tuple[str, str, str], Binding] = {}
        for binding in self.bindings:
            if binding.phase != "finalize":
                continue
            mark = f"{binding.capability}-{binding.rule}"
            other = taken.setdefault((mark, binding.kind.group, binding.kind.plural), binding)
            if other is not binding:
                raise InvalidDefinition(
                    f"{binding.title} would have the finalizer of {other.title}, at {other.location}: ...-{mark}",
                    'give one of them another name: .finalize(name="...")',
                    binding.location,
                )

    def check_ignored(self, ignored: Iterable[str]) -> None:
        """See that no rule is bound to a namespace that the settings ignore, where it would never run.

        Raises:
            InvalidDefinition: with the rule's file and line.
        """
        gone = frozenset(ignored)
        for binding in self.bindings:
            for part in binding.filters:
                lost = part.values & gone if isinstance(part, NamespaceIs) and not part.negated else None
                if lost:
                    raise InvalidDefinition(
                        f"{binding.title} is bound to {', '.join(sorted(lost))}, which the settings ignore",
                        "take it out of always_ignore in [tool.poblano], or out of the binding",
                        binding.location,
                    )

    def keep_out_of(self, namespaces: Iterable[str]) -> None:
        """Have no rule see these namespaces, not even one that names them: who deploys it does not want it there."""
        gone = frozenset(namespaces)
        for capability in self.capabilities if gone else ():
            capability.keep_out_of(gone)

    def __repr__(self) -> str:
        return f"<Module of {', '.join(capability.name for capability in self.capabilities) or 'nothing'}>"
