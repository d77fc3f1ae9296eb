"""Pepr's behaviour, as small patches of our code: what the tests of the rows are there to notice.

Each is a function that is given a `Patch`, and names the tests that must fail once it is in. It is put into the process of a
test and, through the environment, into the processes which that starts: nothing is imported here that these do without.
"""

from __future__ import annotations

import types
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Protocol

MODULES = tuple(f"tests.pepr.behaviour_of_{whom}" for whom in ("rules", "servers", "watchers", "builds"))


class Patch(Protocol):
    """What changes our code: a MonkeyPatch of pytest's, or `ForGood`."""

    def setattr(self, target: Any, name: str, value: Any, /) -> None: ...

    def setitem(self, dic: dict[str, Any], name: str, value: Any, /) -> None: ...


class ForGood:
    """Changes the code of a process that ends with its test."""

    def setattr(self, target: Any, name: str, value: Any, /) -> None:
        getattr(target, name)  # what is not there cannot be changed
        setattr(target, name, value)

    def setitem(self, dic: dict[str, Any], name: str, value: Any, /) -> None:
        dic[name] = value


@dataclass(frozen=True)
class Behaviour:
    """One thing that Pepr does.

    Arguments: `breaks` are the names of the tests that notice; `put_in` makes our code do it.
    """

    name: str
    breaks: tuple[str, ...]
    put_in: Callable[[Patch], None]


_known: dict[str, Behaviour] = {}


def pepr(*breaks: str) -> Callable[[Callable[[Patch], None]], Callable[[Patch], None]]:
    """Make a behaviour of a function; its tests are named without the row, which is where the function's name begins."""

    def known(put_in: Callable[[Patch], None]) -> Callable[[Patch], None]:
        row = put_in.__name__.partition("_")[0]
        _known[put_in.__name__] = Behaviour(put_in.__name__, tuple(f"test_{row}_{name}" for name in breaks), put_in)
        return put_in

    return known


def behaviours() -> dict[str, Behaviour]:
    """All of them, by name."""
    for module in MODULES:
        import_module(module)
    return _known


def behaviour(name: str) -> Behaviour:
    """The one of that name."""
    return behaviours()[name]


def instead(patch: Patch, function: types.FunctionType | Callable[..., Any], does: Callable[..., Any]) -> None:
    """Have every call of a function of ours run ``does(ours, *arguments)``, wherever the function has been imported to."""
    assert isinstance(function, types.FunctionType)
    assert not function.__closure__
    ours = types.FunctionType(function.__code__, function.__globals__, function.__name__, function.__defaults__)
    ours.__kwdefaults__ = function.__kwdefaults__
    put_in: dict[str, Any] = {}
    exec(f"def {function.__name__}(*args, **kwargs): return _pepr_{id(ours)}(*args, **kwargs)", put_in)
    patch.setitem(function.__globals__, f"_pepr_{id(ours)}", lambda *args, **kwargs: does(ours, *args, **kwargs))
    patch.setattr(function, "__defaults__", None)
    patch.setattr(function, "__kwdefaults__", None)
    patch.setattr(function, "__code__", put_in[function.__name__].__code__)


def wrap(patch: Patch, owner: type[Any], method: str, does: Callable[..., Any]) -> None:
    """Have every call of a method run ``does(ours, self, *arguments)``."""
    ours = getattr(owner, method)
    patch.setattr(owner, method, lambda self, *args, **kwargs: does(ours, self, *args, **kwargs))
