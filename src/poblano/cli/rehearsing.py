"""What a cluster would refuse of what is to be put there, found out before the first object is written."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING, Final

from poblano.cli.applying import Applier, name_of
from poblano.cli.putting import Putter
from poblano.core.errors import ApiError, Forbidden, Invalid
from poblano.core.jsonvalue import Document

if TYPE_CHECKING:
    from poblano.client import ApiClient

REVIEWS: Final = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
VERBS: Final = ("get", "patch", "create")
"""With which an object that is not there is put by server-side apply."""


class Rehearsal:
    """Asks; nothing is written.

    Args:
        client: of the cluster.
        applier: knows the kinds that it serves.
        namespaces: those that are not there yet, and will be by the time that something is put into them.
    """

    def __init__(self, client: ApiClient, applier: Applier, namespaces: Collection[str]) -> None:
        self._client = client
        self._namespaces = namespaces
        self._applier = applier
        self._putter = Putter(client, applier, dry_run=True)
        self._may: dict[tuple[str, str, str], str] = {}

    async def refusals(self, documents: Iterable[Document]) -> list[str]:
        """A line for each object that would be refused.

        What can only be known later is no refusal: whether a binding may be made of a role that is not there, what a webhook
        says that takes no dry run.
        """
        lines: list[str] = []
        for document in documents:
            if why := await self._refusal(document):
                namespace = document["metadata"].get("namespace")
                place = f" in {namespace}" if namespace else ""
                lines.append(f"{document['kind']} {name_of(document)}{place}: {why}")
        return lines

    async def _refusal(self, document: Document) -> str:
        namespace = document["metadata"].get("namespace", "")
        if namespace in self._namespaces:
            return await self._forbidden(document, namespace)
        try:
            await self._putter.put(document)
        except (Forbidden, Invalid) as error:
            return error.message.replace("\n", "\n    ")
        except ApiError:
            pass
        return ""

    async def _forbidden(self, document: Document, namespace: str) -> str:
        """Why an object may not be made in a namespace that is not there; "" when it may."""
        kind = await self._applier.kind(document)
        key = (kind.group, kind.plural, namespace)
        if key not in self._may:
            denied = [verb for verb in VERBS if not await self._allowed(*key, verb)]
            what = f"{kind.plural}.{kind.group}" if kind.group else kind.plural
            self._may[key] = f"you may not {', '.join(denied)} {what} in {namespace}" if denied else ""
        return self._may[key]

    async def _allowed(self, group: str, resource: str, namespace: str, verb: str) -> bool:
        attributes = {"group": group, "resource": resource, "namespace": namespace, "verb": verb}
        review: Document = {
            "apiVersion": "authorization.k8s.io/v1",
            "kind": "SelfSubjectAccessReview",
            "spec": {"resourceAttributes": attributes},
        }
        return bool((await self._client.request("POST", REVIEWS, body=review)).json()["status"].get("allowed"))
