"""Packages as pip would have installed them, for tests: written by hand, so that none need be downloaded."""

from __future__ import annotations

from pathlib import Path


def install(
    folder: Path,
    name: str,
    version: str = "1.0",
    *,
    requires: tuple[str, ...] = (),
    files: dict[str, str] | None = None,
    tag: str = "py3-none-any",
    direct_url: str = "",
) -> None:
    """Put a package into `folder`, which is to be on ``sys.path``."""
    module = name.replace("-", "_")
    info = f"{module}-{version}.dist-info"
    metadata = "".join(f"Requires-Dist: {text}\n" for text in requires)
    written = {
        f"{module}/__init__.py": f"NAME = {name!r}\n",
        **(files or {}),
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{metadata}",
        f"{info}/WHEEL": f"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: {tag}\n",
        f"{info}/INSTALLER": "pip\n",
    }
    if direct_url:
        written[f"{info}/direct_url.json"] = direct_url
    listed = [*written, f"{module}/__pycache__/__init__.cpython-311.pyc", "../../../bin/tool", f"{info}/RECORD"]
    written[f"{info}/RECORD"] = "".join(f"{path},,\n" for path in listed)
    for path, text in written.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
