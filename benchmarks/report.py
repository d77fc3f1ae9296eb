"""What a run prints: Markdown sections; docs/measured.md has them all, README.md the bounds."""

from __future__ import annotations

from pathlib import Path

ABOUT_ADMISSION = """\
The creation of a ConfigMap (1.3 KB) that one mutate action of each hello module matches, posted over TLS and kept-alive
connections by wrk on the other core. The floor is Poblano's own server with a constant answer and no log. Each figure is
the median of the turns, the smallest and the largest beside it."""
ABOUT_EXAMPLE_4 = """\
Pepr's action for that ConfigMap also puts two items into its Store. This one, for a ConfigMap of another name, sets three
labels and stores nothing."""
ABOUT_CREATES = """\
ConfigMaps that a mutate and a validate action match, created through kube-apiserver on the same machine."""
ABOUT_EMBEDDED = """\
10 000 ConfigMaps created over 8 connections, watched by nobody and by 100 watchers, then listed: by `poblano cluster`, and by
kube-apiserver 1.20 with etcd, each with the whole machine to itself and the client. The embedded one is ready after
{seconds} s and has {memory} MB then."""
ABOUT_RECONCILES = """\
Objects of a custom kind (1 KB) that exist before the start, and an action that returns at once, timed from the first LIST (by
the API server's audit log) to the action's call for the last of them; CPU and peak memory until then, from the start of the
process, and memory 6 s later. Poblano's `reconcile` stands beside kopf's `on.create` and `on.update`, and Pepr's `Reconcile`; what
is only told and never tried again, Poblano's `watch`, beside kopf's `on.event`."""
ABOUT_APPLIES = """\
The same with an action that applies a ConfigMap, server-side, for each object. Connections are those to the API server until
the last of 1 000 objects, counted by a relay in a turn of its own."""
ABOUT_UPDATES = """\
Each of 1 000 objects is changed five times, by eight connections, as fast as the API server goes."""
ABOUT_FAILOVER = """\
Two replicas of a watcher under a load of changes, the one that leads replaced ten times in each way: seconds until an action
runs in another process. The times of the Lease are the default ones."""
ABOUT_STORE = """\
A module that makes 9000 writes to 500 keys of its store as fast as it can, then one now and then, then three that wait. More writes than
10 000 in an interval Pepr's store does not survive: it sends each as an operation of one patch, which an API server refuses. Flushes are
every 5 seconds, as both have it by default. Seen is what another process sees at the API server; heard is a write of another process, told
to a subscriber."""
HEADING = "## Measured beside Pepr"
START, END = "<!-- bench:start -->", "<!-- bench:end -->"


def section(title: str, *parts: str) -> str:
    """A heading and its paragraphs; nothing where all of them are empty.

    >>> section("Memory", "a table")
    '### Memory\\n\\na table'
    >>> section("Memory", "")
    ''
    """
    told = [part for part in parts if part]
    return "\n\n".join([f"### {title}", *told]) if told else ""


def document(*sections: str) -> str:
    """The sections one below the other."""
    return "\n\n".join(part for part in sections if part)


def between_marks(page: str, text: str) -> str:
    """A page with `text` in the place between its bench marks.

    Raises:
        ValueError: it has no such place.

    >>> between_marks("a <!-- bench:start -->old<!-- bench:end --> b", "new")
    'a <!-- bench:start -->\\n\\nnew\\n\\n<!-- bench:end --> b'
    """
    head, start, rest = page.partition(START)
    _, end, tail = rest.partition(END)
    if not start or not end:
        raise ValueError(f"the page needs the lines {START} and {END}, in this order, around the place for the tables")
    return f"{head}{START}\n\n{text}\n\n{END}{tail}"


def write(root: Path, text: str, brief: str) -> None:
    """Put `text` into docs/measured.md and `brief` into README.md, in each between the marks.

    Raises:
        ValueError: one has no marks.
    """
    for page, told in ((root / "docs" / "measured.md", text), (root / "README.md", brief)):
        page.write_text(between_marks(page.read_text(encoding="utf-8"), told), encoding="utf-8")
