"""Importing the module object of a project folder: ``hello:module`` is the object `module` of ``hello.py``.

What is wrong in the user's code is told with the user's file and line.
"""

from __future__ import annotations

import importlib
import linecache
import sys
import traceback
from collections.abc import Generator
from contextlib import contextmanager
from difflib import get_close_matches
from importlib.machinery import PathFinder
from pathlib import Path
from types import ModuleType, TracebackType

from poblano.core.errors import InvalidDefinition, InvalidSettings, Location, PoblanoError
from poblano.module import Module

INSTALLED = frozenset({"site-packages", "dist-packages"})


def load_module(folder: Path, target: str) -> Module:
    """Import the module object that `target` names, with everything of `folder` fresh from its files.

    What was imported from the folder before is imported anew; if that fails, it is all as it was.

    Args:
        folder: of the project; it becomes the first place where imports are looked for.
        target: ``package.module:object``.

    Raises:
        InvalidSettings: `target` names no `Module`.
        InvalidDefinition: the user's code does not import; says where in it.
    """
    name, _, attribute = target.partition(":")
    with _fresh(folder, name):
        try:
            imported = importlib.import_module(name)
        except PoblanoError:
            raise
        except ModuleNotFoundError as error:
            if error.name is not None and (name == error.name or name.startswith(f"{error.name}.")):
                raise InvalidSettings(
                    f'module = "{target}": there is no {error.name} in {folder}; name a file that is there'
                ) from None
            raise _invalid(error, folder, "install it where poblano is installed, or mend the import") from error
        except (Exception, SystemExit) as error:
            raise _invalid(error, folder, "poblano --debug shows the whole traceback") from error
        return _module_in(imported, attribute, target)


def _module_in(imported: ModuleType, attribute: str, target: str) -> Module:
    found = getattr(imported, attribute, None)
    if isinstance(found, Module):
        return found
    known = [name for name, value in vars(imported).items() if isinstance(value, Module)]
    near = get_close_matches(attribute, known, 1) or known
    remedy = f"did you mean {near[0]}?" if near else f"write {attribute} = Module(...) at the end of it"
    problem = f"is {type(found).__name__}, not a Module" if found is not None else "is not there"
    raise InvalidSettings(f'module = "{target}": {attribute} {problem} in {imported.__file__}; {remedy}')


@contextmanager
def _fresh(folder: Path, name: str) -> Generator[None]:
    """Imports come from the files of `folder` as they are now; after an error, what was imported before is back."""
    place = str(folder)
    sys.path[:] = [place, *(other for other in sys.path if other != place)]
    importlib.invalidate_caches()
    linecache.checkcache()
    before = {key: module for key, module in sys.modules.copy().items() if _is_from(folder, key, module)}
    before |= _namesakes(folder, name)
    for key in before:
        del sys.modules[key]
    # A file saved twice in a second has the same time, and bytecode is told stale by time and size.
    wrote, sys.dont_write_bytecode = sys.dont_write_bytecode, True
    try:
        yield
    except BaseException:
        for key in [key for key, module in sys.modules.copy().items() if _is_from(folder, key, module)]:
            del sys.modules[key]
        sys.modules.update(before)
        raise
    finally:
        sys.dont_write_bytecode = wrote


def _is_from(folder: Path, key: str, module: ModuleType) -> bool:
    if key in ("__main__", "poblano") or key.startswith("poblano."):
        return False
    file = getattr(module, "__file__", None)
    if not isinstance(file, str):
        return False
    path = Path(file)
    return path.is_relative_to(folder) and not INSTALLED.intersection(path.parts)


def _namesakes(folder: Path, name: str) -> dict[str, ModuleType]:
    """Modules of other projects that bear the name of one in `folder`."""
    root = name.partition(".")[0]
    if root not in sys.modules or PathFinder.find_spec(root, [str(folder)]) is None:
        return {}
    return {key: module for key, module in sys.modules.copy().items() if key == root or key.startswith(f"{root}.")}


def _invalid(error: BaseException, folder: Path, remedy: str) -> InvalidDefinition:
    if isinstance(error, SyntaxError):
        place = Location(error.filename or "<unknown>", error.lineno or 1)
        return InvalidDefinition(f"{type(error).__name__}: {error.msg}", "mend it", place)
    text = "".join(traceback.format_exception_only(error)).strip().replace("\n", " ")
    return InvalidDefinition(text, _meant(error, text) or remedy, _place(error.__traceback__, folder))


def _meant(error: BaseException, text: str) -> str:
    """What a misspelt attribute may have been meant to be; nothing where `text` says so, as of newer Pythons it does."""
    if not isinstance(error, AttributeError) or error.obj is None or "id you mean" in text:
        return ""
    public = [name for name in dir(error.obj) if not name.startswith("_")]
    near = get_close_matches(error.name or "", public, 1)
    return f"did you mean {near[0]}?" if near else ""


def _place(trace: TracebackType | None, folder: Path) -> Location | None:
    """The innermost line of the user's own that led to the error."""
    found: Location | None = None
    for frame in traceback.extract_tb(trace):
        if Path(frame.filename).is_relative_to(folder) and not INSTALLED.intersection(Path(frame.filename).parts):
            found = Location(frame.filename, frame.lineno or 1)
    return found
