"""Asking a served module as an API server would: which webhooks a request goes to, and what they answer."""

from __future__ import annotations

import base64
import http.client
import itertools
import ssl
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, cast

import msgspec

from poblano.core.binding import Binding, Phase
from poblano.core.entries import Entry
from poblano.core.errors import PoblanoError
from poblano.core.jsonvalue import Document, as_map, copied
from poblano.core.kinds import Kind
from poblano.core.matching import Matcher
from poblano.core.objects import guess_plural, kind_of
from poblano.core.patch import apply
from poblano.core.review import AdmissionRequest, Verb, read

USER: Final = "demo-user"
SECONDS: Final = 30


class NotAnswered(PoblanoError):
    """The server did not answer a review as it must."""


@dataclass(slots=True)
class Outcome:
    """What became of a request.

    Attributes:
        request: what was asked.
        before, after: the object as it was sent, and as it would be stored.
        code, message: of a refusal; 0 when there was none.
        called: whether any webhook was.
    """

    request: AdmissionRequest
    before: Document
    after: Document
    code: int = 0
    message: str = ""
    warnings: list[str] = field(default_factory=list[str])
    called: bool = False

    @property
    def refused(self) -> bool:
        """Whether it was refused."""
        return self.code > 0


class ApiServerDouble:
    """Sends reviews to a server as an API server does: mutating webhooks one by one, then validating ones.

    Args:
        entries: what would be registered.
        port, authority: of the server, which is at localhost.
        bindings: of the module: what kinds there are.
    """

    def __init__(self, entries: Sequence[Entry], port: int, authority: bytes, bindings: Iterable[Binding]) -> None:
        self._matchers = [(entry, Matcher(entry.bindings)) for entry in entries]
        self._tls = ssl.create_default_context(cadata=authority.decode("ascii"))
        self._port = port
        self._kinds: Mapping[tuple[str, str], Kind] = {
            (binding.kind.api_version, binding.kind.kind): binding.kind for binding in bindings
        }
        self._numbers = itertools.count(1)

    def ask(self, verb: Verb, document: Document) -> Outcome:
        """Have the object created or deleted.

        Raises:
            NotAnswered: the server did not answer a review.
        """
        document = _converted(document)
        outcome = Outcome(self._request(verb, document), document, copied(document))
        for phase in ("mutate", "validate"):
            for entry in self._called(phase, outcome.request):
                outcome.called = True
                self._put(entry, outcome)
                if outcome.refused:
                    return outcome
                outcome.request = self._request(verb, outcome.after)
        return outcome

    def _called(self, phase: Phase, request: AdmissionRequest) -> list[Entry]:
        """The webhooks that an API server with matchConditions would call: those of which a rule applies."""
        return [entry for entry, matcher in self._matchers if entry.phase == phase and matcher.match(request)]

    def _put(self, entry: Entry, outcome: Outcome) -> None:
        answer = self._post(entry.path, entry.timeout, outcome.request)
        outcome.warnings += answer.get("warnings") or []
        if not answer["allowed"]:
            outcome.code, outcome.message = answer["status"]["code"], answer["status"]["message"]
        elif patch := answer.get("patch"):
            outcome.after = cast("Document", apply(outcome.after, msgspec.json.decode(base64.b64decode(patch))))

    def _post(self, path: str, timeout: int, request: AdmissionRequest) -> Document:
        body = msgspec.json.encode({"kind": "AdmissionReview", "apiVersion": "admission.k8s.io/v1", "request": request})
        connection = http.client.HTTPSConnection("localhost", self._port, context=self._tls, timeout=SECONDS)
        try:
            connection.request("POST", f"{path}?timeout={timeout}s", body, {"Content-Type": "application/json"})
            with connection.getresponse() as response:
                status, text = response.status, response.read()
        except OSError as error:
            raise NotAnswered(f"no answer at {path}: {error}") from error
        finally:
            connection.close()
        if status != http.HTTPStatus.OK:
            raise NotAnswered(f"HTTP {status} at {path}: {text[:300].decode(errors='replace')}")
        answer: dict[str, Any] = msgspec.json.decode(text)["response"]
        if answer["uid"] != request.uid:
            raise NotAnswered(f"the answer at {path} is to another request")
        return answer

    def _request(self, verb: Verb, document: Document) -> AdmissionRequest:
        """The request that an API server makes of an object."""
        kind = self._kind(document)
        metadata = _metadata(document)
        name = metadata.get("name", "")
        namespace = metadata.get("namespace") or "default" if kind.namespaced else ""
        gvk = {"group": kind.group, "version": kind.version, "kind": kind.kind}
        gvr = {"group": kind.group, "version": kind.version, "resource": kind.plural}
        asked = {
            "uid": f"demo-{next(self._numbers)}",
            "kind": gvk,
            "resource": gvr,
            "requestKind": gvk,
            "requestResource": gvr,
            "name": name,
            "namespace": name if kind.kind == "Namespace" and not kind.group else namespace,
            "operation": verb,
            "userInfo": {"username": USER, "uid": "42", "groups": ["system:authenticated"]},
            "object": None if verb == "DELETE" else document,
            "oldObject": document if verb == "DELETE" else None,
            "dryRun": False,
            "options": None,
        }
        review = {"kind": "AdmissionReview", "apiVersion": "admission.k8s.io/v1", "request": asked}
        return read(msgspec.json.encode(review)).request

    def _kind(self, document: Document) -> Kind:
        api_version, name = str(document["apiVersion"]), str(document["kind"])
        known = self._kinds.get((api_version, name)) or _built_in(api_version, name)
        if known is not None:
            return known
        group, _, version = api_version.rpartition("/")
        return Kind(group, version, name, guess_plural(name), "namespace" in _metadata(document))


def _converted(document: Document) -> Document:
    """The object as webhooks are shown it: a Secret's stringData is in its data by then (pkg/apis/core/v1/conversion.go)."""
    texts = as_map(document.get("stringData"))
    if texts is None or (document.get("apiVersion"), document.get("kind")) != ("v1", "Secret"):
        return document
    encoded = {key: base64.b64encode(str(value).encode()).decode("ascii") for key, value in texts.items()}
    rest = {key: value for key, value in document.items() if key != "stringData"}
    return {**rest, "data": {**(as_map(document.get("data")) or {}), **encoded}}


def _metadata(document: Document) -> dict[str, Any]:
    return document.get("metadata") or {}


def _built_in(api_version: str, name: str) -> Kind | None:
    """A kind of Kubernetes' own."""
    from poblano.models import a

    try:
        kind = kind_of(getattr(a, name))
    except AttributeError:
        return None
    return kind if kind.api_version == api_version else None
