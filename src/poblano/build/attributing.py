"""From the calls that were written down while a command ran to what the rules of a module were seen to need.

A call counts for the rule whose action ran, or, where a test has called a rule's function itself, for the rule of that function.
What no rule has asked for counts for nothing: the framework's own calls, and those of the tests.
"""

from __future__ import annotations

import inspect
import json
import os
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

from poblano.build.granted import granted, recorded_grants
from poblano.build.metadata import Role
from poblano.build.plan import Plan
from poblano.build.recorded import ITS_OWN, Recorded
from poblano.build.rights import Grant
from poblano.build.ruled import role_of
from poblano.core.jsonvalue import Document
from poblano.core.store.definition import STORE
from poblano.core.uses import OWN_NAMESPACE


def attributed(lines: Iterable[str], plan: Plan) -> list[Recorded]:
    """What the rules of a module have called, as `poblano.client.recording` has written it.

    Args:
        lines: each the JSON of one call; what a killed process has left half written is passed over.
        plan: of the module.
    """
    callers = _Callers(plan)
    found: list[Recorded] = []
    for line in lines:
        try:
            said: Document = json.loads(line)
        except ValueError:
            continue
        if not _is_framework(said, plan):
            found += callers.of(said)
    return found


def missing(recorded: Iterable[Recorded], plan: Plan) -> list[Recorded]:
    """Those that the accounts may not do yet, as the rules are written."""
    scoped = replace(plan, recorded=(), options=replace(plan.options, rbac_mode="scoped"))
    there = granted(scoped)
    return [one for one in recorded if not _is_allowed(one, plan, there)]


def _is_allowed(one: Recorded, plan: Plan, there: list[Grant]) -> bool:
    wanted = [grant.right for grant in recorded_grants(plan.module, [one])]
    return all(any(grant.role == one.role and grant.right.covers(want) for grant in there) for want in wanted)


def _is_framework(said: Document, plan: Plan) -> bool:
    """A store is read and written by whoever speaks of it, which is allowed anyway."""
    own = str(said.get("name", "")).startswith(plan.names.base) and said.get("resource") in {"secrets", "leases"}
    return own or (said.get("group"), said.get("resource")) == (STORE.group, STORE.plural)


class _Callers:
    """Who may have called."""

    def __init__(self, plan: Plan) -> None:
        self._own = plan.settings.namespace
        self._rules: set[tuple[str, Role]] = {("module/before", "admission"), ("module/after", "admission")}
        self._functions: dict[tuple[str, int], list[tuple[str, Role, bool]]] = {}
        for binding in plan.module.bindings:
            self._know(binding.title, role_of(binding), binding.action, namespaced=binding.kind.namespaced)
        for schedule in plan.module.schedules:
            self._know(schedule.title, "watcher", schedule.action, namespaced=False)

    def _know(self, title: str, role: Role, action: Any, *, namespaced: bool) -> None:
        self._rules.add((title, role))
        code = getattr(inspect.unwrap(action), "__code__", None)
        if code is not None:
            place = (os.path.realpath(code.co_filename), code.co_firstlineno)
            self._functions.setdefault(place, []).append((title, role, namespaced))

    def of(self, said: Document) -> Iterator[Recorded]:
        """The call, for each rule that has made it."""
        namespace = str(said["namespace"])
        if "stack" not in said:
            if (said["rule"], said["role"]) in self._rules:
                is_own = bool(namespace) and namespace == said["about"]
                yield self._recorded(said, said["rule"], said["role"], ITS_OWN if is_own else namespace)
            return
        for file, line in said["stack"]:
            for title, role, namespaced in self._functions.get((os.path.realpath(file), line), ()):
                yield self._recorded(said, title, role, ITS_OWN if namespace and namespaced else namespace)

    def _recorded(self, said: Document, rule: str, role: Role, namespace: str) -> Recorded:
        where = OWN_NAMESPACE if namespace == self._own else namespace
        names = (str(said["name"]),) if said["name"] else ()
        return Recorded(rule, role, said["group"], said["resource"], said["verb"], where, names)
