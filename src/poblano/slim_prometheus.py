"""Loads prometheus_client without what it has for those who have no server: two HTTP servers, a client, MIME; 2 MB in all.

Its text format for Prometheus, OpenMetrics, is apart from those, and is written without them. Whoever uses the rest,
such as ``push_to_gateway``, gets it, at that moment.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import partial
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any, Final, TypeAlias

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry

Encoder: TypeAlias = "Callable[[CollectorRegistry], bytes]"

_PACKAGE: Final = "prometheus_client"
_HEAVY: Final = f"{_PACKAGE}.exposition"
_LATER: Final = object()


def load() -> None:
    """Import it, unless that was done. See the module."""
    if _PACKAGE in sys.modules:
        return
    stand_in = ModuleType(_HEAVY)
    stand_in.__getattr__ = _later  # type: ignore[method-assign]
    sys.modules[_HEAVY] = stand_in
    try:
        package = import_module(_PACKAGE)
    finally:
        sys.modules.pop(_HEAVY, None)
    for name in [name for name, value in vars(package).items() if value is _LATER or value is stand_in]:
        delattr(package, name)
    package.__getattr__ = _found  # type: ignore[method-assign]


def _later(name: str) -> object:
    if name.startswith("__"):
        raise AttributeError(name)
    return _LATER


def _found(name: str) -> object:
    """What the package lacks is what it would have taken from there."""
    heavy = import_module(_HEAVY) if not name.startswith("__") else None
    if name == "exposition":
        return heavy
    if heavy is None or name not in heavy.__all__:
        raise AttributeError(f"module {_PACKAGE!r} has no attribute {name!r}")
    return getattr(heavy, name)


def encoder_for(accept: str) -> tuple[Encoder, str]:
    """What writes the metrics for an ``Accept`` header, and the content type of that.

    >>> encoder_for("application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,text/plain;q=0.3")[1]
    'application/openmetrics-text; version=1.0.0; charset=utf-8; escaping=allow-utf-8'
    """
    first, *options = accept.partition(",")[0].split(";")
    if first.strip() == "application/openmetrics-text":
        known = dict(option.strip().split("=", 1) for option in options if "=" in option)
        if found := _open_metrics(known.get("version", ""), known.get("escaping", "")):
            return found
    from prometheus_client.exposition import choose_encoder

    return choose_encoder(accept)


def _open_metrics(version: str, escaping: str) -> tuple[Encoder, str] | None:
    """As `choose_encoder` has it. None for a version that is not offered."""
    exposition: Any = import_module("prometheus_client.openmetrics.exposition")  # it has no types
    from prometheus_client.utils import parse_version

    if not hasattr(exposition, "CONTENT_TYPE_LATEST_2_0"):  # one before 0.23 cannot be told a version
        return None
    underscores = exposition.UNDERSCORES
    if not version:
        return partial(
            exposition.generate_latest, escaping=underscores, version="1.0.0"
        ), exposition.CONTENT_TYPE_LATEST
    if parse_version(version) < (1, 0, 0):
        return None
    schemes = {exposition.ALLOWUTF8, underscores, exposition.DOTS, exposition.VALUES}
    escaping = escaping if escaping in schemes else underscores
    shown = f"application/openmetrics-text; version={version}; charset=utf-8; escaping={escaping}"
    return partial(exposition.generate_latest, escaping=escaping, version=version), shown
