"""One HTTP request to an OpenID issuer, which is rare enough for a session of its own."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace

import aiohttp

from poblano.client.access import Material
from poblano.client.no_answer import explain
from poblano.client.proxies import proxy_for
from poblano.client.tls import trusting


async def fetch(
    url: str, *, authority: Material | None, form: bytes | None = None, headers: Mapping[str, str] | None = None
) -> tuple[int, bytes]:
    """Ask, and answer with the status and the body. See `poblano.client.oidc.Fetch`.

    Raises:
        ConnectionFailed: there was no answer.
    """
    own = {"Content-Type": "application/x-www-form-urlencoded"} if form is not None else {}
    try:
        async with (
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=30, sock_connect=5)) as session,
            session.request(
                "GET" if form is None else "POST",
                url,
                data=form,
                headers={**own, **(headers or {})},
                ssl=trusting(authority) if url.startswith("https:") else True,
                proxy=proxy_for(url, os.environ) or None,
                allow_redirects=False,
            ) as answer,
        ):
            return answer.status, await answer.read()
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        silence = explain(error, server=url, proxy="", seconds=30)
    raise replace(silence, remedy="check idp-issuer-url and idp-certificate-authority").error("", "")
