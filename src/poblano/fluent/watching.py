"""Following what there is: first all of it, then each change."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from typing import TypeVar

from poblano.core.cache import Change
from poblano.core.following import Phase
from poblano.core.objects import Resource
from poblano.core.review import decode
from poblano.core.selectors import Selector
from poblano.fluent.chain import Chain
from poblano.fluent.choice import Choice
from poblano.fluent.untold import Untold

R = TypeVar("R", bound=Resource)


class Watching(Chain[R]):
    """What can be followed."""

    __slots__ = ()

    async def watch(self) -> AsyncGenerator[tuple[Phase, R]]:
        """What there is, each as ADDED, and then what happens, for as long as somebody asks.

        Connections that break or go silent, and a server that has forgotten where we were, are seen to: what was missed is found
        by comparison, so that nothing is lost and nothing told twice. Changes of an object that nobody has asked
        for yet are told as one: who is slow gets the newest state, and no backlog. With labels and fields, what leaves the
        choice is DELETED and what comes into it ADDED.

        Objects come without ``managedFields``. Close it when it is left early::

            async with aclosing(K8s(a.Pod).in_namespace("shop").watch()) as changes:
                async for phase, pod in changes:
                    ...

        Raises:
            ApiError: the API server refuses to list, or gives no answer, at the beginning. What goes wrong later is
                tried again until it works.
        """
        import asyncio

        from poblano.watch.informer import Informer

        client, choice = await self._connection(), self._choice
        selector = Asked(choice=choice)
        query = selector.query | {"limit": "1"}
        await client.request("GET", self._kind.path(choice.namespace), query=query)
        untold, more = Untold(), asyncio.Event()
        informer = Informer(client, self._kind, choice.namespace, selector=selector)

        def hear(change: Change) -> None:
            untold.add(change)
            more.set()

        informer.subscribe(hear)
        running = asyncio.create_task(informer.run())
        running.add_done_callback(lambda _: more.set())
        try:
            while not running.done():
                await more.wait()
                more.clear()
                while change := untold.next():
                    yield Phase(change.type), self._view(decode(change.item.raw) or {})
            running.result()  # it has no end but a defect of ours
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)


@dataclass(frozen=True, slots=True)
class Asked(Selector):
    """The selector that a choice is."""

    choice: Choice = field(kw_only=True)

    @property
    def labels(self) -> str:
        return self.choice.label_selector

    @property
    def fields(self) -> str:
        return self.choice.field_selector
