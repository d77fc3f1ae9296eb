"""Spelling: from the API's names to Python's."""

from __future__ import annotations

import keyword
import re

WORDS = re.compile(r"[A-Z]{2,}s(?![a-z])|[A-Z]+(?=V\d|[A-Z][a-z])|V\d+|[A-Z]?[a-z0-9]+|[A-Z]+")

TAKEN = frozenset({"bool", "dict", "float", "int", "list", "str", "of"})
"""Names that the annotations beside a field need for themselves, and the one public name of `Struct`."""


def snake_case(key: str) -> str:
    """The Python attribute for a key of the API.

    >>> [snake_case(key) for key in ("hostNetwork", "clusterIPs", "nonResourceURLs", "openAPIV3Schema", "$ref", "from")]
    ['host_network', 'cluster_ips', 'non_resource_urls', 'open_api_v3_schema', 'ref', 'from_']
    """
    name = "_".join(WORDS.findall(key)).lower()
    return f"{name}_" if keyword.iskeyword(name) or name in TAKEN else name


def class_name(schema: str) -> str:
    """The class for a schema: the last part of its name.

    >>> class_name("io.k8s.api.core.v1.Pod")
    'Pod'
    """
    return schema.rpartition(".")[2]


def module_of(schema: str) -> str:
    """The module a schema's class lives in: the group's first label and the version.

    >>> module_of("io.k8s.api.rbac.v1.Role"), module_of("io.k8s.apimachinery.pkg.api.resource.Quantity")
    ('rbac_v1', 'meta_v1')
    """
    group, version = schema.split(".")[-3:-1]
    return f"{group}_{version}" if re.fullmatch(r"v\d+\w*", version) else "meta_v1"


def module_of_group(group: str, version: str) -> str:
    """The module of an API group.

    >>> module_of_group("rbac.authorization.k8s.io", "v1"), module_of_group("", "v1")
    ('rbac_v1', 'core_v1')
    """
    return f"{group.partition('.')[0] or 'core'}_{version}"


def age(version: str) -> tuple[int, int, int]:
    """A key that sorts versions as Kubernetes ranks them: GA, then beta, then alpha; the higher number wins.

    >>> sorted(["v1", "v2beta1", "v2", "v1alpha1"], key=age)
    ['v1alpha1', 'v2beta1', 'v1', 'v2']
    """
    major, stage, minor = re.fullmatch(r"v(\d+)(?:(alpha|beta)(\d+))?", version).groups()  # type: ignore[union-attr]
    return {"alpha": 0, "beta": 1, None: 2}[stage], int(major), int(minor or 0)
