"""Finalizers that no rule of the module has any more: nobody takes them off, so that what has them never goes."""

from __future__ import annotations

from collections.abc import Iterable

from poblano.core.finalizers import PREFIX, finalizers_of
from poblano.core.review import decode
from poblano.log import Log
from poblano.watch.informer import Informer


class Leftovers:
    """Looks for them when controllers begin, and tells of each once.

    Args:
        uuid: of the module: its finalizers begin with it.
        names: of the finalizers that its rules have.
    """

    def __init__(self, uuid: str, names: Iterable[str]) -> None:
        self._prefix = f"{PREFIX}{uuid}-"
        self._known = set(names)

    def look(self, informers: Iterable[Informer]) -> None:
        """Look at all that is known."""
        needle = self._prefix.encode()
        for informer in informers:
            for item in informer.cache:
                if needle not in item.raw:
                    continue
                for place, name in enumerate(finalizers_of(decode(item.raw) or {})):
                    if name.startswith(self._prefix) and name not in self._known:
                        self._known.add(name)
                        self._tell(informer, item.key.namespace, item.key.name, name, place)

    def _tell(self, informer: Informer, namespace: str, name: str, finalizer: str, place: int) -> None:
        resource = f"{informer.kind.plural}.{informer.kind.group}" if informer.kind.group else informer.kind.plural
        where = f"-n {namespace} " if namespace else ""
        path = f"/metadata/finalizers/{place}"
        Log.warning(
            "an object has a finalizer of this module that no rule has; if the rule was taken away, what has it stays when it is "
            "deleted: bring the rule back with .where(lambda obj: False), or take the finalizer off",
            finalizer=finalizer,
            first=f"{resource} {namespace}/{name}" if namespace else f"{resource} {name}",
            command=f'kubectl patch {resource} {name} {where}--type=json -p \'[{{"op": "test", "path": "{path}", "value": '
            f'"{finalizer}"}}, {{"op": "remove", "path": "{path}"}}]\'',
        )
