"""Cases recorded from a real API server, played at an embedded one: webhooks by script, requests, answers, reviews."""

from __future__ import annotations

import http.client
import json
import re
import ssl
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.cluster.webhooks.listening import Listener, Received

Document = dict[str, Any]

FILE = Path(__file__).parents[2] / "fixtures" / "conformance" / "kubernetes-1.36-admission.json"
CASES: list[Document] = json.loads(FILE.read_text())["cases"]
ADMISSION = "/apis/admissionregistration.k8s.io/v1/"
VOLATILE = {"uid", "resourceVersion", "creationTimestamp", "deletionTimestamp", "managedFields", "continue"}
KINDS = {"M": "MutatingWebhookConfiguration", "V": "ValidatingWebhookConfiguration"}
NOTED = ("operation", "name", "namespace", "subResource", "dryRun")


class Client:
    """Requests to one server, as its administrator."""

    def __init__(self, port: int, token: str) -> None:
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        self._connection = http.client.HTTPSConnection("127.0.0.1", port, context=context, timeout=60)
        self._token = token

    def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        type: str = "application/json",
        headers: dict[str, str] | None = None,
    ) -> Document:
        sent = {"Accept": "application/json", "Content-Type": type, "Authorization": f"Bearer {self._token}"}
        content = None if body is None else json.dumps(body)
        self._connection.request(method, path, body=content, headers=sent | (headers or {}))
        answer = self._connection.getresponse()
        warnings = [re.sub(r'^299 - "|"$', "", one) for one in answer.headers.get_all("Warning") or []]
        return {"status": answer.status, "warnings": warnings, "body": cleaned(json.loads(answer.read()))}

    def close(self) -> None:
        self._connection.close()


def cleaned(value: Any) -> Any:
    """Without what differs from run to run."""
    if isinstance(value, dict):
        return {key: cleaned(item) for key, item in value.items() if key not in VOLATILE}
    if isinstance(value, list):
        return [cleaned(item) for item in value]
    if not isinstance(value, str):
        return value
    for pattern, name in (
        (r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "<uid>"),
        (r"https://localhost:\d+", "https://localhost:<port>"),
        (r"127\.0\.0\.1:\d+|\[::1\]:\d+", "<address>"),
        (r"\bgen-[a-z0-9]{5}\b", "gen-<suffix>"),
    ):
        value = re.sub(pattern, name, value)
    return value


def play(case: Document, client: Client, listener: Listener) -> Document:
    """What the server answers, and what the webhooks are sent."""
    listener.replies.clear()
    listener.replies.update({hook["name"]: hook.get("replies", [{}]) for hook in case["webhooks"]})
    namespace = {"apiVersion": "v1", "kind": "Namespace"}
    namespace["metadata"] = {"name": case["namespace"], "labels": {"case": "yes"}}
    client.call("POST", "/api/v1/namespaces", namespace)
    for step in case.get("before", []):
        client.call(**step)
    made: list[str] = []
    try:
        made.extend(_registered(hook, client, listener) for hook in case["webhooks"])
        listener.received.clear()
        answers = [client.call(**step) for step in case["requests"]]
    finally:
        for path in made:
            client.call("DELETE", path)
    reviews = [_noted(one) for one in listener.received]
    if case.get("unordered"):
        reviews.sort(key=lambda one: json.dumps(one, sort_keys=True))
    return {"answers": answers, "reviews": reviews}


def comparable(saw: Document, case: Document) -> Document:
    """Without whose word it was, where webhooks were asked at the same time."""
    if not case.get("unordered"):
        return saw
    word = re.compile(r'webhook \\"\w+\.example|SAY \w+')
    answers: list[Any] = json.loads(word.sub("-", json.dumps(saw["answers"])))
    return {**saw, "answers": answers}


def _registered(hook: Document, client: Client, listener: Listener) -> str:
    port = hook.get("port", listener.port)
    entry = {
        "name": f"{hook['name']}.example.com",
        "admissionReviewVersions": ["v1"],
        "sideEffects": "None",
        "timeoutSeconds": 5,
        "clientConfig": {
            "url": f"https://localhost:{port}/{hook['name']}",
            "caBundle": hook.get("caBundle", listener.identity.bundle),
        },
        "rules": [{"apiGroups": [""], "apiVersions": ["v1"], "resources": ["configmaps"], "operations": ["*"]}],
        "namespaceSelector": {"matchLabels": {"case": "yes"}},
    } | hook.get("config", {})
    kind = KINDS[hook["type"]]
    document = {"apiVersion": "admissionregistration.k8s.io/v1", "kind": kind, "metadata": {"name": hook["name"]}}
    document["webhooks"] = [{key: value for key, value in entry.items() if value is not None}]
    path = f"{ADMISSION}{kind.lower()}s"
    answer = client.call("POST", path, document)
    assert answer["status"] == 201, answer
    return f"{path}/{hook['name']}"


def _noted(call: Received) -> list[Any]:
    request = call.review["request"]
    name, _, timeout = call.path.strip("/").partition("?timeout=")
    metadata = (request.get("object") or {}).get("metadata") or {}
    facts = {key: request.get(key) for key in NOTED}
    facts |= {"kind": request["kind"], "requestKind": request.get("requestKind")}
    facts |= {key: (request.get(key) or {}).get("kind") for key in ("object", "oldObject", "options")}
    facts |= {"timeout": timeout, "labels": metadata.get("labels"), "user": request["userInfo"].get("username")}
    return [name, cleaned(facts)]
