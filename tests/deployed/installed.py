"""The examples in a cluster: what is applied to them, and what they have asked for."""

from __future__ import annotations

import json
import re
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from poblano.cli.samples import Sample, read_samples
from tests.build.accounts import PART, Accounts
from tests.deployed.deploying import rolled_out
from tests.eventually import eventually

if TYPE_CHECKING:
    from pathlib import Path

    from tests.deployed.conftest import Place

NAMESPACE = "poblano-system"


@dataclass(frozen=True)
class Deployed:
    """The examples in a cluster; their accounts and manifests by their UUIDs."""

    place: Place
    accounts: dict[str, Accounts]
    manifests: dict[str, Path]

    def get(self, *what: str) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.place.cluster.kubectl("get", *what, "-o", "json").stdout)
        return found

    def apply(self, *documents: dict[str, Any]) -> None:
        for one in documents:
            self.place.cluster.kubectl("apply", "-f", "-", input=json.dumps(one))

    def scaled(self, uuid: str, replicas: int) -> None:
        """Wait until there are so many of each of a module's pods."""
        cluster = self.place.cluster
        cluster.kubectl(
            "scale", "deployment", "-n", NAMESPACE, "-l", f"poblano.dev/uuid={uuid}", f"--replicas={replicas}"
        )
        if replicas:
            eventually(lambda: rolled_out(self.place, NAMESPACE, uuid), f"{uuid} is back", seconds=240)
        else:
            pods = ("pods", "-n", NAMESPACE, "-l", f"poblano.dev/uuid={uuid}")
            eventually(lambda: not self.get(*pods)["items"], f"{uuid} is at rest", seconds=240)


def apply_samples(place: Place, folder: Path) -> list[Sample]:
    """Apply the samples of a module one after the other, each of which must end as it says."""
    samples = read_samples(folder)
    for one in samples:
        done = place.cluster.kubectl("apply", "-v=6", "-f", "-", input=json.dumps(one.document), check=False)
        assert (done.returncode == 0) is one.expected.accepted, f"{one.place}: {done.stdout}{done.stderr}"
        if one.expected.code:
            assert re.search(rf"\b{one.expected.code} [A-Z]", done.stderr), f"{one.place}: {done.stderr}"
    return samples


def all_is_used(examples: Deployed, accounts: Accounts, *roles: str) -> None:
    """What the roles of the accounts allow was asked for, and nothing else."""
    uuid = accounts.plan.names.uuid
    for role in roles:
        accounts.are_used_up(role, but="watch")
    examples.scaled(uuid, 0)
    for role in roles:
        accounts.are_used_up(role)
        assert accounts.forbidden(role) == []
        assert accounts.uncovered(role) == set()
        granted = [one for one in accounts.granted(role) if not PART.search(one.name)]
        sys.stdout.write(f"{uuid} {role}: {len(granted)} rights granted and used\n")
    examples.scaled(uuid, 2)


def within(wanted: Any, found: Any) -> bool:
    """Whether all that is wanted is found.

    >>> within({"a": {"b": 1}}, {"a": {"b": 1, "c": 2}})
    True
    """
    if isinstance(wanted, dict):
        return isinstance(found, dict) and all(within(value, found.get(key)) for key, value in wanted.items())
    return bool(wanted == found)
