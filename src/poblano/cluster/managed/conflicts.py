"""What an apply is refused with when others own what it would change.

Source: k8s.io/apimachinery/pkg/util/managedfields/internal/conflict.go
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from poblano.cluster.managed.elements import shown
from poblano.cluster.managed.entries import Manager
from poblano.cluster.managed.fields import Fields, paths
from poblano.cluster.status import StatusError
from poblano.core.jsonvalue import Document


class Conflicts(Exception):
    """Fields that others own and an apply would change, by owner."""

    def __init__(self, owners: Mapping[Manager, Fields], versions: Mapping[Manager, str]) -> None:
        super().__init__("conflicts")
        self.owners = owners
        self.versions = versions

    def refusal(self) -> StatusError:
        """The 409 that says who owns what."""
        named = sorted((self._named(who), who) for who in self.owners)
        found = [(name, shown(path)) for name, who in named for path in paths(self.owners[who])]
        causes: list[Document] = [
            {"reason": "FieldManagerConflict", "message": f"conflict with {name}", "field": path}
            for name, path in found
        ]
        return StatusError(409, "Conflict", _message(found), details={"causes": causes})

    def _named(self, who: Manager) -> str:
        name = json.dumps(who.name, ensure_ascii=False)
        if who.subresource:
            name += f" with subresource {json.dumps(who.subresource)}"
        return f"{name} using {self.versions[who]}" if who.operation == "Update" else name


def _message(found: list[tuple[str, str]]) -> str:
    if len(found) == 1:
        return f"Apply failed with 1 conflict: conflict with {found[0][0]}: {found[0][1]}"
    lines: list[str] = []
    for name, path in found:
        heading = f"conflicts with {name}:"
        if heading not in lines:
            lines.append(heading)
        lines.append(f"- {path}")
    return f"Apply failed with {len(found)} conflicts: " + "\n".join(lines)
