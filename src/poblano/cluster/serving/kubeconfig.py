"""The kubeconfig file that kubectl, and everybody else, reaches the cluster with."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any, Final, cast

from poblano.cluster.serving.files import write_private

NAME: Final = "poblano"
"""Of the cluster, the user and the context in the file."""


def text(url: str, authority: bytes, token: str) -> str:
    """The file for a cluster at `url`, whose certificate is signed by `authority` (PEM), for the holder of `token`."""
    return f"""\
apiVersion: v1
kind: Config
clusters:
- name: {NAME}
  cluster:
    server: {json.dumps(url)}
    certificate-authority-data: {base64.b64encode(authority).decode()}
users:
- name: {NAME}
  user:
    token: {json.dumps(token)}
contexts:
- name: {NAME}
  context:
    cluster: {NAME}
    user: {NAME}
current-context: {NAME}
"""


def write(path: Path, url: str, authority: bytes, token: str) -> None:
    """Write the file in one step, with mode 0600.

    Raises: OSError.
    """
    write_private(path, text(url, authority, token).encode())


def is_replaceable(path: Path) -> bool:
    """Whether writing the file would destroy nothing: it is not there, is empty, or holds such a cluster alone.

    Raises: OSError when it cannot be read.
    """
    try:
        content = path.read_text(errors="replace")
    except FileNotFoundError:
        return True
    return not content.strip() or _clusters(content) == [NAME]


def _clusters(content: str) -> list[Any]:
    import yaml

    try:
        found: Any = yaml.safe_load(content)
        return [cluster["name"] for cluster in cast("list[dict[str, Any]]", found["clusters"])]
    except (yaml.YAMLError, TypeError, KeyError):
        return []
