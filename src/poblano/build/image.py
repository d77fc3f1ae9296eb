"""An image that has a module in it: for a module that does not fit into a Secret, or depends on what is compiled.

It is made from the image of the controller (``image/Dockerfile``) with docker or podman, whichever is there. The module and
what it depends on in pure Python are copied as they are here; what is compiled is installed for the image, in the same
version.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from poblano.build.archive import VENDORED, packed
from poblano.build.imports import check_imports
from poblano.build.sources import project_files
from poblano.build.vendoring import PYTHON, Package, packages_of
from poblano.core.deployed import MODULE_FOLDER, Names
from poblano.core.errors import PoblanoError
from poblano.settings import Settings

BASE: Final = f"python:{PYTHON}-slim-bookworm"
"""What the controller's image is made from, and what is compiled is installed in."""

TOOLS: Final = ("docker", "podman")

_REGISTRY: Final = re.compile(r"[a-z0-9][a-z0-9.-]*(:[0-9]+)?(/[a-z0-9]+([._-]+[a-z0-9]+)*)*")
_NOT_IN_A_TAG: Final = re.compile(r"[^A-Za-z0-9_.-]")


class ImageFailed(PoblanoError):
    """An image was not built or not pushed. The message says what to do."""


def image_context(settings: Settings, *, base: str) -> dict[str, bytes]:
    """The files that an image is built from: a Dockerfile, and what it copies.

    Call it when the module has been loaded, as `poblano.build.archive.archive`.

    Args:
        settings: of the module; its folder is read.
        base: the controller's image.

    Raises:
        InvalidSettings: a file or package is missing, or something is imported that nobody has named.
    """
    files = project_files(settings)
    packages = packages_of(settings)
    check_imports(settings, files, packages)
    compiled = [package for package in packages if package.is_compiled]
    copied = {f"module/{path}": data for path, data in files.items()}
    for package in packages:
        if not package.is_compiled:
            copied |= {f"module/{VENDORED}/{path}": data for path, data in package.files().items()}
    pins = "".join(f"{package.name}=={package.version}\n" for package in compiled)
    return {
        "Dockerfile": dockerfile(settings, compiled, base=base).encode(),
        **({"requirements.txt": pins.encode()} if pins else {}),
        **copied,
    }


def dockerfile(settings: Settings, compiled: Sequence[Package], *, base: str) -> str:
    """The Dockerfile of a module.

    Args:
        settings: of the module.
        compiled: what it depends on that must be made for the image.
        base: the controller's image.
    """
    target = f"{MODULE_FOLDER}/{VENDORED}"
    head = f"# The module {settings.uuid} with all that it needs, in the image of Poblano's controller. Written by poblano build.\n"
    install = (
        f"FROM {BASE} AS packages\n"
        "COPY requirements.txt /requirements.txt\n"
        f"RUN python -m pip install --no-cache-dir --no-deps --only-binary :all: --target {target} -r /requirements.txt\n\n"
    )
    lines = [
        f"FROM {base}",
        *([f"COPY --from=packages {target} {target}"] if compiled else []),
        f"COPY module {MODULE_FOLDER}",
        f"ENV PYTHONPATH={target}",
        f"WORKDIR {MODULE_FOLDER}",
    ]
    return head + (install if compiled else "") + "\n".join(lines) + "\n"


def image_name(registry: str, settings: Settings, version: str, context: Mapping[str, bytes]) -> str:
    """What the image of a module is called. Another content is another name, so that pods are made anew with it.

    Args:
        registry: with the path in it: ``ghcr.io/team``.
        settings: of the module.
        version: the module's own.
        context: the files that it is built from.

    Raises:
        ImageFailed: no image can have such a name.
    """
    place = registry.strip().rstrip("/")
    if not _REGISTRY.fullmatch(place):
        raise ImageFailed(
            f"{registry!r} names no place for images; write a registry and a path in it, such as ghcr.io/team"
        )
    tag = _NOT_IN_A_TAG.sub("-", version)[:100]
    return f"{place}/{Names(settings.uuid).base}:{tag}-{packed(context).sha256[:12]}"


def build_tool() -> str:
    """The program that makes images: docker, or podman.

    Raises:
        ImageFailed: neither is there.
    """
    for name in TOOLS:
        if found := shutil.which(name):
            return found
    raise ImageFailed(
        f"neither {' nor '.join(TOOLS)} is on the PATH; install one of them: it builds and pushes the image"
    )


def build_and_push(context: Mapping[str, bytes], image: str, *, tool: str) -> None:
    """Build an image, and push it to its registry. What the program says goes to the terminal.

    Args:
        context: see `image_context`.
        image: its name, see `image_name`.
        tool: see `build_tool`.

    Raises:
        ImageFailed: it could not be done.
    """
    with tempfile.TemporaryDirectory(prefix="poblano-image-") as name:
        write_context(context, Path(name))
        _called(tool, "build", "--tag", image, name, remedy="see what it says above")
    _called(
        tool,
        "push",
        image,
        remedy=f"you may have to say who you are: {Path(tool).name} login {image.partition('/')[0]}",
    )


def write_context(context: Mapping[str, bytes], folder: Path) -> None:
    """Put the files of an image into a folder, readable by whoever runs it."""
    for path, data in context.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)
        target.chmod(0o644)
    for inner in folder.rglob("*/"):
        inner.chmod(0o755)


def _called(tool: str, *arguments: str, remedy: str) -> None:
    try:
        status = subprocess.run([tool, *arguments], check=False, stdin=subprocess.DEVNULL).returncode
    except OSError as error:
        raise ImageFailed(f"{tool} cannot be started: {error.strerror or error}") from None
    if status:
        raise ImageFailed(f"{Path(tool).name} {arguments[0]} ended with status {status}; {remedy}")
