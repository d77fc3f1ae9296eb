"""What is registered is all of the new rules or all of the old ones."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import orjson
import pytest

from poblano import Capability, a
from poblano.admission.registration import Registration
from poblano.admission.webhooks import Abilities
from poblano.cli.registrar import Registrar
from poblano.cli.terminal import Terminal
from poblano.client import Resources
from poblano.core.entries import Entry, entries
from poblano.core.errors import Forbidden
from tests.client.loopback import Reply, client_of, serving, status

if TYPE_CHECKING:
    from poblano.client import ApiClient
    from tests.client.loopback import Server

REFUSED = Reply(403, status(403, "Forbidden"))


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("poblano.cli.registrar.SETTLE_SECONDS", 0.0)


def registrar(client: ApiClient) -> Registrar:
    registration = Registration(Resources(client), "shop", "poblano-shop-dev", {"poblano.dev/dev-session": "mine"})
    return Registrar(registration, "https://localhost:1", b"pem", Abilities(), Terminal(io.StringIO()))


def rules(timeout: int) -> list[Entry]:
    shop = Capability("shop", timeout=timeout)
    shop.when(a.Pod).is_created().mutate(lambda pod: None).validate(lambda pod: pod.approve())
    return entries(shop.bindings)


def written(server: Server) -> list[str]:
    """The paths that the API server was told to call, in turn."""
    bodies = [orjson.loads(asked.body) for asked in server.asked if asked.method == "PATCH"]
    return [webhook["clientConfig"]["url"].partition(":1")[2] for body in bodies for webhook in body["webhooks"]]


async def test_when_half_of_it_is_refused_the_other_half_is_put_back() -> None:
    async with serving(*[Reply()] * 3, REFUSED, Reply()) as server, client_of(server.url) as client:
        made = registrar(client)
        assert await made.register(rules(10)) is True
        with pytest.raises(Forbidden):
            await made.register(rules(5))
        assert written(server)[2:] == ["/mutate/fail/5", "/validate/fail/5", "/mutate/fail/10", "/validate/fail/10"]
        assert await made.register(rules(10)) is False


async def test_what_could_not_be_put_back_is_written_at_the_next_chance() -> None:
    async with serving(*[Reply()] * 3, REFUSED, REFUSED, Reply()) as server, client_of(server.url) as client:
        made = registrar(client)
        await made.register(rules(10))
        with pytest.raises(Forbidden):
            await made.register(rules(5))
        assert await made.register(rules(10)) is True
        assert written(server)[-2:] == ["/mutate/fail/10", "/validate/fail/10"]
