"""Upkeep: jobs by the clock, and what they keep from one run to the next.

Both are written so that a second run for the same time does no harm: it finds nothing left to do.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from poblano import Capability, K8s, Log, Module, Store, Uses, a

NAMESPACE = "default"
LIFETIME = timedelta(hours=12)
IN_TIME = timedelta(hours=2)
"""A token that lives for no longer than this is replaced."""

KEEP_UNTIL = "upkeep.example.com/keep-until"
"""The label of what goes away some day: 2026-12-31."""


@dataclass(frozen=True)
class Token:
    """What the registry wants to see, and until when."""

    value: str
    expires: datetime


# Values of a secret store are in a Secret of the module's namespace, and in no log.
upkeep = Capability("upkeep", description="Jobs by the clock.", store=Store(Token, secret=True))


async def log_in() -> Token:
    """A new token. Here would be the call of your registry, vault or cloud."""
    return Token(secrets.token_urlsafe(24), datetime.now(UTC) + LIFETIME)


def lives_on(token: Token | None, now: datetime) -> bool:
    """Whether a token is good for a while."""
    return token is not None and token.expires - now > IN_TIME


# 1. What came of a run is in the store before anything depends on it: if this process dies between the two, the next run
#    hands on the token that there is, and does not log in again. What it calls the API server for it says in `uses`: the
#    module's account may do that, and nothing else.
@upkeep.on_schedule(
    "refresh-token",
    every=timedelta(hours=1),
    misfire="once",
    retries=5,
    uses=[Uses(a.Secret, "create", "patch", namespaces=[NAMESPACE], names=["registry-token"])],
)
async def refresh_token() -> None:
    """Have a token that lives on, and hand it to whoever pulls images."""
    token = upkeep.store.get("registry")
    if token is None or not lives_on(token, datetime.now(UTC)):
        token = await log_in()
        await upkeep.store.set("registry", token)
        Log.info("there is a new token", expires=token.expires.isoformat())
    await K8s(a.Secret).apply(
        a.Secret(metadata={"name": "registry-token", "namespace": NAMESPACE}, string_data={"token": token.value})
    )


def is_over(one: a.ConfigMap, today: date) -> bool:
    """Whether an object was to be kept until a day that has gone by. What cannot be read is kept."""
    try:
        return date.fromisoformat(one.metadata.labels[KEEP_UNTIL]) < today
    except ValueError:
        return False


# 2. It looks at what there is, not at what it did last time: so it may run twice, or not at all for a week.
@upkeep.on_schedule(
    "clean-up",
    cron="30 2 * * *",
    timezone="Europe/Berlin",
    misfire="once",
    overlap="forbid",
    uses=[Uses(a.ConfigMap, "list", "delete", namespaces=[NAMESPACE])],
)
async def clean_up() -> None:
    """Delete the ConfigMaps whose time is over."""
    today = datetime.now(UTC).date()
    for one in await K8s(a.ConfigMap).in_namespace(NAMESPACE).with_label(KEEP_UNTIL).list():
        if is_over(one, today):
            await K8s(a.ConfigMap).delete(one)  # that somebody was faster is fine; another one of its name stays
            Log.info("deleted", name=one.metadata.name)


module = Module(upkeep)
