"""get and list as answers.

Source: k8s.io/apiserver/pkg/endpoints/handlers/get.go
"""

from __future__ import annotations

from poblano.cluster.rest.encoding import encoded, rendered
from poblano.cluster.rest.exchange import Request, Response
from poblano.cluster.rest.list_options import check_list_options
from poblano.cluster.rest.listing import from_the_future, list_items, page, revision_number, selection
from poblano.cluster.rest.presenting import partial_list, present, tabulated
from poblano.cluster.rest.server import Server
from poblano.cluster.status import not_found


async def get(server: Server, request: Request) -> Response:
    """Answer a GET of one object.

    Raises:
        StatusError: 404, there is none; 500 or 504 for a resourceVersion that is none, or not yet.
    """
    revision = revision_number(request.query.text("resourceVersion"))
    if revision > server.storage.revision:
        raise from_the_future(revision, server.storage.revision)
    record = server.find(request)
    if record is None:
        raise not_found(request.resource.plural, request.target.name, group=request.resource.group)
    return await present(server, request, record)


async def list_(server: Server, request: Request) -> Response:
    """Answer a GET of a collection.

    Raises:
        StatusError: the selectors or options make no sense, or the revision is compacted away.
    """
    resource, query = request.resource, request.query
    check_list_options(query)
    chosen = selection(resource, query, namespace=request.target.namespace)
    found = page(server.stored, resource, chosen, query)
    if request.answer.form == "object":
        return rendered(await list_items(server.stored, resource, found), request.answer)
    documents = await server.stored.load_all(resource, found.records)
    if request.answer.form == "partial":
        return rendered(encoded(partial_list(documents, found.metadata, request.answer)), request.answer)
    return rendered(encoded(tabulated(server, request, documents, found.metadata)), request.answer)
