"""The same applies, to a real API server and to the pure function: the same owners, conflicts and objects.

The real one may be as old as 1.20, which leaves null where the last item went, and orders merged lists otherwise.
"""

from __future__ import annotations

import json
import random
import ssl
import urllib.error
import urllib.request
from typing import Any

from poblano.cluster.managed import apply
from poblano.cluster.status import StatusError
from poblano.core.jsonvalue import Document, as_list, as_map, copied
from tests.cluster.managed.recordings import APPLY, timeless
from tests.cluster.managed.shop import CART, NOW, VERSION, cart
from tests.control_plane import ControlPlane
from tests.eventually import eventually

PATH = "/apis/shop.example.com/v1/carts"
NULLABLE = ("notes", "tags", "items", "address")


def call(
    cluster: ControlPlane, method: str, path: str, body: Document, kind: str = "application/json"
) -> tuple[int, Document]:
    headers = {"Authorization": f"Bearer {cluster.token}", "Content-Type": kind, "Accept": "application/json"}
    request = urllib.request.Request(cluster.url + path, json.dumps(body).encode(), headers, method=method)
    context = ssl.create_default_context(cafile=str(cluster.ca))
    try:
        with urllib.request.urlopen(request, context=context, timeout=30) as answer:
            return answer.status, json.loads(answer.read())
    except urllib.error.HTTPError as refusal:
        with refusal:
            return refusal.code, _told(refusal.read())


def _told(body: bytes) -> Document:
    """A path of a definition that is not served yet is answered in plain text."""
    try:
        return json.loads(body)
    except json.JSONDecodeError:
        return {"message": body.decode()}


def define(cluster: ControlPlane) -> None:
    """Serve carts. What makes old servers forget a schema's lists and maps is left out."""
    node = copied(CART.node)
    fields: Document = node["properties"]["spec"]["properties"]
    for name in ("any", "size", "template"):
        del fields[name]
    for name in NULLABLE:
        fields[name]["nullable"] = True
    fields["items"]["items"]["required"] = ["name"]
    names = {"plural": "carts", "kind": "Cart", "singular": "cart", "listKind": "CartList"}
    version: Document = {
        "name": "v1",
        "served": True,
        "storage": True,
        "schema": {"openAPIV3Schema": node},
        "subresources": {"status": {}},
    }
    spec: Document = {"group": "shop.example.com", "scope": "Cluster", "names": names, "versions": [version]}
    kind = {"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition"}
    body: Document = {**kind, "metadata": {"name": "carts.shop.example.com"}, "spec": spec}
    status, answer = call(cluster, "POST", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions", body)
    assert status in (201, 409), answer
    probe = {**cart(), "metadata": {"name": "probe"}}
    eventually(
        lambda: call(cluster, "PATCH", f"{PATH}/probe?fieldManager=probe", probe, APPLY)[0] < 300, "it is served"
    )


def drawn(chance: random.Random) -> Document:
    """Some spec, with nothing empty in it: old servers own empty maps otherwise."""

    def some(names: str) -> list[str]:
        return chance.sample(names, chance.randint(1, len(names)))

    everything: Document = {
        "owner": chance.choice("ab"),
        "count": chance.randrange(3),
        "tags": some("abc"),
        "items": [
            {"name": name, **({"price": chance.randrange(2)} if chance.random() < 0.5 else {})} for name in some("abc")
        ],
        "steps": some("ab"),
        "notes": {name: chance.choice("xy") for name in some("abc")},
        "address": {"street": chance.choice("xy")},
    }
    return {name: value for name, value in everything.items() if chance.random() < 0.5}


def comparable(value: Any) -> Any:
    """Without what is empty, and without an order."""
    fields, items = as_map(value), as_list(value)
    if fields is not None:
        return {key: comparable(item) for key, item in fields.items() if item not in (None, {}, [])}
    return value if items is None else sorted(json.dumps(comparable(item), sort_keys=True) for item in items)


def test_a_real_server_and_the_pure_function_agree_on_applies(control_plane: ControlPlane) -> None:
    define(control_plane)
    for seed in range(25):
        chance = random.Random(seed)
        live: Document | None = None
        for _ in range(6):
            live = _apply_to_both(control_plane, chance, f"c{seed}", live)
            if live is None or not live["metadata"].get("managedFields"):
                break  # what an old server makes of an object without owners is another matter


def _apply_to_both(cluster: ControlPlane, chance: random.Random, name: str, live: Document | None) -> Document | None:
    manager, force = chance.choice(["one", "two", "three"]), chance.random() < 0.5
    config = {**cart(**drawn(chance)), "metadata": {"name": name}}
    query = f"fieldManager={manager}&force={str(force).lower()}"
    status, answer = call(cluster, "PATCH", f"{PATH}/{name}?{query}", config, APPLY)
    mine, refused = _mine(live, config, manager, force=force)
    if refused is not None:
        assert status == refused["code"] == 409
        assert causes(refused) == causes(answer)
        return live
    assert status < 300, answer
    assert owners(mine) == owners(answer)
    assert comparable(mine.get("spec")) == comparable(answer.get("spec"))
    return answer


def _mine(live: Document | None, config: Document, manager: str, *, force: bool) -> tuple[Document, Document | None]:
    try:
        return apply(live, config, schema=CART, manager=manager, force=force, api_version=VERSION, now=NOW), None
    except StatusError as refusal:
        return {}, refusal.document()


def causes(status: Document) -> list[str]:
    found: list[Document] = status["details"]["causes"]
    return sorted(json.dumps(cause, sort_keys=True) for cause in found)


def owners(document: Document) -> list[Document]:
    found = [{**entry, "time": NOW} for entry in timeless(document["metadata"].get("managedFields"))]
    return sorted(found, key=lambda entry: str(entry["manager"]))
