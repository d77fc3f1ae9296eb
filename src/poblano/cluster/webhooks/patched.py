"""What a mutating webhook's patch makes of an object.

Source: k8s.io/apiserver/pkg/admission/plugin/webhook/mutating/dispatcher.go
"""

from __future__ import annotations

from typing import Any, Final

import msgspec

from poblano.cluster import status
from poblano.cluster.resources import built_in_resources
from poblano.cluster.status import StatusError
from poblano.cluster.webhooks.answer import Answer
from poblano.cluster.webhooks.configuration import Hook
from poblano.cluster.webhooks.failure import NotAsked, nothing_to_modify
from poblano.cluster.webhooks.go_json import described, quoted
from poblano.cluster.webhooks.operations import DoesNotApply, applied
from poblano.cluster.webhooks.versions import Asked, Restore
from poblano.core.jsonvalue import Document, as_list, as_map

_SCHEME: Final = "pkg/api/legacyscheme/scheme.go:30"


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
        return restore(_typed(applied(document, operations), asked), asked.resource, asked.kind)
    except DoesNotApply as error:
        raise status.internal(str(error)) from None
    except StatusError as error:
        raise error if error.code == 500 else status.internal(_of_decoder(error.message)) from None


def _typed(document: Any, asked: Asked) -> Document:
    """The object with its kind and apiVersion; a built-in one has those of its type where the patch took them away.

    Raises:
        StatusError: it is of another kind now: 500.
    """
    made = as_map(document)
    if made is None:
        raise status.internal(f"json: cannot unmarshal {described(document)} into Go value of type {asked.kind.kind}")
    if asked.resource.custom is not None and asked.kind == asked.resource.gvk:
        if not made.get("kind"):
            raise status.internal(f"Object 'Kind' is missing in '{msgspec.json.encode(made).decode()}'")
        return made
    made |= {
        "kind": made.get("kind") or asked.kind.kind,
        "apiVersion": made.get("apiVersion") or asked.kind.api_version,
    }
    found, api_version = made["kind"], made["apiVersion"]
    if (found, api_version) == (asked.kind.kind, asked.kind.api_version):
        return made
    if not any((one.kind, one.api_version) == (found, api_version) for one in built_in_resources()):
        raise status.internal(f'no kind "{found}" is registered for version "{api_version}" in scheme "{_SCHEME}"')
    into = f"{asked.kind.group.partition('.')[0] or 'core'}.{asked.kind.kind}"
    version = str(api_version).rpartition("/")[2]
    raise StatusError(500, "", f"converting ({version}.{found}) to ({into}): unknown conversion")


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
