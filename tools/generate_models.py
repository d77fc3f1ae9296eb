"""Writes src/poblano/models from the OpenAPI v3 documents of a Kubernetes server.

    python tools/generate_models.py [FOLDER]            write
    python tools/generate_models.py [FOLDER] --check    fail when what is committed is not what would be written

FOLDER holds one ``*.json.gz`` for each group and version; by default ../shared/kubernetes-1.36/openapi-v3 beside the
repository. Where that default is missing there is nothing to check against: ``--check`` says so and succeeds.
"""

from __future__ import annotations

import argparse
import difflib
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tools.models.classes import HEADER, modules  # noqa: E402
from tools.models.index import index, subresources  # noqa: E402
from tools.models.specification import Specification, read  # noqa: E402

DOCUMENTS = ROOT.parent / "shared" / "kubernetes-1.36" / "openapi-v3"
TARGET = ROOT / "src" / "poblano" / "models"
PACKAGE = '''
"""The kinds of Kubernetes, a module for each group and version. `a` is the index over them.

Every schema of the API is a class, but for what a server answers to ``list`` (``PodList``).
"""
'''


def generated(specification: Specification) -> dict[str, str]:
    """Every file of the package by its name, formatted."""
    sources = {f"{name}.py": source for name, source in modules(specification).items()}
    sources["a.py"] = index(specification)
    sources["subresources.py"] = subresources(specification)
    sources["__init__.py"] = HEADER.format(version=specification.version) + PACKAGE
    return {name: formatted(name, source) for name, source in sorted(sources.items())}


def formatted(name: str, source: str) -> str:
    """`source` as ``ruff format`` leaves it under the repository's settings."""
    command = [sys.executable, "-m", "ruff", "format", "--stdin-filename", str(TARGET / name), "-"]
    return subprocess.run(command, input=source, stdout=subprocess.PIPE, check=True, cwd=ROOT, text=True).stdout


def committed() -> dict[str, str]:
    """Every file of the package as it is."""
    return {file.name: file.read_text() for file in sorted(TARGET.glob("*.py"))}


def write(files: dict[str, str]) -> None:
    """Put the files in their place; a module that is no longer generated goes."""
    TARGET.mkdir(parents=True, exist_ok=True)
    for name in committed().keys() - files.keys():
        (TARGET / name).unlink()
    for name, source in files.items():
        (TARGET / name).write_text(source)


def differences(files: dict[str, str]) -> list[str]:
    """One line for each file that is not what it would be, with the first lines that differ."""
    found: list[str] = []
    before = committed()
    for name in sorted(before.keys() | files.keys()):
        old, new = before.get(name, "").splitlines(), files.get(name, "").splitlines()
        changed = list(difflib.unified_diff(old, new, lineterm="", n=0))[2:]
        if changed:
            found.append(f"{name}: {sum(line[0] in '+-' for line in changed)} lines differ")
            found += [f"    {line}" for line in changed[:6]]
    return found


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description="Write src/poblano/models from the OpenAPI documents of Kubernetes.")
    parser.add_argument("folder", nargs="?", type=Path, default=DOCUMENTS, help="where the *.json.gz are")
    parser.add_argument("--check", action="store_true", help="write nothing; fail when the committed code differs")
    options = parser.parse_args()
    if options.check and options.folder == DOCUMENTS and not DOCUMENTS.is_dir():
        print("models: not checked, for the OpenAPI documents are not here (../shared/kubernetes-1.36/openapi-v3)")
        return 0
    files = generated(read(options.folder))
    if not options.check:
        write(files)
        print(f"models: {len(files)} files written")
        return 0
    changed = differences(files)
    for line in changed:
        print(line)
    print("models: run python tools/generate_models.py" if changed else f"models: {len(files)} files are fresh")
    return 1 if changed else 0


if __name__ == "__main__":
    sys.exit(main())
