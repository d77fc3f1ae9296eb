"""What is noted of the actions that follow a cluster, and what the demo says when they do not do what they should."""

from __future__ import annotations

import io
import json

import pytest

from poblano import Capability, Context, Terminal, a, kind_of
from poblano.cli import followed as patience
from poblano.cli.acts import Acts
from poblano.cli.aftermath import Aftermath
from poblano.cli.followed import has_condition
from poblano.cli.screen import Screen, done
from poblano.cli.terminal import Terminal as Printer
from poblano.client.messages import Response
from poblano.core.context import Running
from poblano.core.errors import NotFound

WHO = Running("shop", "deploy", "ConfigMap", "shop", "page")
PATH = "/api/v1/namespaces/shop/configmaps/page"


def config_map(version="1", **metadata):
    named = {"name": "page", "namespace": "shop", "uid": "u1", "resourceVersion": version, **metadata}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": named}


def answer(document, status=200):
    return Response(status, {}, json.dumps(document).encode())


def rule(action):
    shop = Capability("shop")
    shop.when(a.ConfigMap).owns(a.Secret).reconcile(action, name="deploy")
    return shop.bindings[0]


async def deploy(cm, ctx):
    """Does nothing."""


async def run(acts, action=deploy):
    cm = a.ConfigMap.of(config_map())
    await acts.recorded(rule(action)).action(cm, Context(cm, kind_of(a.ConfigMap), None))


async def test_a_write_that_changes_nothing_is_not_told_however_the_version_moves():
    acts = Acts()
    await run(acts)
    acts.wrote(WHO, "PATCH", PATH, answer(config_map(), 201))
    acts.wrote(WHO, "PATCH", PATH, answer(config_map("2", generation=2, managedFields=[{}])))
    (act,) = acts.take()
    assert done(act) == "made ConfigMap shop/page"
    await run(acts)
    acts.wrote(WHO, "PATCH", PATH, answer(config_map("3")))
    assert [act.effects for act in acts.take()] == [{}]


async def test_a_change_a_status_and_a_deletion_are_told():
    acts = Acts()
    await run(acts)
    acts.wrote(WHO, "PATCH", PATH, answer(config_map(labels={"a": "b"})))
    acts.wrote(WHO, "PATCH", f"{PATH}/status", answer({**config_map(), "status": {"phase": "x"}}))
    acts.wrote(WHO, "DELETE", PATH, answer({**config_map(), "metadata": {**config_map()["metadata"], "name": "other"}}))
    acts.wrote(WHO, "POST", "/apis/events.k8s.io/v1/namespaces/shop/events", answer({"kind": "Event"}, 201))
    (act,) = acts.take()
    assert done(act) == ("changed ConfigMap shop/page, the status of ConfigMap shop/page; deleted ConfigMap shop/other")
    assert acts.take() == []


async def test_what_is_owned_is_known_by_its_owner():
    acts = Acts()
    owner = {"uid": "u9", "kind": "Page", "name": "x", "apiVersion": "v1"}
    acts.wrote(WHO, "PATCH", PATH, answer(config_map(ownerReferences=[owner]), 201))
    assert list(acts.children["u9"]) == ["ConfigMap shop/page"]


async def test_what_it_raised_at_last_is_told_and_a_run_that_went_well_takes_it_back():
    async def fails(cm, ctx):
        raise Terminal("no moon")

    acts = Acts()
    with pytest.raises(Terminal):
        await run(acts, fails)
    await run(acts)
    assert [act.error for act in acts.take()] == [""]
    with pytest.raises(Terminal):
        await run(acts, fails)
    assert [(act.error, done(act)) for act in acts.take()] == [("Terminal: no moon", "failed")]


class Cluster:
    """Holds objects by name; nothing is made again in it."""

    def __init__(self, *documents, stays=()):
        self.held = {document["metadata"]["name"]: document for document in documents}
        self.stays = stays

    async def read(self, document):
        found = self.held.get(document["metadata"]["name"])
        if found is None:
            raise NotFound("gone", status=404)
        return found

    async def delete(self, document):
        if document["metadata"]["name"] not in self.stays:
            del self.held[document["metadata"]["name"]]


class Idle:
    """Actions that do nothing."""

    def __init__(self):
        self.acts = Acts()

    async def caught_up(self, stored=None):
        """They have."""


class Project:
    """Of these rules."""

    def __init__(self, *bindings):
        self.module = self
        self.bindings = bindings


async def test_an_operator_that_does_not_heal_or_finalize_is_a_surprise(monkeypatch):
    monkeypatch.setattr(patience, "PATIENCE_SECONDS", 0.0)
    shop = Capability("shop")
    shop.when(a.ConfigMap).owns(a.Secret).reconcile(deploy).finalize(deploy, name="clear")
    owner = config_map()
    child = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s", "namespace": "shop", "uid": "u2"}}
    idle, shown = Idle(), io.StringIO()
    idle.acts.children["u1"] = {"Secret shop/s": child}
    cluster = Cluster(owner, child, stays={"page"})
    aftermath = Aftermath(Project(*shop.bindings), cluster, idle, Screen(Printer(shown, width=200), "admin"))
    assert await aftermath.show([owner]) == [
        "Secret shop/s: was to be made again for ConfigMap shop/page, and is not",
        "ConfigMap shop/page: was to go once it was finalized, and is there",
    ]
    assert "DELETE Secret shop/s by admin, behind the module's back: deleted" in shown.getvalue()


@pytest.mark.parametrize(
    ("status", "said"),
    [
        ({}, None),
        ({"conditions": [{"type": "Ready", "status": "False", "message": "no"}]}, None),
        ({"conditions": [{"type": "Ready", "status": "True", "message": "all is well"}]}, "all is well"),
        ({"conditions": [{"type": "Ready", "status": "True", "observedGeneration": 1}]}, None),
        ({"observedGeneration": 2, "conditions": [{"type": "Ready", "status": "True"}]}, "True"),
    ],
)
async def test_a_condition_counts_when_it_is_about_the_object_as_it_is_now(status, said):
    document = {**config_map(generation=2), "status": status}
    assert await has_condition(Cluster(document), document, "Ready") == said
