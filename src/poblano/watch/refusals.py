"""Says once that something cannot be watched until somebody changes something, and once that it can."""

from __future__ import annotations

from poblano.core.kinds import Kind
from poblano.core.trouble import Trouble
from poblano.log import Log


class Refusals:
    """Those of one watch.

    Args:
        kind: of what is watched.
        namespace: where; "" is everywhere.

    Attributes:
        told: the status that was told of last; 0 when all is well.
    """

    def __init__(self, kind: Kind, namespace: str) -> None:
        self.told = 0
        self._about = {"of": kind.plural, "where": namespace or "all namespaces"}

    def look(self, trouble: Trouble) -> None:
        """Tell, if there is something new."""
        refused = trouble.refused
        if refused == self.told or not (refused or trouble.reason is None):
            return
        self.told = refused
        if refused:
            Log.warning("what a rule follows cannot be watched", **self._about, reason=trouble.reason)
        else:
            Log.info("what a rule follows is watched now", **self._about)

    def late(self) -> None:
        """What there is has not come for a while."""
        Log.warning("what there is takes long to come", **self._about)
