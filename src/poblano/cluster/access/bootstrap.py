"""The roles and bindings that a cluster starts with; they stand in ``policy.txt``.

Source: k8s.io/kubernetes/plugin/pkg/auth/authorizer/rbac/bootstrappolicy
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from importlib.resources import files
from typing import Final

from poblano.cluster.access.aggregation import aggregated
from poblano.cluster.access.roles import GROUP
from poblano.core.jsonvalue import Document

_LABEL: Final = "rbac.authorization.k8s.io/aggregate-to-"
_CONTROLLER: Final = "system:controller:"
_PLURALS: Final = {
    "ClusterRole": "clusterroles",
    "ClusterRoleBinding": "clusterrolebindings",
    "Role": "roles",
    "RoleBinding": "rolebindings",
}


def plural(document: Document) -> str:
    """The resource that a role or binding is stored under.

    >>> plural({"kind": "RoleBinding"})
    'rolebindings'
    """
    return _PLURALS[document["kind"]]


def documents() -> list[Document]:
    """All of them, new each time: ClusterRoles and their bindings, then those of kube-system and kube-public."""
    text = files("poblano.cluster.access").joinpath("policy.txt").read_text()
    made = list(_parsed(text.splitlines()))
    roles = [document for document in made if document["kind"] == "ClusterRole"]
    for role in roles:
        if "aggregationRule" in role:
            role["rules"] = aggregated(role, roles)["rules"]
    return made


def _parsed(lines: Sequence[str]) -> Iterator[Document]:
    role: Document = {}
    for line in lines:
        words = line.split()
        if not words or line.startswith("#"):
            continue
        if line.startswith(" "):
            role["rules"].append(_rule(words))
        elif words[0] == "binding":
            yield _binding(words[1], words[2:])
        else:
            role = _role(words[1], dict(zip(words[2::2], words[3::2], strict=True)))
            yield role
            if words[1].startswith(_CONTROLLER):
                yield _binding(words[1], [f"ServiceAccount:kube-system/{words[1].removeprefix(_CONTROLLER)}"])


def _rule(words: Sequence[str]) -> Document:
    verbs, groups, resources, *names = [word.split(",") for word in words]
    if groups == ["url"]:
        return {"verbs": verbs, "nonResourceURLs": resources}
    rule: Document = {"verbs": verbs, "apiGroups": ["" if group == "core" else group for group in groups]}
    rule["resources"] = resources
    if names:
        rule["resourceNames"] = names[0]
    return rule


def _role(name: str, options: dict[str, str]) -> Document:
    role = _object("ClusterRole", "Role", name)
    for label in filter(None, options.get("in", "").split(",")):
        role["metadata"]["labels"][_LABEL + label] = "true"
    if "of" in options:
        role["aggregationRule"] = {"clusterRoleSelectors": [{"matchLabels": {_LABEL + options["of"]: "true"}}]}
    role["rules"] = []
    return role


def _binding(name: str, words: Sequence[str]) -> Document:
    binding = _object("ClusterRoleBinding", "RoleBinding", name)
    kind, role = "ClusterRole", name
    if binding["kind"] == "RoleBinding":
        kind, role, words = "Role", words[0], words[1:]
    if words:
        binding["subjects"] = [_subject(word) for word in words]
    binding["roleRef"] = {"apiGroup": GROUP, "kind": kind, "name": role}
    return binding


def _subject(word: str) -> Document:
    kind, _, name = word.partition(":")
    if kind == "ServiceAccount":
        namespace, _, name = name.partition("/")
        return {"kind": kind, "name": name, "namespace": namespace}
    return {"kind": kind, "apiGroup": GROUP, "name": name}


def _object(cluster_kind: str, kind: str, name: str) -> Document:
    namespace, slash, rest = name.partition("/")
    metadata: Document = {"name": rest if slash else name}
    if slash:
        metadata["namespace"] = namespace
    metadata["labels"] = {"kubernetes.io/bootstrapping": "rbac-defaults"}
    metadata["annotations"] = {"rbac.authorization.kubernetes.io/autoupdate": "true"}
    return {"kind": kind if slash else cluster_kind, "apiVersion": f"{GROUP}/v1", "metadata": metadata}
