"""All files of a module's Helm chart."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Final

from poblano.build.helm.arming import HELPER, keeping_armed
from poblano.build.helm.notes import notes
from poblano.build.helm.templates import HELPERS, template
from poblano.build.helm.values import branches, schema, slots, slots_in, values_table, values_yaml
from poblano.build.manifests import document, title
from poblano.build.plan import Plan
from poblano.build.readable import as_yaml
from poblano.build.replacements import POLICY_V1, oldest, spelt
from poblano.build.tree import Part
from poblano.core.jsonvalue import Document

_VERSION = re.compile(r"(?:\d+!)?(\d+)(?:\.(\d+))?(?:\.(\d+))?(?:\.\d+)*[-._]?(.*)")
_HEAD: Final = """\
Values of {title}. What is left out here keeps its default; `helm install --values FILE` takes another file.
Another type, or a name that is not in this file, is refused (values.schema.json)."""
_README: Final = """\
# {name}

{about}

```
helm install {name} . --namespace {namespace} --create-namespace
```

Made by `poblano build`: change the module and build again, or set the values below.

{table}"""


def chart_folder(uuid: str) -> str:
    """The chart's folder."""
    return f"{uuid}-chart"


def chart(plan: Plan, parts: Sequence[Part]) -> dict[str, str]:
    """The files, by their paths. Rendered with its defaults, it is what the manifests are.

    Args:
        plan: what is deployed.
        parts: of it.
    """
    own = [keeping_armed(part) for part in parts if not part.shared]
    values = branches(slots(own))
    files = {
        "Chart.yaml": as_yaml(about(plan)),
        "README.md": _readme(plan, values_table(values)),
        "values.yaml": values_yaml(values, _HEAD.format(title=title(plan))),
        "values.schema.json": f"{json.dumps(schema(values), indent=2, ensure_ascii=False)}\n",
        "templates/_helpers.tpl": f"{HELPERS}\n{HELPER}",
        "templates/NOTES.txt": notes(plan),
        **{f"templates/{part.name}.yaml": template(part) for part in own},
        **{f"crds/{part.name}.yaml": as_yaml(document(plan, _plain(part))) for part in parts if part.shared},
    }
    return {f"{chart_folder(plan.settings.uuid)}/{path}": text for path, text in files.items()}


def about(plan: Plan) -> Document:
    """``Chart.yaml``."""
    newest = "" if POLICY_V1.is_there(plan) else " <1.25.0-0"
    return {
        "apiVersion": "v2",
        "name": plan.settings.uuid,
        "description": plan.settings.description or title(plan),
        "type": "application",
        "version": chart_version(plan.version),
        "appVersion": plan.version,
        "kubeVersion": f">={spelt(oldest(plan))}.0-0{newest}",
    }


def chart_version(version: str) -> str:
    """A version of Python's as the nearest one of Helm's, which has three numbers and another way of saying the rest.

    Source: https://semver.org/spec/v2.0.0.html

    >>> [chart_version(one) for one in ("1.2.3", "1", "2.0rc1", "1.0.0.dev3", "1.0+local.1", "1.0.post1", "strange")]
    ['1.2.3', '1.0.0', '2.0.0-rc1', '1.0.0-dev3', '1.0.0+local.1', '1.0.0+post1', '0.0.1+strange']
    """
    found = _VERSION.fullmatch(version)
    if found is None:
        return f"0.0.1+{_identifiers(version)}"
    numbers = ".".join(str(int(number or 0)) for number in found.groups()[:3])
    rest, _, local = found[4].partition("+")
    after = rest.startswith("post")
    build = _identifiers(".".join(part for part in (rest if after else "", local) if part))
    before = _identifiers("" if after else rest)
    return f"{numbers}{f'-{before}' if before else ''}{f'+{build}' if build else ''}"


def _identifiers(text: str) -> str:
    return re.sub(r"[^0-9A-Za-z.-]+", "-", text).strip(".-")


def _plain(part: Part) -> Part:
    """A part that Helm takes as it is: what all modules of a cluster share, none of them may set."""
    if part.when or list(slots_in(part.tree)) or part.tree["kind"] != "CustomResourceDefinition":
        raise ValueError(f"{part.name} is shared, so it must be a definition, without places")
    return part


def _readme(plan: Plan, table: str) -> str:
    return _README.format(
        name=plan.settings.uuid,
        about=plan.settings.description or title(plan),
        namespace=plan.settings.namespace,
        table=table,
    )
