"""What is answered and never stored: reviews of access and of tokens, and tokens themselves."""

from __future__ import annotations

from poblano.cluster.access.reviews import REVIEWS
from poblano.cluster.resources import GroupVersionKind, Resource
from poblano.cluster.rest.admission import attributes
from poblano.cluster.rest.bodies import read_kind
from poblano.cluster.rest.encoding import encoded, rendered
from poblano.cluster.rest.exchange import Request, Response
from poblano.cluster.rest.options import write_options
from poblano.cluster.rest.server import Server
from poblano.core.jsonvalue import Document


def is_review(resource: Resource) -> bool:
    """Whether the objects of a resource are questions."""
    return (resource.group, resource.plural) in REVIEWS


async def review(server: Server, request: Request) -> Response:
    """Answer a POST of a review.

    Raises:
        StatusError: the question makes no sense.
    """
    asked = await _admitted(server, request, request.resource.gvk)
    resource = request.resource
    answered = server.access.review(
        resource.group, resource.plural, asked, user=request.user, namespace=request.target.namespace
    )
    return rendered(encoded({"metadata": {}, **answered}), request.answer, status=201)


async def issue_token(server: Server, request: Request) -> Response:
    """Answer a POST of a TokenRequest.

    Raises:
        StatusError: there is no such ServiceAccount, or the request makes no sense.
    """
    asked = await _admitted(server, request, request.resource.subresources["token"].kind)
    target = request.target
    issued = server.access.token_request(asked, namespace=target.namespace, name=target.name)
    return rendered(encoded(issued), request.answer, status=201)


async def _admitted(server: Server, request: Request, kind: GroupVersionKind) -> Document:
    options = write_options(request.query, "CreateOptions")
    document = read_kind(request, kind)
    review = attributes(
        request, "CREATE", new=document, old=None, options=options.document, dry_run=options.dry_run, kind=kind
    )
    await server.webhooks.mutate(review)
    await server.webhooks.validate(review)
    return review.object if review.object is not None else document
