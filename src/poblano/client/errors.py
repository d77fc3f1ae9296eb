"""What can go wrong before the API server is asked.

::

    PoblanoError
    ├── InvalidKubeconfig      a kubeconfig is missing, unreadable or wrong
    └── ApiError
        └── CredentialsFailed  a token file, exec plugin or OIDC issuer gave no credential

No message holds a token, a password, a key or what a plugin printed.
"""

from __future__ import annotations

from poblano.core.errors import ApiError, PoblanoError


class InvalidKubeconfig(PoblanoError):
    """A kubeconfig cannot be used.

    Attributes:
        source: the file, or the list of files that were looked for.
        entry: which part of it, such as ``user 'admin'``; empty for the file as a whole.

    >>> raise InvalidKubeconfig("it has no server", "write server: https://...", source="config", entry="cluster 'dev'")
    Traceback (most recent call last):
    poblano.client.errors.InvalidKubeconfig: config: cluster 'dev': it has no server; write server: https://...
    """

    def __init__(self, problem: str, remedy: str, *, source: str = "", entry: str = "") -> None:
        self.problem = problem
        self.remedy = remedy
        self.source = source
        self.entry = entry
        where = "".join(f"{part}: " for part in (source, entry) if part)
        super().__init__(f"{where}{problem}; {remedy}")


class CredentialsFailed(ApiError):
    """No credential could be had, so the API server was not asked.

    >>> raise CredentialsFailed("the token file /run/token cannot be read", remedy="check that it is mounted")
    Traceback (most recent call last):
    poblano.client.errors.CredentialsFailed: the token file /run/token cannot be read; check that it is mounted
    """

    def __init__(self, message: str, *, remedy: str) -> None:
        super().__init__(message, reason="CredentialsFailed", remedy=remedy)
