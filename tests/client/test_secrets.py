"""Nothing secret is ever shown: not by a repr, not by an error, not by a traceback."""

from __future__ import annotations

import traceback

import pytest

from poblano.client.access import Access, Cluster, ExecPlugin, Material, Oidc, User
from poblano.client.credentials import ClientCertificate, Credential
from poblano.client.kubeconfig import Kubeconfig
from poblano.client.transport import ApiClient
from poblano.core.errors import ApiError
from tests.client.loopback import Clock, Reply, serving

SECRET = "s3cret"
USER = User(
    "jane",
    token=SECRET,
    password=SECRET,
    client_key=Material(data=SECRET.encode()),
    exec=ExecPlugin("login", "v1", args=(f"--password={SECRET}",), env={"PASSWORD": SECRET}),
    oidc=Oidc("https://idp", "kube", SECRET, SECRET, SECRET),
)


@pytest.mark.parametrize(
    "thing",
    (
        Access(Cluster("https://host", proxy_url=f"http://jane:{SECRET}@proxy"), USER),
        Credential(f"Bearer {SECRET}", ClientCertificate(b"CERT", SECRET.encode())),
        ClientCertificate(b"CERT", SECRET.encode()),
    ),
)
def test_a_repr_shows_no_secret(thing: object):
    assert SECRET not in repr(thing)


def test_a_kubeconfigs_repr_shows_no_secret(kubeconfig):
    assert SECRET not in repr(Kubeconfig.load(kubeconfig(f"{{token: {SECRET}}}")))


@pytest.mark.parametrize("reply", (Reply(403), Reply(500), Reply(reset=True)))
async def test_an_errors_whole_traceback_shows_no_secret(reply: Reply):
    clock = Clock()
    async with serving(reply) as server:
        access = Access(Cluster(server.url), USER)
        async with ApiClient(access, environ={}, clock=clock, sleep=clock.sleep) as client:
            with pytest.raises(ApiError) as caught:
                await client.request("GET", "/api")

    shown = "".join(traceback.TracebackException.from_exception(caught.value, capture_locals=False).format(chain=True))
    assert SECRET not in shown
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None
