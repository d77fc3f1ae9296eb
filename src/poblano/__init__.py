"""Poblano: Kubernetes admission control and operators in typed Python.

The public names, each imported when it is first used: ``import poblano`` costs next to nothing.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from poblano import metrics as metrics
    from poblano.capability import Capability as Capability
    from poblano.context import Context as Context
    from poblano.core.decisions import Decision as Decision
    from poblano.core.errors import AlreadyExists as AlreadyExists
    from poblano.core.errors import ApiError as ApiError
    from poblano.core.errors import Conflict as Conflict
    from poblano.core.errors import Forbidden as Forbidden
    from poblano.core.errors import Invalid as Invalid
    from poblano.core.errors import InvalidDefinition as InvalidDefinition
    from poblano.core.errors import InvalidSettings as InvalidSettings
    from poblano.core.errors import MalformedObject as MalformedObject
    from poblano.core.errors import NotFound as NotFound
    from poblano.core.errors import PoblanoError as PoblanoError
    from poblano.core.errors import Terminal as Terminal
    from poblano.core.field_options import field as field
    from poblano.core.following import Phase as Phase
    from poblano.core.following import Requeue as Requeue
    from poblano.core.objects import Resource as Resource
    from poblano.core.objects import document as document
    from poblano.core.objects import kind_of as kind_of
    from poblano.core.objects import register_kind as register_kind
    from poblano.core.predicates import annotations_changed as annotations_changed
    from poblano.core.predicates import field_changed as field_changed
    from poblano.core.predicates import generation_changed as generation_changed
    from poblano.core.predicates import labels_changed as labels_changed
    from poblano.core.requests import MutateRequest as MutateRequest
    from poblano.core.requests import ValidateRequest as ValidateRequest
    from poblano.core.review import AdmissionRequest as AdmissionRequest
    from poblano.core.review import Answer as Answer
    from poblano.core.structs import Struct as Struct
    from poblano.core.uses import Uses as Uses
    from poblano.fluent import K8s as K8s
    from poblano.log import Log as Log
    from poblano.models import a as a
    from poblano.module import Module as Module
    from poblano.sdk import containers as containers
    from poblano.sdk import owner_reference as owner_reference
    from poblano.sdk import sanitize_resource_name as sanitize_resource_name
    from poblano.sdk import write_event as write_event
    from poblano.store_handle import Store as Store
    from poblano.waiting import wait as wait

__version__ = "0.1.0"

_HOMES = {
    "AdmissionRequest": "poblano.core.review",
    "AlreadyExists": "poblano.core.errors",
    "Answer": "poblano.core.review",
    "ApiError": "poblano.core.errors",
    "Capability": "poblano.capability",
    "Conflict": "poblano.core.errors",
    "Context": "poblano.context",
    "Decision": "poblano.core.decisions",
    "Forbidden": "poblano.core.errors",
    "Invalid": "poblano.core.errors",
    "InvalidDefinition": "poblano.core.errors",
    "InvalidSettings": "poblano.core.errors",
    "K8s": "poblano.fluent",
    "Log": "poblano.log",
    "MalformedObject": "poblano.core.errors",
    "Module": "poblano.module",
    "MutateRequest": "poblano.core.requests",
    "NotFound": "poblano.core.errors",
    "Phase": "poblano.core.following",
    "PoblanoError": "poblano.core.errors",
    "Requeue": "poblano.core.following",
    "Resource": "poblano.core.objects",
    "Store": "poblano.store_handle",
    "Struct": "poblano.core.structs",
    "Terminal": "poblano.core.errors",
    "Uses": "poblano.core.uses",
    "ValidateRequest": "poblano.core.requests",
    "a": "poblano.models",
    "annotations_changed": "poblano.core.predicates",
    "containers": "poblano.sdk",
    "document": "poblano.core.objects",
    "field": "poblano.core.field_options",
    "field_changed": "poblano.core.predicates",
    "generation_changed": "poblano.core.predicates",
    "kind_of": "poblano.core.objects",
    "labels_changed": "poblano.core.predicates",
    "metrics": "poblano",
    "owner_reference": "poblano.sdk",
    "register_kind": "poblano.core.objects",
    "sanitize_resource_name": "poblano.sdk",
    "wait": "poblano.waiting",
    "write_event": "poblano.sdk",
}

__all__ = [  # sorted, and the same as _HOMES: a test sees to it
    "AdmissionRequest",
    "AlreadyExists",
    "Answer",
    "ApiError",
    "Capability",
    "Conflict",
    "Context",
    "Decision",
    "Forbidden",
    "Invalid",
    "InvalidDefinition",
    "InvalidSettings",
    "K8s",
    "Log",
    "MalformedObject",
    "Module",
    "MutateRequest",
    "NotFound",
    "Phase",
    "PoblanoError",
    "Requeue",
    "Resource",
    "Store",
    "Struct",
    "Terminal",
    "Uses",
    "ValidateRequest",
    "a",
    "annotations_changed",
    "containers",
    "document",
    "field",
    "field_changed",
    "generation_changed",
    "kind_of",
    "labels_changed",
    "metrics",
    "owner_reference",
    "register_kind",
    "sanitize_resource_name",
    "wait",
    "write_event",
]


if not TYPE_CHECKING:

    def __getattr__(name: str) -> Any:
        home = _HOMES.get(name)
        if home is None:
            raise AttributeError(f"module 'poblano' has no attribute {name!r}")
        if home == "poblano" or name == "a":
            found = importlib.import_module(f"{home}.{name}")
        else:
            found = getattr(importlib.import_module(home), name)
        globals()[name] = found
        return found

    def __dir__() -> list[str]:
        return __all__
