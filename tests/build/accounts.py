"""The accounts of a module in a real cluster, and what they have asked it for."""

from __future__ import annotations

import json
import re
from contextlib import contextmanager
from dataclasses import dataclass, replace

from poblano.build import definitions, roles, secrets, webhooks
from poblano.build.granted import granted, rights_of
from poblano.build.plan import Options, Plan
from poblano.build.rights import Right, needed
from poblano.build.tree import resolved
from poblano.cli.project import load_project
from poblano.core.uses import OWN_NAMESPACE
from tests.cli.developing import started
from tests.eventually import eventually

PART = re.compile(r"\.\d+$")


@dataclass(frozen=True)
class Accounts:
    """Those of a module, with their roles, in a cluster and a namespace."""

    cluster: object
    plan: Plan
    namespace: str

    def granted(self, role):
        """What the roles of an account allow, with the namespace's own name."""
        found = needed(rights_of(granted(self.plan), role))
        return {replace(one, namespace=self.namespace) if one.namespace == OWN_NAMESPACE else one for one in found}

    def used(self, role):
        """What it was allowed, as the audit log has it."""
        return {right for event in self._events(role) if allowed(event) for right in rights_in(event)}

    def forbidden(self, role):
        """What it was not allowed."""
        return [event["requestURI"] for event in self._events(role) if event["responseStatus"]["code"] == 403]

    def unused(self, role):
        """What the roles allow, and nobody has asked for yet; but for the parts of a store, which it has when it is large."""
        used, granted = self.used(role), self.granted(role)
        return {one for one in granted if not PART.search(one.name) and not any(one.covers(other) for other in used)}

    def are_used_up(self, role, but=""):
        """Wait until everything that is granted was asked for, but for a verb: a watch is in the audit log once it has ended."""
        left = []

        def none_left():
            left[:] = [right for right in self.unused(role) if right.verb != but]
            return not left

        try:
            eventually(none_left, "all that is granted is used", seconds=300)
        except AssertionError:
            raise AssertionError(f"nobody asks for {sorted(left)}; forbidden: {self.forbidden(role)}") from None

    def uncovered(self, role):
        """What was asked for beside what the roles allow: what everybody may, by Kubernetes' own roles."""
        return {one for one in self.used(role) if not any(right.covers(one) for right in self.granted(role))}

    @contextmanager
    def webhooks(self):
        """The webhook configurations of the module, unarmed, for as long as the block lasts; yields the paths by what they are for."""
        made = [resolved(part.tree, namespace=self.namespace) for part in webhooks.parts(self.plan)]
        try:
            for one in made:
                self.cluster.kubectl("apply", "-f", "-", input=json.dumps(one))
            paths = [hook["clientConfig"]["service"]["path"] for one in made for hook in one["webhooks"]]
            yield {path.split("/")[1].partition("-")[0]: path for path in paths}
        finally:
            for kind in ("mutatingwebhookconfiguration", "validatingwebhookconfiguration"):
                self.cluster.kubectl("delete", kind, self.plan.names.base, "--ignore-not-found")

    def armed(self, which):
        """Whether the API server is to refuse what the module has not looked at."""
        kind, name = f"{which}webhookconfiguration", self.plan.names.base
        return self.cluster.kubectl("get", kind, name, "-o", "jsonpath={.webhooks[*].failurePolicy}").stdout.startswith(
            "Fail"
        )

    def _events(self, role):
        return [
            event
            for event in self.cluster.audited(self.namespace, roles.account(self.plan, role))
            if event.get("objectRef")
        ]

    @contextmanager
    def running(self, role, *options):
        """The process of a pod, with its account's own token and nothing else."""
        account = roles.account(self.plan, role)
        token = self.cluster.kubectl("create", "token", account, "-n", self.namespace).stdout.strip()
        kubeconfig = self.cluster.kubeconfig_for(account, token=token)
        environ = {"KUBECONFIG": str(kubeconfig), "POBLANO_NAMESPACE": self.namespace}
        arguments = ["run", "--role", role, "--host", "127.0.0.1", "--health-port", "0", *options]
        with started(*arguments, folder=self.plan.settings.folder, environ=environ) as process:
            yield process


def deployed(cluster, folder, namespace, *spaces, **options):
    """The accounts and roles of a module, the kinds that it needs, and the Secret that its pods fill.

    Args:
        cluster: a control plane.
        folder: of the module.
        namespace: of the module.
        spaces: namespaces that are to be there before.
        options: of the build.
    """
    project = load_project(folder)
    settings = replace(project.settings, namespace=namespace)
    plan = Plan(settings=settings, module=project.module, version="1", archive=None, options=Options(**options))
    for space in (namespace, *spaces):
        eventually(lambda space=space: exists(cluster, space), f"there is a namespace {space}")
    for part in (*definitions.parts(plan), *roles.parts(plan), *secrets.parts(plan)):
        cluster.kubectl("apply", "-f", "-", input=json.dumps(resolved(part.tree, namespace=namespace)))
    return Accounts(cluster, plan, namespace)


def exists(cluster, space):
    """Make a namespace, also one that another test has left a moment ago."""
    cluster.kubectl("create", "namespace", space, check=False)
    return cluster.kubectl("get", "namespace", space, "-o", "jsonpath={.status.phase}", check=False).stdout == "Active"


def allowed(event):
    """Whether RBAC let it pass, whatever came of it; but for a watch that this server cannot serve."""
    return event["responseStatus"]["code"] not in {401, 403, *((400, 422) if event["verb"] == "watch" else ())}


def rights_in(event):
    """The rights that a request needs: its verb, and to create what a patch has made."""
    about, code = event["objectRef"], event["responseStatus"]["code"]
    resource = "/".join(filter(None, (about["resource"], about.get("subresource"))))
    namespace = "" if about["resource"] == "namespaces" else about.get("namespace", "")
    right = Right(about.get("apiGroup", ""), resource, event["verb"], namespace, about.get("name", ""))
    yield replace(right, name="") if right.verb == "create" else right
    if right.verb == "patch" and code == 201:
        yield replace(right, verb="create")
