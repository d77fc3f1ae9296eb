"""What to do when an API server does not let us watch: said where it is met, before somebody has to look for it.

>>> print(explained(403, Kind("apps", "v1", "Deployment", "deployments"), "shop", "deployments.apps is forbidden"))
deployments.apps is forbidden; give the account a Role in shop with the rule
{apiGroups: ["apps"], resources: ["deployments"], verbs: ["list", "watch"]}
"""

from __future__ import annotations

from poblano.core.kinds import Kind

FORBIDDEN, NOT_FOUND = 403, 404


def explained(status: int, kind: Kind, namespace: str, message: str) -> str:
    """`message`, with what to do about it where that is known.

    Args:
        status: the HTTP status.
        kind: what was to be watched.
        namespace: where; "" is everywhere.
        message: what the server said.
    """
    if status == FORBIDDEN:
        role = f"Role in {namespace}" if namespace and kind.namespaced else "ClusterRole"
        rule = f'{{apiGroups: ["{kind.group}"], resources: ["{kind.plural}"], verbs: ["list", "watch"]}}'
        return f"{message}; give the account a {role} with the rule {rule}"
    if status == NOT_FOUND:
        what = f"{kind.plural}.{kind.group}" if kind.group else kind.plural
        return (
            f"the API server has no {what} in version {kind.version}: install what defines it, such as its "
            "CustomResourceDefinition; it is looked for every few seconds"
        )
    return message
