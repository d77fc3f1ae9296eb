"""What a pipeline yields to whoever drives it: calls of the user's functions, and what came of them."""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import Any, TypeAlias, cast

import msgspec

from poblano.core.binding import Binding
from poblano.core.context import Running
from poblano.core.held import Marks, MarksKey
from poblano.core.holding import made_in
from poblano.core.jsonvalue import Document
from poblano.core.made import encoded
from poblano.core.requests import MutateRequest, document_in
from poblano.core.review import AdmissionRequest, decode
from poblano.core.verdict import Verdict


class Made(msgspec.Struct, frozen=True):
    """What a mutate action made: the object, or only its labels and annotations."""

    document: Document | None
    marks: dict[MarksKey, Marks]


class Kept(msgspec.Struct, frozen=True):
    """The same, of which nobody else has any part: the object as it is written."""

    written: bytes | None
    marks: dict[MarksKey, Marks]


class Call(msgspec.Struct, eq=False):
    """Something of the user's to be called.

    Attributes:
        function, arguments: what, with what.
        is_async: whether it is known to return an awaitable.
        running: who it is, for the context variable.
        binding: the rule, or None for a hook of the module.
        left_the_loop: set by the driver when others ran meanwhile: what the call was given may still be changed by it.
        kept: set by the driver, through `keep`, when such a call has returned.
    """

    function: Callable[..., Any]
    arguments: tuple[Any, ...]
    is_async: bool
    running: Running
    binding: Binding | None = None
    left_the_loop: bool = False
    kept: Kept | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Failed:
    """What a driver sends instead of a result when the call raised."""

    error: BaseException


Steps: TypeAlias = Generator[Call, Any, Verdict]


def running_of(capability: str, rule: str, request: AdmissionRequest) -> Running:
    """Who runs, for the context variable."""
    return Running(capability, rule, request.kind.kind, request.namespace, request.name, request.uid, request.dry_run)


def keep(call: Call) -> None:
    """Keep what a mutate action made, at the moment it returned: a task that it has left behind may go on writing.

    To be called before anything else runs, by a driver that was not the only one to run meanwhile.

    Raises:
        MalformedObject: what was made is not JSON.
    """
    for argument in call.arguments:
        if isinstance(argument, MutateRequest):
            request = cast("Any", argument)
            document, made = document_in(request), made_in(request)
            call.kept = Kept(
                None if document is None else encoded(document, b"")[1],
                {key: dict(marks) for key, marks in made.items()},
            )


def made_by(call: Call, request: MutateRequest[Any]) -> Made:
    """What a mutate action made, now that it has returned.

    Raises:
        MalformedObject: what was made is not JSON.
    """
    if call.left_the_loop and call.kept is None:
        keep(call)
    if (kept := call.kept) is None:
        return Made(document_in(request), made_in(request))
    return Made(None if kept.written is None else decode(kept.written), kept.marks)
