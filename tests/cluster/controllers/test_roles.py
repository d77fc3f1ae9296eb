"""The rules of aggregated roles are written down."""

from __future__ import annotations

import asyncio
from typing import Any

from tests.cluster.rest.asking import MERGE, asking

ROLES = "/apis/rbac.authorization.k8s.io/v1/clusterroles"
PODS: dict[str, Any] = {"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]}


async def test_a_role_has_the_rules_of_those_it_selects_for_as_long_as_it_does() -> None:
    async with (
        asking(controllers=True) as ask,
        ask.watching(ROLES, query={"fieldSelector": "metadata.name=whole"}) as watch,
    ):

        async def until(rules: list[dict[str, Any]] | None) -> None:
            async with asyncio.timeout(30):
                event = await watch.next()
                while event is not None and (event["object"].get("rules") or []) != (rules or []):
                    event = await watch.next()
                assert event is not None

        selector = {"clusterRoleSelectors": [{"matchLabels": {"to": "whole"}}]}
        await ask.create(ROLES, "whole", aggregationRule=selector)
        await until([])
        await ask.create(ROLES, "part", metadata={"name": "part", "labels": {"to": "whole"}}, rules=[PODS])
        await until([PODS])
        await ask("PATCH", f"{ROLES}/part", {"metadata": {"labels": {"to": "none"}}}, content_type=MERGE)
        await until([])
