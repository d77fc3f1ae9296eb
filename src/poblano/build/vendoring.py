"""What a module depends on, taken from the environment that it was tested in, to travel with it.

Only pure Python can: the files of a compiled package are for one kind of machine and one version of Python. What Poblano
itself depends on lies in the image already.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from typing import Any, Final

from packaging.markers import default_environment
from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from poblano.build.archive import INSTEAD
from poblano.core.errors import InvalidSettings
from poblano.settings import FILE, Settings

PYTHON: Final = "3.13"
"""Of the image, see `poblano.build.image`: requirements with a marker are read for it."""

IN_THE_IMAGE: Final = "poblano[otel]"
"""What the image has, with all that this depends on."""

COMPILED: Final = (".so", ".pyd", ".dylib", ".dll", ".a")
_UNNEEDED: Final = frozenset({"RECORD", "INSTALLER", "REQUESTED", "direct_url.json"})
"""Of a package's metadata: they say how it was installed here, or list files that do not travel."""


@dataclass(frozen=True, slots=True)
class Package:
    """A distribution that a module depends on, as it is installed here.

    Args:
        name: as the index has it, in its normal form: ``team-labels``.
        version: the installed one.
        wanted_by: the project or package that names it.
        distribution: the installed files and metadata.
    """

    name: str
    version: str
    wanted_by: str
    distribution: Distribution

    @property
    def is_compiled(self) -> bool:
        """Whether it is for one kind of machine: by what its wheel was made for; many who compile ship Python beside it."""
        tags = [line for line in (self.distribution.read_text("WHEEL") or "").splitlines() if line.startswith("Tag:")]
        names = [str(path) for path in self.distribution.files or ()]
        return any(not tag.endswith("-none-any") for tag in tags) or any(name.endswith(COMPILED) for name in names)

    def files(self) -> dict[str, bytes]:
        """Its files by their paths below the folder of packages: its modules, its data and its metadata.

        Raises:
            InvalidSettings: it is compiled, or what is installed does not say which files are its.
        """
        listed = self.distribution.files
        if listed is None:
            raise self._refused(
                "does not say which files are its", f"install it with pip, in a virtual environment, or {INSTEAD}"
            )
        if _is_editable(self.distribution):
            raise self._refused(
                "is installed with -e, as a link to its source", "install it as others will: pip install"
            )
        if self.is_compiled:
            raise self._refused(
                "is compiled for one kind of machine, and an archive takes nothing but Python",
                f"choose a package that is pure Python, or {INSTEAD}",
            )
        paths = [path for path in listed if ".." not in path.parts and not path.is_absolute()]
        return {path.as_posix(): path.read_binary() for path in sorted(paths) if _travels(path.as_posix())}

    def _refused(self, problem: str, remedy: str) -> InvalidSettings:
        return InvalidSettings(f"{self.name} {self.version}, on which {self.wanted_by} depends, {problem}; {remedy}")


def packages_of(settings: Settings) -> tuple[Package, ...]:
    """What the ``[project]`` of a module depends on and the image lacks, with all that this depends on; sorted by name.

    Raises:
        InvalidSettings: one is not installed, or in another version than is asked for.
    """
    document = tomllib.loads((settings.folder / FILE).read_text(encoding="utf-8"))
    project: dict[str, Any] = document.get("project", {})
    found: dict[str, Package] = {}
    named: list[str] = project.get("dependencies", [])
    _gather([(f"the project in {settings.folder / FILE}", text) for text in named], frozenset(given()), found)
    return tuple(found[name] for name in sorted(found))


def given() -> set[str]:
    """The names of what lies in the image: Poblano, and what it depends on."""
    found: set[str] = set()
    waiting = [Requirement(IN_THE_IMAGE)]
    while waiting:
        requirement = waiting.pop()
        name = canonicalize_name(requirement.name)
        if name not in found:
            found.add(name)
            try:
                waiting += _wanted(distribution(name), requirement.extras)
            except PackageNotFoundError:
                continue  # an extra that is not installed here
    return found


def _gather(named: Iterable[tuple[str, str]], given: Collection[str], found: dict[str, Package]) -> None:
    waiting = [(who, _read(text, who)) for who, text in named]
    seen: set[tuple[str, frozenset[str]]] = set()
    while waiting:
        who, requirement = waiting.pop(0)
        name, extras = canonicalize_name(requirement.name), frozenset(requirement.extras)
        if name in given or not _holds(requirement, ()) or (name, extras) in seen:
            continue
        seen.add((name, extras))
        package = found.setdefault(name, _installed(name, who, requirement))
        _check_version(package, requirement, who)
        waiting += [(package.name, inner) for inner in _wanted(package.distribution, extras)]


def _read(text: str, who: str) -> Requirement:
    try:
        return Requirement(text)
    except InvalidRequirement as error:
        raise InvalidSettings(
            f"{who} depends on {text!r}, which names no package: {' '.join(str(error).split())}"
        ) from None


def _installed(name: str, who: str, requirement: Requirement) -> Package:
    try:
        one = distribution(name)
    except PackageNotFoundError:
        raise InvalidSettings(
            f"{who} depends on {name}, which is not installed here; pip install '{requirement.name}{requirement.specifier}'"
        ) from None
    return Package(name, one.version, who, one)


def _check_version(package: Package, requirement: Requirement, who: str) -> None:
    if not requirement.specifier.contains(package.version, prereleases=True):
        raise InvalidSettings(
            f"{who} depends on {requirement.name}{requirement.specifier}, and {package.version} is installed here; "
            f"pip install '{requirement.name}{requirement.specifier}'"
        )


def _wanted(one: Distribution, extras: Collection[str]) -> Iterator[Requirement]:
    """What a distribution depends on, for these extras, without their markers."""
    for text in one.requires or ():
        requirement = Requirement(text)
        if _holds(requirement, extras):
            requirement.marker = None
            yield requirement


def _holds(requirement: Requirement, extras: Collection[str]) -> bool:
    marker = requirement.marker
    return marker is None or any(marker.evaluate(_image() | {"extra": extra}) for extra in (*extras, ""))


def _image() -> dict[str, str]:
    """What markers are asked about: the image, not the machine that builds."""
    here = {name: str(value) for name, value in default_environment().items()}
    return here | {
        "os_name": "posix",
        "sys_platform": "linux",
        "platform_system": "Linux",
        "python_version": PYTHON,
        "python_full_version": f"{PYTHON}.0",
        "implementation_name": "cpython",
        "platform_python_implementation": "CPython",
    }


def _is_editable(one: Distribution) -> bool:
    origin: dict[str, Any] = json.loads(one.read_text("direct_url.json") or "{}")
    return bool(origin.get("dir_info", {}).get("editable"))


def _travels(path: str) -> bool:
    folder, _, name = path.rpartition("/")
    if folder.endswith(".dist-info") and name in _UNNEEDED:
        return False
    return "__pycache__" not in path.split("/") and not path.endswith((".pyc", ".pth"))
