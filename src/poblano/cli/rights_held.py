"""Whether the accounts of a module may do in a cluster what its code does, asked of the API server itself."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import TYPE_CHECKING

from poblano.cli.diagnosis import Finding
from poblano.core.errors import ApiError, PoblanoError
from poblano.core.jsonvalue import Document
from poblano.core.uses import OWN_NAMESPACE

if TYPE_CHECKING:
    from poblano.build.plan import Plan
    from poblano.build.rights import Right
    from poblano.client import ApiClient

REVIEWS = "/apis/authorization.k8s.io/v1/subjectaccessreviews"


async def rights_held(client: ApiClient, uuid: str, namespace: str) -> AsyncGenerator[Finding]:
    """A finding for each account: what it may not do of what the rules need. Nothing outside of the module's folder."""
    plan = _planned(uuid)
    if plan is None or not namespace:
        return
    from poblano.build.framework import roles
    from poblano.build.granted import granted, rights_of
    from poblano.build.metadata import name_of

    grants = granted(plan)
    for role in roles(plan):
        account = f"system:serviceaccount:{namespace}:{name_of(plan, role)}"
        rights = sorted(rights_of(grants, role))
        try:
            missing = [right for right in rights if not await _may(client, account, right, namespace)]
        except ApiError as error:
            yield Finding("rights", None, f"you may not ask what {name_of(plan, role)} may do: {error.message}")
            return
        if not missing:
            yield Finding("rights", True, f"{name_of(plan, role)} may do all that the rules need")
        for line in _lines(missing):
            yield Finding(
                "rights", False, f"{name_of(plan, role)} may not {line}", "poblano deploy, or apply the build anew"
            )


def _planned(uuid: str) -> Plan | None:
    """The plan of the module whose folder this is, if it is the one that is meant."""
    from poblano.build.plan import Options
    from poblano.cli.planning import planned
    from poblano.cli.project import load_project

    try:
        project = load_project(Path.cwd())
        return planned(project, Options(), embed=False) if project.settings.uuid == uuid else None
    except PoblanoError:
        return None


async def _may(client: ApiClient, account: str, right: Right, own: str) -> bool:
    where = own if right.namespace == OWN_NAMESPACE else right.namespace
    groups = ["system:serviceaccounts", f"system:serviceaccounts:{own}", "system:authenticated"]
    spec: Document = {"user": account, "groups": groups, **_attributes(right, where)}
    body = {"apiVersion": "authorization.k8s.io/v1", "kind": "SubjectAccessReview", "spec": spec}
    answer = (await client.request("POST", REVIEWS, body=body)).json()
    return bool(answer["status"].get("allowed"))


def _attributes(right: Right, where: str) -> Document:
    if right.resource.startswith("/"):
        return {"nonResourceAttributes": {"path": right.resource, "verb": right.verb}}
    resource, _, subresource = right.resource.partition("/")
    attributes = {
        "group": right.group,
        "resource": resource,
        "subresource": subresource,
        "verb": right.verb,
        "namespace": where,
        "name": right.name,
    }
    return {"resourceAttributes": {key: value for key, value in attributes.items() if value}}


def _lines(missing: list[Right]) -> list[str]:
    """A line for each resource and place."""
    verbs: defaultdict[tuple[str, str, str], list[str]] = defaultdict(list)
    for right in missing:
        verbs[right.group, right.resource, right.namespace].append(right.verb)
    return [
        f"{', '.join(dict.fromkeys(said))} {resource}{f'.{group}' if group else ''}{f' in {space}' if space else ''}"
        for (group, resource, space), said in verbs.items()
    ]
