"""All classes of `poblano.models`, for tests that go through them."""

from __future__ import annotations

import importlib
import pkgutil
from typing import TYPE_CHECKING

from poblano import models
from poblano.core.structs import Struct

if TYPE_CHECKING:
    from types import ModuleType

NOT_KINDS = {"a", "subresources"}


def modules() -> list[ModuleType]:
    """Every module of kinds."""
    names = [found.name for found in pkgutil.iter_modules(models.__path__) if found.name not in NOT_KINDS]
    return [importlib.import_module(f"poblano.models.{name}") for name in names]


def classes() -> list[type[Struct]]:
    """Every class that a module defines, or passes on from the core."""
    return [found for module in modules() for found in vars(module).values() if is_at_home(found, module)]


def is_at_home(found: object, module: ModuleType) -> bool:
    """Whether a class is the module's own; `meta_v1` also gives the core's three classes."""
    if not isinstance(found, type) or not issubclass(found, Struct):
        return False
    passed_on = module.__name__.endswith("meta_v1") and found.__name__ != "Struct"
    return found.__module__ == module.__name__ or passed_on
