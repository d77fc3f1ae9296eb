"""What one pod serves of what it is offered, and whether API servers believe it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Final

from poblano.admission.certificates import Pair
from poblano.admission.certifying.bundles import Trusted, bundle, leaf
from poblano.admission.certifying.chains import objection
from poblano.admission.certifying.configurations import Configuration
from poblano.admission.tls import LiveCertificate, check
from poblano.core.believing import Authority, Facts, Leaf, everywhere, is_covered, takes
from poblano.core.kinds import Kind
from poblano.log import Log
from poblano.watch.standing import clock

SERVED: Final = "served"
AUTHORITY: Final = "authority"


class Replica:
    """Serves a pair once it is believed: what it is offered may come before the API server is told to trust it.

    Args:
        live: what serves. What it has at first is nobody's, and not counted.
        names: what API servers call the server.
        wall: the time of day, in seconds since 1970.
        clock: seconds that never jump.
        settle: for how many seconds who has signed what is offered must have been trusted everywhere, before it is served instead
            of what is believed; None where whoever offers it has waited so long.
    """

    def __init__(
        self,
        live: LiveCertificate,
        names: frozenset[str],
        *,
        wall: Callable[[], float] = time.time,
        clock: Callable[[], float] = clock,
        settle: float | None = None,
    ) -> None:
        self._live = live
        self._names = names
        self._wall = wall
        self._clock = clock
        self._settle = settle
        self._trusted_since: dict[str, float] = {}
        self._offered: Pair | None = None
        self._authorities: tuple[Trusted, ...] = ()
        self._configurations: dict[Kind, Configuration] = {}
        self._serves: Pair | None = None
        self._served: Leaf | None = None
        self._doubt: str | None = None

    @property
    def pair(self) -> Pair:
        """What it was offered last, or else what it serves."""
        return self._offered or self._live.pair

    @property
    def served(self) -> Leaf | None:
        """What it serves; None as long as that is nobody's."""
        return self._served

    def swap(self, pair: Pair) -> bool:
        """Be offered a pair; whether it is served now.

        Raises:
            UnusableCertificate: it does not serve; what is served stays.
        """
        check(pair)
        self._offered = pair
        return self.consider()

    def trust(self, authorities: tuple[Trusted, ...]) -> None:
        """Know of the authorities that come with what is offered."""
        self._authorities = authorities
        self.consider()

    def learn(self, kind: Kind, configuration: Configuration | None) -> None:
        """Hear of a webhook configuration; None when it is gone."""
        self._configurations.pop(kind, None)
        if configuration is not None:
            self._configurations[kind] = configuration
        self.consider()

    def consider(self) -> bool:
        """Serve what is offered, if it is time; whether it was not served before."""
        published = [[one.fact() for one in trusted] for trusted in self._published()]
        settled = self._settled(published)
        self._served = None if self._serves is None else self._leaf(self._serves)
        swapped = False
        if self._offered is not None and self._offered != self._serves:
            offered = self._leaf(self._offered)
            if takes(offered, self._served, published, self._wall(), settled=settled):
                self._live.swap(self._offered)
                self._serves, self._served, swapped = self._offered, offered, True
                Log.info("a certificate is served", ends=_date(offered.ends), id=offered.id[:16])
        self._doubt = self._doubted(published)
        return swapped

    def expired(self) -> str | None:
        """Why there is no certificate that could be believed; None when there is one."""
        if self._served is None:
            return "there is none yet"
        return None if self._served.ends > self._wall() else "it has expired"

    def doubted(self) -> str | None:
        """Why API servers do not believe what is served; None when they do, or were told to trust nobody yet."""
        return self._doubt

    def objection(self, trusted: Sequence[Trusted]) -> str | None:
        """Why an API server that trusts these does not believe what is served; None when it does."""
        if self._serves is None:
            return "there is none yet"
        chain = [one.certificate for one in bundle(self._serves.certificate)]
        believed, now = [one.certificate for one in trusted], datetime.fromtimestamp(self._wall(), UTC)
        return next(filter(None, (objection(chain, believed, name, now) for name in sorted(self._names))), None)

    def ends(self) -> Mapping[str, float]:
        """When what is served ends, and the first of those who have signed it, in seconds since 1970."""
        if self._served is None or self._serves is None:
            return {}
        known = {one.id: one.ends for one in self._known()}
        issuer = known.get(self._served.issuer)
        if issuer is not None:
            issuer = min((issuer, *(one.ends for one in bundle(self._serves.certificate)[1:])))
        return {SERVED: self._served.ends} | ({} if issuer is None else {AUTHORITY: issuer})

    def _doubted(self, published: Sequence[Sequence[Authority]]) -> str | None:
        if self._served is None or self.expired():
            return None  # that is said, and reason enough
        if not is_covered(self._served, published):
            return "the webhooks' caBundle lacks who has signed the certificate that is served"
        why = next(filter(None, (self.objection(one) for one in self._published() if one)), None)
        return why and f"API servers do not believe the certificate that is served: {why}"

    def _settled(self, published: Sequence[Sequence[Authority]]) -> frozenset[str] | None:
        """The authorities that have been trusted for long enough."""
        now = self._clock()
        trusted = everywhere(Facts(published=tuple(tuple(one) for one in published if one)))
        self._trusted_since = {one: self._trusted_since.get(one, now) for one in trusted}
        settle = self._settle
        if settle is None:
            return None
        return frozenset(one for one, since in self._trusted_since.items() if now - since >= settle)

    def _published(self) -> Iterator[tuple[Trusted, ...]]:
        for configuration in tuple(self._configurations.values()):
            for webhook in configuration.webhooks:
                yield webhook.trusted

    def _known(self) -> tuple[Trusted, ...]:
        found = {one.id: one for one in self._authorities}
        for trusted in self._published():
            found |= {one.id: one for one in trusted}
        return tuple(found.values())

    def _leaf(self, pair: Pair) -> Leaf:
        return leaf(pair.certificate, self._known(), self._names)


def _date(seconds: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))
