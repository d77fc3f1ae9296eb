"""Nobody grants what they do not hold: checks on writes of roles and bindings.

They stand between mutating admission and the validation of the object.

Source: k8s.io/kubernetes/pkg/registry/rbac: escalation_check.go, */policybased/storage.go, validation/rule.go
"""

from __future__ import annotations

from typing import Final

from poblano.cluster.access.action import Action, Authorizer
from poblano.cluster.access.authorizers import SUPERUSERS, together
from poblano.cluster.access.coverage import described, go_texts, uncovered
from poblano.cluster.access.roles import GROUP, Roles
from poblano.cluster.access.rules import Rule, parse_all
from poblano.cluster.attributes import Attributes, User
from poblano.cluster.field_errors import go_value
from poblano.cluster.status import forbidden, not_found
from poblano.core.jsonvalue import Document, identical

_ROLES: Final = frozenset({"roles", "clusterroles"})
_BINDINGS: Final = frozenset({"rolebindings", "clusterrolebindings"})
_EVERYTHING: Final = (Rule(("*",), ("*",), ("*",)), Rule(("*",), urls=("*",)))
_OF_THE_COLLECTOR: Final = ("ownerReferences", "finalizers", "managedFields", "resourceVersion")


class Escalation:
    """The checks of one cluster."""

    def __init__(self, roles: Roles, authorizer: Authorizer) -> None:
        self._roles = roles
        self._authorizer = authorizer

    def check(self, attributes: Attributes) -> None:
        """Nothing, when the user may write this role or binding, or when it is neither.

        Raises: StatusError 403; 404 for a binding to a role that is not there.
        """
        resource, written = attributes.resource, attributes.object
        if resource.group != GROUP or written is None or SUPERUSERS in attributes.user.groups:
            return
        if attributes.old_object is not None and _is_housekeeping(written, attributes.old_object):
            return
        if resource.plural in _ROLES:
            self._check_role(attributes, written)
        elif resource.plural in _BINDINGS:
            self._check_binding(attributes, written)

    def _check_role(self, attributes: Attributes, role: Document) -> None:
        user, plural, namespace = attributes.user, attributes.resource.plural, attributes.namespace
        # A create names nothing in its path: a permission for roles of some names does not count for it.
        name = "" if attributes.operation == "CREATE" else attributes.name
        if self._may(user, "escalate", plural, namespace, name):
            return
        self._check_holds(user, plural, namespace, _name(role), parse_all(role))
        old = attributes.old_object or {}
        if role.get("aggregationRule") or old.get("aggregationRule"):
            owned, _ = self._roles.rules(user, "")
            if uncovered(owned, _EVERYTHING):
                why = "must have cluster-admin privileges to use the aggregationRule"
                raise forbidden(plural, _name(role), why, group=GROUP)

    def _check_binding(self, attributes: Attributes, binding: Document) -> None:
        user, plural, namespace = attributes.user, attributes.resource.plural, attributes.namespace
        reference: Document = binding.get("roleRef") or {}
        kind, name = reference.get("kind", ""), reference.get("name", "")
        if kind in {"Role", "ClusterRole"} and self._may(user, "bind", f"{kind.lower()}s", namespace, name):
            return
        rules, missing = self._roles.role_rules(kind, name, namespace)
        if missing:
            raise not_found(f"{kind.lower()}s", name, group=GROUP)
        self._check_holds(user, plural, namespace, _name(binding), rules)

    def _may(self, user: User, verb: str, plural: str, namespace: str, name: str) -> bool:
        action = Action(verb, GROUP, plural, namespace=namespace, name=name)
        return self._authorizer.authorize(user, action).allowed

    def _check_holds(self, user: User, plural: str, namespace: str, name: str, rules: tuple[Rule, ...]) -> None:
        owned, errors = self._roles.rules(user, namespace)
        lacking = uncovered(owned, rules)
        if not lacking:
            return
        why = (
            f"user {go_value(user.name)} (groups={go_texts(user.groups)}) is attempting to grant RBAC permissions "
            f"not currently held:\n{described(lacking)}"
        )
        if errors:
            why += f"; resolution errors: [{together([_of_resource(error) for error in errors])}]"
        raise forbidden(plural, name, why, group=GROUP)


def _is_housekeeping(new: Document, old: Document) -> bool:
    """Whether a write changes only what the garbage collector changes (rbac.IsOnlyMutatingGCFields)."""
    return identical(_without(new), _without(old))


def _without(document: Document) -> Document:
    metadata = {key: value for key, value in document["metadata"].items() if key not in _OF_THE_COLLECTOR}
    return {**document, "metadata": metadata}


def _name(document: Document) -> str:
    name: str = document.get("metadata", {}).get("name", "")
    return name


def _of_resource(error: str) -> str:
    """The error as the store says it, which names the resource, where the cache names the kind."""
    kind, _, rest = error.partition(".")
    return f"{kind}s.{rest}"
