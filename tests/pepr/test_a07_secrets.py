"""A7: Pepr logs its token with each request, the patch of a Secret at info, and whole bodies at debug."""

from __future__ import annotations

import asyncio
import base64
import json
import re
import signal
from typing import TYPE_CHECKING, Any

from poblano import Capability, a
from poblano.core.entries import entries
from tests.admission.serving import connected, request
from tests.core.driving import review
from tests.pepr.pods import Pod, running

if TYPE_CHECKING:
    from pathlib import Path

MARK = "Sekrit"
"""Begins all that may not be seen."""

ENCODED = base64.b64encode(MARK.encode()).decode().rstrip("=")
"""How a value of a Secret begins that begins with it."""

CODE = """
    import asyncio
    from poblano import Capability, Log, Module, a

    vault = Capability("vault")
    secrets = vault.when(a.Secret).is_created_or_updated()

    @secrets.mutate(name="rewrite")
    def rewrite(secret):
        secret.text["made"] = "Sekrit-made-by-a-rule"
        secret.warn(f"the password is {secret.text['password']}")
        Log.info(secret, "rewritten")
        Log.debug(secret.raw)
        Log.warning("rewritten", secret=secret.raw, all=secret.raw.data, password=secret.text["password"])
        Log.info("rewritten", parts=[secret.text["password"]], env={"name": "PASSWORD", "value": secret.text["password"]})

    @secrets.mutate(name="stumble", on_error="ignore")
    async def stumble(secret):
        try:
            raise KeyError(secret.text["password"])
        except KeyError as error:
            Log.exception(secret, "stumbled")
            raise ValueError(f"cannot take {secret.text['password']}") from error

    @secrets.validate(name="fall")
    def fall(secret):
        raise ValueError(secret.text["password"], secret.raw["data"])

    @secrets.validate(name="complain", mode="warn")
    def complain(secret):
        return secret.deny(f"{secret.text['password']} is too short", warnings=[secret.text["password"]])

    @secrets.mutate(name="linger", on_error="ignore", timeout=1)
    async def linger(secret):
        try:
            await asyncio.sleep(10)
        finally:
            raise ValueError(secret.text["password"])

    @vault.when(a.ConfigMap).is_created().mutate
    def copy(config):
        config.raw.data["copy"] = config.raw.data["password"]

    module = Module(vault)
"""


def encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


SECRET: dict[str, Any] = {
    "apiVersion": "v1",
    "kind": "Secret",
    "metadata": {
        "name": "db",
        "namespace": "shop",
        "annotations": {"last-applied": f'{{"password":"{MARK}-applied"}}'},
    },
    "data": {"password": encoded(f"{MARK}-hunter2")},
    "stringData": {"token": f"{MARK}-in-plain"},
}
OLD = {**SECRET, "data": {"password": encoded(f"{MARK}-of-old")}}
CONFIG = {"kind": "ConfigMap", "metadata": {"name": "c", "namespace": "shop"}, "data": {"password": f"{MARK}-in-a-map"}}


def debugging(directory: Path):
    return running(directory, CODE, tuned={"grace": 0.05}, POBLANO_LOG_LEVEL="debug")


def shows_nothing(pod: Pod) -> None:
    """Nothing that it printed tells a secret, and it did print."""
    assert not [line for line in pod.said().splitlines() if MARK in line or ENCODED in line]
    assert pod.lines("serving")


async def test_a7_nothing_of_a_secret_or_a_patch_is_in_the_log(tmp_path: Path):
    bodies = [review(SECRET), review(SECRET, old=OLD, operation="UPDATE"), review(CONFIG)]
    async with debugging(tmp_path) as pod:
        answers = [await pod.ask(body) for body in bodies]
        patches = [json.loads(answer.body)["response"]["patch"] for answer in answers]
        assert len(pod.reviews(3)) == 3
        assert len(pod.lines("rewritten")) == 6
        assert not [patch for patch in patches if patch in pod.said() or base64.b64decode(patch).decode() in pod.said()]
        shows_nothing(pod)


async def test_a7_an_error_about_a_secret_is_named_and_its_text_is_not(tmp_path: Path):
    async with debugging(tmp_path) as pod:
        answers = [await pod.ask(review(SECRET), path) for path in ("/mutate/ignore/10", "/validate/fail/10")]
        (stumbled,) = pod.lines("stumbled")
        errors = [error for line in pod.reviews(2) for error in line["errors"]]
        shows_nothing(pod)

    assert stumbled["error"].startswith("KeyError (its text is withheld")
    assert [error.partition(" (")[0] for error in errors] == ["vault/stumble: ValueError", "vault/fall: ValueError"]
    assert MARK not in json.loads(answers[1].body)["response"]["status"]["message"]


async def test_a7_what_cannot_be_read_is_not_printed_either(tmp_path: Path):
    unreadable = [
        review(SECRET)[:-20],
        review(SECRET).replace(b'"uid"', b'"nobody"'),
        review(SECRET, object=MARK),
        b'"Sekrit"',
    ]
    async with debugging(tmp_path) as pod:
        assert [(await pod.ask(body)).status for body in unreadable] == [400] * 4
        shows_nothing(pod)


async def test_a7_who_comes_too_late_is_not_printed_either(tmp_path: Path):
    async with debugging(tmp_path) as pod:
        assert (await pod.ask(review(SECRET), "/mutate/ignore/1?timeout=1s")).status == 200
        assert (await pod.ask(review(SECRET))).status == 200
        assert pod.reviews(1)[0]["errors"][0].startswith("vault/linger: Late")
        pod.process.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(pod.process.wait(), 90) == 0
        shows_nothing(pod)


async def test_a7_no_token_that_a_client_sends_is_in_the_log(tmp_path: Path):
    async with debugging(tmp_path) as pod:
        bearer = f"Authorization: Bearer {MARK}-bearer"
        assert (await pod.ask(review(SECRET), "/mutate/fail/10", bearer)).status == 200
        assert (await pod.ask(review(SECRET), f"/mutate/{MARK}-in-the-path", bearer)).status == 404
        assert (await pod.ask(review(SECRET), f"/mutate/fail/10?token={MARK}-in-the-query")).status == 200
        assert (await pod.page(f"/metrics/{MARK}")).status == 404
        shows_nothing(pod)


async def test_a7_who_breaks_off_is_not_printed(tmp_path: Path):
    async with debugging(tmp_path) as pod, connected(pod) as client:
        await client.send(request("POST /mutate/fail/10 HTTP/1.1", "Host: a", "Content-Length: 99", body=MARK.encode()))
        await client.send(b"")
        client.writer.close()
        assert (await pod.ask(review(SECRET))).status == 200
        shows_nothing(pod)


def test_a7_no_token_is_in_a_path():
    rules = Capability("shop")
    rules.when(a.Pod).is_created().mutate(lambda pod: None).validate(lambda pod: pod.approve())

    assert [entry.path for entry in entries(rules.bindings)] == ["/mutate/fail/10", "/validate/fail/10"]
    assert all(re.fullmatch(r"/(mutate|validate)/(fail|ignore)/\d+", entry.path) for entry in entries(rules.bindings))
