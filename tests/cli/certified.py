"""Pods that look after their certificates, as processes on this machine, behind a Service of a real API server.

The test is the kubelet (it starts them), the endpoints controller (it names those that are ready), and whoever uses the cluster.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import itertools
import json
import signal
import socket
import ssl
import sys
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from poblano.admission.webhooks import KINDS
from poblano.client import Resources
from poblano.core.deployed import MAKER, Names
from poblano.core.errors import ApiError
from poblano.core.kinds import Kind
from poblano.core.store.layout import SECRETS
from tests.pepr.pods import Pod, hooked
from tests.pepr.site.hook import PASSED, TUNED
from tests.watch.clusters import CONFIGMAPS, space_of, until

SERVICES = Kind("", "v1", "Service", "services")
ENDPOINTS = Kind("", "v1", "Endpoints", "endpoints")
CONFIGURATION = KINDS["mutate"]

MODULE = """
from poblano import Capability, Module, a

shop = Capability("shop", namespaces=["{space}"])
shop.when(a.ConfigMap).is_created().mutate(lambda one: one.set_label("seen", "yes"), name="mark")

module = Module(shop)
"""

TUNES = json.dumps({"grace": 1, "every": 0.2, "duration": 4, "renew": 3, "retry": 0.5})

_numbers = itertools.count()


def own_address() -> str:
    """An address of this machine that is not its loopback's; "" when it has none. Nothing is sent for it."""
    with contextlib.closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as probe, contextlib.suppress(OSError):
        probe.connect(("192.0.2.1", 9))
        found: str = probe.getsockname()[0]
        return "" if found.startswith("127.") else found
    return ""


@dataclass
class Deployment:
    """One module in a cluster. `space` is its namespace, and where its rule applies is `space`-users."""

    api: Resources
    kubeconfig: Path
    folder: Path
    uuid: str
    space: str
    options: tuple[str, ...] = ("--certificates", "self")
    pods: list[Pod] = field(default_factory=list)
    behind: tuple[Pod, ...] = ()
    failed: list[str] = field(default_factory=list)
    created: int = 0
    maker: str = ""
    passed: float = 0.0

    @property
    def names(self) -> Names:
        return Names(self.uuid)

    @property
    def users(self) -> str:
        return f"{self.space}-users"

    # ---------------------------------------------------------------- what poblano build writes

    def webhook(self, **changes: Any) -> dict[str, Any]:
        """The one of the module, as it ships."""
        client = {"service": {"name": self.names.base, "namespace": self.space, "path": "/mutate/fail/10", "port": 443}}
        rule = {"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["configmaps"]}
        return {
            "name": f"mutate-fail-10.{self.uuid}.poblano.dev",
            "admissionReviewVersions": ["v1"],
            "sideEffects": "NoneOnDryRun",
            "failurePolicy": "Ignore",
            "clientConfig": client,
            "rules": [rule],
            "namespaceSelector": {"matchLabels": {"for": self.users}},
            **changes,
        }

    async def apply_webhooks(self, *webhooks: dict[str, Any]) -> None:
        """As somebody who keeps manifests in git does: whatever others have changed."""
        git = Resources(self.api._client, field_manager="git")
        metadata = {"name": self.names.base, "annotations": {MAKER: self.maker} if self.maker else {}}
        document = {"metadata": metadata, "webhooks": [*(webhooks or (self.webhook(),))]}
        await git.apply(CONFIGURATION, document, force=True)

    async def install(self) -> None:
        """Apply the manifests, and make the folder of the module."""
        await space_of(self.api, self.space)
        await space_of(self.api, self.users)
        labels = {"metadata": {"labels": {"for": self.users}}}
        await self.api.patch(Kind("", "v1", "Namespace", "namespaces", namespaced=False), self.users, labels)
        secret = {"metadata": {"name": self.names.certificates, "namespace": self.space}, "type": "Opaque"}
        await self.api.create(SECRETS, secret)
        ports = [{"name": "https", "port": 443, "targetPort": 8443}]
        await self.api.create(SERVICES, {"metadata": self._named, "spec": {"ports": ports}})
        await self.apply_webhooks()
        self.write_module()

    def write_module(self) -> None:
        """The folder of the module."""
        self.folder.mkdir()
        settings = f'[tool.poblano]\nuuid = "{self.uuid}"\nmodule = "rules:module"\nnamespace = "{self.space}"\n'
        self._clock.write_text("0")
        (self.folder / "pyproject.toml").write_text(settings)
        (self.folder / "rules.py").write_text(MODULE.format(space=self.users))

    @property
    def _clock(self) -> Path:
        return self.folder / "passed"

    @property
    def _named(self) -> dict[str, Any]:
        return {"name": self.names.base, "namespace": self.space}

    # ---------------------------------------------------------------- the kubelet and the endpoints controller

    async def start(self) -> Pod:
        """One more pod."""
        log = self.folder / f"{next(_numbers)}.log"
        command = ["--host", "0.0.0.0", "--port", "0", "--health-port", "0", *self.options]
        environ = hooked(
            HOME=str(self.folder), KUBECONFIG=str(self.kubeconfig), **{TUNED: TUNES, PASSED: str(self._clock)}
        )
        with log.open("wb") as output:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "poblano.cli", "run", *command),
                cwd=self.folder,
                env=environ,
                stdout=output,
                stderr=output,
            )
        pod = Pod(process, self.folder, log)
        self.pods.append(pod)
        await until(lambda: pod.lines("serving") or process.returncode is not None, "it serves", 90)
        assert process.returncode is None, pod.said()
        (line,) = pod.lines("serving")
        pod.port, pod.health_port = (int(line[key][0].rpartition(":")[2]) for key in ("https", "health"))
        return pod

    async def ready(self, pod: Pod) -> bool:
        """Whether it says so."""
        with contextlib.suppress(OSError):
            return (await pod.page("/readyz")).status == 200
        return False

    async def all_ready(self) -> None:
        """Wait until each of them is, the Service leads to them, and the webhook is armed."""
        for pod in self.pods:
            while not await self.ready(pod):
                assert pod.process.returncode is None, pod.said()
                await asyncio.sleep(0.1)
        await self.armed()
        await self.lead_to(*self.pods)

    async def armed(self) -> None:
        """Wait until the webhook has its real policy and trusts somebody."""
        while True:
            found = await self.registered()
            if found["failurePolicy"] == "Fail" and found["clientConfig"].get("caBundle"):
                return
            await asyncio.sleep(0.05)

    async def lead_to(self, *pods: Pod) -> None:
        """The Service leads to these pods."""
        ports = [pod.port for pod in pods]
        subsets = [
            {"addresses": [{"ip": own_address()}], "ports": [{"name": "https", "port": port, "protocol": "TCP"}]}
            for port in ports
        ]
        await self.api.apply(ENDPOINTS, {"metadata": self._named, "subsets": subsets}, force=True)
        self.behind = pods

    async def end(self, pod: Pod, number: signal.Signals = signal.SIGKILL) -> None:
        """End a pod, and start none in its place."""
        self.pods.remove(pod)
        with contextlib.suppress(ProcessLookupError):
            pod.process.send_signal(number)
        await pod.process.wait()

    def leader(self) -> Pod | None:
        """Who looks after the certificates, by what each has said last."""
        leads = [pod for pod in self.pods if pod.lines("leads")]
        return leads[-1] if leads else None

    async def passes(self, seconds: float) -> None:
        """So much time goes by for those who wait until an authority is trusted; and something happens, so that they look again."""
        self.passed += seconds
        new = self._clock.with_suffix(".new")
        new.write_text(str(self.passed))
        new.replace(self._clock)
        changed = {"metadata": {"annotations": {"example.com/passed": str(self.passed)}}}
        await self.api.patch(SECRETS, self.names.certificates, changed, self.space)

    # ---------------------------------------------------------------- whoever looks

    async def registered(self) -> dict[str, Any]:
        """The webhook as it is."""
        found: dict[str, Any] = (await self.api.get(CONFIGURATION, self.names.base))["webhooks"][0]
        return found

    async def managers(self) -> set[str]:
        """Who owns fields of the configuration."""
        found = await self.api.get(CONFIGURATION, self.names.base)
        return {one["manager"] for one in found["metadata"]["managedFields"]}

    async def bundle(self) -> str:
        """Whom it trusts, as PEM."""
        return base64.b64decode((await self.registered())["clientConfig"].get("caBundle") or "").decode()

    async def secret(self) -> dict[str, bytes]:
        """What is in the Secret."""
        data = (await self.api.get(SECRETS, self.names.certificates, self.space)).get("data") or {}
        return {key: base64.b64decode(value) for key, value in data.items()}

    async def take_from_secret(self, *keys: str) -> None:
        """Take these keys out of it."""
        await self.api.patch(SECRETS, self.names.certificates, {"data": dict.fromkeys(keys)}, self.space)

    async def serves(self, pod: Pod, bundle: str) -> bytes:
        """The certificate that it serves to a client that trusts only `bundle`; raises ssl.SSLError."""
        context = ssl.create_default_context(cadata=bundle)
        server = self.names.service_names(self.space)[0]
        _, writer = await asyncio.open_connection("127.0.0.1", pod.port, ssl=context, server_hostname=server)
        try:
            found: bytes = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
            return found
        finally:
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()

    @contextlib.asynccontextmanager
    async def under_load(self) -> AsyncGenerator[None]:
        """Create one object after the other, and see that each was reviewed and each pod is believed; to be asked afterwards:
        `failed`, `created`.
        """
        enough = asyncio.Event()
        tasks = [asyncio.create_task(self._create(enough)), asyncio.create_task(self._look(enough))]
        try:
            yield
        finally:
            enough.set()
            await asyncio.gather(*tasks)

    async def _create(self, enough: asyncio.Event) -> None:
        while not enough.is_set():
            document = {"metadata": {"generateName": "load-", "namespace": self.users}}
            try:
                made = await self.api.create(CONFIGMAPS, document, dry_run=True)
            except ApiError as error:
                self.failed.append(str(error))
            else:
                self.created += 1
                if made["metadata"].get("labels") != {"seen": "yes"}:
                    self.failed.append("it was not reviewed")
            await asyncio.sleep(0.02)

    async def _look(self, enough: asyncio.Event) -> None:
        while not enough.is_set():
            bundle = await self.bundle()
            for pod in self.behind:
                try:
                    await self.serves(pod, bundle)
                except ssl.SSLCertVerificationError as error:
                    self.failed.append(f"{pod.port} is not believed: {error}")
                except OSError:
                    continue  # it was ended meanwhile
            await asyncio.sleep(0.05)

    async def told(self) -> str:
        """What to look at when a test fails."""
        said = [line for pod in self.pods for line in pod.said().splitlines() if '"review"' not in line]
        return "\n".join([*said, f"{self.created} reviewed", *self.failed[:5], str(await self.registered())])

    async def close(self) -> None:
        """End all of them."""
        for pod in [*self.pods]:
            await self.end(pod)
