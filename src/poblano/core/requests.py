"""What an action is given: the object to change or judge, and everything known about the request.

The names are Pepr's, in Python's spelling. `raw` is a typed view of the object itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Self, TypeVar

from poblano.core.asked import asked
from poblano.core.decisions import DEFAULT_CODE, Decision, Said
from poblano.core.errors import MalformedObject
from poblano.core.holding import Holding
from poblano.core.jsonvalue import Document, as_map, copied, owned, plain
from poblano.core.objects import Resource
from poblano.core.patch import merge
from poblano.core.review import Verb
from poblano.core.secrets import SecretBytes, SecretText
from poblano.core.structs import Struct

K = TypeVar("K", bound=Resource)
R = TypeVar("R", bound=Resource)


class Request(Holding[K]):
    """What mutate and validate requests share.

    Attributes:
        request: the AdmissionRequest: operation, user, options, names.
    """

    __slots__ = ()

    @property
    def old_resource(self) -> K | None:
        """The object as it is stored; None on CREATE and CONNECT. Changing it changes nothing."""
        if self._old is None and (document := self.request.old_object) is not None:
            self._old = self._view.__attached__(document)
        return self._old

    @property
    def name(self) -> str:
        """The object's name; what generateName will begin it with where it has none yet."""
        if self.request.name:
            return self.request.name
        metadata = self.raw.metadata
        return metadata.name or metadata.generate_name or ""

    @property
    def namespace(self) -> str:
        """The namespace the request is for; "" for what has none."""
        return self.request.namespace

    @property
    def is_dry_run(self) -> bool:
        """Whether nothing will be stored, so that an action must not write anything anywhere either."""
        return self.request.dry_run

    @property
    def permit_side_effects(self) -> bool:
        """The opposite of `is_dry_run`."""
        return not self.request.dry_run

    @property
    def text(self) -> SecretText:
        """A Secret's values as text.

        Raises:
            MalformedObject: when the object is no Secret, or the value read is not text.
        """
        return SecretText(self._secret_data, self._made_secret_data)

    @property
    def bytes(self) -> SecretBytes:
        """A Secret's values as bytes.

        Raises:
            MalformedObject: when the object is no Secret.
        """
        return SecretBytes(self._secret_data, self._made_secret_data)

    def _secret_data(self) -> Document:
        asked = self.request.kind
        if (asked.group, asked.kind) != ("", "Secret"):
            raise MalformedObject(f"only a Secret has .text and .bytes; this is a {asked.kind}: use .raw")
        return as_map(self._opened().get("data")) or {}

    def _made_secret_data(self) -> Document:
        self._secret_data()
        data = as_map(self._opened().get("data"))
        if data is None:
            data = self._opened()["data"] = {}
        return data

    def _saying(self) -> Said:
        if self._said is None:
            self._said = Said()
        return self._said

    def warn(self, message: str) -> Self:
        """Show the user a warning, whether or not the request is allowed. Up to about 120 characters read well."""
        self._saying().warnings.append(str(message))
        return self

    def audit(self, key: str, value: str) -> Self:
        """Put ``<capability>.<rule>.<key>`` into the API server's audit log. At most 4 096 characters, and never a secret."""
        self._saying().audit[str(key)] = str(value)
        return self

    def __repr__(self) -> str:
        asked = self.request
        return f"<{type(self).__name__} {asked.operation} {asked.kind.kind} {asked.namespace + '/' if asked.namespace else ''}{asked.name}>"


def document_in(request: Request[Any]) -> Document | None:
    """The object as the action left it, for the pipeline; None when it never asked for the whole of it."""
    return request._document


def said_in(request: Request[Any]) -> Said | None:
    """What the action said, for the pipeline; None when it said nothing."""
    return request._said


class MutateRequest(Request[K]):
    """What a mutate action is given. Change `raw`, or use the helpers; what the action returns counts only if it is a denial.

    >>> pod = Resource.of({"apiVersion": "v1", "kind": "Pod", "metadata": {"labels": {"old": "1"}}})
    >>> request = MutateRequest.of(pod)
    >>> request.set_label("tier", "data").remove_label("old").raw.metadata.labels == {"tier": "data"}
    True
    """

    __slots__ = ()

    @staticmethod
    def of(
        obj: R,
        /,
        *,
        old: R | None = None,
        operation: Verb | None = None,
        subresource: str = "",
        user: str = "",
        groups: Iterable[str] = (),
        dry_run: bool = False,
    ) -> MutateRequest[R]:
        """A request as an API server would make it of `obj`: for unit tests, which give it to a rule.

        Args:
            obj: what would be stored; on DELETE what is. It is copied.
            old: what is stored.
            operation: by default UPDATE when there is something `old`, otherwise CREATE.
            subresource: such as ``scale``.
            user, groups: who asks.
            dry_run: whether nothing would be stored.

        Raises:
            MalformedObject: when `obj` is no object, or names no kind.

        >>> request = MutateRequest.of(Resource.of({"apiVersion": "v1", "kind": "Pod"}), user="alice")
        >>> request.request.operation, request.request.kind.kind, request.request.user_info.username
        ('CREATE', 'Pod', 'alice')
        """
        return MutateRequest(
            asked(obj, old, operation, subresource, user, groups, dry_run=dry_run),
            type(obj),
            copied(obj.__document__()),
        )

    @property
    def raw(self) -> K:
        """The object: as it would be stored, or on DELETE as it is stored. Assigning replaces it whole."""
        document = self._document
        return self._view.__attached__(self._opened() if document is None else document)

    @raw.setter
    def raw(self, value: K | Mapping[str, Any]) -> None:
        document = as_map(owned(value))
        if document is None:
            raise MalformedObject(f"raw must be an object, not {type(value).__name__}")
        self._opened()
        self._document = document

    def merge(self, part: Struct | Mapping[str, Any]) -> MutateRequest[K]:
        """Merge `part` into the object (RFC 7386): maps merge, lists and values are replaced, None deletes.

        >>> config = Resource.of({"apiVersion": "v1", "kind": "ConfigMap", "data": {"a": "1", "b": "2"}})
        >>> request = MutateRequest.of(config)
        >>> request.merge({"data": {"a": None, "c": "3"}}).raw["data"]
        {'b': '2', 'c': '3'}
        """
        document = as_map(plain(part))
        if document is None:
            raise MalformedObject(f"merge takes a mapping or a view, not {type(part).__name__}")
        merge(self._opened(), copied(document))
        return self

    def set_label(self, key: str, value: str) -> MutateRequest[K]:
        """Put a label on the object."""
        self._mark("labels", key, value)
        return self

    def remove_label(self, key: str) -> MutateRequest[K]:
        """Take a label off the object, if it is there."""
        self._unmark("labels", key)
        return self

    def set_annotation(self, key: str, value: str) -> MutateRequest[K]:
        """Put an annotation on the object."""
        self._mark("annotations", key, value)
        return self

    def remove_annotation(self, key: str) -> MutateRequest[K]:
        """Take an annotation off the object, if it is there."""
        self._unmark("annotations", key)
        return self

    def deny(self, message: str = "", code: int = DEFAULT_CODE, warnings: Iterable[str] = ()) -> Decision:
        """Refuse the request. The decision stands whether or not the action returns it.

        Args:
            message: what the user is told, beside the capability and the rule.
            code: the HTTP status the user gets, 400 to 599.
            warnings: shown beside the message.
        """
        decision = self._saying().denial = Decision.deny(message, code, warnings)
        return decision


class ValidateRequest(Request[K]):
    """What a validate action is given. It returns ``request.approve()`` or ``request.deny(...)``.

    >>> request = ValidateRequest.of(Resource.of({"apiVersion": "v1", "kind": "Pod"}))
    >>> request.approve().allowed, request.deny("needs a tier", code=422).code
    (True, 422)
    """

    __slots__ = ()

    @staticmethod
    def of(
        obj: R,
        /,
        *,
        old: R | None = None,
        operation: Verb | None = None,
        subresource: str = "",
        user: str = "",
        groups: Iterable[str] = (),
        dry_run: bool = False,
    ) -> ValidateRequest[R]:
        """A request as an API server would make it of `obj`: see `MutateRequest.of`.

        >>> pod = Resource.of({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "db"}})
        >>> ValidateRequest.of(pod, operation="DELETE")
        <ValidateRequest DELETE Pod db>
        """
        return ValidateRequest(
            asked(obj, old, operation, subresource, user, groups, dry_run=dry_run),
            type(obj),
            copied(obj.__document__()),
        )

    def approve(self, warnings: Iterable[str] = ()) -> Decision:
        """Let the request pass, with warnings for the user if there are any."""
        return Decision.approve(warnings)

    def deny(self, message: str = "", code: int = DEFAULT_CODE, warnings: Iterable[str] = ()) -> Decision:
        """Refuse the request.

        Args:
            message: what the user is told, beside the capability and the rule.
            code: the HTTP status the user gets, 400 to 599.
            warnings: shown beside the message.
        """
        return Decision.deny(message, code, warnings)
