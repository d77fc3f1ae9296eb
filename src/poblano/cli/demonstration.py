"""The course of ``poblano demo``: a cluster, the module behind its webhooks, the samples applied one by one."""

from __future__ import annotations

import os
import shlex
import shutil
import sys
from collections.abc import Awaitable, Sequence
from pathlib import Path

from poblano.admission.certificates import issue
from poblano.admission.registration import Registration, configuration_name
from poblano.admission.server import AdmissionServer
from poblano.admission.tls import LiveCertificate
from poblano.admission.webhooks import Abilities, configurations
from poblano.cli.aftermath import Aftermath
from poblano.cli.applying import Applier, name_of
from poblano.cli.defining import Definer, definitions
from poblano.cli.followed import Followed, following, has_condition, module_user, patiently
from poblano.cli.holdings import read_holdings
from poblano.cli.keeping import kept
from poblano.cli.outcomes import Heard, Outcome
from poblano.cli.project import Project
from poblano.cli.registrar import client_config
from poblano.cli.samples import Sample
from poblano.cli.screen import Screen
from poblano.cli.stopping import Stop
from poblano.cli.target import Target, embedded
from poblano.cli.terminal import Terminal, broken
from poblano.client import ApiClient, Resources, server_version
from poblano.client.ambient import connected
from poblano.cluster.access.authenticator import ADMIN
from poblano.core.entries import Entry
from poblano.core.errors import ApiError, InvalidSettings, MalformedObject, NotFound
from poblano.core.jsonvalue import Document
from poblano.core.review import Answer, Review
from poblano.core.verdict import Verdict


class Demonstration:
    """One run.

    Args:
        project: whose rules are shown.
        samples: what is applied.
        terminal: where to print.
    """

    def __init__(self, project: Project, samples: Sequence[Sample], terminal: Terminal) -> None:
        self._project = project
        self._samples = samples
        self._terminal = terminal
        self._screen = Screen(terminal, ADMIN.name)
        self._reviewer = project.reviewer([self._reviewed], terminal.blocked)
        self._heard: list[Heard] | None = None
        self._keeps = False
        self._example = ""

    async def run(self, *, keep: bool) -> bool:
        """Show it all; whether all fared as expected.

        Args:
            keep: stay, and go on showing what the module is asked, until told to end.

        Raises:
            PoblanoError: there is no cluster, or it gave no answer.
        """
        issued = issue(["localhost"], ["127.0.0.1", "::1"])
        try:
            async with (
                embedded() as target,
                connected(target.access, field_manager=f"poblano-{self._project.settings.uuid}"),
                AdmissionServer(self._reviewer, LiveCertificate(issued.pair), host="localhost", port=0) as server,
            ):
                as_expected = await target.while_it_lives(self._shown(target, server, issued.authority, keep=keep))
        finally:
            self._reviewer.close()
        return as_expected

    async def _shown(self, target: Target, server: AdmissionServer, authority: bytes, *, keep: bool) -> bool:
        url = f"https://localhost:{server.port}"
        async with ApiClient(target.access) as client:
            kinds = [one["metadata"]["name"] for one in definitions(self._project)]
            await Definer(client, self._project.settings.uuid).define(self._project)
            await self._register(client, url, authority)
            self._screen.head(self._project, self._reviewer.entries, target.access.cluster.server, url, kinds)
            async with kept(self._project, client), following(self._project, target.access) as followed:
                surprises = await self._course(Applier(client), followed)
                if keep:
                    await self._stay(target, server)
        if not keep:
            self._screen.next(next_command(self._project.settings.folder))
        return not surprises

    async def _course(self, applier: Applier, followed: Followed) -> list[str]:
        """All that is tried, one after the other; what fared otherwise than expected, in words."""
        outcomes: list[Outcome] = []
        surprises: list[str] = []
        for sample in self._samples:
            outcome = await self._apply(applier, sample)
            outcomes.append(outcome)
            if not outcome.is_as(sample.expected):
                surprises.append(_surprise(sample, outcome))
            elif outcome.stored is not None:
                surprises += await self._show_acts(applier, followed, sample, outcome.stored)
        await self._try_deletions(applier, outcomes)
        stored = [outcome.stored for outcome in outcomes if outcome.stored is not None]
        surprises += await Aftermath(self._project, applier, followed, self._screen).show(stored)
        asked = zip(self._samples, outcomes, strict=True)
        documents = [(outcome.stored or sample.document, outcome.title.partition(" ")[2]) for sample, outcome in asked]
        holdings = await read_holdings(applier, documents, followed.acts.made.values())
        self._example = holdings.example
        self._screen.holdings(holdings.held, holdings.missing)
        self._screen.summary(outcomes, surprises)
        return surprises

    async def _show_acts(self, applier: Applier, followed: Followed, sample: Sample, stored: Document) -> list[str]:
        """Show what the actions that follow do about an object; what is then not as expected."""
        condition = sample.expected.condition
        await followed.caught_up(stored)
        said = await patiently(lambda: has_condition(applier, stored, condition)) if condition else None
        await followed.caught_up()
        self._screen.acts(followed.acts.take(), await applier.described(stored))
        if said is not None:
            self._screen.remark(f"{condition}: {said}")
        return [f"{sample.place}: expected to become {condition}, did not"] if condition and said is None else []

    async def _stay(self, target: Target, server: AdmissionServer) -> None:
        self._terminal.line("")
        for line in target.invitation(self._example):
            self._terminal.line(line)
        self._terminal.note("what the cluster asks from now on is shown here, Ctrl-C to stop")
        self._keeps = True
        stop = Stop()
        with stop.listening(server.hurry):
            await stop.told.wait()

    async def _register(self, client: ApiClient, url: str, authority: bytes) -> None:
        """Have the cluster call the module. With each entry's own policy: nothing else depends on this cluster."""
        uuid = self._project.settings.uuid
        registration = Registration(Resources(client, field_manager="poblano"), uuid, configuration_name(uuid), {})
        abilities = Abilities.of(await server_version(client))
        await registration.put(configurations(self._reviewer.entries, uuid, client_config(url, authority), abilities))

    def _reviewed(self, entry: Entry, review: Review, verdict: Verdict, answer: Answer, seconds: float) -> None:
        """A review was answered: see `poblano.admission.reviewer.Observer`. What a rule raised is put in words at once."""
        if review.request.user_info.username == module_user(self._project) and answer.allowed and not self._keeps:
            return  # what its actions did is told where they are shown
        if self._heard is None or review.request.user_info.username != ADMIN.name:
            # Of what the cluster does by itself, only what comes to something.
            if self._keeps or answer.patch or answer.warnings or not answer.allowed:
                self._terminal.review(entry, review, verdict, answer, seconds)
            return
        errors = (broken(result, secret=verdict.about_secret) for result in verdict.results if result.error)
        self._heard.append(Heard(entry, review, verdict, answer, tuple(errors)))

    async def _ask(self, title: str, asking: Awaitable[Document | None]) -> Outcome:
        """What comes of a request, and which reviews it caused."""
        self._heard = []
        try:
            return Outcome(title, stored=await asking, heard=tuple(self._heard))
        except ApiError as error:
            if not error.status:
                raise
            return Outcome(title, refusal=error, heard=tuple(self._heard))
        finally:
            self._heard = None

    async def _apply(self, applier: Applier, sample: Sample) -> Outcome:
        document = sample.document
        try:
            new = await applier.is_new(document)
            title = f"{'CREATE' if new else 'UPDATE'} {await applier.described(document)}"
            outcome = await self._ask(title, applier.apply(document, new=new))
        except NotFound as error:  # there is no such kind
            outcome = Outcome(f"CREATE {document['kind']} {name_of(document)}", refusal=error)
        except MalformedObject as error:
            raise InvalidSettings(f"{sample.place}: {error}") from None
        self._screen.show(outcome)
        return outcome

    async def _try_deletions(self, applier: Applier, outcomes: Sequence[Outcome]) -> None:
        """Show what the rules that are bound to deletion say of what was stored."""
        if not any("DELETE" in binding.operations for binding in self._project.module.bindings):
            return
        for document in [outcome.stored for outcome in outcomes if outcome.stored is not None]:
            title = f"DELETE {await applier.described(document)} (dry run)"
            outcome = await self._ask(title, applier.try_deletion(document))
            if outcome.heard:
                self._screen.show(outcome)


def _surprise(sample: Sample, outcome: Outcome) -> str:
    """What was expected, what came, and what to do."""
    seen, cure = "accepted", ""
    if outcome.refusal is not None:
        seen = f"refused with {outcome.code}"
        cure = f'; if it is to be, write "# expect: refused {outcome.code}" above it'
        if isinstance(outcome.refusal, NotFound) and outcome.refusal.details.get("kind") == "namespaces":
            cure = "; put the Namespace before it"
    return f"{sample.place}: expected to be {sample.expected}, was {seen}{cure}"


def next_command(folder: Path) -> str:
    """What to try next, as a line for a shell."""
    program = sys.argv[0] if Path(sys.argv[0]).name == "poblano" else "poblano"
    if shutil.which("poblano"):
        program = "poblano"
    elif os.sep in program:
        program = os.path.relpath(program, folder)
    change = f"cd {shlex.quote(os.path.relpath(folder))} && " if folder != Path.cwd() else ""
    return f"{change}{shlex.quote(program)} dev"
