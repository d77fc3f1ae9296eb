"""Entries as they stand in a cluster: one webhook each, and one more for each namespace that has a policy of its own.

A webhook of such a namespace has the path of its entry, and so the bindings: there is nothing more for a process to serve.

>>> from poblano import Capability, a
>>> from poblano.core.entries import entries
>>> shop = Capability("shop")
>>> rule = shop.when(a.Pod).is_created().validate(lambda pod: pod.approve())
>>> found = entries(shop.bindings)
>>> policies(found, "hello", {"istio-system": "Ignore"})["validate"]
{'validate-fail-10.hello.poblano.dev': 'Fail', 'istio-system.validate-fail-10.hello.poblano.dev': 'Ignore'}
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from poblano.core.binding import Binding, Phase
from poblano.core.deployed import Names
from poblano.core.entries import Entry, Policy, namespaces_of, nobodys_namespaces, rules
from poblano.core.filters import NameIs, NameMatches, NamespaceIs, NamespaceMatches, Subject

NONE: Mapping[str, Policy] = MappingProxyType({})


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Registered:
    """One webhook of a configuration.

    Args:
        entry: what it is asked about, and its path.
        policy: what its silence means, once it is armed.
        namespace: the only one that it is about; "" for all that the entry is about.
        apart: namespaces that have webhooks of their own.
    """

    entry: Entry
    policy: Policy
    namespace: str = ""
    apart: frozenset[str] = frozenset()
    only: frozenset[str] | None = field(init=False)
    """The namespaces that it is about; None for all but `never`."""
    never: frozenset[str] = field(init=False)
    """Namespaces that it is not about, whatever its entry's bindings say."""

    def __post_init__(self) -> None:
        alone = frozenset({self.namespace}) if self.namespace else None
        shared = namespaces_of(self.entry)
        only = alone if alone is not None or shared is None else shared - self.apart
        object.__setattr__(self, "only", only)
        object.__setattr__(self, "never", self.apart | (frozenset() if alone else nobodys_namespaces(self.entry)))

    def name(self, uuid: str) -> str:
        """Its name, unique in a cluster."""
        made = self.entry.name(uuid)
        return f"{self.namespace}.{made}" if self.namespace else made

    def rules(self) -> list[dict[str, Any]]:
        """Its ``rules``. What is in no namespace is the entry's own webhook's: a selector of namespaces says nothing of it."""
        return [kept for rule in rules(self.entry) if (kept := self._of_namespace(rule))["resources"]]

    def _of_namespace(self, rule: dict[str, Any]) -> dict[str, Any]:
        if not self.namespace or rule["scope"] == "Namespaced":
            return rule
        core = rule["apiGroups"] == [""]
        return rule | {"resources": [one for one in rule["resources"] if core and one.split("/")[0] == "namespaces"]}


def registered(entries: Iterable[Entry], additional: Mapping[str, Policy] = NONE) -> list[Registered]:
    """The webhooks of `entries`, those of a namespace right behind that of their entry.

    Args:
        entries: of a module.
        additional: namespaces whose webhooks have a policy of their own.
    """
    return [one for entry in entries for one in _of(entry, additional)]


def policies(
    entries: Iterable[Entry], uuid: str, additional: Mapping[str, Policy] = NONE
) -> dict[Phase, dict[str, Policy]]:
    """The real failure policy of each webhook, by configuration and name: what who arms them has to write.

    Args:
        entries: of the module, as `dev`, `run` and `build` have them.
        uuid: the module's.
        additional: the settings' ``additional_webhooks``, by namespace: see `poblano.settings.Settings.policies`.
    """
    found: dict[Phase, dict[str, Policy]] = {"mutate": {}, "validate": {}}
    for one in registered(entries, additional):
        found[one.entry.phase][one.name(uuid)] = one.policy
    return found


def accounts(uuid: str, namespace: str) -> tuple[str, str]:
    """The users that a module's own pods are to the API server.

    >>> accounts("hello", "shop")[0]
    'system:serviceaccount:shop:poblano-hello-admission'
    """
    names = Names(uuid)
    prefix = f"system:serviceaccount:{namespace}"
    return f"{prefix}:{names.admission}", f"{prefix}:{names.watcher}"


def _of(entry: Entry, additional: Mapping[str, Policy]) -> list[Registered]:
    spaces = [space for space in additional if any(lets_in(binding, space) for binding in entry.bindings)]
    main = Registered(entry=entry, policy=entry.policy, apart=frozenset(spaces))
    others = [Registered(entry=entry, policy=additional[space], namespace=space) for space in spaces]
    return others if main.only is not None and not main.only else [main, *others]


def lets_in(binding: Binding, namespace: str) -> bool:
    """Whether `binding` may be about something in `namespace`, or that Namespace itself."""
    is_namespace = binding.kind.kind == "Namespace" and not binding.kind.group
    if not binding.kind.namespaced and not is_namespace:
        return False
    subject = Subject(namespace=namespace, name=namespace)
    about = (NamespaceIs, NamespaceMatches, *((NameIs, NameMatches) if is_namespace else ()))
    return all(part.holds(subject) for part in binding.filters if isinstance(part, about))


def asks_for(binding: Binding, namespace: str) -> bool:
    """Whether `binding` names the namespace itself, and does not only let it in."""
    is_namespace = binding.kind.kind == "Namespace" and not binding.kind.group
    named = (NamespaceIs, NameIs) if is_namespace else (NamespaceIs,)
    return any(
        isinstance(part, named) and not part.negated and namespace in part.values for part in binding.filters
    ) and lets_in(binding, namespace)
