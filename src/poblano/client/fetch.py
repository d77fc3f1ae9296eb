"""One HTTP request to an OpenID issuer, which is rare enough for a connection of its own."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping
from dataclasses import replace
from urllib.parse import urlsplit

from poblano.client.access import Material
from poblano.client.dialing import Request, Target
from poblano.client.messages import user_agent
from poblano.client.no_answer import NoAnswer, explain
from poblano.client.pool import Pool
from poblano.client.proxies import proxy_for
from poblano.client.tls import trusting
from poblano.client.wire import place_of

CONNECT_SECONDS = 5.0
TOTAL_SECONDS = 30.0


async def fetch(
    url: str, *, authority: Material | None, form: bytes | None = None, headers: Mapping[str, str] | None = None
) -> tuple[int, bytes]:
    """Ask, and answer with the status and the body. See `poblano.client.oidc.Fetch`.

    Raises:
        ConnectionFailed: there was no answer.
    """
    own = {"Accept": "*/*", "Accept-Encoding": "gzip", "User-Agent": user_agent()}
    if form is not None:
        own["Content-Type"] = "application/x-www-form-urlencoded"
    target = Target(
        place_of(url), trusting(authority) if url.startswith("https:") else None, proxy=proxy_for(url, os.environ)
    )
    parts = urlsplit(url)
    path = f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"
    request = Request(target, "GET" if form is None else "POST", path, {**own, **(headers or {})}, form)
    pool = Pool()
    try:
        async with (
            asyncio.timeout(TOTAL_SECONDS),
            pool.ask(request, connect=CONNECT_SECONDS, alone=True) as answer,
        ):
            return answer.status, await answer.read()
    except (NoAnswer, TimeoutError, OSError) as error:
        silence = explain(error, server=url, proxy=target.proxy, seconds=TOTAL_SECONDS)
    finally:
        await pool.close()
    raise replace(silence, remedy="check idp-issuer-url and idp-certificate-authority").error("", "")
