"""A capability's store, as its code sees it: small shared state, read at once and written in batches.

::

    shop = Capability("shop")                         # shop.store: texts
    shop.store.set_item("greeting", "hello")          # read at once in this process; sent every 5 s
    await shop.store.set("greeting", "hello")         # returns when the API server has it
    await shop.store.update("count", lambda old: str(int(old or "0") + 1))
    async with shop.store.transaction() as items:
        items["a"], items["b"] = items["b"], items["a"]

A definition has no side effects: the store is empty-handed until the module runs. `poblano.store.memory` stands in for tests.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Generic, overload

from typing_extensions import TypeVar

from poblano.core.context import is_dry_run
from poblano.core.errors import Conflict
from poblano.core.location import caller_location
from poblano.core.store.checking import check_called, checked_key, checked_ttl
from poblano.core.store.keeping import Keeper, StoreNotRunning, StoreUnacknowledged
from poblano.core.store.transaction import Transaction
from poblano.core.store.values import Codec, codec_of
from poblano.waiting import Deadline

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

V = TypeVar("V", default=str)
D = TypeVar("D")

WAIT_SECONDS = 15.0
"""How long a write is waited for, if nothing else is said. Pepr: MAX_WAIT_TIME."""

UPDATE_ATTEMPTS = 50


class Store(Generic[V]):
    """Small shared state of a capability: keys, and values of one type.

    Reading is at once, and shows what this process has written. Between processes a value arrives with the next batch, and the
    last write wins. What returned from an awaited write is at the API server.

    Args:
        model: of the values: ``str`` as it is, or whatever msgspec or pydantic can read from JSON: a dataclass, ``int``,
            ``list[str]``, a TypedDict, a model.
        secret: keep the values in a Secret instead of a custom resource.

    Raises:
        InvalidDefinition: there is no JSON of such values.
    """

    @overload
    def __init__(self: Store[str], /, *, secret: bool = False) -> None: ...
    @overload
    def __init__(self, model: type[V], /, *, secret: bool = False) -> None: ...
    def __init__(self, model: type[Any] = str, /, *, secret: bool = False) -> None:
        self.secret = secret
        self._model = model
        self._codec: Codec[V] = codec_of(model, caller_location())
        self._keeper: Keeper | None = None
        self._waiting: list[Callable[[Keeper], None]] = []
        self.name = ""

    # Pepr's eight operations.

    def get_item(self, key: str) -> V | None:
        """The value, if there is one."""
        return self.get(key)

    def set_item(self, key: str, value: V, *, ttl: timedelta | None = None) -> None:
        """Write a value with the next batch. It may be lost if the process is killed before that, and by nothing else.

        Args:
            key: any text of at most 512 characters; of a secret store, at most 250 letters and digits.
            value: of the store's type.
            ttl: after so long it is no longer there.

        Raises:
            StoreFull: there is no room.
            StoreNotRunning: no module runs here.
            TypeError: `value` is not of the store's type, or the key or the ttl is none.
            ValueError: the ttl is not more than nothing.
        """
        keeper, text = self._running(), self._codec.written(value, self._key(key))
        until = checked_ttl(ttl)
        if not is_dry_run():
            keeper.set(key, text, until)

    async def set_item_and_wait(
        self, key: str, value: V, *, ttl: timedelta | None = None, timeout: float = WAIT_SECONDS
    ) -> None:
        """Write a value now, and return when the API server has it.

        Args:
            key, value, ttl: as of `set_item`.
            timeout: seconds.

        Raises:
            StoreUnacknowledged: it has not been acknowledged in time.
        """
        self.set_item(key, value, ttl=ttl)
        if not is_dry_run():
            await self._running().landed(timeout)

    def remove_item(self, key: str) -> None:
        """Take a value away with the next batch. That there is none is no error."""
        keeper = self._running()
        if not is_dry_run():
            keeper.remove(self._key(key))

    async def remove_item_and_wait(self, key: str, *, timeout: float = WAIT_SECONDS) -> None:
        """Take a value away now, and return when the API server knows. Raises as `set_item_and_wait`."""
        self.remove_item(key)
        if not is_dry_run():
            await self._running().landed(timeout)

    def clear(self) -> None:
        """Take every value away that is known here, with the next batch."""
        keeper = self._running()
        if not is_dry_run():
            keeper.clear()

    def subscribe(self, tell: Callable[[dict[str, V]], object], /) -> Callable[[], None]:
        """Have `tell` called with all items whenever they have changed; returns what ends it. It may be said before the module runs."""
        check_called(tell, "the subscriber of a store")
        ended, ends = False, list[Callable[[], None]]()

        def told(items: Mapping[str, str]) -> None:
            if not ended:
                tell(self._read(items))

        def begin(keeper: Keeper) -> None:
            ends.append(keeper.subscribe(told))

        def unsubscribe() -> None:
            nonlocal ended
            ended = True
            for end in ends:
                end()

        self._when_running(begin)
        return unsubscribe

    def on_ready(self, tell: Callable[[], object], /) -> None:
        """Have `tell` called once what there is is known; at once if it is. It may be said before the module runs."""
        check_called(tell, "what is told that a store is ready")
        self._when_running(lambda keeper: keeper.on_ready(lambda: (tell(), None)[1]))

    # The Python way.

    def __getitem__(self, key: str) -> V:
        text = self._running().get(self._key(key))
        if text is None:
            raise KeyError(key)
        return self._codec.read(text, key)

    @overload
    def get(self, key: str, /) -> V | None: ...
    @overload
    def get(self, key: str, default: D, /) -> V | D: ...
    def get(self, key: str, default: object = None, /) -> object:
        """The value, or `default`."""
        text = self._running().get(self._key(key))
        return default if text is None else self._codec.read(text, key)

    def __contains__(self, key: object) -> bool:
        return isinstance(key, str) and self._running().get(key) is not None

    def __iter__(self) -> Iterator[str]:
        return iter(self._running().items())

    def __len__(self) -> int:
        return len(self._running().items())

    def items(self) -> dict[str, V]:
        """All keys with their values, as they are now."""
        return self._read(self._running().items())

    async def set(self, key: str, value: V, *, ttl: timedelta | None = None, timeout: float = WAIT_SECONDS) -> None:
        """Write a value now, and return when the API server has it. Raises as `set_item_and_wait`."""
        await self.set_item_and_wait(key, value, ttl=ttl, timeout=timeout)

    async def remove(self, key: str, *, timeout: float = WAIT_SECONDS) -> None:
        """Take a value away now, and return when the API server knows. Raises as `set_item_and_wait`."""
        await self.remove_item_and_wait(key, timeout=timeout)

    async def update(
        self,
        key: str,
        change: Callable[[V | None], V | None],
        /,
        *,
        ttl: timedelta | None = None,
        timeout: float = WAIT_SECONDS,
    ) -> V | None:
        """Change a value by what it is, whoever else does so too: compare and swap, tried again until nobody was faster.

        Returned is what it is now.

        Args:
            key: which.
            change: given the value, or None; returns what it is to be, or None for nothing. It may be called several times.
            ttl: after so long it is no longer there.
            timeout: seconds for all of it, but for what `change` takes.

        Raises:
            Conflict: others were faster fifty times.
            StoreUnacknowledged: the API server cannot be read in time, or has not acknowledged the write.
        """
        keeper, deadline = self._running(), self._deadline(timeout)
        until = checked_ttl(ttl)
        check_called(change, "what changes an item")
        self._key(key)
        for _ in range(UPDATE_ATTEMPTS):
            before = (await deadline.of(keeper.fresh())).get(key)
            value = change(None if before is None else self._codec.read(before, key))
            after = None if value is None else self._codec.written(value, key)
            if after == before or is_dry_run():
                return value
            with suppress(Conflict):
                await deadline.of(keeper.exchange({key: before}, {key: after}, until))
                return value
        raise Conflict(f"the item {key!r} of the store {self.name} is changed by others all the time", status=409)

    @asynccontextmanager
    async def transaction(self, *, timeout: float = WAIT_SECONDS) -> AsyncGenerator[Transaction[V]]:
        """Read and write several items, all of it or nothing.

        What was read is as it was when the writes arrive, or else none does. `timeout` is seconds to read, and again to write.

        Raises:
            Conflict: others were faster; begin again.
            StoreFull: there is no room.
            StoreUnacknowledged: the API server has not answered in time.
        """
        keeper = self._running()
        items = await self._deadline(timeout).of(keeper.fresh())
        yield (transaction := Transaction(self._codec, items, secret=self.secret))
        if transaction.writes and not is_dry_run():
            writing = keeper.exchange(transaction.reads, transaction.writes, keys=transaction.keys)
            await self._deadline(timeout).of(writing)

    def check(self, key: str, text: str) -> None:
        """See whether an item could be kept that was written by hand, as it is kept: JSON, unless the store is of texts.

        Raises:
            TypeError: no item can have that key.
            UnreadableItem: the text is no value of the store's type.
        """
        self._codec.read(text, self._key(key))

    def bind(self, keeper: Keeper | None) -> None:
        """Have it kept by `keeper` from now on; None ends that. For what runs modules."""
        self._keeper = keeper
        if keeper is not None:
            waiting, self._waiting = self._waiting, []
            for begin in waiting:
                begin(keeper)

    @property
    def keeper(self) -> Keeper | None:
        """Who keeps it."""
        return self._keeper

    def __repr__(self) -> str:
        secret = ", secret" if self.secret else ""
        return f"<Store {self.name} of {getattr(self._model, '__name__', self._model)}{secret}>"

    def _key(self, key: object) -> str:
        return checked_key(key, secret=self.secret)

    def _when_running(self, begin: Callable[[Keeper], None]) -> None:
        if self._keeper is None:
            self._waiting.append(begin)
        else:
            begin(self._keeper)

    def _running(self) -> Keeper:
        if self._keeper is None:
            raise StoreNotRunning(
                f"the store of {self.name or 'this capability'} is not there: it is where the module runs (poblano run, dev, demo); "
                "in a test: with poblano.store.memory.in_memory(shop). If only other files than that of its rules speak of it: "
                'Capability("shop", store=Store())'
            )
        return self._keeper

    def _deadline(self, seconds: float) -> Deadline:
        said = f"the API server has not answered for the store {self.name} in {seconds:g} s; what was under way may yet be done"
        return Deadline(seconds, StoreUnacknowledged(said))

    def _read(self, items: Mapping[str, str]) -> dict[str, V]:
        return {key: self._codec.read(text, key) for key, text in items.items()}
