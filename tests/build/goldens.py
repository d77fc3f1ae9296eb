"""The golden files: what is built of the examples, for a person to read and to see what a change changes.

To write them anew:  python -m tests.build.goldens
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tests.build.examples import UUIDS, files_of_example

GOLDEN = Path(__file__).with_name("golden")


def _chart(name: str, file: str) -> Callable[[], str]:
    return lambda: files_of_example(name)[f"{UUIDS[name]}-chart/{file}"]


def _manifests(name: str, **options: object) -> Callable[[], str]:
    return lambda: files_of_example(name, **options)[f"poblano-module-{UUIDS[name]}.yaml"]


def _whole(name: str, file: str) -> Callable[[], str]:
    return lambda: files_of_example(name)[file]


FILES: dict[str, Callable[[], str]] = {
    "hello/manifests.yaml": _manifests("hello"),
    "hello/kustomization.yaml": _whole("hello", "kustomize/kustomization.yaml"),
    "hello/zarf.yaml": _whole("hello", "zarf.yaml"),
    "hello/Chart.yaml": _chart("hello", "Chart.yaml"),
    "hello/values.yaml": _chart("hello", "values.yaml"),
    "hello/NOTES.txt": _chart("hello", "templates/NOTES.txt"),
    "hello/admission-deployment.yaml": _chart("hello", "templates/admission-deployment.yaml"),
    "hello/validating-webhooks.yaml": _chart("hello", "templates/validating-webhooks.yaml"),
    "operator/manifests.yaml": _manifests("operator", monitoring=True, network_policy=True),
    "operator/manifests-1.20.yaml": _manifests("operator", kubernetes=(1, 20)),
    "operator/manifests-cert-manager.yaml": _manifests("operator", certificates="cert-manager"),
    "operator/values.yaml": _chart("operator", "values.yaml"),
}
"""Each with what it is to be."""


def write() -> None:
    """Write all of them."""
    for name, made in FILES.items():
        path = GOLDEN / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(made(), encoding="utf-8")


if __name__ == "__main__":
    write()
