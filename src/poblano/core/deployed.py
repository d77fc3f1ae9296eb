"""What the objects of a deployed module are called: who builds them, and the pods that look for their own, ask here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

UUID_LABEL: Final = "poblano.dev/uuid"
"""On everything of a module."""

ROLE_LABEL: Final = "poblano.dev/role"
"""On the pods and their owners: ``admission`` or ``watcher``."""

CAPABILITY_LABEL: Final = "poblano.dev/capability"
"""On what a store is kept in: whose it is."""

DESCRIPTION: Final = "poblano.dev/description"
"""Annotation of a Deployment: what the module is for."""

MAKER: Final = "poblano.dev/certificates"
"""Annotation of the webhook configurations: who makes the certificates. Pods that are told of another leave it to the others."""

CONTAINER: Final = "poblano"
"""The container of a pod that runs the module."""

MODULE_FOLDER: Final = "/app/module"
"""Where the Secret with the module's code is mounted."""

ARCHIVE: Final = "module.tar.gz"
"""The code in it: the key of the Secret, and so the name of the file."""

CERTIFICATES_FOLDER: Final = "/app/certificates"
"""Where the Secret with the certificate is mounted, if others make it: ``tls.crt``, ``tls.key`` and ``ca.crt``."""

TEMPORARY_FOLDER: Final = "/tmp"  # noqa: S108 -- of the container, where it is the only place that can be written
"""Where a pod may write."""

IGNORED_VARIABLE: Final = "POBLANO_ADDITIONAL_IGNORED_NAMESPACES"
"""Environment variable of a pod: namespaces that no rule sees, with commas between."""

ADMISSION_PORT: Final = 8443
HEALTH_PORT: Final = 8080


@dataclass(frozen=True, slots=True)
class Names:
    """The names of one module.

    Args:
        uuid: the module's, at most 36 characters.

    >>> Names("hello").admission, Names("hello").certificates
    ('poblano-hello-admission', 'poblano-hello-certificates')
    """

    uuid: str

    @property
    def base(self) -> str:
        """Service, webhook configurations and the Lease of the one that works: ``poblano-hello``."""
        return f"poblano-{self.uuid}"

    @property
    def admission(self) -> str:
        """Deployment, ServiceAccount, roles and disruption budget of the admission pods."""
        return f"{self.base}-admission"

    @property
    def watcher(self) -> str:
        """Deployment, ServiceAccount, roles and disruption budget of the watcher pods."""
        return f"{self.base}-watcher"

    @property
    def certificates(self) -> str:
        """Secret of the authority and the pair that is served, and the Lease of the pod that makes and rotates them."""
        return f"{self.base}-certificates"

    @property
    def module(self) -> str:
        """How the Secrets begin that the module's code travels in: each content has one of its own."""
        return f"{self.base}-module"

    def service_names(self, namespace: str) -> tuple[str, ...]:
        """What an API server may call the Service, longest first: the names in the served certificate.

        >>> Names("hello").service_names("shop")
        ('poblano-hello.shop.svc', 'poblano-hello.shop', 'poblano-hello')
        """
        return (f"{self.base}.{namespace}.svc", f"{self.base}.{namespace}", self.base)
