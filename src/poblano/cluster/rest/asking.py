"""The mutating half of admission, for what is stored: the webhooks, and the checks of what they made."""

from __future__ import annotations

from poblano.cluster.attributes import Attributes
from poblano.cluster.managed import checked_after_admission
from poblano.cluster.rest.server import Server


async def ask_mutating(server: Server, review: Attributes) -> None:
    """Let the mutating webhooks change `review.object`; owners that they made unreadable are put back.

    Raises:
        StatusError: a webhook's refusal, or that the user would grant what he does not hold.
    """
    before = (review.object or {}).get("metadata", {}).get("managedFields")
    await server.webhooks.mutate(review)
    server.access.check_escalation(review)
    if review.object is not None:
        warning = checked_after_admission(review.object, before)
        if warning is not None:
            review.warnings.append(warning)
