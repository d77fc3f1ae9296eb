"""Eviction and binding: the writes to a Pod that are kinds of their own.

Source: k8s.io/kubernetes/pkg/registry/core/pod/storage/eviction.go and storage.go (assignPod)
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from poblano.cluster.kinds.tree import many, struct, value
from poblano.cluster.resources import GroupVersionKind
from poblano.cluster.rest.admission import attributes
from poblano.cluster.rest.bodies import read_kind
from poblano.cluster.rest.delete import delete_record_unasked
from poblano.cluster.rest.encoding import encoded
from poblano.cluster.rest.exchange import Request, Response
from poblano.cluster.rest.objects import fit_name, metadata_of
from poblano.cluster.rest.options import Query, delete_options, write_options
from poblano.cluster.rest.server import Server
from poblano.cluster.rest.stored import bucket_of
from poblano.cluster.selectors import LabelSelector
from poblano.cluster.status import StatusError, bad_request, conflict, details, not_found
from poblano.cluster.storage.records import Record
from poblano.core.jsonvalue import Document

_BUDGET = "Cannot evict pod as it would violate the pod's disruption budget."


async def evict(server: Server, request: Request) -> Response:
    """Answer a POST of an Eviction.

    Raises:
        StatusError: 429, a PodDisruptionBudget protects the Pod.
    """
    eviction = await _admitted(server, request)
    record = _pod(server, request)
    options = delete_options(Query.of(""), eviction.get("deleteOptions"))
    _check_budgets(server, request.target.namespace, record)
    dry_run = options.dry_run or is_dry_run(request)
    await delete_record_unasked(server, request, record, replace(options, dry_run=dry_run))
    return _done()


async def bind(server: Server, request: Request) -> Response:
    """Answer a POST of a Binding: the Pod is on that node from now on.

    Raises:
        StatusError: 409, it is on one already.
    """
    binding = await _admitted(server, request)
    record = _pod(server, request)
    node: str = value(binding, "target", "name") or ""
    if not node:
        raise bad_request("target.name: Required value")
    pod = await server.stored.load(request.resource, record)
    already = pod["spec"].get("nodeName")
    if already:
        why = f'pod {request.target.name} is already assigned to node "{already}"'
        raise conflict("pods/binding", request.target.name, why)
    pod["spec"]["nodeName"] = node
    _scheduled(server, pod)
    if not is_dry_run(request):
        server.storage.update(bucket_of(request.resource), request.resource.version, pod, read=record)
    return _done()


async def bind_named(server: Server, request: Request) -> Response:
    """Answer a POST of a Binding to the collection of them: it is the Pod of the same name that is meant.

    Raises:
        StatusError: as for `bind`.
    """
    name: str = metadata_of(read_kind(request, request.resource.gvk)).get("name") or ""
    pods = server.registry.versions("", "pods")[0]
    target = replace(request.target, plural="pods", name=name, subresource="binding")
    return await bind(server, replace(request, target=target, resource=pods))


def is_dry_run(request: Request) -> bool:
    """Whether nothing is to be stored; what else the option says has been refused by then."""
    return bool(request.query.all("dryRun"))


async def _admitted(server: Server, request: Request) -> Document:
    options = write_options(request.query, "CreateOptions")
    kind = request.resource.subresources[request.target.subresource].kind
    document = _read(request, kind)
    fit_name(document, request.target.name)
    review = attributes(
        request, "CREATE", new=document, old=None, options=options.document, dry_run=options.dry_run, kind=kind
    )
    await server.webhooks.mutate(review)
    await server.webhooks.validate(review)
    return review.object if review.object is not None else document


def _read(request: Request, kind: GroupVersionKind) -> Document:
    """What is posted: the kind of the path, or the Eviction of policy/v1beta1, which old clients still send."""
    try:
        return read_kind(request, kind)
    except StatusError as error:
        if kind.kind != "Eviction":
            raise
        try:
            return read_kind(request, kind._replace(version="v1beta1"))
        except StatusError:
            raise error from None


def _pod(server: Server, request: Request) -> Record:
    record = server.find(request)
    if record is None:
        raise not_found("pods", request.target.name)
    return record


def _check_budgets(server: Server, namespace: str, pod: Record) -> None:
    phase = value(pod.document(), "status", "phase")
    if phase in ("Succeeded", "Failed", "Pending"):
        return
    for budget in server.lookup.list("policy", "poddisruptionbudgets", namespace):
        selector: Any = budget["spec"].get("selector")
        if selector is None or not LabelSelector.of(selector).matches(pod.labels):
            continue
        status = struct(budget, "status")
        if status.get("disruptionsAllowed", 0) > 0:
            continue
        name = budget["metadata"]["name"]
        healthy = (
            f"needs {status.get('desiredHealthy', 0)} healthy pods and has {status.get('currentHealthy', 0)} currently"
        )
        cause = {"reason": "DisruptionBudget", "message": f"The disruption budget {name} {healthy}"}
        raise StatusError(429, "TooManyRequests", _BUDGET, details=details("", "", "", causes=[cause]))


def _scheduled(server: Server, pod: Document) -> None:
    condition = {
        "type": "PodScheduled",
        "status": "True",
        "lastProbeTime": None,
        "lastTransitionTime": server.clock.now(),
    }
    others = [one for one in many(pod, "status", "conditions") if one.get("type") != "PodScheduled"]
    status: Document = pod.setdefault("status", {})
    status["conditions"] = [*others, condition]


def _done() -> Response:
    status: Document = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "code": 201}
    return Response(201, encoded(status))
