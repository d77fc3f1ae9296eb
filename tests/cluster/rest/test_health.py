"""Health in a word, or check by check."""

from __future__ import annotations

import pytest

from tests.cluster.rest.asking import asking


@pytest.mark.parametrize("name", ["healthz", "livez", "readyz"])
async def test_health_is_a_word_unless_every_check_is_asked_for(name: str) -> None:
    async with asking() as ask:
        assert (await ask("GET", f"/{name}")).body == b"ok"
        told = (await ask("GET", f"/{name}", query={"verbose": ""})).body.decode().splitlines()
        assert told[-1] == f"{name} check passed"
        assert told[:3] == ["[+]ping ok", "[+]log ok", "[+]etcd ok"]
        for line in told[:-1]:
            assert (await ask("GET", f"/{name}/{line.removeprefix('[+]').removesuffix(' ok')}")).body == b"ok"


async def test_a_check_may_be_excluded_and_there_is_no_other() -> None:
    async with asking() as ask:
        told = (await ask("GET", "/readyz", query={"verbose": "", "exclude": ["etcd", "nope"]})).body.decode()
        assert "[+]etcd excluded: ok\n" in told
        assert 'warn: some health checks cannot be excluded: no matches for "nope"\n' in told
        assert (await ask("GET", "/livez/nope")).status == 404
