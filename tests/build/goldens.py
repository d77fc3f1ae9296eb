"""The golden files: what is built of the examples, for a person to read and to see what a change changes; and the table of values on
the page about the chart.

To write them anew:  python -m tests.build.goldens
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from poblano.build.helm.values import branches, slots, values_table
from poblano.build.tree import Slot
from tests.build.examples import UUIDS, files_of_example, parts_of_example

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
    "hello/argo-cd.yaml": _whole("hello", "argo-cd.yaml"),
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


PAGE = Path(__file__).resolve().parents[2] / "docs" / "helm.md"
BEGIN, END = "<!-- values: written by python -m tests.build.goldens -->\n", "<!-- end of values -->\n"


def values() -> list[Slot]:
    """What may be set in the chart of a module that does everything, whoever makes its certificates."""
    found: dict[str, Slot] = {}
    for certificates in ("self", "cert-manager", "provided"):
        own = [part for part in parts_of_example("hello", certificates=certificates) if not part.shared]
        for slot in slots(own):
            assert found.setdefault(slot.path, slot) == slot
    return list(found.values())


def page() -> str:
    """The page about the chart, with the values as they are."""
    head, _, rest = PAGE.read_text(encoding="utf-8").partition(BEGIN)
    return f"{head}{BEGIN}{values_table(branches(values()))}{END}{rest.partition(END)[2]}"


def write() -> None:
    """Write all of them."""
    PAGE.write_text(page(), encoding="utf-8")
    for name, made in FILES.items():
        path = GOLDEN / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(made(), encoding="utf-8")


if __name__ == "__main__":
    write()
