"""What `K8s` means in the actions of a module, and that a dry run stays one."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from poblano import Capability, K8s, Module, Phase, a, wait
from poblano.admission.certificates import issue
from poblano.admission.registration import Registration, configuration_name
from poblano.admission.reviewer import ModuleReviewer
from poblano.admission.server import AdmissionServer
from poblano.admission.tls import LiveCertificate
from poblano.admission.webhooks import Abilities, configurations
from poblano.cli.registrar import client_config
from poblano.client import Resources, connect, server_version
from poblano.client.ambient import using
from poblano.watch.watcher import Watcher
from tests.watch.clusters import until

if TYPE_CHECKING:
    from tests.control_plane import ControlPlane


def following(space: str, seen: list[str]) -> Capability:
    rules = Capability("shop")
    maps = rules.when(a.ConfigMap).is_created().in_namespace(space)

    @maps.with_name("asks").watch
    async def answer(asks: a.ConfigMap, phase: Phase) -> None:
        made = await K8s(a.ConfigMap).in_namespace(space).apply({"metadata": {"name": "answered"}, "data": {"a": "b"}})
        seen.append(str(made.metadata.managed_fields[0].manager))

    @maps.with_name("asks").watch
    def answer_from_a_thread(asks: a.ConfigMap, phase: Phase) -> None:
        made = wait(
            K8s(a.ConfigMap).in_namespace(space).apply({"metadata": {"name": "answered-too"}, "data": {"a": "b"}})
        )
        seen.append(str(made.metadata.managed_fields[0].manager))

    return rules


async def test_a_watch_action_means_the_cluster_that_it_watches(client, space):
    seen: list[str] = []
    watcher = Watcher(following(space, seen).bindings, client, uuid="shop")
    running = asyncio.create_task(watcher.run())

    await K8s(a.ConfigMap, client=client).in_namespace(space).create({"metadata": {"name": "asks"}})
    await until(lambda: len(seen) == 2, "both have answered")
    watcher.stop()
    await running

    assert seen == ["poblano-shop", "poblano-shop"]
    names = [found.metadata.name for found in await K8s(a.ConfigMap, client=client).in_namespace(space).list()]
    assert {"answered", "answered-too"} <= set(names)


def reviewing(space: str, seen: list[Any]) -> Capability:
    rules = Capability("shop")

    @rules.when(a.ConfigMap).is_created().in_namespace(space).with_label("asks").mutate
    async def write_beside(asks) -> None:
        maps = K8s(a.ConfigMap).in_namespace(space)
        await maps.apply({"metadata": {"name": "applied"}, "data": {"a": "b"}})
        await maps.create({"metadata": {"generateName": "created-"}})
        seen.append(len(await maps.list()))  # reading goes on

    return rules


async def test_kubectls_dry_run_leaves_nothing_behind_that_an_action_writes(control_plane: ControlPlane) -> None:
    space, seen = "kubectl-dry-runs", list[Any]()
    control_plane.kubectl("create", "namespace", space)
    issued, module = issue(["localhost"], ["127.0.0.1"]), Module(reviewing(space, seen))
    reviewer = ModuleReviewer(module)
    say_create = ["create", "configmap", "asked", "-n", space, "--from-literal=a=b", "--dry-run=client", "-o", "json"]
    asked = control_plane.kubectl(*say_create).stdout.replace('"metadata": {', '"metadata": {"labels": {"asks": "x"},')
    async with connect(control_plane.kubeconfig) as client:
        registration = Registration(Resources(client), "fluent", configuration_name("fluent"), {})
        with using(client):
            async with AdmissionServer(reviewer, LiveCertificate(issued.pair), host="localhost", port=0) as server:
                how = client_config(f"https://localhost:{server.port}", issued.authority)
                abilities = Abilities.of(await server_version(client))
                await registration.put(configurations(reviewer.entries, "fluent", how, abilities))
                try:
                    maps = K8s(a.ConfigMap).in_namespace(space)
                    while not seen:  # an API server hears of a webhook in its own time
                        await asyncio.to_thread(
                            control_plane.kubectl, "create", "-f", "-", "--dry-run=server", input=asked, check=False
                        )
                    assert {found.metadata.name for found in await maps.list()} <= {"kube-root-ca.crt"}
                    await asyncio.to_thread(control_plane.kubectl, "create", "-f", "-", input=asked)
                    written = {found.metadata.name.partition("-")[0] for found in await maps.list()}
                    assert {"applied", "created", "asked"} <= written
                finally:
                    await registration.remove(only_own=False)
    reviewer.close()
    control_plane.kubectl("delete", "namespace", space, "--wait=false")
