"""One pooled HTTP client to one API server.

It signs, sends, sends again where that can do no harm, and turns refusals into errors. What the paths and bodies mean
is `resources.py`'s business.
"""

from __future__ import annotations

import asyncio
import os
import random
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

from multidict import CIMultiDict

from poblano.client.access import Access
from poblano.client.answers import Answer
from poblano.client.credentials import Clock, Credential, Credentials
from poblano.client.dialing import Request, Target
from poblano.client.exchange import Call, Failed, outcome
from poblano.client.fetch import fetch
from poblano.client.kubeconfig import find_access
from poblano.client.login import credentials_for, impersonation_headers
from poblano.client.messages import Query, Response, Timeouts, encoded, query_string, user_agent
from poblano.client.no_answer import NoAnswer, Silence, explain
from poblano.client.observing import Told, observed
from poblano.client.pool import AT_ONCE, Pool
from poblano.client.proxies import proxy_for
from poblano.client.recording import recorder
from poblano.client.retries import IDEMPOTENT, Backoff
from poblano.client.streamed import Streamed
from poblano.client.tls import LiveTls
from poblano.client.wire import place_of
from poblano.core.context import check_permitted
from poblano.core.errors import ApiError


class ApiClient:
    """A client of one API server; an async context manager that leaves nothing behind.

    Args:
        access: where and as whom; see `poblano.client.kubeconfig.find_access`.
        credentials: what to sign with; None takes what `access` says.
        timeouts: for each request.
        backoff: between the attempts of a request.
        observe: told of every attempt, e.g. `poblano.watch.metrics.Observer.requested`.
        clock, sleep, chance: time and chance, from outside so that tests need not wait.
        environ: where ``HTTPS_PROXY`` and ``NO_PROXY`` are read, and whether calls are to be recorded.

    ::

        async with connect("kubeconfig") as client:
            pods = (await client.request("GET", "/api/v1/pods", query={"limit": "10"})).json()
    """

    def __init__(
        self,
        access: Access,
        *,
        credentials: Credentials | None = None,
        timeouts: Timeouts | None = None,
        backoff: Backoff | None = None,
        observe: Told | None = None,
        clock: Clock = time.monotonic,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
        chance: Callable[[], float] = random.random,
        environ: Mapping[str, str] = os.environ,
    ) -> None:
        self.access = access
        self._credentials = credentials or credentials_for(access, fetch=fetch)
        self._timeouts = timeouts or Timeouts()
        self._backoff = backoff or Backoff()
        self._observed = observed(access.cluster.server, observe)
        self._recorded = recorder(environ)
        self._clock = clock
        self._sleep = sleep
        self._chance = chance
        cluster = access.cluster
        self._proxy = cluster.proxy_url or proxy_for(cluster.server, environ) or None
        self._headers = [
            ("Accept", "application/json"),
            ("Accept-Encoding", "identity" if cluster.disable_compression else "gzip"),
            ("User-Agent", user_agent()),
            *impersonation_headers(access),
        ]
        self._tls = LiveTls(cluster, clock=clock)
        self._pool: Pool | None = None
        self._places = asyncio.Semaphore(AT_ONCE)

    async def __aenter__(self) -> Self:
        self._pool = Pool()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close every connection. The end of ``async with`` does it too."""
        pool, self._pool = self._pool, None
        if pool is not None:
            await pool.close()

    async def request(
        self,
        method: str,
        path: str,
        *,
        query: Query | None = None,
        body: object = None,
        content_type: str = "application/json",
        headers: Mapping[str, str] | None = None,
        timeout: float | None = None,
        idempotent: bool | None = None,
    ) -> Response:
        """Send one request and wait for its answer.

        Args:
            method: the HTTP method.
            path: the path, percent-encoded where it must be.
            query: parameters.
            body: bytes as they are, or anything that JSON can say; None sends none.
            content_type: of the body.
            headers: further headers.
            timeout: seconds for all attempts together; None takes the client's.
            idempotent: whether it may be sent again though it may have arrived; None goes by the method.

        Raises:
            ApiError: the API server refused, or there was no answer: the subclass says which.
            CredentialsFailed: there is nothing to sign with.
            LeadershipLost: it would write for an action that is another replica's by now.
        """
        call = Call(
            method=method,
            path=path,
            query=query_string(query),
            headers=self._headers_of(body, content_type, headers),
            data=encoded(body),
            idempotent=method in IDEMPOTENT if idempotent is None else idempotent,
        )
        return await self._persist(call, self._timeouts.total if timeout is None else timeout)

    async def _persist(self, call: Call, seconds: float) -> Response:
        """Send until it works, must not be sent again, or the time is up."""
        left, failures, renewed = seconds, 0, False
        while True:
            credential = await self._credentials.get()
            if call.method != "GET":
                check_permitted()
            started = self._clock()
            came = await self._attempt(call, credential, left, seconds)
            left -= self._clock() - started
            if isinstance(came, Response):
                return came
            if came.error.status == 401 and not renewed and await self._credentials.renew(credential):
                renewed = True
                continue
            failures += 1
            wait = self._wait_after(call, came, failures)
            if wait is None or wait >= left:
                raise came.error
            await self._sleep(wait)
            left -= wait

    def _wait_after(self, call: Call, came: Failed, failures: int) -> float | None:
        """Seconds until the next attempt, or None when there must be none."""
        attempt = came.attempt
        if attempt is None or failures >= self._backoff.attempts or not attempt.may_repeat(idempotent=call.idempotent):
            return None
        return self._backoff.delay(failures, attempt, self._chance())

    async def _attempt(self, call: Call, credential: Credential, left: float, seconds: float) -> Response | Failed:
        try:
            async with asyncio.timeout(left):
                await self._places.acquire()
        except TimeoutError:
            busy = Silence(f"no place for a request in {seconds:g} s", f"{AT_ONCE} others are under way", None)
            return Failed(busy.error(call.method, call.path), None)
        try:
            async with asyncio.timeout(left), self._sent(call, credential) as answer:
                return outcome(call, answer.status, answer.headers, await answer.read())
        except (NoAnswer, TimeoutError, OSError) as error:
            silence = self._explained(error, seconds)
        finally:
            self._places.release()
        return Failed(silence.error(call.method, call.path), silence.attempt)

    @asynccontextmanager
    async def once(
        self,
        path: str,
        *,
        query: Query | None = None,
        headers: Mapping[str, str] | None = None,
        silence: float | None = None,
    ) -> AsyncGenerator[Streamed]:
        """Send one GET, once, and read its answer as it comes; how long that may take is the caller's to say. See `request`.

        Args:
            silence: seconds after which an answer is given up of which nothing comes; None is never.

        Raises:
            ApiError: as `request`; `retry_after` says what the server asked for. Also when the answer breaks off.
        """
        own = {"Accept-Encoding": "identity", **(headers or {})}
        call = Call("GET", path, query_string(query), self._headers_of(None, "", own), None, idempotent=True)
        credential = await self._credentials.get()
        try:
            async with self._sent(call, credential, silence=silence, alone=True) as answer:
                if answer.status == 200:
                    yield Streamed(answer)
                    return
                refused = outcome(call, answer.status, answer.headers, await answer.read())
        except (NoAnswer, TimeoutError, OSError) as error:
            reason = self._explained(error, silence or self._timeouts.connect)
            refused = Failed(reason.error(call.method, call.path), None)
        if isinstance(refused, Response):
            raise ApiError(
                f"the API server answered HTTP {refused.status}", status=refused.status, method="GET", path=path
            )
        if refused.error.status == 401:
            await self._credentials.renew(credential)  # for the next time
        raise refused.error

    def _explained(self, error: BaseException, seconds: float) -> Silence:
        return explain(error, server=self.access.cluster.server, proxy=self._proxy or "", seconds=seconds)

    def _sent(
        self, call: Call, credential: Credential, *, silence: float | None = None, alone: bool = False
    ) -> AbstractAsyncContextManager[Answer]:
        pool, cluster = self._pool, self.access.cluster
        if pool is None:
            raise RuntimeError("the client is not open: write `async with client:` around its use")
        if self._recorded is not None:
            self._recorded(call.method, call.path, call.query, call.headers.get("Content-Type", ""))
        headers = call.headers.copy()
        if credential.authorization:
            headers["Authorization"] = credential.authorization
        tls = self._tls.context(credential.certificate)
        target = Target(place_of(cluster.server), tls, cluster.tls_server_name, self._proxy or "")
        sent = pool.ask(
            Request(target, call.method, f"{urlsplit(cluster.server).path}{call.path}{call.query}", headers, call.data),
            connect=self._timeouts.connect,
            silence=silence,
            alone=alone,
        )
        return self._observed(sent, call.method, call.path, headers) if self._observed else sent

    def _headers_of(self, body: object, content_type: str, extra: Mapping[str, str] | None) -> CIMultiDict[str]:
        headers = CIMultiDict(self._headers)
        if body is not None:
            headers["Content-Type"] = content_type
        headers.update(extra or {})
        return headers


def connect(
    kubeconfig: str | Path | None = None,
    context: str = "",
    *,
    timeouts: Timeouts | None = None,
    observe: Told | None = None,
) -> ApiClient:
    """A client for a kubeconfig's context, for what kubectl would use, or for a pod's own service account.

    Args:
        kubeconfig: a file that stands alone; None looks where kubectl looks.
        context: the context; empty for the current one.
        timeouts, observe: as of `ApiClient`.

    Raises:
        InvalidKubeconfig: nothing was found, or what was found is wrong.
    """
    return ApiClient(find_access(kubeconfig, context), timeouts=timeouts, observe=observe)
