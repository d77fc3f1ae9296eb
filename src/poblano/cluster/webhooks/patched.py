"""What a mutating webhook's patch makes of an object.

Source: k8s.io/apiserver/pkg/admission/plugin/webhook/mutating/dispatcher.go
"""

from __future__ import annotations

from typing import Any

import msgspec

from poblano.cluster import status
from poblano.cluster.status import StatusError
from poblano.cluster.webhooks.answer import Answer
from poblano.cluster.webhooks.configuration import Hook
from poblano.cluster.webhooks.failure import NotAsked, nothing_to_modify
from poblano.cluster.webhooks.go_json import described, quoted
from poblano.cluster.webhooks.operations import DoesNotApply, applied
from poblano.cluster.webhooks.versions import Asked, Restore
from poblano.core.jsonvalue import Document, as_list, as_map


def patched(hook: Hook, said: Answer, document: Document | None, asked: Asked, restore: Restore) -> Document | None:
    """A new object, as the webhook wants it; None when it wants nothing changed.

    Raises:
        NotAsked: the patch is none.
        StatusError: it does not apply, or to nothing, or what it makes is no object of the kind: 500.
    """
    operations = _operations(said.patch) if said.patch else []
    if not operations:
        return None
    if document is None:
        raise nothing_to_modify(hook.name)
    if said.patch_type != "JSONPatch":
        raise NotAsked(f"unsupported patch type {quoted(said.patch_type)}")
    try:
        return restore(applied(document, operations), asked.resource, asked.kind)
    except DoesNotApply as error:
        raise status.internal(str(error)) from None
    except StatusError as error:
        raise status.internal(_of_decoder(error.message)) from None


def _operations(patch: bytes) -> list[Document]:
    text = patch.decode("utf-8", "replace")
    try:
        operations: Any = msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError) as error:
        from poblano.cluster.decoding.syntax import syntax_error

        raise _undecodable(syntax_error(text) or str(error)) from None
    found = as_list([] if operations is None else operations)
    if found is None:
        raise _undecodable(f"json: cannot unmarshal {described(operations)} into Go value of type jsonpatch.Patch")
    for operation in found:
        if operation is not None and as_map(operation) is None:
            kind = described(operation)
            raise _undecodable(f"json: cannot unmarshal {kind} into Go value of type jsonpatch.Operation")
    return [operation or {} for operation in found]


def _undecodable(why: str) -> NotAsked:
    return NotAsked(f"received undecodable patch in webhook response: {why}")


def _of_decoder(message: str) -> str:
    """Without what a request's own body would have been told in front."""
    before, separator, rest = message.partition(": ")
    return rest if separator and " cannot be handled as a " in before else message
