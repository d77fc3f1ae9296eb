"""Admission as a whole: the plugins and the webhooks, in the order of the real server.

Source: kubernetes/pkg/kubeapiserver/options/plugins.go (AllOrderedPlugins)
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from poblano.cluster.access.action import Authorizer
from poblano.cluster.attributes import Attributes
from poblano.cluster.plugins.parameters import KindOf
from poblano.cluster.plugins.podsecurity import judge as judge_pods
from poblano.cluster.plugins.policy import MUTATING, VALIDATING
from poblano.cluster.plugins.quota import judge as judge_quotas
from poblano.cluster.reading import Lookup
from poblano.cluster.webhooks import Webhooks
from poblano.cluster.webhooks.configuration import GROUP
from poblano.cluster.webhooks.matching import exempt
from poblano.cluster.webhooks.versions import Kinds

if TYPE_CHECKING:
    from poblano.cluster.plugins.context import Contexts
    from poblano.cluster.plugins.mutating_policies import MutatingPolicies
    from poblano.cluster.plugins.validating_policies import ValidatingPolicies
    from poblano.cluster.webhooks.calling import Caller


class Admission:
    """What a write passes on its way: first what changes it, later what judges it.

    Args:
        webhooks: asked after the plugins of the same half.
        lookup: holds what the plugins decide by.
        authorizer: answers what policies ask about the user.
        kinds: knows the versions of kinds.
        kind_of: the resource of a kind, for the parameters of policies.
    """

    def __init__(
        self,
        webhooks: Webhooks,
        lookup: Lookup,
        authorizer: Authorizer,
        *,
        kinds: Kinds,
        kind_of: KindOf,
    ) -> None:
        self._webhooks = webhooks
        self._lookup = lookup
        self._authorizer = authorizer
        self._kinds, self._kind_of = kinds, kind_of
        self._validating: ValidatingPolicies | None = None
        self._mutating: MutatingPolicies | None = None

    async def mutate(self, attributes: Attributes) -> None:
        """Let everything that may change the object do so.

        Raises:
            StatusError: the request is refused.
        """
        if self._lookup.revision(GROUP, MUTATING[1]) and not exempt(attributes):
            await self._mutating_policies().mutate(attributes)
        await self._webhooks.mutate(attributes)

    async def validate(self, attributes: Attributes) -> None:
        """Let everything that judges the object do so. Errors as for `mutate`."""
        judge_pods(attributes, self._lookup)
        if self._lookup.revision(GROUP, VALIDATING[1]) and not exempt(attributes):
            await self._validating_policies().validate(attributes)
        await self._webhooks.validate(attributes)
        judge_quotas(attributes, self._lookup)

    @property
    def caller(self) -> Caller:
        """What calls webhooks, those that convert as well."""
        return self._webhooks.caller

    async def close(self) -> None:
        """Close the connections to the webhooks."""
        await self._webhooks.close()

    def _validating_policies(self) -> ValidatingPolicies:
        """Made when the first binding is there: most clusters have none, and need no expressions."""
        if self._validating is None:
            from poblano.cluster.plugins.validating_policies import ValidatingPolicies

            self._validating = ValidatingPolicies(
                self._lookup, self._contexts(), kinds=self._kinds, kind_of=self._kind_of
            )
        return self._validating

    def _mutating_policies(self) -> MutatingPolicies:
        if self._mutating is None:
            from poblano.cluster.plugins.mutating_policies import MutatingPolicies

            self._mutating = MutatingPolicies(self._lookup, self._contexts(), kinds=self._kinds, kind_of=self._kind_of)
        return self._mutating

    def _contexts(self) -> Contexts:
        from poblano.cluster.plugins.context import context

        return partial(context, lookup=self._lookup, authorizer=self._authorizer)
