"""What is listed and watched for the rules of a module: the informers open it, and the roles allow it.

Who asks for less than another is given that one's: two rules about Pods, one of them in one namespace or with one label,
make one watch.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from poblano.core.binding import FOLLOWERS, Binding
from poblano.core.filters import NameIs
from poblano.core.kinds import Kind
from poblano.core.projection import FULL, Projection
from poblano.core.pushdown import pushed
from poblano.core.selectors import EVERYTHING, Selector
from poblano.core.sources import Mapped, Owned


@dataclass(frozen=True, slots=True)
class Scope:
    """What is watched; two that are equal are one watch."""

    kind: Kind
    namespace: str = ""
    selector: Selector = EVERYTHING
    projection: Projection = FULL

    @property
    def name(self) -> str:
        """Of the one object that is asked for; "" where it is any number. RBAC knows a list or watch of one name: the API
        server takes that from the field selector ``metadata.name=...``.
        """
        only = [part.values for part in self.selector.parts if isinstance(part, NameIs) and not part.negated]
        return next(iter(only[0])) if len(only) == 1 and len(only[0]) == 1 else ""

    def covers(self, other: Scope) -> bool:
        """Whether whoever wants `other` is served by this, too."""
        return (
            self.kind == other.kind
            and self.namespace in {"", other.namespace}
            and self.selector.covers(other.selector)
            and self.projection.covers(other.projection)
        )

    @property
    def _narrowness(self) -> tuple[bool, int, bool, int]:
        """Greater than that of every other scope that covers this one."""
        kept = self.projection
        return (bool(self.namespace), len(self.selector.parts), kept.metadata_only, len(kept.without))

    def widest(self, scopes: Iterable[Scope]) -> Scope:
        """The one of `scopes` that is to serve this; itself when none does."""
        return min((one for one in scopes if one.covers(self)), key=lambda one: one._narrowness, default=self)


def scopes(binding: Binding) -> tuple[Scope, ...]:
    """What has to be watched for the objects of a rule."""
    what = pushed(binding)
    return tuple(Scope(binding.kind, namespace, what.selector, binding.projection) for namespace in what.namespaces)


def scopes_beside(binding: Binding) -> Iterator[Scope]:
    """What has to be watched beside the objects of a rule: see `poblano.watch.owning`."""
    for source in binding.sources:
        yield from scopes_of(source, binding)


def scopes_of(source: Owned | Mapped, binding: Binding) -> Iterator[Scope]:
    """What has to be watched of one other kind: where the rule is, in its namespaces, or everywhere."""
    spaces = pushed(binding).namespaces
    for space in spaces if source.kind.namespaced else spaces and ("",):
        yield Scope(source.kind, space, projection=source.projection)


def watched(bindings: Iterable[Binding]) -> dict[Scope, list[Binding]]:
    """What is listed and watched for all rules of a module together, and for which: the wider serves the narrower.

    Args:
        bindings: of a module; those of webhooks are passed over.
    """
    wanted = [
        (scope, binding)
        for binding in bindings
        if binding.phase in FOLLOWERS
        for scope in (*scopes(binding), *scopes_beside(binding))
    ]
    expected = [scope for scope, _ in wanted]
    found: dict[Scope, list[Binding]] = {}
    for scope, binding in wanted:
        for_whom = found.setdefault(scope.widest(expected), [])
        if binding not in for_whom:
            for_whom.append(binding)
    return found
