"""The options by which a command that looks into a cluster says which one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

C = TypeVar("C", bound=Callable[..., Any])


def where(function: C) -> C:
    """``--kubeconfig`` and ``--context``, for a command whose function takes them by these names."""
    function = click.option("--context", default="", help="Context of the kubeconfig. Default: the current one.")(
        function
    )
    return click.option(
        "--kubeconfig",
        metavar="FILE",
        type=click.Path(path_type=Path),
        help="How to reach the cluster. Default: KUBECONFIG, ~/.kube/config, or the pod's own account.",
    )(function)
