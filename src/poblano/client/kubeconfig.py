"""Kubeconfig files: which ones count, how several become one, and what a context of them means.

The rules are client-go's (``tools/clientcmd/loader.go``): a file named on the command line stands alone; else
``KUBECONFIG`` is a list in which the first to set a value or to name an entry wins, whole entries at a time, and files
that are not there are passed over; else ``~/.kube/config``; else the pod's own service account.

Only the chosen context is read in full, so a mistake in another one does no harm.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import reduce
from pathlib import Path

from poblano.client import _entries, in_cluster
from poblano.client._fields import Fields
from poblano.client._yaml import read_mapping
from poblano.client.access import Access
from poblano.client.errors import InvalidKubeconfig


@dataclass(frozen=True, slots=True)
class Kubeconfig:
    """One kubeconfig, or several merged: entries by name, each still knowing its file."""

    current_context: str = ""
    contexts: Mapping[str, Fields] = field(default_factory=dict[str, Fields])
    clusters: Mapping[str, Fields] = field(default_factory=dict[str, Fields])
    users: Mapping[str, Fields] = field(default_factory=dict[str, Fields])
    sources: tuple[str, ...] = ()

    @classmethod
    def load(cls, path: Path) -> Kubeconfig:
        """Read one file.

        Raises:
            InvalidKubeconfig: it cannot be read, or is not a kubeconfig.
        """
        fields = Fields(read_mapping(path), path)
        return cls(
            current_context=fields.text("current-context"),
            contexts=_named(fields, "contexts", "context"),
            clusters=_named(fields, "clusters", "cluster"),
            users=_named(fields, "users", "user"),
            sources=(str(path),),
        )

    def merged(self, other: Kubeconfig) -> Kubeconfig:
        """Both; where they disagree, this one wins.

        >>> Kubeconfig("dev").merged(Kubeconfig("prod")).current_context
        'dev'
        """
        return Kubeconfig(
            current_context=self.current_context or other.current_context,
            contexts={**other.contexts, **self.contexts},
            clusters={**other.clusters, **self.clusters},
            users={**other.users, **self.users},
            sources=self.sources + other.sources,
        )

    def access(self, context: str = "") -> Access:
        """What a context says: cluster, user, namespace.

        Args:
            context: its name; empty for ``current-context``.

        Raises:
            InvalidKubeconfig: there is no such context, or it, its cluster or its user is wrong.
        """
        name = context or self.current_context
        if not name:
            raise self._wrong("no current-context is set", f"name one with --context: {_known(self.contexts)}")
        fields = self.contexts.get(name)
        if fields is None:
            raise self._wrong(f"there is no context {name!r}", f"there are: {_known(self.contexts)}")
        user = self._entry(fields, "user", self.users)
        return Access(
            cluster=_entries.cluster(self._entry(fields, "cluster", self.clusters), fields.text("cluster")),
            user=_entries.user(user, fields.text("user")),
            namespace=fields.text("namespace") or "default",
            context=name,
            source=str(fields.source),
        )

    def _entry(self, context: Fields, key: str, entries: Mapping[str, Fields]) -> Fields:
        name = context.text(key)
        if not name and key == "user":  # a server that asks nobody's name
            return Fields({}, context.source, context.entry)
        if name not in entries:
            raise context.wrong(f"there is no {key} {name!r}", f"there are: {_known(entries)}")
        return entries[name]

    def _wrong(self, problem: str, remedy: str) -> InvalidKubeconfig:
        return InvalidKubeconfig(problem, remedy, source=os.pathsep.join(self.sources) or "kubeconfig")


def find_access(
    kubeconfig: str | Path | None = None,
    context: str = "",
    *,
    environ: Mapping[str, str] = os.environ,
    home: Path | None = None,
    service_account: Path = in_cluster.SERVICE_ACCOUNT,
) -> Access:
    """What `poblano` uses to reach the API server.

    Args:
        kubeconfig: a file that stands alone; None looks where kubectl looks, and then at the pod's service account.
        context: the context to use; empty for the current one.
        environ: where ``KUBECONFIG`` and a pod's ``KUBERNETES_SERVICE_HOST`` are read.
        home: the home folder; None for the user's own.
        service_account: where a pod finds its token and CA.

    Raises:
        InvalidKubeconfig: nothing was found, or what was found is wrong.
    """
    paths = [Path(kubeconfig)] if kubeconfig else _existing(environ, home)
    if paths:
        return reduce(Kubeconfig.merged, map(Kubeconfig.load, paths)).access(context)
    if not context and in_cluster.is_possible(environ, service_account):
        return in_cluster.access(environ, service_account)
    looked = os.pathsep.join(map(str, _candidates(environ, home)))
    remedy = "name one: KUBECONFIG=FILE, or --kubeconfig FILE where the command takes it"
    raise InvalidKubeconfig("there is no kubeconfig, and this is no pod", remedy, source=looked)


def _candidates(environ: Mapping[str, str], home: Path | None) -> list[Path]:
    listed = environ.get("KUBECONFIG", "")
    if listed:
        return list(dict.fromkeys(Path(part) for part in listed.split(os.pathsep) if part))
    try:
        return [(home or Path.home()) / ".kube" / "config"]
    except RuntimeError:  # a pod's user may have no home at all
        return []


def _existing(environ: Mapping[str, str], home: Path | None) -> list[Path]:
    listed = bool(environ.get("KUBECONFIG"))
    return [path for path in _candidates(environ, home) if _is_there(path, unreadable=listed)]


def _is_there(path: Path, *, unreadable: bool) -> bool:
    """Whether to read a file. One that was asked for and cannot be reached is, so that the error says why."""
    try:
        return path.exists()
    except PermissionError:
        return unreadable


def _named(fields: Fields, key: str, inner: str) -> dict[str, Fields]:
    entries: dict[str, Fields] = {}
    for item in fields.sections(key):
        name = item.text("name")
        if name in entries:
            raise fields.wrong(f"{key} has two entries named {name!r}", "rename or remove one")
        entry = f"{inner} {name!r}"
        entries[name] = item.section(inner, entry) or Fields({}, item.source, entry)
    return entries


def _known(entries: Sequence[str] | Mapping[str, object]) -> str:
    return ", ".join(sorted(entries)) or "none"
