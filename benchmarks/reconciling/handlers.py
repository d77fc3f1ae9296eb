"""The same for kopf: ``on.event``, which keeps nothing and tries nothing again, or ``on.create`` and ``on.update``.

Events, which kopf would post to the cluster, are off, nothing is scanned, and progress is kept in annotations alone: what
its documentation says on performance. Its log is quiet (`kopf run --quiet`).
"""

from __future__ import annotations

import json
import os
import ssl
from typing import Any

import aiohttp
import kopf

from benchmarks.reconciling.tally import APPLIES, GROUP, MANAGER, NAMESPACE, PLURAL, VERSION, Tally, wanted

tally = Tally()
_session: aiohttp.ClientSession | None = None


@kopf.on.startup()
async def configure(settings: kopf.OperatorSettings, **_: Any) -> None:
    """As fast as its authors say that it can be."""
    settings.posting.enabled = False
    settings.scanning.disabled = True
    settings.persistence.progress_storage = kopf.AnnotationsProgressStorage()
    settings.persistence.diffbase_storage = kopf.AnnotationsDiffBaseStorage()


@kopf.on.login()
def login(**known: Any) -> Any:
    """Without another client library, none of which it needs."""
    return kopf.login_with_kubeconfig(**known)


async def called(name: str, spec: Any, **_: Any) -> None:
    """Called for each object."""
    step = spec.get("step", 0)
    if APPLIES:
        await apply(wanted(name, step))
    tally.called(name, step)


if os.environ.get("BENCH_PHASE", "create") == "event":
    kopf.on.event(GROUP, VERSION, PLURAL)(called)
else:
    kopf.on.create(GROUP, VERSION, PLURAL)(called)
    kopf.on.update(GROUP, VERSION, PLURAL)(called)


async def apply(document: dict[str, object]) -> None:
    """Server-side apply, which kopf leaves to others: on the HTTP client that it has itself, pooled."""
    global _session  # noqa: PLW0603 -- one a process, made on the loop that uses it
    if _session is None:
        tls = ssl.create_default_context(cafile=os.environ["BENCH_CA"])
        headers = {"Authorization": f"Bearer {os.environ['BENCH_TOKEN']}"}
        _session = aiohttp.ClientSession(
            os.environ["BENCH_URL"], headers=headers, connector=aiohttp.TCPConnector(ssl=tls)
        )
    path = f"/api/v1/namespaces/{NAMESPACE}/configmaps/{MANAGER}-{document['data']['made-for']}"  # type: ignore[index]
    async with _session.patch(
        path,
        params={"fieldManager": MANAGER, "force": "true"},
        data=json.dumps(document),
        headers={"Content-Type": "application/apply-patch+yaml"},
    ) as answer:
        answer.raise_for_status()
        await answer.read()


@kopf.on.cleanup()
async def close(**_: Any) -> None:
    """Nothing is left open."""
    if _session is not None:
        await _session.close()
