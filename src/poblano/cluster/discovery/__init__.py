"""Discovery: what kubectl asks before it asks for anything else."""

from __future__ import annotations

import orjson

from poblano.cluster.discovery.aggregated import aggregated, asked_for, content_type
from poblano.cluster.discovery.answer import Answer, digest, json_answer, tagged
from poblano.cluster.discovery.groups import api_versions, group, group_list, resource_list, served
from poblano.cluster.discovery.version import version
from poblano.cluster.resources import Registry, Resource

__all__ = ["Answer", "Discovery", "version"]


class Discovery:
    """Answers /version, /api, /apis and what is below them up to the resources.

    Args:
        registry: what is served.
        address: where the server is reached, "127.0.0.1:6443".
    """

    def __init__(self, registry: Registry, address: str = "") -> None:
        self.address = address
        self._registry = registry
        self._generation = -1
        self._groups: dict[str, dict[str, list[Resource]]] = {}
        self._aggregated: dict[tuple[str, str], tuple[bytes, str]] = {}

    def answer(self, path: str, *, accept: str = "", if_none_match: str = "") -> Answer | None:
        """What a GET of that path is answered with; None if it is nothing of discovery, or nothing that is served.

        Raises:
            Nothing: an unknown group or version is the caller's "404 page not found".
        """
        if path in ("/version", "/version/"):
            return json_answer(version())
        match path.strip("/").split("/"):
            case ["api" | "apis" as root]:
                return self._root(root, accept, if_none_match)
            case ["api", asked]:
                return self._resources("", asked)
            case ["apis", name]:
                versions = self._current().get(name) if name else None
                return json_answer(group(name, list(versions))) if versions else None
            case ["apis", name, asked]:
                return self._resources(name, asked) if name else None
            case _:
                return None

    def _current(self) -> dict[str, dict[str, list[Resource]]]:
        if self._generation != self._registry.generation:
            self._groups, self._aggregated = served(self._registry), {}
            self._generation = self._registry.generation
        return self._groups

    def _root(self, root: str, accept: str, if_none_match: str) -> Answer:
        asked = asked_for(accept)
        if asked is None:
            return json_answer(api_versions(self.address) if root == "api" else group_list(self._current()))
        body, tag = self._together(root, asked)
        return tagged(body, content_type(asked), tag, if_none_match)

    def _together(self, root: str, asked: str) -> tuple[bytes, str]:
        groups = self._current()
        if (root, asked) not in self._aggregated:
            chosen = {name: versions for name, versions in groups.items() if bool(name) == (root == "apis")}
            body = orjson.dumps(aggregated(chosen, asked))
            self._aggregated[root, asked] = body, digest(body)
        return self._aggregated[root, asked]

    def _resources(self, name: str, asked: str) -> Answer | None:
        resources = self._current().get(name, {}).get(asked)
        return json_answer(resource_list(name, asked, resources)) if resources else None
