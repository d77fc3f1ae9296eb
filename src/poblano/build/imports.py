"""Whether all that a module imports will be there, where it runs.

Here it is imported in the environment of its author, where much may lie that nobody has named.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator, Mapping, Sequence
from importlib.metadata import packages_distributions
from pathlib import Path

from packaging.utils import canonicalize_name

from poblano.build.vendoring import Package, given
from poblano.core.errors import InvalidSettings
from poblano.loading import INSTALLED
from poblano.settings import FILE, Settings


def check_imports(settings: Settings, files: Mapping[str, bytes], packages: Sequence[Package]) -> None:
    """Hold what the module has imported against what will be there.

    Only what has been imported in this process counts: what is tried in vain, or for a type checker alone, is not missed.

    Args:
        settings: of the module, which has been loaded.
        files: of the project, that travel.
        packages: that travel with them.

    Raises:
        InvalidSettings: a file of the project that is imported stays behind, or a package is imported that nobody has named;
            says where.
    """
    _check_left_behind(settings, files)
    known = {*given(), *(package.name for package in packages)}
    owners = packages_distributions()
    own = {path.partition("/")[0].removesuffix(".py") for path in files}
    for path, code in files.items():
        if path.endswith(".py"):
            for name, line in _imported(code):
                if name not in own:
                    _check_named(name, f"{settings.folder / path}:{line}", owners.get(name, []), known)


def _check_left_behind(settings: Settings, files: Mapping[str, bytes]) -> None:
    for name, module in sorted(sys.modules.copy().items()):
        file = getattr(module, "__file__", None)
        if not isinstance(file, str) or not Path(file).is_relative_to(settings.folder):
            continue
        path = Path(file).relative_to(settings.folder)
        installed = path.parts[0].startswith(".") or INSTALLED.intersection(path.parts)
        if path.suffix == ".py" and not installed and path.as_posix() not in files:
            raise InvalidSettings(
                f"{path} is imported as {name}, and would stay behind: as a test, or another project; give it another place"
            )


def _imported(code: bytes) -> Iterator[tuple[str, int]]:
    """The first parts of the names that a file imports, and where."""
    try:
        tree = ast.parse(code)
    except SyntaxError:
        return  # it was not imported
    for node in ast.walk(tree):
        match node:
            case ast.Import():
                yield from ((alias.name.partition(".")[0], node.lineno) for alias in node.names)
            case ast.ImportFrom(module=str(module), level=0):
                yield module.partition(".")[0], node.lineno
            case _:
                pass


def _check_named(name: str, place: str, owners: Sequence[str], known: set[str]) -> None:
    if name not in sys.modules or not owners or any(canonicalize_name(owner) in known for owner in owners):
        return
    raise InvalidSettings(
        f"{place}: {name} belongs to {owners[0]}, which would not be there in the cluster; "
        f'add "{owners[0]}" to the dependencies of [project] in {FILE}'
    )
