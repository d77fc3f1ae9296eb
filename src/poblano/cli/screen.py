"""What ``poblano demo`` shows: of each request who asked what, which rules ran, what they said, what they changed."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from poblano.cli.changes import changes
from poblano.cli.followers import has_followers
from poblano.cli.terminal import Terminal, ran

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from poblano.cli.acts import Act
    from poblano.cli.outcomes import Outcome
    from poblano.cli.project import Project
    from poblano.core.entries import Entry
    from poblano.core.errors import ApiError

STYLE_OF = {"+": "green", "-": "red", " ": "dim"}
LABEL = 12
"""Columns of the labels at the head."""


class Screen:
    """Prints the parts of the demo.

    Args:
        terminal: where.
        user: who asks.
    """

    def __init__(self, terminal: Terminal, user: str) -> None:
        self._terminal = terminal
        self._user = user

    def head(
        self, project: Project, entries: Sequence[Entry], cluster: str, served: str, kinds: Sequence[str] = ()
    ) -> None:
        """What runs, and where; `kinds` are those that were defined from its classes."""
        settings = project.settings
        count = len(project.module.bindings)
        title = f"Poblano: rules for Kubernetes, in Python. Here is the module {settings.uuid} at work."
        self._terminal.hanging([(title, "bold")], 0)
        self._terminal.line("")
        for label, text in (
            ("cluster", f"{cluster}, in memory: gone when this ends"),
            (
                "module",
                f"{settings.module} in {os.path.relpath(settings.folder)}, {count} rule{'' if count == 1 else 's'}",
            ),
            ("served", served),
            ("webhooks", ", ".join(entry.name(settings.uuid) for entry in entries)),
            ("kinds", ", ".join(kinds)),
        ):
            if not text:
                continue
            self._terminal.hanging([(f"  {label:{LABEL - 2}}", "cyan"), text], LABEL)
        self._terminal.line("")
        intent = "Its samples are applied one by one. Before the cluster stores an object, it asks the module, "
        after = "; other rules act once it is stored" if has_followers(project) else ""
        self._terminal.hanging([f"{intent}whose rules change it or refuse it{after}:"], 0)

    def show(self, outcome: Outcome) -> None:
        """One request."""
        terminal = self._terminal
        terminal.line("")
        terminal.hanging([(outcome.title, "bold"), f" by {self._user}: ", _verdict(outcome)], 2)
        for heard in outcome.heard:
            for result in heard.verdict.results:
                terminal.line(f"  {heard.entry.phase:8} ", *ran(result))
            for error in heard.errors:
                terminal.hanging([f"           {error}"], 11)
        if not outcome.heard:
            terminal.line(("  no rule is about it", "dim"))
        for warning in (warning for heard in outcome.heard for warning in heard.answer.warnings):
            terminal.hanging([("  Warning: ", "magenta"), warning], 4)
        for line in changes(*outcome.change) if outcome.change else ():
            terminal.line("    ", (line, STYLE_OF[line[0]]))
        if outcome.refusal is not None:
            terminal.hanging(["  ", (_refused(outcome.refusal), "red")], 4)

    def acts(self, acts: Sequence[Act], about: str) -> None:
        """What the actions did that follow the cluster; of runs that changed nothing only that a watch was told.

        Args:
            acts: in order.
            about: the object that is the matter here, so that it need not be said.
        """
        for act in acts:
            if act.effects or act.error or act.phase != "reconcile":
                whom = f" for {act.subject}" if act.subject != about and act.phase != "watch" else ""
                lead = f"  {act.phase:8} {act.title}{whom} "
                self._terminal.hanging([lead, (done(act), _style(act))], 4)
            if act.error:
                self._terminal.hanging([(f"    raised {act.error}", "red")], 4)

    def event(self, what: str, how: str = "") -> None:
        """Something that the user does."""
        self._terminal.line("")
        by = f" by {self._user}{', ' if how else ''}{how}: "
        self._terminal.hanging([(what, "bold"), by, ("deleted", "bold yellow")], 2)

    def remark(self, text: str) -> None:
        """What has come of it."""
        self._terminal.hanging([(f"  {text}", "green")], 4)

    def holdings(self, held: Mapping[tuple[str, str], Sequence[str]], missing: Sequence[str]) -> None:
        """What the cluster holds, by namespace and kind, and what it does not."""
        self._terminal.line("")
        self._terminal.line(("The cluster now holds", "bold"))
        wide = max((len(namespace) for namespace, _ in held), default=0)
        wider = max((len(kind) for _, kind in held), default=0)
        for (namespace, kind), names in sorted(held.items()):
            lead = f"  {namespace:{wide}}  {kind:{wider}}  "
            self._terminal.hanging([(lead, "cyan"), ", ".join(names)], len(lead))
        if missing:
            lead = "  and not  "
            self._terminal.hanging([(lead, "cyan"), (", ".join(missing), "red")], len(lead))

    def summary(self, outcomes: Sequence[Outcome], surprises: Sequence[str]) -> None:
        """How it went."""
        refused = sum(outcome.refusal is not None for outcome in outcomes)
        changed = sum(outcome.refusal is None and outcome.change is not None for outcome in outcomes)
        total = len(outcomes)
        text = (
            f"{total} object{'' if total == 1 else 's'}: "
            f"{total - refused} accepted ({changed} changed), {refused} refused"
        )
        self._terminal.line("")
        if not surprises:
            self._terminal.hanging([(f"{text}, all as expected.", "bold green")], 0)
            return
        self._terminal.hanging([(f"{text}, and not all as expected:", "bold red")], 0)
        for surprise in surprises:
            self._terminal.hanging(["  ", (surprise, "red")], 4)

    def next(self, command: str) -> None:
        """What to try next, as the last line."""
        self._terminal.line("")
        self._terminal.hanging(["Next, a cluster to work with; save a rule, and the module is reloaded:"], 0)
        self._terminal.line((f"  {command}", "bold cyan"))


def _style(act: Act) -> str:
    return "red" if act.error else "yellow" if act.effects else "green"


def done(act: Act) -> str:
    """What a rule did, in words.

    >>> from poblano.cli.acts import Act
    >>> done(Act("reconcile", "shop/deploy", "", effects={"Service x": "made", "Namespace y": "changed", "Pod z": "made"}))
    'made Service x, Pod z; changed Namespace y'
    """
    effects = [
        f"{verb} {', '.join(what for what, how in act.effects.items() if how == verb)}"
        for verb in dict.fromkeys(act.effects.values())
    ]
    effects += ["failed"] if act.error else []
    return ", ".join(filter(None, (act.told, "; ".join(effects)))) or "done"


def _verdict(outcome: Outcome) -> tuple[str, str]:
    if outcome.refusal is not None:
        return f"refused with {outcome.code}", "bold red"
    if outcome.stored is None:
        return "allowed", "bold green"
    return ("changed, and stored", "bold yellow") if outcome.change else ("stored", "bold green")


def _refused(refusal: ApiError) -> str:
    """As kubectl says it."""
    reason = f" ({refusal.reason})" if refusal.reason else ""
    cure = f"; {refusal.remedy}" if refusal.remedy else ""
    return f"Error from server{reason}: {refusal.message}{cure}"
