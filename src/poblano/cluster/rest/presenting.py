"""A stored object, or a document, in the form that the client asked for."""

from __future__ import annotations

from collections.abc import Sequence

from poblano.cluster.rest.encoding import encoded, rendered, whole
from poblano.cluster.rest.exchange import Request, Response
from poblano.cluster.rest.negotiation import Answer
from poblano.cluster.rest.server import Server
from poblano.cluster.storage.records import Record
from poblano.core.jsonvalue import Document


async def present(server: Server, request: Request, record: Record, *, status: int = 200) -> Response:
    """A stored object as an answer."""
    if request.answer.form == "object" and server.stored.serves_as_stored(request.resource, record):
        return rendered(whole(request.resource, record), request.answer, status=status)
    return present_document(server, request, await server.stored.load(request.resource, record), status=status)


def present_document(server: Server, request: Request, document: Document, *, status: int = 200) -> Response:
    """An object as an answer."""
    shown = formed(server, request, document)
    return rendered(encoded(shown), request.answer, status=status)


def formed(server: Server, request: Request, document: Document) -> Document:
    """The object itself, a table of it, or its metadata."""
    match request.answer.form:
        case "table":
            return tabulated(server, request, [document], None)
        case "partial":
            return partial(document, request.answer)
        case _:
            return document


def tabulated(
    server: Server, request: Request, documents: Sequence[Document], metadata: Document | None, *, headers: bool = True
) -> Document:
    """A table of objects."""
    from poblano.cluster.tables import custom_columns, include_object, table

    resource = request.resource
    return table(
        resource,
        documents,
        include_object=include_object(request.query.text("includeObject")),
        list_metadata=metadata,
        now=server.clock.now(),
        columns=custom_columns(resource.custom, resource.version) if resource.custom else None,
        subresource=request.target.subresource,
        headers=headers,
        version=request.answer.version,
    )


def partial(document: Document, answer: Answer) -> Document:
    """The metadata of an object alone."""
    kind = {"kind": "PartialObjectMetadata", "apiVersion": f"meta.k8s.io/{answer.version}"}
    return {**kind, "metadata": document["metadata"]}


def partial_list(documents: Sequence[Document], metadata: Document, answer: Answer) -> Document:
    """The metadata of several objects."""
    kind = {"kind": "PartialObjectMetadataList", "apiVersion": f"meta.k8s.io/{answer.version}"}
    return {**kind, "metadata": metadata, "items": [partial(document, answer) for document in documents]}
