"""Does something to a library as soon as it is loaded, and loads it not: what nobody uses takes neither time nor memory."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType


def once_loaded(name: str, do: Callable[[], object]) -> None:
    """Have `do` called now if the library is there, else when somebody imports it; only the last one that was said is.

    >>> once_loaded("json", lambda: print("loaded"))
    loaded
    """
    for finder in [finder for finder in sys.meta_path if isinstance(finder, _Finder) and finder.name == name]:
        sys.meta_path.remove(finder)
    if name in sys.modules:
        do()
    else:
        sys.meta_path.insert(0, _Finder(name, do))


class _Finder:
    """Finds one library, where Python would, and loads it with something more."""

    def __init__(self, name: str, do: Callable[[], object]) -> None:
        self.name = name
        self._do = do

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Part of the import protocol."""
        if name != self.name:
            return None
        spec = PathFinder.find_spec(name, path, target)
        if spec is None or spec.loader is None:
            return spec
        load = spec.loader.exec_module

        def load_and_do(module: ModuleType) -> None:
            load(module)
            if self in sys.meta_path:
                sys.meta_path.remove(self)
                self._do()

        spec.loader.exec_module = load_and_do  # type: ignore[method-assign]
        return spec
