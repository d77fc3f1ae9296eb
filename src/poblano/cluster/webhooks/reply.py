"""The HTTP answer of a webhook as client-go's REST client reads it: JSON, YAML, a Status, or nothing of use.

Sources: k8s.io/client-go/rest/request.go, k8s.io/apimachinery/pkg/api/errors/errors.go (NewGenericServerResponse),
k8s.io/apimachinery/pkg/runtime/serializer/json
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from poblano.cluster.webhooks.go_json import GoError, quoted
from poblano.core.jsonvalue import Document

_CODES: Final = {
    400: "the server rejected our request for an unknown reason",
    401: "the server has asked for the client to provide credentials",
    404: "the server could not find the requested resource",
    405: "the server does not allow this method on the requested resource",
    409: "the server reported a conflict",
    422: "the server rejected our request due to an error in our request",
    429: "the server has received too many requests and has asked us to try again later",
    503: "the server is currently unable to handle the request",
    504: "the server was unable to return a response in the time allotted, but may still be processing the request",
}


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back over HTTP.

    Args:
        status: the HTTP status.
        content_type: the header; empty for none.
        retry_after: the header; empty for none.
        body: all of it.
    """

    status: int
    content_type: str
    retry_after: str
    body: bytes

    def wait(self) -> int | None:
        """Seconds after which the webhook wants to be asked again; None when it does not.

        >>> Reply(503, "", "1", b"").wait(), Reply(503, "", "", b"").wait(), Reply(400, "", "1", b"").wait()
        (1, None, None)
        """
        if self.status != 429 and self.status < 500:
            return None
        try:
            return int(self.retry_after)
        except ValueError:
            return None


def unreadable(reply: Reply) -> GoError:
    """Why a reply that is no success is no answer: what it says itself if it is a Status, else what its code means."""
    said = _said(reply.body)
    return GoError(_meaning(reply) if said is None else said)


def _said(body: bytes) -> str | None:
    """The message of a Status, if it is one that tells of a failure."""
    try:
        found = read_document(body) if body else {}
    except GoError:
        return None
    if found.get("kind") != "Status" or (found.get("apiVersion") or "v1") != "v1" or found.get("status") != "Failure":
        return None
    message = found.get("message")
    return message if isinstance(message, str) else ""


def _meaning(reply: Reply) -> str:
    said = "unknown"
    kind = reply.content_type.partition(";")[0].strip().lower()
    if not kind or kind.startswith("text/"):
        said = reply.body[:2048].decode("utf-8", "replace").strip()
    if reply.status in _CODES:
        return _CODES[reply.status]
    if reply.status in (403, 415):
        return said
    if reply.status == 406:
        return (
            said
            if said not in ("", "unknown")
            else "the server was unable to respond with a content type that the client supports"
        )
    if reply.status >= 500:
        return f"an error on the server ({quoted(said)}) has prevented the request from succeeding"
    return f"the server responded with the status code {reply.status} but did not return more information"


def read_document(body: bytes) -> Document:
    """The map that a body is, as JSON or, when it does not begin like a map of JSON, as YAML.

    Raises:
        GoError: it is none, or its apiVersion or kind is no text.
    """
    from poblano.cluster.decoding.reading import Undecodable, read_json, typed
    from poblano.cluster.decoding.yaml_documents import BadYAML, read_yaml

    try:
        document = typed(read_json(body) if body.lstrip().startswith(b"{") else read_yaml(body))
    except (Undecodable, BadYAML) as error:
        raise GoError(str(error)) from None
    if (document.get("apiVersion") or "").count("/") > 1:
        raise GoError(f"unexpected GroupVersion string: {document['apiVersion']}")
    return document
