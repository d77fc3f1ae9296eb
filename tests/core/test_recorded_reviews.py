"""Every review recorded from Kubernetes 1.36.2, through a module that mutates and validates every kind, verb and subresource."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from poblano import Decision, Resource, a, document
from poblano.core.binding import Binding
from poblano.core.jsonvalue import copied, same
from poblano.core.kinds import Kind
from poblano.core.review import read, write
from tests.core.driving import answered, drive, patched, pipeline, sent, shop
from tests.core.punishing import punished

FILES = sorted((Path(__file__).parents[1] / "fixtures/admission-reviews").glob("*.json"))
BODIES = {file.stem: file.read_bytes() for file in FILES}
SERVED: dict[Kind, type[Resource]] = {
    view.__kind__: view
    for name in dir(a)
    if isinstance(view := getattr(a, name), type) and issubclass(view, Resource) and view.__kind__
}


def view_of(kind: Any) -> type[Resource]:
    """The class of a kind, or a generic one."""
    for known, view in SERVED.items():
        if (known.group, known.version, known.kind) == (kind["group"], kind["version"], kind["kind"]):
            return view
    return a.GenericKind


def asked(name: str) -> dict[str, Any]:
    return json.loads(BODIES[name])["request"]


def mutated(request: Any) -> None:
    """Change what every object has, and put something where nothing was."""
    request.set_label("poblano.dev/x", "1").set_annotation("a/b~c", "é")
    document(request.raw)["added"] = {"list": [1, 2.5, None], "big": 2**70}


def judged(request: Any) -> Decision:
    return request.deny(f"seen {request.name}", code=409)


def module() -> list[Binding]:
    """One rule for each kind, verb, subresource and phase that was recorded."""
    template = shop()
    template.when(a.Pod).is_created().mutate(mutated)
    template.when(a.Pod).is_created().validate(judged)
    made: dict[Any, Binding] = {}
    for body in BODIES.values():
        request = json.loads(body)["request"]
        kind, resource = request["kind"], request["resource"]
        sub = request.get("subResource", "")
        for binding in template.bindings:
            key = (*resource.values(), kind["kind"], sub, request["operation"], binding.phase)
            made[key] = replace(
                binding,
                rule=f"r{len(made)}",
                kind=Kind(resource["group"], resource["version"], kind["kind"], resource["resource"]),
                view=view_of(kind),
                subresource=sub,
                operations=frozenset({request["operation"]}),
            )
    return list(made.values())


MODULE = module()


@pytest.mark.parametrize("name", BODIES)
def test_the_patch_makes_what_the_action_made_and_nothing_else_moves(name: str):
    request = asked(name)
    answer = answered(MODULE, BODIES[name])
    response = sent(answer)

    assert punished(write(answer), BODIES[name], "mutate") is None
    if request["object"] is None:
        assert response == {"uid": request["uid"], "allowed": True}
        return
    expected = copied(request["object"])
    expected.setdefault("metadata", {}).setdefault("labels", {})["poblano.dev/x"] = "1"
    expected["metadata"].setdefault("annotations", {})["a/b~c"] = "é"
    expected["added"] = {"list": [1, 2.5, None], "big": 2**70}

    assert same(patched(request["object"], answer), expected)
    touched = {operation["path"].split("/")[1] for operation in response["patch"]}
    assert touched == {"metadata", "added"}
    assert len(response["patch"]) <= 3


@pytest.mark.parametrize("name", BODIES)
def test_exactly_one_rule_applies_in_each_phase(name: str):
    for phase in ("mutate", "validate"):
        assert len(drive(pipeline(MODULE, phase), BODIES[name]).results) == 1


@pytest.mark.parametrize("name", BODIES)
def test_a_denial_reaches_the_user_for_every_kind_and_verb(name: str):
    request = asked(name)
    answer = answered(MODULE, BODIES[name], "validate")

    assert punished(write(answer), BODIES[name], "validate") is None
    assert (answer.allowed, answer.code, answer.uid) == (False, 409, request["uid"])
    assert f"seen {request.get('name', '')}".strip() in answer.message


@pytest.mark.parametrize("name", BODIES)
def test_an_action_that_does_nothing_changes_nothing(name: str):
    idle = [replace(binding, action=lambda request: None) for binding in MODULE]

    assert sent(answered(idle, BODIES[name])) == {"uid": asked(name)["uid"], "allowed": True}


@pytest.mark.parametrize("name", BODIES)
def test_a_recorded_object_is_read_as_it_was_sent(name: str):
    request, found = asked(name), read(BODIES[name]).request

    assert same(
        [found.object, found.old_object, found.options], [request[k] for k in ("object", "oldObject", "options")]
    )
    assert (found.uid, found.operation, found.name) == (request["uid"], request["operation"], request.get("name", ""))
    assert found.user_info.username == request["userInfo"]["username"]
    assert found.sub_resource == request.get("subResource", "")
    assert found.dry_run is request["dryRun"]


def test_a_namespace_is_in_itself_for_the_server_as_for_us():
    spaces = [request for request in map(asked, BODIES) if request["kind"]["kind"] == "Namespace"]

    assert spaces
    assert [request["namespace"] for request in spaces] == [request["name"] for request in spaces]
