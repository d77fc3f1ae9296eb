"""The accounts of a module in an embedded cluster in which roles decide."""

from __future__ import annotations

from dataclasses import replace

from poblano.build import definitions, roles
from poblano.build.tree import resolved
from poblano.client import Resources, connect, find_access
from poblano.core.errors import AlreadyExists
from poblano.core.kinds import Kind

NAMESPACES = Kind("", "v1", "Namespace", "namespaces", namespaced=False)
RBAC = "rbac.authorization.k8s.io"
KINDS = {
    "ServiceAccount": Kind("", "v1", "ServiceAccount", "serviceaccounts"),
    "Role": Kind(RBAC, "v1", "Role", "roles"),
    "RoleBinding": Kind(RBAC, "v1", "RoleBinding", "rolebindings"),
    "ClusterRole": Kind(RBAC, "v1", "ClusterRole", "clusterroles", namespaced=False),
    "ClusterRoleBinding": Kind(RBAC, "v1", "ClusterRoleBinding", "clusterrolebindings", namespaced=False),
    "CustomResourceDefinition": Kind(
        "apiextensions.k8s.io", "v1", "CustomResourceDefinition", "customresourcedefinitions", namespaced=False
    ),
}


async def access_as(kubeconfig, plan, role, *spaces):
    """How a pod reaches the cluster: with the token of its account, once that and its roles are there.

    Args:
        kubeconfig: of who may do anything.
        plan: of the module.
        role: of the pod.
        spaces: namespaces to make before.
    """
    home = plan.settings.namespace
    async with connect(kubeconfig) as client:
        api = Resources(client)
        for space in (home, *spaces):
            try:
                await api.create(NAMESPACES, {"metadata": {"name": space}})
            except AlreadyExists:
                continue
        for part in (*definitions.parts(plan), *roles.parts(plan)):
            document = resolved(part.tree, namespace=home)
            await api.apply(KINDS[document["kind"]], document, force=True)
        account = roles.account(plan, role)
        request = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {}}
        path = KINDS["ServiceAccount"].path(home, account, "token")
        token = (await client.request("POST", path, body=request)).json()["status"]["token"]
    access = find_access(kubeconfig)
    return replace(access, user=replace(access.user, token=token, client_certificate=None, client_key=None))
