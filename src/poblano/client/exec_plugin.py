"""Credentials printed by a program: ``client.authentication.k8s.io``, versions v1 and v1beta1.

The program runs beside the event loop, never in it; requests that need its answer at the same time share one run. What
it prints on stderr goes to ours, as with kubectl, and is never part of an error.
"""

from __future__ import annotations

import asyncio
import base64
import os
import signal
import sys
import time
from asyncio import subprocess
from collections.abc import Callable, Mapping
from contextlib import suppress

import msgspec

from poblano.client.access import Access, Cluster, ExecPlugin
from poblano.client.credentials import ClientCertificate, Credential, Credentials
from poblano.client.errors import CredentialsFailed
from poblano.client.timestamps import parse_timestamp

RUN_SECONDS = 300.0
"""A plugin may wait for somebody to log in with a browser, but not for ever."""


class _Status(msgspec.Struct, frozen=True, rename="camel"):
    token: str = ""
    client_certificate_data: str = ""
    client_key_data: str = ""
    expiration_timestamp: str | None = None


class _ExecCredential(msgspec.Struct, frozen=True, rename="camel"):
    api_version: str = ""
    kind: str = ""
    status: _Status | None = None


class ExecCredentials:
    """The credential a plugin prints, kept until it expires or the API server refuses it.

    Args:
        access: the cluster, and the user with its plugin.
        beside: the user's other credentials: a client certificate that goes with the plugin's token.
        now: seconds since 1970.
        environ: the plugin's environment, to which its own `env` is added.
        interactive: whether somebody at a terminal can answer the plugin; None looks at stdin.
    """

    def __init__(
        self,
        access: Access,
        beside: Credentials,
        *,
        now: Callable[[], float] = time.time,
        environ: Mapping[str, str] = os.environ,
        interactive: bool | None = None,
    ) -> None:
        if access.user.exec is None:
            raise ValueError("the user has no exec plugin")
        self._plugin = access.user.exec
        self._cluster = access.cluster
        self._entry = f"user {access.user.name!r} of {access.source}"
        self._beside = beside
        self._now = now
        self._environ = environ
        self._interactive = _at_terminal() if interactive is None else interactive
        self._lock = asyncio.Lock()
        self._current: Credential | None = None
        self._expires = float("inf")

    async def get(self) -> Credential:
        async with self._lock:
            if self._current is None or self._now() >= self._expires:
                self._current = await self._run()
            return self._current

    async def renew(self, refused: Credential) -> bool:
        async with self._lock:
            if self._current == refused:
                self._current = None
            return True

    async def _run(self) -> Credential:
        plugin = self._plugin
        interactive = self._may_ask()
        environ = {
            **self._environ,
            **plugin.env,
            "KUBERNETES_EXEC_INFO": _exec_info(plugin, self._cluster, interactive),
        }
        try:
            process = await asyncio.create_subprocess_exec(
                plugin.command,
                *plugin.args,
                env=environ,
                stdin=None if interactive else subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                start_new_session=not interactive,
            )
        except OSError as error:
            raise self._failed(f"cannot be started: {error.strerror}", _install(plugin)) from error
        output = await self._output_of(process)
        if process.returncode:
            raise self._failed(f"ended with status {process.returncode}", "what it said is on stderr")
        return await self._read(output)

    def _may_ask(self) -> bool:
        mode = self._plugin.interactive_mode
        if mode == "Always" and not self._interactive:
            raise self._failed("wants a terminal and there is none", "use a plugin with interactiveMode: IfAvailable")
        return self._interactive and mode != "Never"

    async def _output_of(self, process: subprocess.Process) -> bytes:
        try:
            async with asyncio.timeout(RUN_SECONDS):
                output, _ = await process.communicate()
                return output
        except TimeoutError:
            raise self._failed(f"gave no answer in {RUN_SECONDS:.0f} s", "run it by hand") from None
        finally:
            if process.returncode is None:
                _kill(process)
                await process.communicate()

    async def _read(self, output: bytes) -> Credential:
        try:
            printed = msgspec.json.decode(output, type=_ExecCredential)
        except (msgspec.DecodeError, UnicodeDecodeError):
            raise self._failed("printed no ExecCredential", "run it by hand and look at what it prints") from None
        if printed.kind != "ExecCredential" or printed.api_version != self._plugin.api_version:
            wanted = f"ExecCredential of {self._plugin.api_version}"
            raise self._failed(f"did not print an {wanted}", "make the kubeconfig's apiVersion the plugin's") from None
        status = printed.status or _Status()
        if bool(status.client_certificate_data) != bool(status.client_key_data):
            raise self._failed("printed half of a certificate and key", "both must be there")
        if not (status.token or status.client_certificate_data):
            raise self._failed("printed neither a token nor a certificate", "run it by hand: is a login needed?")
        self._expires = self._expiry(status)
        return await self._combined(status)

    def _expiry(self, status: _Status) -> float:
        if not status.expiration_timestamp:
            return float("inf")
        try:
            return parse_timestamp(status.expiration_timestamp).timestamp()
        except (ValueError, OverflowError):
            raise self._failed("printed a wrong expirationTimestamp", "it must be RFC 3339") from None

    async def _combined(self, status: _Status) -> Credential:
        if not status.token.isprintable():
            raise self._failed("printed a token with a control character", "a token is one line")
        beside = await self._beside.get()
        certificate = beside.certificate
        if status.client_certificate_data:
            certificate = ClientCertificate(status.client_certificate_data.encode(), status.client_key_data.encode())
        return Credential(f"Bearer {status.token}" if status.token else "", certificate)

    def _failed(self, what: str, remedy: str) -> CredentialsFailed:
        return CredentialsFailed(f"the exec plugin {self._plugin.command!r} of {self._entry} {what}", remedy=remedy)


def _at_terminal() -> bool:
    try:
        return sys.stdin.isatty()
    except (AttributeError, ValueError):  # a service may have no stdin, or a closed one
        return False


def _kill(process: subprocess.Process) -> None:
    """The plugin and, where it has a session of its own, whatever it started: a child would keep the pipe open."""
    with suppress(ProcessLookupError):
        if os.getpgid(process.pid) == process.pid:
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()


def _install(plugin: ExecPlugin) -> str:
    return plugin.install_hint.strip() or f"install {plugin.command} or put its folder on PATH"


def _exec_info(plugin: ExecPlugin, cluster: Cluster, interactive: bool) -> str:  # noqa: FBT001 - a field of the API's
    spec: dict[str, object] = {"interactive": interactive}
    if plugin.provide_cluster_info:
        spec["cluster"] = _cluster_info(cluster)
    info = {"apiVersion": plugin.api_version, "kind": "ExecCredential", "spec": spec}
    return msgspec.json.encode(info).decode()


def _cluster_info(cluster: Cluster) -> dict[str, object]:
    authority = cluster.certificate_authority
    info: dict[str, object] = {
        "server": cluster.server,
        "tls-server-name": cluster.tls_server_name,
        "insecure-skip-tls-verify": cluster.insecure_skip_tls_verify,
        "certificate-authority-data": base64.b64encode(authority.read()).decode() if authority else "",
        "proxy-url": cluster.proxy_url,
        "disable-compression": cluster.disable_compression,
        "config": cluster.exec_config,
    }
    return {key: value for key, value in info.items() if value}
