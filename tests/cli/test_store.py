"""`poblano store`, against an embedded cluster that knows nothing at first."""

from __future__ import annotations

import asyncio
import json

import pytest
from click.testing import CliRunner

from poblano.cli.applying import Applier
from poblano.cli.main import cli
from poblano.client import Resources, connect
from poblano.cluster.serving.served import Settings
from poblano.core.crd import CRD
from poblano.core.kinds import Kind
from poblano.core.store.definition import STORE
from poblano.core.store.pepr import PEPR_STORE
from tests.cluster.serving_cluster import running

SECRETS = Kind("", "v1", "Secret", "secrets")
NAMESPACES = Kind("", "v1", "Namespace", "namespaces", namespaced=False)
CODE = """
from dataclasses import dataclass
from poblano import Capability, Module, Store

@dataclass
class Price:
    amount: int

shop = Capability("shop", store=Store())
depot = Capability("shop-depot", store=Store(Price))
tokens = Capability("tokens", store=Store(secret=True))
idle = Capability("idle")
module = Module(shop, depot, tokens, idle)
"""


@pytest.fixture(autouse=True)
def _folder(tmp_path, monkeypatch):
    (tmp_path / "pyproject.toml").write_text('[tool.poblano]\nuuid = "keeps"\nmodule = "keeps:module"\n')
    (tmp_path / "keeps.py").write_text(CODE)
    monkeypatch.chdir(tmp_path)


@pytest.fixture(scope="module")
def cluster():
    with running(Settings()) as cluster:
        yield cluster


def poblano(cluster, *arguments, **options):
    return CliRunner().invoke(cli, ["store", *arguments, "--kubeconfig", str(cluster.kubeconfig)], **options)


@pytest.fixture
def ready(cluster):
    """A cluster whose stores are empty."""
    assert poblano(cluster, "init").exit_code == 0

    async def emptied():
        async with connect(cluster.kubeconfig) as client:
            api = Resources(client)
            for kind in (STORE, SECRETS):
                for one in (await api.list(kind, "poblano-system")).items:
                    await api.delete(kind, one["metadata"]["name"], "poblano-system")

    asyncio.run(emptied())
    return cluster


def test_before_init_it_says_what_to_do():
    with running(Settings()) as empty:
        result = poblano(empty, "list")
        assert result.exit_code == 1
        assert "poblano store init" in result.output
        assert poblano(empty, "init").output.splitlines() == [
            "defined poblanostores.poblano.dev",
            "made the namespace poblano-system",
        ]
        assert poblano(empty, "init").output.splitlines() == ["poblanostores.poblano.dev is as it was"]
        assert poblano(empty, "list").exit_code == 0


def test_what_is_set_is_got_and_listed(ready):
    assert poblano(ready, "set", "shop", "greeting", "hello").output == "wrote greeting\n"
    assert poblano(ready, "set", "shop-depot", "tea", "-", input='{"amount": 3}').exit_code == 0
    assert poblano(ready, "get", "shop", "greeting").output == "hello\n"
    assert poblano(ready, "get", "shop-depot", "tea").output == '{"amount": 3}\n'
    assert [line.split(maxsplit=3) for line in poblano(ready, "list").output.splitlines()] == [
        ["CAPABILITY", "KEY", "BYTES", "VALUE"],
        ["shop", "greeting", "5", "hello"],
        ["shop-depot", "tea", "13", '{"amount": 3}'],
    ]
    assert "tea" not in poblano(ready, "list", "shop").output


def test_values_of_a_secret_store_are_listed_by_no_more_than_their_size_and_got_one_by_one(ready):
    assert "hunter2" not in poblano(ready, "set", "tokens", "of/me", "hunter2").output
    listed = poblano(ready, "list").output
    assert "hunter2" not in listed
    assert listed.splitlines()[1].split() == ["tokens", "of/me", "7", "(secret)"]
    assert poblano(ready, "get", "tokens", "of/me").output == "hunter2\n"


@pytest.mark.parametrize(
    ("arguments", "problem"),
    (
        (["get", "shop", "absent"], "there is no item 'absent' in the store of shop"),
        (["get", "idle", "x"], "no capability idle keeps anything; there are shop, shop-depot, tokens"),
        (["import", "--from", "configmap/x"], "write peprstore/NAME"),
        (["import", "--from", "peprstore/none"], "there is no PeprStore none in the namespace pepr-system"),
    ),
)
def test_what_is_wrong_is_said(ready, arguments, problem):
    result = poblano(ready, *arguments)
    assert result.exit_code != 0
    assert problem in result.output


def test_a_value_that_is_not_of_the_type_is_not_written(ready):
    result = poblano(ready, "set", "shop-depot", "tea", "three")
    assert result.exit_code == 1
    assert "no Price" in str(result.exception)
    assert poblano(ready, "get", "shop-depot", "tea").exit_code == 1


def test_a_store_that_is_spread_is_read_and_written_as_any_other(ready):
    """Pepr's whole store fits into one object; ours may be larger."""
    for number in range(4):
        assert poblano(ready, "set", "shop", f"big/{number}", "-", input="x" * 150_000).exit_code == 0
    listed = poblano(ready, "list", "shop")
    assert [line.split()[1] for line in listed.stdout.splitlines()[1:]] == [f"big/{number}" for number in range(4)]
    assert listed.stderr == ""
    for number in range(4, 8):
        assert poblano(ready, "set", "shop", f"big/{number}", "-", input="y" * 150_000).exit_code == 0
    listed = poblano(ready, "list", "shop")
    assert len(listed.stdout.splitlines()) == 9
    assert "shop is spread over 16 objects: about 1,20" in listed.stderr
    assert poblano(ready, "get", "shop", "big/1").output == "x" * 150_000 + "\n"
    assert poblano(ready, "set", "shop", "big/1", "new").exit_code == 0
    assert poblano(ready, "get", "shop", "big/1").output == "new\n"
    full = poblano(ready, "set", "shop", "huge", "-", input="z" * 800_000)
    assert full.exit_code == 1
    assert "800000" in str(full.exception)
    pepr(ready, {f"shop-v2-many/{number}": "1" for number in range(2500)})
    assert "took over 2500 items of shop" in poblano(ready, "import", "--from", "peprstore/pepr-x-store").output
    assert poblano(ready, "get", "shop", "many/2499").output == "1\n"


def pepr(cluster, data):
    """A PeprStore as Pepr's controller makes it."""
    definition = json.loads(json.dumps(PEPR_DEFINITION))

    async def made():
        async with connect(cluster.kubeconfig) as client:
            api = Resources(client)
            stored = await api.apply(CRD, definition, force=True)
            await Applier(client).until_served(stored)
            await api.apply(NAMESPACES, {"metadata": {"name": "pepr-system"}}, force=True)
            await api.apply(PEPR_STORE, {"metadata": {"name": "pepr-x-store"}, "data": data}, "pepr-system", force=True)

    asyncio.run(made())


PEPR_DEFINITION = {
    "apiVersion": "apiextensions.k8s.io/v1",
    "kind": "CustomResourceDefinition",
    "metadata": {"name": "peprstores.pepr.dev"},
    "spec": {
        "group": "pepr.dev",
        "scope": "Namespaced",
        "names": {"plural": "peprstores", "singular": "peprstore", "kind": "PeprStore"},
        "versions": [
            {
                "name": "v1",
                "served": True,
                "storage": True,
                "schema": {
                    "openAPIV3Schema": {
                        "type": "object",
                        "properties": {"data": {"type": "object", "additionalProperties": {"type": "string"}}},
                    }
                },
            }
        ],
    },
}


def test_what_pepr_has_kept_is_taken_over_each_item_by_its_capability(ready):
    pepr(
        ready,
        {
            "__pepr_do_not_delete__": "k-thx-bye",
            "shop-v2-a/b": "1",
            "shop-old": "2",
            "shop-depot-v2-tea": '{"amount": 3}',
            "shop-depot-v2-broken": "hunter2",
            "tokens-v2-t": "hunter3",
            "idle-v2-x": "hunter4",
            "gone-v2-x": "hunter5",
        },
    )
    poblano(ready, "set", "shop", "old", "newer")
    first = poblano(ready, "import", "--from", "peprstore/pepr-x-store")
    assert first.exit_code == 0, first.output
    assert sorted(first.output.splitlines()) == [
        "skipped broken of shop-depot: the item 'broken' of the store is no Price",
        "skipped gone-v2-x: the module has no capability of that name",
        "skipped old of shop: it is there already; --overwrite writes it",
        "skipped x of idle: no code of this capability speaks of its store",
        "took over 1 item of shop",
        "took over 1 item of shop-depot",
        "took over 1 item of tokens",
    ]
    assert "hunter" not in first.output
    assert poblano(ready, "get", "shop", "a/b").output == "1\n"
    assert poblano(ready, "get", "shop", "old").output == "newer\n"
    assert poblano(ready, "get", "shop-depot", "tea").output == '{"amount": 3}\n'
    assert poblano(ready, "get", "tokens", "t").output == "hunter3\n"
    poblano(ready, "import", "--from", "peprstore/pepr-x-store", "--overwrite")
    assert poblano(ready, "get", "shop", "old").output == "2\n"
