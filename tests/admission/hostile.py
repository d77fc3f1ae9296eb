"""Bodies that no API server sends, and a module that mutates and validates whatever can be made of them. Not a test.

The numbers are those of the list of inputs that a webhook server must survive.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from typing import Any, Final

from poblano import Capability, Decision, MutateRequest, Resource, ValidateRequest, a, document
from tests.core.driving import POD, review
from tests.core.punishing import punished

Body = Callable[[], bytes]

ADDED: Final[dict[str, Any]] = {"list": [1, 2.5, None], "": {"~/": "é\x00"}}
GOOD: Final = review(POD, uid="good")
LABEL: Final = "hostile.example.com/seen"


def rules() -> Capability:
    """Rules for everything that the bodies below speak of."""
    made = Capability("hostile", description="Whatever is sent")

    def mutate(request: MutateRequest[Any]) -> None:
        request.set_label(LABEL, "yes")
        document(request.raw)["added"] = ADDED

    def validate(request: ValidateRequest[Any]) -> Decision:
        request.audit("seen", request.name)
        return request.approve([f"seen {request.name}"]) if request.has_label("tier") else request.deny("no tier", 422)

    def bind(kind: type[Resource], subresource: str = "") -> None:
        def when() -> Any:
            return made.when(kind).for_subresource(subresource) if subresource else made.when(kind)

        name = f"{kind.__name__}-{subresource}".lower().strip("-")
        if subresource != "exec":
            when().is_created_or_updated().mutate(name=f"{name}-changed")(mutate)
            when().is_created_or_updated().with_label("tier").mutate(name=f"{name}-labelled")(lambda request: None)
            when().is_created_or_updated().validate(name=f"{name}-written")(validate)
        else:
            when().validate(name=f"{name}-connected")(lambda request: request.approve())
        if not subresource:
            when().is_deleted().mutate(name=f"{name}-deleting")(mutate)
            when().is_deleted().validate(name=f"{name}-deleted")(validate)

    for kind in (a.Pod, a.ConfigMap, a.Secret, a.Namespace):
        bind(kind)
    for subresource in ("eviction", "binding", "exec"):
        bind(a.Pod, subresource)
    bind(a.ServiceAccount, "token")
    bind(a.Deployment, "scale")
    return made


def raw(obj: bytes, **request: Any) -> bytes:
    """A review with an object that is spelt byte by byte."""
    return review({"kind": "Pod", "metadata": {"name": "@"}}, **request).replace(
        b'{"kind":"Pod","metadata":{"name":"@"}}', obj
    )


def with_metadata(metadata: bytes) -> bytes:
    """The same, for its metadata."""
    return raw(b'{"apiVersion":"v1","kind":"Pod","metadata":%b,"spec":{"nodeName":"n"}}' % metadata)


def edited(**request: Any) -> bytes:
    """A review with members of the request replaced; None takes one away."""
    whole = json.loads(review())
    for key, value in request.items():
        if value is None:
            del whole["request"][key]
        else:
            whole["request"][key] = value
    return json.dumps(whole).encode()


def enveloped(**top: Any) -> bytes:
    """A review with members of the envelope replaced."""
    return json.dumps(json.loads(review()) | top).encode()


def nested(depth: int) -> bytes:
    """An object so deep."""
    return b'{"a":' * depth + b"1" + b"}" * depth


def several(*values: Any) -> tuple[Any, ...]:
    """Values of all types."""
    return values


def deep(depth: int) -> bytes:
    """A review with it."""
    return raw(nested(depth))


def of_subresource(kind: str, group: str, resource: str, sub: str, obj: Any, **request: Any) -> bytes:
    """A review of a subresource."""
    return review(
        obj,
        kind={"group": group, "version": "v1", "kind": kind},
        resource={"group": "apps" if resource == "deployments" else "", "version": "v1", "resource": resource},
        subResource=sub,
        **request,
    )


ODD_KEYS: Final = (
    "a/b",
    "~",
    "~1",
    "~0",
    "~01",
    "",
    "🌶",
    "a\x00b",
    "a.b",
    "/",
    "//",
    " ",
    '"',
    "\\",
    "\u2028",
    "-",
    "0",
    "__proto__",
)

NUMBERS: Final = (
    b"9007199254740993,18446744073709551616,-9223372036854775809,1.0,-0.0,0.0,-0,1e22,1E400,1e-400,"
    b"123456789012345678901234567890,0.1,1e2,100,3.141592653589793238462643,5e-324,1.7976931348623157e308"
)

BODIES: Final[dict[str, Body]] = {
    "1 empty": lambda: b"",
    "1 blank": lambda: b" \r\n\t ",
    "2 no JSON": lambda: b"hello, world",
    "2 a BOM": lambda: b"\xef\xbb\xbf" + review(),
    "2 UTF-16": lambda: review().decode().encode("utf-16"),
    "2 UTF-32": lambda: review().decode().encode("utf-32"),
    "2 UTF-8 cut": lambda: review(uid="é").replace("é".encode(), b"\xc3"),
    "2 an invalid byte in the object": lambda: with_metadata(b'{"name":"\xff"}'),
    "2 surrogates in bytes": lambda: with_metadata(b'{"name":"\xed\xa0\x80"}'),
    "2 a lone surrogate in the object": lambda: with_metadata(b'{"name":"\\ud800"}'),
    "2 a lone surrogate in a label": lambda: with_metadata(b'{"labels":{"tier":"\\udc00"}}'),
    "2 a lone surrogate for a uid": lambda: review(uid="@").replace(b'"@"', b'"\\ud800"'),
    "2 a pair of surrogates": lambda: with_metadata(b'{"name":"\\ud83c\\udf36"}'),
    "2 a NUL at the end": lambda: review() + b"\x00",
    "2 a second review": lambda: review() + review(),
    "2 a comment": lambda: b"/* */" + review(),
    "3 null": lambda: b"null",
    "3 a list": lambda: b"[]",
    "3 text": lambda: b'"x"',
    "3 a number": lambda: b"1",
    "3 true": lambda: b"true",
    "3 a map": lambda: b"{}",
    "4 cut after the uid": lambda: review()[:120],
    "4 cut in the object": lambda: review()[: review().index(b"containers")],
    "4 cut at the end": lambda: review()[:-1],
    "4 one byte": lambda: b"{",
    "5 100 000 lists": lambda: b"[" * 100_000,
    "5 100 000 maps": lambda: nested(100_000),
    "5 100 000 maps in the object": lambda: raw(nested(100_000)),
    "5 a million lists in a label": lambda: with_metadata(b'{"labels":{"a":' + b"[" * 1_000_000),
    **{
        f"5 {depth} maps in the object": partial(deep, depth)
        for depth in (180, 199, 201, 253, 255, 400, 900, 990, 1100)
    },
    "6 two requests": lambda: review().replace(b'"request":', b'"request":{"uid":"first"},"request":', 1),
    "6 two uids": lambda: review().replace(b'"uid":', b'"uid":"first","uid":', 1),
    "6 two objects": lambda: review().replace(b'"object":', b'"object":{"metadata":{"name":"first"}},"object":', 1),
    "6 two labels": lambda: with_metadata(b'{"labels":{"tier":"a","tier":"b"},"name":"a","name":"b"}'),
    "6 two metadata": lambda: raw(b'{"metadata":{"name":"a"},"metadata":{"labels":{"tier":"b"}}}'),
    "6 in another case": lambda: raw(b'{"Metadata":{"name":"a"},"metadata":{"Labels":{"tier":"b"}}}'),
    "7 NaN": lambda: raw(b'{"x":NaN}'),
    "7 infinity": lambda: raw(b'{"x":-Infinity}'),
    "7 1e999": lambda: raw(b'{"x":1e999}'),
    "7 numbers that are none": lambda: raw(b'{"x":[01,.5,5.,+1,0x1,1_0]}'),
    "8 all numbers": lambda: raw(b'{"metadata":{},"x":[' + NUMBERS.replace(b"1E400,", b"") + b"]}"),
    "8 a number of 4 301 digits": lambda: raw(b'{"metadata":{},"x":' + b"7" * 4301 + b"}"),
    "8 a number of 100 000 digits": lambda: raw(b'{"metadata":{},"x":' + b"7" * 100_000 + b"}"),
    "8 a number of 1 000 000 decimals": lambda: raw(b'{"metadata":{},"x":0.' + b"7" * 1_000_000 + b"}"),
    "9 7 MiB of blanks": lambda: b" " * (7 * 1024 * 1024),
    "9 an object of 6 MiB": lambda: with_metadata(b'{"annotations":{"a":"' + b"x" * 6 * 1024 * 1024 + b'"}}'),
    "10 no request": lambda: b'{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview"}',
    **{
        f"10 a request that is {value!r}": partial(enveloped, request=value)
        for value in several(None, [], "x", 1, True, {})
    },
    "11 no uid": lambda: edited(uid=None),
    **{
        f"11 a uid of {value!r}": partial(edited, uid=value)
        for value in several("", 7, [], {}, "a\nb\x00c", "🌶", '"}}', "x" * 129)
    },
    "11 a uid of 1 MB": lambda: edited(uid="x" * 1_000_000),
    **{
        f"12 version {value!r}": partial(enveloped, apiVersion=value)
        for value in several("", "v1", "admission.k8s.io/v2", "admission.k8s.io/V1", 1, "x" * 100_000)
    },
    **{
        f"12 kind {value!r}": partial(enveloped, kind=value)
        for value in several("", "admissionreview", "List", "\ud83c", [])
    },
    **{
        f"12 operation {value!r}": partial(edited, operation=value)
        for value in several("create", "PATCH", "", "CREATE ", 1, ["CREATE"])
    },
    "12 no operation": lambda: edited(operation=None),
    "12 an unknown kind": lambda: edited(
        kind={"group": "x", "version": "y", "kind": "Z"}, resource={"group": "x", "version": "y", "resource": "zs"}
    ),
    "12 kind and resource that disagree": lambda: edited(kind={"group": "", "version": "v1", "kind": "Secret"}),
    "12 a kind that is text": lambda: edited(kind="Pod"),
    "13 v1beta1": lambda: enveloped(apiVersion="admission.k8s.io/v1beta1"),
    "13 v1beta1 without a request": lambda: b'{"apiVersion":"admission.k8s.io/v1beta1","kind":"AdmissionReview"}',
    **{
        f"14 {operation}, object {obj is not None}, old {old is not None}": lambda operation=operation, obj=obj, old=old: (
            review(obj, old=old, operation=operation)
        )  # type: ignore[misc]
        for operation in ("CREATE", "UPDATE", "DELETE", "CONNECT")
        for obj in (POD, None)
        for old in (POD, None)
    },
    "14 an object that is a list": lambda: raw(b"[1]"),
    "14 an object that is text": lambda: raw(b'"x"'),
    "14 an object that is empty": lambda: raw(b"{}"),
    "14 no object at all": lambda: edited(object=None, oldObject=None),
    "15 no metadata": lambda: raw(b'{"kind":"Pod","spec":{}}'),
    **{
        f"15 metadata {metadata.decode()}": lambda metadata=metadata: with_metadata(metadata)  # type: ignore[misc]
        for metadata in (
            b"null",
            b"[]",
            b'"x"',
            b"1",
            b"{}",
            b'{"labels":null}',
            b'{"labels":{}}',
            b'{"labels":[]}',
            b'{"labels":"x"}',
            b'{"labels":{"tier":1}}',
            b'{"labels":{"tier":null}}',
            b'{"labels":{"tier":{}}}',
            b'{"annotations":{}}',
            b'{"annotations":null}',
            b'{"name":1}',
            b'{"name":null}',
            b'{"namespace":[]}',
            b'{"deletionTimestamp":7}',
        )
    },
    "16 generateName": lambda: review({"kind": "Pod", "metadata": {"generateName": "db-"}}),
    "16 deletecollection": lambda: review(None, old=POD, operation="DELETE", name=""),
    "16 no name anywhere": lambda: review({"kind": "Pod", "metadata": {}}, name="", namespace=""),
    "16 a name of 1 MB": lambda: edited(name="n" * 1_000_000, namespace="m" * 100_000),
    "16 a user of 1 MB": lambda: edited(userInfo={"username": "u" * 1_000_000, "groups": ["g"] * 10_000}),
    "16 a user that is null": lambda: edited(userInfo={"username": 1, "groups": None}),
    "17 Scale": lambda: of_subresource(
        "Scale",
        "autoscaling",
        "deployments",
        "scale",
        {"kind": "Scale", "metadata": {"name": "d"}, "spec": {"replicas": 3}},
        operation="UPDATE",
    ),
    "17 Eviction": lambda: of_subresource(
        "Eviction", "policy", "pods", "eviction", {"kind": "Eviction", "metadata": {"name": "p"}}
    ),
    "17 Binding": lambda: of_subresource(
        "Binding", "", "pods", "binding", {"kind": "Binding", "metadata": {"name": "p"}, "target": {"name": "n"}}
    ),
    "17 TokenRequest": lambda: of_subresource(
        "TokenRequest",
        "authentication.k8s.io",
        "serviceaccounts",
        "token",
        {"kind": "TokenRequest", "metadata": {"name": "t"}, "spec": {"audiences": []}},
    ),
    "17 PodExecOptions": lambda: of_subresource(
        "PodExecOptions",
        "",
        "pods",
        "exec",
        {"kind": "PodExecOptions", "command": ["sh"], "stdin": True},
        operation="CONNECT",
    ),
    "17 a subresource nobody knows": lambda: of_subresource("Pod", "", "pods", "../../etc/passwd", POD),
    "18 odd keys": lambda: review(
        {
            "kind": "Pod",
            "metadata": {
                "name": "p",
                "labels": dict.fromkeys(ODD_KEYS, "1"),
                "annotations": dict.fromkeys(ODD_KEYS, "2"),
            },
            "spec": {key: {"a/b": []} for key in ODD_KEYS},
        }
    ),
    "19 100 000 items": lambda: review(POD | {"spec": {"containers": [{"name": "c"}] * 100_000}}),
    "19 100 000 keys": lambda: review(POD | {"spec": {f"k{n}": n for n in range(100_000)}}),
    "19 100 000 labels": lambda: review(
        {"kind": "Pod", "metadata": {"labels": {f"k{n}": "v" for n in range(100_000)}}}
    ),
    "20 managedFields and status": lambda: review(
        POD
        | {
            "metadata": {"name": "p", "managedFields": [{"fieldsV1": {f"f:{n}": {} for n in range(500)}}] * 50},
            "status": {"conditions": [{"message": "m" * 100}] * 5_000},
        }
    ),
}


NUMBERED: Final = sorted({int(name.split(maxsplit=1)[0]) for name in BODIES})


def hostile(number: int) -> dict[str, bytes]:
    """The bodies of one number, made now."""
    return {name: make() for name, make in BODIES.items() if name.split(maxsplit=1)[0] == str(number)}


def well_formed(body: bytes, path: str, status: int, answer: bytes) -> str | None:
    """What is wrong with the answer to a hostile body, or None: it is a review that no API server punishes, or a 400."""
    if status == 200:
        return punished(answer, body, path.split("/")[1])
    if status != 400:
        return f"HTTP {status}"
    found = json.loads(answer)
    response = found["response"]
    refused = response["allowed"] is False and response["status"]["code"] == 400 and response["status"]["message"]
    return None if found["kind"] == "AdmissionReview" and refused and isinstance(response["uid"], str) else "no refusal"
