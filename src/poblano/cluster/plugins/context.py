"""What the expressions of a policy see of a request.

Source: k8s.io/apiserver/pkg/admission/plugin/cel/activation.go, composition.go
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from poblano.cluster.access.action import Action, Authorizer
from poblano.cluster.attributes import Attributes, User
from poblano.cluster.cel import CelError, Program
from poblano.cluster.cel.functions.authorization import Authorizer as Asker
from poblano.cluster.cel.functions.authorization import Judge, Question, Verdict
from poblano.cluster.plugins.policy import Policy
from poblano.cluster.reading import Lookup
from poblano.cluster.webhooks.review import request_of
from poblano.cluster.webhooks.versions import Asked, Seen
from poblano.core.jsonvalue import Document


class Failed(Exception):
    """An expression comes to no value."""


@dataclass(frozen=True, slots=True)
class Context:
    """The variables for one request, policy and parameter, and which of the policy's own failed."""

    values: dict[str, Any]
    failed: dict[str, str]

    def evaluate(self, program: Program) -> Any:
        """The value of an expression.

        Raises:
            Failed: it has none; the message is the server's.
        """
        try:
            return program.evaluate(**self.values)
        except CelError as error:
            name = str(error).removeprefix("no such key: ")
            told = str(error)
            if name in self.failed:
                told = f'composited variable "{name}" fails to evaluate: {self.failed[name]}'
            raise Failed(f"expression '{program.source}' resulted in error: {told}") from None


def context(
    policy: Policy,
    attributes: Attributes,
    asked: Asked,
    objects: Seen,
    parameter: Document | None,
    *,
    lookup: Lookup,
    authorizer: Authorizer,
) -> Context:
    """The variables of a policy's expressions. Its own are computed at once: they see those before them."""
    values: dict[str, Any] = {
        "object": objects.object,
        "oldObject": objects.old_object,
        "request": request_of(attributes, asked),
        "params": parameter,
        "namespaceObject": lookup.get("", "namespaces", "", attributes.namespace) if attributes.namespace else None,
        "authorizer": asker(attributes, authorizer),
        "variables": {},
    }
    found = Context(values, {})
    for name, program in policy.variables:
        try:
            values["variables"][name] = program.evaluate(**values)
        except CelError as error:
            found.failed[name] = str(error)
    return found


def asker(attributes: Attributes, authorizer: Authorizer) -> Asker:
    """The variable `authorizer` of a request."""
    request = Question(
        group=attributes.resource.group,
        resource=attributes.resource.plural,
        subresource=attributes.subresource,
        namespace=attributes.namespace,
        name=attributes.name,
    )
    return Asker(_judge(attributes.user, authorizer), request=request)


def _judge(user: User, authorizer: Authorizer) -> Judge:
    def judge(question: Question) -> Verdict:
        who = user if question.account is None else _account(*question.account)
        decision = authorizer.authorize(who, _action(question))
        return Verdict(decision.allowed, decision.reason)

    return judge


def _account(namespace: str, name: str) -> User:
    groups = ("system:serviceaccounts", f"system:serviceaccounts:{namespace}", "system:authenticated")
    return User(f"system:serviceaccount:{namespace}:{name}", groups)


def _action(question: Question) -> Action:
    return Action(
        question.verb,
        group=question.group,
        resource=question.resource,
        subresource=question.subresource,
        namespace=question.namespace,
        name=question.name,
        path=question.path,
    )


Contexts = Callable[[Policy, Attributes, Asked, Seen, Document | None], Context]
"""`context` of one cluster."""
