"""The modules that a cluster has, found by the label that all of theirs bear."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from poblano.core.deployed import DESCRIPTION, UUID_LABEL
from poblano.core.errors import InvalidSettings
from poblano.core.jsonvalue import Document
from poblano.core.kinds import Kind

if TYPE_CHECKING:
    from poblano.client import ApiClient

DEPLOYMENTS = Kind("apps", "v1", "Deployment", "deployments")


@dataclass(frozen=True, slots=True)
class Deployed:
    """A module in a cluster.

    Args:
        uuid: the module's.
        namespace: where its Pods are.
        deployments: as they were read.
    """

    uuid: str
    namespace: str
    deployments: tuple[Document, ...]

    @property
    def description(self) -> str:
        """What the module is for, as its settings said when it was built."""
        said: list[str] = [one["metadata"].get("annotations", {}).get(DESCRIPTION, "") for one in self.deployments]
        return max(said, default="")

    @property
    def ready(self) -> str:
        """How many Pods are ready, of how many there are to be.

        >>> Deployed("x", "shop", ({"spec": {"replicas": 2}, "status": {"readyReplicas": 1}},)).ready
        '1/2'
        """
        wanted = sum(one["spec"].get("replicas", 1) for one in self.deployments)
        return f"{sum(one.get('status', {}).get('readyReplicas', 0) for one in self.deployments)}/{wanted}"


async def deployed(client: ApiClient, uuid: str = "", namespace: str = "") -> list[Deployed]:
    """The modules of a cluster, in order of their uuid.

    Args:
        client: an open client.
        uuid: only this one.
        namespace: only there.

    Raises:
        InvalidSettings: nothing can be called so.
        ApiError: who asks may not list Deployments.
    """
    from poblano.client import Resources

    check_names(uuid, namespace)
    selector = f"{UUID_LABEL}={uuid}" if uuid else UUID_LABEL
    found = await Resources(client).list(DEPLOYMENTS, namespace, label_selector=selector)
    gathered: defaultdict[tuple[str, str], list[Document]] = defaultdict(list)
    for one in found.items:
        labels: Mapping[str, str] = one["metadata"]["labels"]
        gathered[labels[UUID_LABEL], one["metadata"]["namespace"]].append(one)
    return [Deployed(*key, tuple(documents)) for key, documents in sorted(gathered.items())]


def check_names(uuid: str, namespace: str) -> None:
    """See that they are names: one that is none would be read as more of a selector, or of a path.

    Raises:
        InvalidSettings: one is none.

    >>> check_names("shop", "a/b")
    Traceback (most recent call last):
    poblano.core.errors.InvalidSettings: 'a/b' is no name of a namespace: it is lower-case letters, digits and -
    """
    from poblano.cli.answers import uuid_of
    from poblano.settings_values import LABEL

    if uuid:
        uuid_of(uuid)
    if namespace and not LABEL.fullmatch(namespace):
        raise InvalidSettings(f"{namespace!r} is no name of a namespace: it is lower-case letters, digits and -")


async def the_one(client: ApiClient, uuid: str, namespace: str) -> Deployed:
    """The one module that is meant.

    Raises:
        InvalidSettings: there is none, or there are several.
    """
    found = await deployed(client, uuid, namespace)
    if len(found) == 1:
        return found[0]
    if not found:
        others = sorted({one.uuid for one in await deployed(client)})
        known = f"; there are {', '.join(others)}" if others else "; there is no module at all"
        raise InvalidSettings(f"the cluster has no module {uuid!r}{f' in {namespace}' if namespace else ''}{known}")
    places = ", ".join(one.namespace for one in found)
    raise InvalidSettings(f"the module {uuid!r} is in several namespaces ({places}): say which with --namespace")


def own_uuid(start: Path) -> str:
    """The uuid of the module whose folder this is, as far as its settings say; its code is not imported.

    Raises:
        InvalidSettings: there is no module here.
    """
    import os

    from poblano.settings import find_project, load_settings

    return load_settings(find_project(start), os.environ).uuid
