"""The same requests to a real API server and to the embedded one: the same status, the same reason, the same object."""

from __future__ import annotations

import copy
import json
import uuid
from collections.abc import Generator, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from poblano.cluster.serving.served import Settings
from tests.cluster.serving_cluster import running
from tests.cluster.speaking import Reply, Speaker
from tests.control_plane import ControlPlane

Document = dict[str, Any]

MERGE = "application/merge-patch+json"
JSON_PATCH = "application/json-patch+json"
STRATEGIC = "application/strategic-merge-patch+json"
APPLY = "application/apply-patch+yaml"

STORED = Path(__file__).parent.parent / "fixtures" / "kubernetes-1.36" / "defaults.json"
KINDS = ("ConfigMap", "Secret", "ServiceAccount", "Deployment", "Pod", "Role", "PersistentVolumeClaim", "Lease")
"""Of what both servers know in the same version: with and without a status, a scale, a spec, rules of their own."""
UNTOUCHED = ("ConfigMap", "Secret", "Role", "RoleBinding", "Lease", "LimitRange", "NetworkPolicy")
"""Those of which no controller of the real one writes anything, and that have gained no field since."""

LATER_THAN_1_20 = {
    # Field validation (1.25) decodes a merge patch before it is applied.
    "merge: a list": (400, 422),
    "merge: null": (400, 500),
    "merge: half a document": (400, 500),
    "merge: nothing": (400, 500),
    # json-patch replaces the whole document since 4.11; what is left then has no name.
    "json: the whole document": (400, 422),
    # The kind of an applied configuration is looked at before its fields (1.26).
    "apply: of another kind": (400, 500),
    # A Scale need not say the namespace of its path (1.21).
    "scale: put": (200, 422),
}
"""By what the embedded server, which is a 1.36, differs: its status and that of a 1.20."""


class Asked(NamedTuple):
    """One request."""

    label: str
    method: str
    path: str
    body: Any = None
    query: dict[str, str] | None = None
    content_type: str = "application/json"


class Two:
    """The embedded server and the real one."""

    def __init__(self, ours: Speaker, real: Speaker) -> None:
        self.ours, self.real = ours, real

    def ask(self, asked: Asked) -> tuple[Reply, Reply]:
        query = asked.query or {}
        return (
            self.ours(asked.method, asked.path, asked.body, query=query, content_type=asked.content_type),
            self.real(asked.method, asked.path, asked.body, query=query, content_type=asked.content_type),
        )


@pytest.fixture(scope="module")
def two(control_plane: ControlPlane) -> Generator[Two]:
    with (
        running(Settings(rbac=True)) as cluster,
        closing(Speaker(cluster.url, cluster.token)) as ours,
        closing(Speaker(control_plane.url, control_plane.token)) as real,
    ):
        yield Two(ours, real)


@pytest.fixture
def namespace(two: Two) -> str:
    name = f"beside-{uuid.uuid4().hex[:8]}"
    for reply in two.ask(Asked("", "POST", "/api/v1/namespaces", {"metadata": {"name": name}})):
        assert reply.status == 201
    return name


def sample(kind: str) -> tuple[str, Document]:
    """The resource's part of the path, and a minimal object."""
    found = next(one for one in json.loads(STORED.read_text()) if one["sent"]["kind"] == kind and one["status"] == 201)
    return found["path"].replace("/namespaces/kinds/", "/namespaces/{namespace}/"), found["sent"]


def with_metadata(document: Document, **more: Any) -> Document:
    made = copy.deepcopy(document)
    made["metadata"].update(more)
    return made


def creations(path: str, one: Document) -> Iterator[Asked]:
    name = one["metadata"]["name"]
    yield Asked("create", "POST", path, one)
    yield Asked("create: again", "POST", path, one)
    yield Asked("create: as a dry run", "POST", path, with_metadata(one, name="dry"), {"dryRun": "All"})
    yield Asked("get: after a dry run", "GET", f"{path}/dry")
    yield Asked("create: as another kind of dry run", "POST", path, one, {"dryRun": "x"})
    for label, metadata in {
        "with a resourceVersion": {"resourceVersion": "5"},
        "without a name": {"name": ""},
        "with a bad name": {"name": "A_b!"},
        "with a bad label": {"labels": {"a b": "c d"}},
        "with a bad annotation": {"annotations": {"a b": "c"}},
        "with a bad finalizer": {"finalizers": ["bad"]},
        "with a nameless owner": {"ownerReferences": [{"apiVersion": "v1", "kind": "Pod", "name": "", "uid": ""}]},
        "in another namespace": {"namespace": "elsewhere"},
        "with labels that are a list": {"labels": []},
        "with a label that is a number": {"labels": {"a": 1}},
    }.items():
        yield Asked(f"create: {label}", "POST", path, with_metadata(one, **{"name": "fresh", **metadata}))
    yield Asked("create: of another kind", "POST", path, {**one, "kind": "Nope"})
    yield Asked("create: of another version", "POST", path, {**one, "apiVersion": "nope/v1"})
    yield Asked("create: metadata that is a list", "POST", path, {**one, "metadata": []})
    for label, body in {"null": b"null", "a list": b"[]", "a text": b'"x"', "nothing": b"", "half": b'{"a":'}.items():
        yield Asked(f"create: {label}", "POST", path, body)
    yield Asked("create: as a text", "POST", path, one, None, "text/plain")
    yield Asked("create: at an object", "POST", f"{path}/{name}", one)


def updates(path: str, one: Document) -> Iterator[Asked]:
    name = one["metadata"]["name"]
    at = f"{path}/{name}"
    yield Asked("put: at a collection", "PUT", path, one)
    yield Asked("put", "PUT", at, one)
    for label, metadata in {
        "with an old resourceVersion": {"resourceVersion": "1"},
        "with a resourceVersion that is none": {"resourceVersion": "x"},
        "with another uid": {"uid": "x"},
        "with another name": {"name": "other"},
        "without a name": {"name": ""},
        "in another namespace": {"namespace": "other"},
        "with a deletionTimestamp": {"deletionTimestamp": "2020-01-01T00:00:00Z"},
    }.items():
        yield Asked(f"put: {label}", "PUT", at, with_metadata(one, **metadata))
    gone = f"{path}/gone"
    yield Asked("put: of what there is not", "PUT", gone, with_metadata(one, name="gone"))
    yield Asked("put: of what there is not, by uid", "PUT", gone, with_metadata(one, name="gone", uid="x"))
    yield Asked("put: of another kind", "PUT", at, {**one, "kind": "Nope"})


def merges(path: str, one: Document) -> Iterator[Asked]:
    at = f"{path}/{one['metadata']['name']}"
    for label, body in {
        "nothing new": {},
        "a label": {"metadata": {"labels": {"a": "b"}}},
        "a bad label": {"metadata": {"labels": {"a": "b c"}}},
        "a label that is a number": {"metadata": {"labels": {"a": 1}}},
        "another uid": {"metadata": {"uid": "x"}},
        "an old resourceVersion": {"metadata": {"resourceVersion": "1"}},
        "another name": {"metadata": {"name": "o"}},
        "another namespace": {"metadata": {"namespace": "o"}},
        "another generation": {"metadata": {"generation": 77}},
        "another creationTimestamp": {"metadata": {"creationTimestamp": "2020-01-01T00:00:00Z"}},
        "a deletionTimestamp": {"metadata": {"deletionTimestamp": "2020-01-01T00:00:00Z"}},
        "a grace period": {"metadata": {"deletionGracePeriodSeconds": 5}},
        "another kind": {"kind": "Nope"},
        "another version": {"apiVersion": "nope/v3"},
        "neither kind nor version": {"kind": None, "apiVersion": None},
        "no metadata": {"metadata": None},
        "metadata that is a list": {"metadata": []},
        "a list": [],
        "null": b"null",
        "half a document": b"{",
        "nothing": b"",
    }.items():
        yield Asked(f"merge: {label}", "PATCH", at, body, None, MERGE)
    yield Asked("merge: at a collection", "PATCH", path, {}, None, MERGE)
    yield Asked("merge: of what there is not", "PATCH", f"{path}/gone", {}, None, MERGE)
    yield Asked("merge: with force", "PATCH", at, {}, {"force": "true"}, MERGE)
    yield Asked("patch: of no known type", "PATCH", at, {}, None, "application/json")


def other_patches(path: str, one: Document) -> Iterator[Asked]:
    name = one["metadata"]["name"]
    at = f"{path}/{name}"
    for label, metadata in {
        "a label": {"labels": {"s": "b", "a": None}},
        "labels anew": {"labels": {"$patch": "replace", "z": "1"}},
        "an unknown directive": {"labels": {"$patch": "zzz", "z": "1"}},
        "finalizers": {"finalizers": ["x.io/a", "x.io/b"]},
        "finalizers in order": {"$setElementOrder/finalizers": ["x.io/b", "x.io/c"], "finalizers": ["x.io/c"]},
        "finalizers gone": {"$deleteFromPrimitiveList/finalizers": ["x.io/a", "x.io/b", "x.io/c"]},
        "another uid": {"uid": "x"},
    }.items():
        yield Asked(f"strategic: {label}", "PATCH", at, {"metadata": metadata}, None, STRATEGIC)
    yield Asked("strategic: another kind", "PATCH", at, {"kind": "Nope"}, None, STRATEGIC)
    for label, operation in {
        "a test that fails": {"op": "test", "path": "/metadata/name", "value": "zz"},
        "a label": {"op": "add", "path": "/metadata/labels/j", "value": "1"},
        "a path that there is not": {"op": "remove", "path": "/metadata/nope"},
        "an unknown operation": {"op": "zz", "path": "/metadata/labels/j", "value": "1"},
        "no path": {"op": "add", "value": "1"},
        "the whole document": {"op": "replace", "path": "", "value": {}},
        "another kind": {"op": "replace", "path": "/kind", "value": "Nope"},
        "no kind": {"op": "remove", "path": "/kind"},
        "no metadata": {"op": "remove", "path": "/metadata"},
        "another uid": {"op": "replace", "path": "/metadata/uid", "value": "u"},
    }.items():
        yield Asked(f"json: {label}", "PATCH", at, [operation], None, JSON_PATCH)
    yield Asked("json: an object", "PATCH", at, {"op": "add"}, None, JSON_PATCH)
    bare = {"apiVersion": one["apiVersion"], "kind": one["kind"], "metadata": {"name": name}}
    yield Asked("apply: by nobody", "PATCH", at, bare, None, APPLY)
    for label, manager, force, config in (
        ("a label", "me", "false", with_metadata(bare, labels={"applied": "1"})),
        ("somebody else's label", "you", "false", with_metadata(bare, labels={"applied": "2"})),
        ("by force", "you", "true", with_metadata(bare, labels={"applied": "2"})),
        ("less than before", "you", "false", bare),
        ("of no kind", "you", "false", {"metadata": {"name": name}}),
        ("of another kind", "you", "false", {**bare, "kind": "Nope"}),
        ("of another name", "you", "false", with_metadata(bare, name="zz")),
        ("of another uid", "you", "false", with_metadata(bare, uid="x")),
        ("of an old resourceVersion", "you", "false", with_metadata(bare, resourceVersion="1")),
        ("with managedFields", "you", "false", with_metadata(bare, managedFields=[{"manager": "x"}])),
        ("with an unknown field", "you", "false", {**bare, "zzz": 1}),
        ("with a label that is a number", "you", "false", with_metadata(bare, labels={"a": 1})),
        ("a list", "you", "false", []),
        ("a text", "you", "false", b"hello"),
        ("broken YAML", "you", "false", b"{a: ["),
    ):
        yield Asked(f"apply: {label}", "PATCH", at, config, {"fieldManager": manager, "force": force}, APPLY)


def parts_of(path: str, one: Document) -> Iterator[Asked]:
    name = one["metadata"]["name"]
    at = f"{path}/{name}"
    yield Asked("part: that there is not", "GET", f"{at}/nope")
    yield Asked("status: get", "GET", f"{at}/status")
    yield Asked("status: post", "POST", f"{at}/status", one)
    yield Asked("status: delete", "DELETE", f"{at}/status")
    scale = {"kind": "Scale", "apiVersion": "autoscaling/v1", "metadata": {"name": name}, "spec": {"replicas": 3}}
    yield Asked("scale: get", "GET", f"{at}/scale")
    yield Asked("scale: put", "PUT", f"{at}/scale", scale)
    yield Asked("scale: patch", "PATCH", f"{at}/scale", {"spec": {"replicas": 2}}, None, MERGE)
    yield Asked("scale: a text", "PATCH", f"{at}/scale", {"spec": {"replicas": "x"}}, None, MERGE)
    yield Asked("scale: a list", "PATCH", f"{at}/scale", {"spec": []}, None, MERGE)


LABEL_SELECTORS = (
    "a=b", "a==b", "a!=b", "a in (b,c)", "a notin (b)", "!a", "a", "a>1", "a<1", "a>x", "a in b", "a in ()", "a in (",
    "=b", "a=b,", "a=b,,c=d", ",", "a b", "a=b c", "a/b/c=d", "a=(b", "a=b=c", "!a=b", "in=b", "notin in (in)",
    "a in (,)", "a in (b,,c)", "a=b\nc", "-a=b", "a=-b", f"a={'x' * 64}", "(", ")", "!", "!!a", "a!b", "a=!b", "a in(b)",
    "a\tin\t(b)",
)  # fmt: skip
FIELD_SELECTORS = (
    "metadata.name=a,metadata.namespace=b", "metadata.name", "=a", "metadata.name==a", "metadata.name!=", "spec.nope=1",
    "metadata.name=a\\,b", "metadata.name=a\\", ",", "metadata.name=a=b", "status.phase=Running", "type=x",
    "spec.nodeName=", "metadata.uid=x", "metadata.name>1", " metadata.name=a",
)  # fmt: skip
QUERIES = (
    {"limit": "x"}, {"limit": "-1"}, {"limit": "99999999999999999999"}, {"limit": ""}, {"limit": "1_0"}, {"limit": " 1"},
    {"limit": "+1"}, {"continue": "x"}, {"continue": "eyJ"}, {"resourceVersion": "x"}, {"resourceVersion": "-1"},
    {"resourceVersionMatch": "Exact"}, {"resourceVersionMatch": "zz", "resourceVersion": "1"}, {"timeoutSeconds": "x"},
    {"resourceVersion": "0", "resourceVersionMatch": "Exact"}, {"watch": "0"}, {"watch": "False"},
)  # fmt: skip


def readings(path: str, one: Document) -> Iterator[Asked]:
    at = f"{path}/{one['metadata']['name']}"
    yield Asked("get", "GET", at)
    yield Asked("get: at resourceVersion 0", "GET", at, None, {"resourceVersion": "0"})
    yield Asked("get: at a resourceVersion that is none", "GET", at, None, {"resourceVersion": "x"})
    yield Asked("get: at one that is not yet", "GET", at, None, {"resourceVersion": "999999999"})
    yield Asked("get: two dots", "GET", f"{path}/..")
    yield Asked("get: an encoded slash", "GET", f"{path}/a%2fb")
    for selector in LABEL_SELECTORS:
        yield Asked(f"list: {selector}", "GET", path, None, {"labelSelector": selector})
    for selector in FIELD_SELECTORS:
        yield Asked(f"list by field: {selector}", "GET", path, None, {"fieldSelector": selector})
    for query in QUERIES:
        yield Asked(f"list: {query}", "GET", path, None, {**query, "labelSelector": "nothing"})


def deletions(path: str, one: Document) -> Iterator[Asked]:
    at = f"{path}/{one['metadata']['name']}"
    for label, options in {
        "of another uid": {"preconditions": {"uid": "x"}},
        "of an old resourceVersion": {"preconditions": {"resourceVersion": "1"}},
        "as a dry run": {"dryRun": ["All"]},
        "by an unknown policy": {"propagationPolicy": "x"},
        "by two policies": {"propagationPolicy": "Orphan", "orphanDependents": True},
        "with options of another version": {"apiVersion": "meta.k8s.io/v1", "dryRun": ["All"]},
        "with options of no version": {"apiVersion": "zz/v1", "dryRun": ["All"]},
        "with options of another kind": {"kind": "Pod"},
        "with a grace period that is a text": {"gracePeriodSeconds": "x"},
    }.items():
        yield Asked(f"delete: {label}", "DELETE", at, {"kind": "DeleteOptions", "apiVersion": "v1", **options})
    yield Asked("delete: a list", "DELETE", at, b"[]")
    yield Asked("delete: half a document", "DELETE", at, b"{")
    yield Asked("delete: with a bad grace period", "DELETE", at, None, {"gracePeriodSeconds": "x"})
    yield Asked("delete: of what there is not", "DELETE", f"{path}/gone")
    yield Asked("hold", "PATCH", at, {"metadata": {"finalizers": ["x.io/y"]}}, None, MERGE)
    yield Asked("delete: what is held", "DELETE", at, {"gracePeriodSeconds": 0})
    yield Asked("delete: again", "DELETE", at, {"gracePeriodSeconds": 0})
    yield Asked("hold: once more", "PATCH", at, {"metadata": {"finalizers": ["x.io/y", "x.io/z"]}}, None, MERGE)
    yield Asked("label: what is held", "PATCH", at, {"metadata": {"labels": {"h": "1"}}}, None, MERGE)
    yield Asked("let go", "PATCH", at, {"metadata": {"finalizers": None}}, None, MERGE)
    yield Asked("get: what is gone", "GET", at)


def requests(path: str, one: Document) -> Iterator[Asked]:
    for some in (creations, updates, merges, other_patches, parts_of, readings, deletions):
        yield from some(path, one)


def outcome(reply: Reply) -> tuple[int, str]:
    """The status and the reason."""
    found = reply.document
    return reply.status, found.get("reason", "") if isinstance(found, dict) else "in plain text"


_OWN = {"uid", "resourceVersion", "creationTimestamp", "deletionTimestamp", "managedFields", "continue"}
"""What each server draws for itself."""


def comparable(value: Any) -> Any:
    """An object, or a list, without what no two servers have in common."""
    if isinstance(value, dict) and value.get("kind", "").endswith("List"):
        items = [item for item in value["items"] if item["metadata"]["name"] in ("minimal", "gone")]
        return {"kind": value["kind"], "items": comparable(items)}
    if isinstance(value, dict):
        return {key: comparable(item) for key, item in value.items() if key not in _OWN}
    return [comparable(item) for item in value] if isinstance(value, list) else value


@pytest.mark.parametrize("kind", KINDS)
def test_status_and_reason_are_those_of_the_real_server(two: Two, namespace: str, kind: str) -> None:
    path, one = sample(kind)
    differing = {}
    for asked in requests(path.format(namespace=namespace), one):
        ours, real = two.ask(asked)
        known = LATER_THAN_1_20.get(asked.label) == (ours.status, real.status)
        if outcome(ours) != outcome(real) and not known:
            differing[asked.label] = (outcome(ours), outcome(real), ours.document, real.document)
    assert differing == {}


@pytest.mark.parametrize("kind", UNTOUCHED)
def test_what_is_written_becomes_the_same_object(two: Two, namespace: str, kind: str) -> None:
    path, one = sample(kind)
    compared, differing = 0, {}
    for asked in requests(path.format(namespace=namespace), one):
        ours, real = two.ask(asked)
        if ours.status == real.status and ours.status in (200, 201):
            mine, theirs = comparable(ours.document), comparable(real.document)
            compared += 1
            if mine != theirs:
                differing[asked.label] = (mine, theirs)
    assert differing == {}
    assert compared > 30
