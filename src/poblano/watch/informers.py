"""What is watched for a module: one informer for each distinct thing that is asked for, shared by all who ask.

Who asks for less than another is given that one's: two rules about Pods, one of them in one namespace or with one label,
make one watch.

::

    informers = Informers(client)
    informers.expect(bindings)            # so that who comes first does not decide who shares
    for binding in bindings:
        informers.of(binding)
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from poblano.client import ApiClient
from poblano.core.binding import Binding
from poblano.core.jsonvalue import Document
from poblano.core.kinds import Kind
from poblano.core.listwatch import SECONDS
from poblano.core.projection import FULL, Projection
from poblano.core.scopes import Scope, scopes, scopes_beside, scopes_of
from poblano.core.selectors import EVERYTHING, Selector
from poblano.core.sources import Mapped, Owned
from poblano.watch.informer import Informer
from poblano.watch.initial_events import InitialEvents
from poblano.watch.metrics import NOBODY, Observer


class Informers:
    """The informers of a module; they run when who made them runs them.

    Args:
        client: an open client.
        metrics: whom to tell of each.
        resync: see `Informer`.
        lasting: between how many seconds a watch is asked to last.
    """

    def __init__(
        self,
        client: ApiClient,
        *,
        metrics: Observer = NOBODY,
        resync: float = 0.0,
        lasting: tuple[float, float] = SECONDS,
    ) -> None:
        self._client = client
        self._metrics = metrics
        self._initial = InitialEvents()
        self._resync = resync
        self._lasting = lasting
        self._known: dict[Scope, Informer] = {}
        self._expected: dict[Scope, None] = {}

    def __iter__(self) -> Iterator[Informer]:
        return iter(tuple(self._known.values()))

    def __len__(self) -> int:
        return len(self._known)

    def expect(self, bindings: Iterable[Binding]) -> None:
        """Say for whom there will be informers: the wider ones serve the narrower, whoever asks first."""
        for binding in bindings:
            self._expected.update(dict.fromkeys((*scopes(binding), *scopes_beside(binding))))

    def get(
        self, kind: Kind, namespace: str = "", *, selector: Selector = EVERYTHING, projection: Projection = FULL
    ) -> Informer:
        """Who knows these objects; others too, where somebody else wants those.

        Args:
            kind: which.
            namespace: where; "" is everywhere.
            selector: those wanted.
            projection: what is wanted of each.
        """
        wanted = Scope(kind, namespace, selector, projection)
        scope = wanted.widest([*self._expected, *self._known])
        if scope not in self._known:
            made = Informer(
                self._client,
                scope.kind,
                scope.namespace,
                selector=scope.selector,
                projection=scope.projection,
                initial=self._initial,
                resync=self._resync,
                lasting=self._lasting,
            )
            self._known[scope] = made
            self._metrics.informer(made)
        return self._known[scope]

    def of(self, binding: Binding) -> tuple[Informer, ...]:
        """Who knows the objects that a binding is about; in several namespaces it may be several."""
        found = (
            self.get(one.kind, one.namespace, selector=one.selector, projection=one.projection)
            for one in scopes(binding)
        )
        return tuple(dict.fromkeys(found))

    def beside(self, source: Owned | Mapped, binding: Binding) -> tuple[Informer, ...]:
        """Who knows the objects of another kind that concern those of a rule."""
        found = (self.get(one.kind, one.namespace, projection=one.projection) for one in scopes_of(source, binding))
        return tuple(dict.fromkeys(found))

    def wrote(self, kind: Kind, document: Document) -> None:
        """Tell all who know of such objects what the server answered to a write; see `Informer.wrote`."""
        for informer in self:
            if informer.kind == kind:
                informer.wrote(document)
