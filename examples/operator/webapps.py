"""An operator: somebody writes a WebApp, and a Deployment, a Service and a ConfigMap come into being and stay.

The kind is in kinds.py, what is made of it in parts.py, and here is when.

    poblano demo              what it does, shown in a small cluster that lives as long as the command
    poblano dev               such a cluster to work with; save this file, and the operator is reloaded
    poblano crd               the definition of the kind
"""

from __future__ import annotations

import re
from datetime import timedelta

import parts
from kinds import WebApp

from poblano import Capability, Context, Decision, K8s, Module, Requeue, Uses, ValidateRequest, a
from poblano.core.errors import NotFound

webapps = Capability("webapps", description="Web pages from a few words")


# 1. What the definition of the kind cannot say is said here, before anything is stored. What it can say (a theme is dark
#    or light, there are 1 to 7 replicas) never gets this far.
@webapps.when(WebApp).is_created_or_updated().validate
def fits(app: ValidateRequest[WebApp]) -> Decision:
    """Refuse a name that no Service can have, and warn of what somebody may not have meant."""
    name = app.raw.metadata.name
    if not re.fullmatch(r"[a-z]([a-z0-9-]{0,61}[a-z0-9])?", name):
        return app.deny(f"{name} cannot name a Service: begin with a letter, and use letters, digits and dashes", 422)
    if app.raw.spec.replicas == 1:
        return app.approve(["with one replica the page is away during each update"])
    return app.approve()


# 2. Make the world as the WebApp says. This runs for each WebApp at the start, when it changes, and when one of the three
#    objects does: so that what is deleted or changed behind its back is put right. It may be killed anywhere, and is run again.
#    Its account may do what the rule says, which is to watch and apply these kinds, and beside that what it says in `uses`.
@(
    webapps.when(WebApp)
    .owns(a.ConfigMap)
    .owns(a.Deployment)
    .owns(a.Service)
    .reconcile(uses=[Uses(a.Namespace, "patch")])
)
async def deploy(app: WebApp, ctx: Context[WebApp]) -> Requeue:
    """Apply the objects of a WebApp, and say in its status what has become of them."""
    await ctx.apply(parts.config_map(app))
    await ctx.apply(parts.service(app))
    deployment = await ctx.apply(parts.deployment(app))
    await list_in_namespace(app)
    report(app, ctx, deployment)
    await ctx.save_status()
    return Requeue(after=timedelta(minutes=10))


def report(app: WebApp, ctx: Context[WebApp], deployment: a.Deployment) -> None:
    """Put into the status, and into an event when it is news, how far the Deployment is."""
    wanted, ready = app.spec.replicas, ready_replicas(deployment)
    app.status.url = parts.url(app)
    app.status.ready_replicas = ready
    app.status.observed_generation = app.metadata.generation
    if ready >= wanted:
        message = f"{wanted} of {wanted} Pods serve the page"
        if ctx.set_condition("Ready", True, reason="Available", message=message):
            ctx.event("Available", message)
    else:
        ctx.set_condition("Ready", False, reason="Deploying", message=f"{ready} of {wanted} Pods serve the page")


def ready_replicas(deployment: a.Deployment) -> int:
    """How many Pods of the newest template are ready; 0 as long as nobody has looked at it."""
    status = deployment.status
    if (status.observed_generation or 0) < (deployment.metadata.generation or 0):
        return 0
    return min(status.ready_replicas or 0, status.updated_replicas or 0)


# 3. The namespace says which pages are in it. A WebApp cannot own its Namespace, so nobody would take the note away with it:
#    that is what a finalizer is for. The WebApp stays until this has worked.
def note(app: WebApp) -> str:
    """The annotation of the Namespace that names a WebApp."""
    return f"examples.poblano.dev/{app.metadata.name}"


async def list_in_namespace(app: WebApp) -> None:
    """Note in the Namespace that there is this WebApp."""
    await K8s(a.Namespace).patch({"metadata": {"annotations": {note(app): parts.url(app)}}}, app.metadata.namespace)


@webapps.when(WebApp).finalize(uses=[Uses(a.Namespace, "patch")])
async def unlist(app: WebApp, ctx: Context[WebApp]) -> None:
    """Take the note away. What the WebApp owns is deleted by the cluster."""
    try:
        await K8s(a.Namespace).patch({"metadata": {"annotations": {note(app): None}}}, app.metadata.namespace)
    except NotFound:  # the Namespace went first
        return


module = Module(webapps)
