"""Writes what goes across the groups: `poblano.models.a`, the index over the kinds, and `poblano.models.subresources`."""

from __future__ import annotations

from typing import NamedTuple

from tools.models.classes import HEADER
from tools.models.names import age, module_of_group
from tools.models.specification import Gvk, Served, Specification

RENAMED = {Gvk("", "v1", "Event"): "CoreEvent", Gvk("events.k8s.io", "v1", "Event"): "Event"}
"""As in Pepr. Any other name that two groups share would go to the core group, and to the others with their group in front."""


class Entry(NamedTuple):
    """A name in the index, and the class it stands for."""

    name: str
    module: str
    kind: str


def entries(specification: Specification) -> list[Entry]:
    """All names of the index, each for the newest stable version of its kind."""
    newest: dict[tuple[str, str], Gvk] = {}
    for gvk in specification.kinds:
        known = newest.get((gvk.group, gvk.kind))
        if known is None or age(gvk.version) > age(known.version):
            newest[gvk.group, gvk.kind] = gvk
    groups: dict[str, set[str]] = {}
    for group, kind in newest:
        groups.setdefault(kind, set()).add(group)
    return sorted(_entry(gvk, groups[gvk.kind]) for gvk in newest.values())


def _entry(gvk: Gvk, groups: set[str]) -> Entry:
    return Entry(_name(gvk, groups), module_of_group(gvk.group, gvk.version), gvk.kind)


def _name(gvk: Gvk, groups: set[str]) -> str:
    if gvk in RENAMED:
        return RENAMED[gvk]
    if len(groups) == 1 or gvk.group == "":
        return gvk.kind
    return f"{gvk.group.partition('.')[0].capitalize()}{gvk.kind}"


def index(specification: Specification) -> str:
    """The source of the module `a`."""
    found = entries(specification)
    renamed = [entry for entry in found if entry.name != entry.kind]
    imports = [f"    from poblano.models.{e.module} import {e.kind} as {_private(e)}" for e in found]
    return SOURCE.format(
        header=HEADER.format(version=specification.version),
        imports="\n".join(sorted(imports)),
        aliases="\n".join(
            f"    {entry.name} = {_private(entry)}" for entry in renamed if _private(entry) != entry.name
        ),
        homes="\n".join(f'        "{entry.name}": "{entry.module}",' for entry in found),
        renamed="\n".join(f'        "{entry.name}": "{entry.kind}",' for entry in renamed),
    )


def _private(entry: Entry) -> str:
    """``import X as X`` exports X to a type checker; any other name has to be assigned."""
    return entry.name if entry.name == entry.kind else f"_{entry.name}"


SOURCE = '''{header}
"""The kinds of Kubernetes by name: ``from poblano import a``, then ``a.Pod``, ``a.Deployment``, ``a.GenericKind``.

A name stands for the newest stable version of its kind; older ones are in the module of their group and version, such as
``poblano.models.autoscaling_v1``. ``a.Event`` is the one of events.k8s.io, ``a.CoreEvent`` the core group's. A module is
imported when the first of its kinds is touched.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from poblano.core.objects import GenericKind as GenericKind
{imports}

{aliases}
else:
    _MODULES = {{
{homes}
    }}
    _RENAMED = {{
{renamed}
    }}

    def __getattr__(name):
        from importlib import import_module

        if name == "GenericKind":
            found = import_module("poblano.core.objects").GenericKind
        elif name in _MODULES:
            module = import_module(f"poblano.models.{{_MODULES[name]}}")
            found = getattr(module, _RENAMED.get(name, name))
        else:
            raise AttributeError(_unknown(name), name=name)
        globals()[name] = found
        return found

    def __dir__():
        return sorted(["GenericKind", *_MODULES])

    def _unknown(name):
        from difflib import get_close_matches

        if near := get_close_matches(name, __dir__(), 3):
            return f"there is no kind a.{{name}}; did you mean {{' or '.join(f'a.{{one}}' for one in near)}}?"
        return f"there is no kind a.{{name}}; write a class for it: class {{name}}(Resource, group=..., version=..., plural=...)"
'''


def subresources(specification: Specification) -> str:
    """The source of the module that says where kinds are served that are bodies of subresources."""
    rows: list[str] = []
    for gvk, served in specification.kinds.items():
        places = ", ".join(f'("{group}", "{version}", "{path}")' for group, version, path in sorted(served.parents))
        if places:
            rows.append(f'    ("{gvk.group}", "{gvk.version}", "{gvk.kind}"): ({places},),')
    verbs = [
        f'    ("{gvk.group}", "{gvk.version}", "{gvk.kind}"): {_verbs(served)},'
        for gvk, served in specification.kinds.items()
        if served.verbs
    ]
    return PLACES.format(
        header=HEADER.format(version=specification.version), rows="\n".join(rows), verbs="\n".join(verbs)
    )


def _verbs(served: Served) -> str:
    return repr({name: " ".join(sorted(verbs)) for name, verbs in sorted(served.verbs.items())})


PLACES = '''{header}
"""What is served beside and below the kinds: where a Scale travels to, and which verbs each subresource knows."""

from __future__ import annotations

from typing import Final

SUBRESOURCES: Final[dict[tuple[str, str, str], tuple[tuple[str, str, str], ...]]] = {{
{rows}
}}
"""By group, version and kind of the body: group, version and path (``deployments/scale``) of each that takes it."""

VERBS: Final[dict[tuple[str, str, str], dict[str, str]]] = {{
{verbs}
}}
"""By group, version and kind: the subresources, "" being the object itself, and what can be done to each."""
'''
