"""Secrets for tokens are filled, and go with their accounts."""

from __future__ import annotations

import asyncio
from base64 import b64decode
from typing import Any

from tests.cluster.rest.asking import Asking, asking

SECRETS = "/api/v1/namespaces/default/secrets"
ACCOUNTS = "/api/v1/namespaces/default/serviceaccounts"
NAME = "kubernetes.io/service-account.name"


async def secret(ask: Asking, account: str) -> dict[str, Any] | None:
    """The Secret when it is filled; None when it is deleted."""
    async with asyncio.timeout(30), ask.watching(SECRETS) as watch:
        metadata = {"name": "token", "annotations": {NAME: account}}
        await ask.create(SECRETS, "token", metadata=metadata, type="kubernetes.io/service-account-token")
        while (event := await watch.next()) is not None:
            if event["type"] == "DELETED":
                return None
            if event["object"].get("data"):
                found: dict[str, Any] = event["object"]
                return found
    raise AssertionError("the watch ended")


async def test_a_secret_is_given_the_token_of_its_account_and_the_token_holds() -> None:
    async with asking(controllers=True, rbac=True, ca="PEM") as ask:
        account = await ask.create(ACCOUNTS, "bot")
        found = await secret(ask, "bot")
        assert found is not None
        assert {key: b64decode(value).decode() for key, value in found["data"].items() if key != "token"} == {
            "ca.crt": "PEM",
            "namespace": "default",
        }
        assert found["metadata"]["annotations"]["kubernetes.io/service-account.uid"] == account["metadata"]["uid"]
        ask.token = b64decode(found["data"]["token"]).decode()
        answer = await ask("POST", "/apis/authentication.k8s.io/v1/selfsubjectreviews", {})
        assert answer.document["status"]["userInfo"]["username"] == "system:serviceaccount:default:bot"


async def test_a_secret_for_nobody_goes() -> None:
    async with asking(controllers=True) as ask:
        assert await secret(ask, "nobody") is None
