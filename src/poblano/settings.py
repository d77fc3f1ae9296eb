"""The settings of a module: ``[tool.poblano]`` of its ``pyproject.toml``.

::

    [tool.poblano]
    uuid = "hello"
    module = "hello:module"

Nothing is read when this is imported: `load_settings` reads the file and the environment it is given. These variables
override the file, for one run; an empty one counts as unset, and any other setting is refused as a variable:

============================== ============================ =========================================
variable                       overrides                    is
============================== ============================ =========================================
POBLANO_ON_ERROR               on_error                     reject, audit or ignore
POBLANO_WEBHOOK_TIMEOUT        webhook_timeout              whole seconds, 1 to 30
POBLANO_NAMESPACE              namespace                    a namespace's name
POBLANO_LOG_LEVEL              log_level                    debug, info, warning or error
POBLANO_STORE_FLUSH_SECONDS    store_flush_seconds          seconds, more than 0
============================== ============================ =========================================

POBLANO_ADDITIONAL_IGNORED_NAMESPACES overrides nothing: names, with commas between, of namespaces that no rule sees besides.
``uuid`` cannot be overridden: what is in the cluster is named after it.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping, MutableMapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Literal, TypeAlias

from poblano.core.binding import OnError
from poblano.core.deployed import IGNORED_VARIABLE
from poblano.core.errors import InvalidSettings
from poblano.settings_values import JSONTable, Reader
from poblano.toml_lines import line_of

LogLevel: TypeAlias = Literal["debug", "info", "warning", "error"]
RbacMode: TypeAlias = Literal["scoped", "admin"]
FailurePolicy: TypeAlias = Literal["Fail", "Ignore"]

FILE = "pyproject.toml"
TABLE = ("tool", "poblano")


@dataclass(frozen=True, slots=True)
class AlwaysIgnore:
    """What is never looked at."""

    namespaces: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Part:
    """Settings of one part of a module: its admission, or its watches."""

    always_ignore: AlwaysIgnore = AlwaysIgnore()


@dataclass(frozen=True, slots=True)
class Watches(Part):
    """Settings of what follows objects: watch, reconcile and finalize actions."""

    threads: int = 16
    """How many ``def`` actions run at once; more wait for a place."""


@dataclass(frozen=True, slots=True)
class CustomLabels:
    """Labels to be put on what is built."""

    namespace: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True, slots=True)
class AdditionalWebhook:
    """A namespace whose webhooks have a failure policy of their own."""

    namespace: str
    failure_policy: FailurePolicy


@dataclass(frozen=True, slots=True)
class Accepted:
    """What ``poblano build`` would refuse, and somebody answers for: a finding of its linter, of one rule, and why."""

    finding: str
    rule: str
    because: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What a module is called and how it is run. Every value has been checked."""

    folder: Path
    """Where the ``pyproject.toml`` is: the folder the module is imported from."""
    uuid: str
    """Names everything in the cluster: ``poblano-<uuid>``. An RFC 1123 label, at most 36 characters."""
    module: str
    """The `Module` object, as ``package.module:name``."""
    description: str = ""
    """What the module is for, in a sentence."""
    on_error: OnError = "reject"
    """What an action that raises means, unless its capability or the action says otherwise."""
    webhook_timeout: int = 10
    """Seconds that the API server waits, 1 to 30, unless an action says otherwise."""
    namespace: str = "poblano-system"
    """Where the module lives in the cluster."""
    log_level: LogLevel = "info"
    """What is logged: this and what is worse."""
    always_ignore: AlwaysIgnore = AlwaysIgnore()
    """Namespaces that no action ever sees."""
    admission: Part = Part()
    """Namespaces that mutate and validate actions, besides, never see."""
    env: Mapping[str, str] = field(default_factory=dict[str, str])
    """Environment variables for the module: see `put_environment`."""

    rbac_mode: RbacMode = "scoped"
    """Deployment only: whether ``poblano build`` derives the role from the bindings, or grants everything."""
    rbac: tuple[JSONTable, ...] = ()
    """Deployment only: further PolicyRules for the role that ``poblano build`` writes."""
    image: str | None = None
    """Deployment only: the controller's image in what ``poblano build`` writes; None is that of this version."""
    custom_labels: CustomLabels = field(default_factory=CustomLabels)
    """Deployment only: labels for what ``poblano build`` writes."""
    additional_webhooks: tuple[AdditionalWebhook, ...] = ()
    """Deployment only: namespaces whose webhooks ``poblano build`` writes with another failure policy."""
    accepted_findings: tuple[Accepted, ...] = ()
    """Deployment only: what the linter of ``poblano build`` finds, and is to let pass."""
    included_files: tuple[str, ...] = ()
    """Deployment only: files beside the code that ``poblano build`` puts into the image, as paths from `folder`."""
    watch: Watches = Watches()
    """What follows objects: namespaces that it never sees besides `always_ignore`, and its threads. Admission has no use for it."""
    additional_ignored_namespaces: tuple[str, ...] = ()
    """Namespaces that no rule sees, not even one that names them: of the environment alone, for who deploys to say."""
    store_flush_seconds: float = 5.0
    """The store only: how long changes may be gathered before they are written. Admission has no use for it."""

    @property
    def ignored_namespaces(self) -> tuple[str, ...]:
        """The namespaces that mutate and validate actions never see: `always_ignore` and `admission` together."""
        return tuple(dict.fromkeys((*self.always_ignore.namespaces, *self.admission.always_ignore.namespaces)))

    @property
    def policies(self) -> dict[str, FailurePolicy]:
        """The namespaces whose webhooks have a failure policy of their own: `additional_webhooks`."""
        return {one.namespace: one.failure_policy for one in self.additional_webhooks}


def find_project(start: Path) -> Path:
    """The module's folder: the nearest one, from `start` upward, with a ``pyproject.toml`` that has ``[tool.poblano]``.

    Raises:
        InvalidSettings: when there is none, or a file on the way is no TOML.
    """
    start = start.resolve()
    seen: list[Path] = []
    for folder in (start, *start.parents):
        file = folder / FILE
        if file.is_file():
            if _table(_parsed(file)[1]) is not None:
                return folder
            seen.append(file)
    found = f"; {', '.join(map(str, seen))} has none" if seen else ""
    raise InvalidSettings(
        f"no {FILE} with a [tool.poblano] table in {start} or above{found}; "
        'go to the folder of a module, or write [tool.poblano] with uuid = "..." and module = "file:object"'
    )


def load_settings(folder: Path, environ: Mapping[str, str]) -> Settings:
    """Read and check the settings of the module in `folder`.

    Args:
        folder: what `find_project` found.
        environ: the environment, such as ``os.environ``.

    Raises:
        InvalidSettings: when a key is unknown or a value is wrong: names file, line, key and what is allowed.
    """
    file = folder / FILE
    text, document = _parsed(file)
    table = _table(document)
    if table is None:
        raise InvalidSettings(f"{file} has no [tool.poblano] table; write it, with uuid and module")
    reader = Reader(table, lambda path: f"{file}:{line_of(text, (*TABLE, *path))}", environ)
    settings = _settings(folder, reader)
    reader.finish()
    return settings


def put_environment(
    env: Mapping[str, str], environ: MutableMapping[str, str], earlier: Mapping[str, str] = MappingProxyType({})
) -> dict[str, str]:
    """Put a module's `env` into `environ`, before the module is imported. What others have set there stays.

    Args:
        env: the settings'.
        environ: such as ``os.environ``.
        earlier: what a call before this one put there, which this one takes the place of.

    Returns:
        what it put there.

    >>> environ = {"A": "given"}
    >>> put = put_environment({"A": "1", "B": "2"}, environ)
    >>> put, environ
    ({'B': '2'}, {'A': 'given', 'B': '2'})
    >>> put_environment({"C": "3"}, environ, put), environ
    ({'C': '3'}, {'A': 'given', 'C': '3'})
    """
    for name in earlier.keys() - env.keys():
        environ.pop(name, None)
    put = {name: value for name, value in env.items() if name in earlier or name not in environ}
    environ.update(put)
    return put


def _settings(folder: Path, reader: Reader) -> Settings:
    return Settings(
        folder=folder,
        uuid=reader.label("uuid", required=True, limit=36),
        module=reader.module("module", override=True),
        description=reader.line("description"),
        on_error=reader.choice("on_error", ("reject", "audit", "ignore"), "reject", override=True),
        webhook_timeout=reader.integer("webhook_timeout", 10, 1, 30, override=True),
        namespace=reader.label("namespace", default="poblano-system", override=True),
        log_level=reader.choice("log_level", ("debug", "info", "warning", "error"), "info", override=True),
        always_ignore=_always_ignore(reader),
        admission=_part(reader, "admission"),
        env=reader.environment("env"),
        rbac_mode=reader.choice("rbac_mode", ("scoped", "admin"), "scoped"),
        rbac=reader.tables("rbac"),
        image=reader.image("image"),
        custom_labels=CustomLabels(reader.table("custom_labels").marks("namespace")),
        additional_webhooks=_webhooks(reader.readers("additional_webhooks")),
        accepted_findings=tuple(map(_accepted, reader.readers("accepted_findings"))),
        included_files=reader.names("included_files"),
        watch=_watches(reader.table("watch")),
        additional_ignored_namespaces=reader.names_given(IGNORED_VARIABLE),
        store_flush_seconds=reader.seconds("store_flush_seconds", 5.0, override=True),
    )


def _part(reader: Reader, key: str) -> Part:
    return Part(_always_ignore(reader.table(key)))


def _watches(reader: Reader) -> Watches:
    return Watches(_always_ignore(reader), reader.integer("threads", 16, 1, 1000))


def _always_ignore(reader: Reader) -> AlwaysIgnore:
    return AlwaysIgnore(reader.table("always_ignore").labels("namespaces"))


def _webhooks(readers: Iterable[Reader]) -> tuple[AdditionalWebhook, ...]:
    made: list[AdditionalWebhook] = []
    for reader in readers:
        namespace = reader.label("namespace", required=True)
        if any(namespace == other.namespace for other in made):
            raise InvalidSettings(f"{reader.where('namespace')} is {namespace} a second time; name each namespace once")
        made.append(AdditionalWebhook(namespace, reader.choice("failure_policy", ("Fail", "Ignore"), "Ignore")))
    return tuple(made)


def _accepted(reader: Reader) -> Accepted:
    return Accepted(reader.text("finding", None), reader.text("rule", ""), reader.text("because", None))


def _parsed(file: Path) -> tuple[str, JSONTable]:
    try:
        text = file.read_text(encoding="utf-8")
        return text, tomllib.loads(text)
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidSettings(f"{file} cannot be read: {error}") from None
    except tomllib.TOMLDecodeError as error:
        raise InvalidSettings(f"{file} is not TOML: {error}") from None


def _table(document: JSONTable) -> JSONTable | None:
    tool = document.get("tool")
    table = tool.get("poblano") if isinstance(tool, dict) else None
    return table if isinstance(table, dict) else None
