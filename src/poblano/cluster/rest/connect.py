"""exec, attach, portforward, proxy and log: what needs a kubelet, as far as it goes without one.

Webhooks are asked as the real server asks them; then the answer says that there is no container.

Source: k8s.io/apiserver/pkg/endpoints/handlers/rest.go (ConnectResource), k8s.io/kubernetes/pkg/registry/core/pod/strategy.go
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from poblano.cluster.kinds.tree import many, value
from poblano.cluster.resources import GroupVersionKind
from poblano.cluster.rest.admission import attributes
from poblano.cluster.rest.encoding import plain
from poblano.cluster.rest.exchange import Request, Response
from poblano.cluster.rest.server import Server
from poblano.cluster.rest.url import Target
from poblano.cluster.status import StatusError, bad_request, not_found
from poblano.core.jsonvalue import Document

_FLAGS: Final = ("stdin", "stdout", "stderr", "tty")
_OPTIONS: Final[Mapping[str, tuple[str, ...]]] = {
    "exec": (*_FLAGS, "container", "command"),
    "attach": (*_FLAGS, "container"),
    "portforward": ("ports",),
    "proxy": ("path",),
}


async def connect(server: Server, request: Request) -> Response:
    """Answer an exec, an attach, a portforward or a proxy.

    Raises:
        StatusError: a webhook's refusal; else that nothing runs here.
    """
    resource, target = request.resource, request.target
    name = _object(target)
    record = server.find(replace(request, target=replace(target, name=name)))
    if record is None:
        raise not_found(resource.plural, name, group=resource.group)
    kind = resource.subresources[target.subresource].kind
    review = attributes(
        request, "CONNECT", new=_options(request, kind), old=None, options=None, dry_run=False, kind=kind
    )
    await server.webhooks.mutate(review)
    await server.webhooks.validate(review)
    if resource.plural == "pods" and not value(record.document(), "spec", "nodeName"):
        raise bad_request(f"pod {target.name} does not have a host assigned")
    message = f"the embedded cluster runs no containers: there is nothing to {target.subresource} to in {target.name}"
    raise StatusError(501, "NotImplemented", message)


def _object(target: Target) -> str:
    """The name of the object: that of what is proxied to may have a scheme before it, and a port behind.

    Source: k8s.io/apimachinery/pkg/util/net/port_split.go (SplitSchemeNamePort)

    Raises:
        StatusError: it has more than that.
    """
    parts = target.name.split(":")
    if target.subresource != "proxy" or len(parts) == 1:
        return target.name
    scheme, name = ("", parts[0]) if len(parts) == 2 else (parts[0], parts[1])
    if len(parts) > 3 or not name or scheme not in ("", "http", "https"):
        raise bad_request(f'invalid {target.plural.removesuffix("s")} request "{target.name}"')
    return name


def _options(request: Request, kind: GroupVersionKind) -> Document:
    """The options kind, from the query."""
    query = request.query
    found: Document = {"kind": kind.kind, "apiVersion": kind.api_version}
    for name in _OPTIONS.get(request.target.subresource, ()):
        if name in _FLAGS:
            if query.flag(name):
                found[name] = True
        elif name == "command":
            found[name] = query.all(name)
        elif name == "ports" and query.all(name):
            found[name] = [int(port) for part in query.all(name) for port in part.split(",") if port.isdigit()]
        elif name == "path":
            found[name] = f"/{request.target.rest}"
        elif query.text(name):
            found[name] = query.text(name)
    return found


async def log(server: Server, request: Request) -> Response:
    """Answer a GET of a Pod's log: it is empty, since nothing runs; as of a Pod that no node has taken yet.

    Raises:
        StatusError: there is no such Pod or container.
    """
    record = server.find(request)
    name = request.target.name
    if record is None:
        raise not_found("pods", name)
    pod = record.document()
    names: list[str] = [one["name"] for field in ("initContainers", "containers") for one in many(pod, "spec", field)]
    asked = request.query.text("container")
    if asked and asked not in names:
        raise bad_request(f"container {asked} is not valid for pod {name}")
    running: list[str] = [one["name"] for one in many(pod, "spec", "containers")]
    if not asked and len(running) > 1:
        choose = f"a container name must be specified for pod {name}, choose one of: [{' '.join(running)}]"
        raise bad_request(choose)
    return plain("")
