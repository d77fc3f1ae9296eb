"""Whether the code of an action speaks of something: what a role must allow is read from it, rather than granted in case.

All that the action's file says counts, and all files of the module that it imports; other packages do not.
"""

from __future__ import annotations

import functools
import inspect
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any

from poblano.loading import INSTALLED


def speaks_of(action: Callable[..., Any], word: str) -> bool:
    """Whether `word` is the name of something in the code of `action` or in the files of the module that it leads to.

    True, where its code cannot be looked at.

    >>> def save(ctx): return ctx.save_status()
    >>> speaks_of(save, "save_status"), speaks_of(save, "no_such_name")
    (True, False)
    """
    function = _function(action)
    code = getattr(function, "__code__", None)
    if not isinstance(code, CodeType):
        return True
    if _names(code, word):
        return True
    home = _home(code.co_filename, str(function.__globals__.get("__name__", "")))
    return any(_names(one, word) for space in _spaces(function.__globals__, home) for one in _codes(space))


def _home(file: str, module: str) -> Path:
    """The folder of a module's code: of a project, where its imports begin; of a package that is installed, its own.

    >>> _home("/shop/rules/pods.py", "rules.pods"), _home("/x/site-packages/rules/__init__.py", "rules")
    (PosixPath('/shop'), PosixPath('/x/site-packages/rules'))
    """
    path, depth = Path(file), module.count(".") + file.endswith("__init__.py")
    if INSTALLED.intersection(path.parts):
        depth -= 1
    return path.parents[max(0, min(depth, len(path.parents) - 1))]


def says(action: Callable[..., Any], word: str) -> bool:
    """Whether `word` stands in the code of `action` itself, whatever else it leads to.

    >>> def save(ctx): return ctx.save_status()
    >>> says(save, "save_status"), says(print, "save_status")
    (True, False)
    """
    code = getattr(_function(action), "__code__", None)
    return isinstance(code, CodeType) and _names(code, word)


def _function(action: Any) -> Any:
    while isinstance(action, functools.partial):
        action = action.func
    action = inspect.unwrap(action)
    return action if hasattr(action, "__code__") else getattr(action, "__call__", action)  # noqa: B004


def _names(code: CodeType, word: str) -> bool:
    return word in code.co_names or any(_names(one, word) for one in code.co_consts if isinstance(one, CodeType))


def _spaces(start: Mapping[str, Any], home: Path) -> Iterator[Mapping[str, Any]]:
    """The globals of the file, and of those in its folder or below that it imports, directly or not."""
    waiting, seen = [start], set[int]()
    while waiting:
        space = waiting.pop()
        if id(space) in seen:
            continue
        seen.add(id(space))
        yield space
        for value in tuple(space.values()):
            module = (
                value if isinstance(value, ModuleType) else sys.modules.get(getattr(value, "__module__", None) or "")
            )
            if module is not None and _is_in(module, home):
                waiting.append(vars(module))


def _is_in(module: ModuleType, home: Path) -> bool:
    file = getattr(module, "__file__", None)
    if (
        not isinstance(file, str)
        or not Path(file).is_relative_to(home)
        or module.__name__.partition(".")[0] == "poblano"
    ):
        return False
    return not INSTALLED.intersection(Path(file).relative_to(home).parts)


def _codes(space: Mapping[str, Any]) -> Iterator[CodeType]:
    """The code of the functions, and of the methods of the classes, in a namespace."""
    for value in tuple(space.values()):
        held = tuple(vars(value).values()) if isinstance(value, type) else (value,)
        for one in held:
            function = inspect.unwrap(getattr(one, "__func__", one))
            code = getattr(function, "__code__", None)
            if isinstance(code, CodeType):
                yield code
