"""The course of ``poblano demo``: a cluster, the module behind its webhooks, the samples applied one by one."""

from __future__ import annotations

import os
import shlex
import shutil
import sys
from collections.abc import Awaitable, Sequence
from pathlib import Path
from typing import Final

from poblano.admission.certificates import issue
from poblano.admission.registration import Registration, configuration_name
from poblano.admission.server import AdmissionServer
from poblano.admission.tls import LiveCertificate
from poblano.admission.webhooks import Abilities, configurations
from poblano.cli.applying import Applier, name_of
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

CLUSTER_WIDE: Final = "cluster-wide"
"""What stands for the namespace of what has none."""


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
                if keep:
                    await self._stay(target, server)
        finally:
            self._reviewer.close()
        return as_expected

    async def _shown(self, target: Target, server: AdmissionServer, authority: bytes, *, keep: bool) -> bool:
        url = f"https://localhost:{server.port}"
        async with ApiClient(target.access) as client:
            await self._register(client, url, authority)
            self._screen.head(self._project, self._reviewer.entries, target.access.cluster.server, url)
            applier = Applier(client)
            outcomes = [await self._apply(applier, sample) for sample in self._samples]
            await self._try_deletions(applier, outcomes)
            await self._show_holdings(applier, outcomes)
        surprises = [
            _surprise(sample, outcome)
            for sample, outcome in zip(self._samples, outcomes, strict=True)
            if not outcome.is_as(sample.expected)
        ]
        self._screen.summary(outcomes, surprises)
        if not keep:
            self._screen.next(next_command(self._project.settings.folder))
        return not surprises

    async def _stay(self, target: Target, server: AdmissionServer) -> None:
        self._terminal.line("")
        for line in target.invitation(self._example):
            self._terminal.line(line)
        self._terminal.note("what the cluster asks from now on is shown here, Ctrl-C to stop")
        self._keeps = True
        stop = Stop()
        with stop.listening(server.hurry):
            await target.while_it_lives(stop.told.wait())

    async def _register(self, client: ApiClient, url: str, authority: bytes) -> None:
        """Have the cluster call the module. With each entry's own policy: nothing else depends on this cluster."""
        uuid = self._project.settings.uuid
        registration = Registration(Resources(client, field_manager="poblano"), uuid, configuration_name(uuid), {})
        abilities = Abilities.of(await server_version(client))
        await registration.put(configurations(self._reviewer.entries, uuid, client_config(url, authority), abilities))

    def _reviewed(self, entry: Entry, review: Review, verdict: Verdict, answer: Answer, seconds: float) -> None:
        """A review was answered: see `poblano.admission.reviewer.Observer`. What a rule raised is put in words at once."""
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

    async def _show_holdings(self, applier: Applier, outcomes: Sequence[Outcome]) -> None:
        """Read back what was applied."""
        held: dict[tuple[str, str], list[str]] = {}
        missing: list[str] = []
        for sample, outcome in zip(self._samples, outcomes, strict=True):
            document = outcome.stored or sample.document
            try:
                found = await applier.read(document)
            except (NotFound, MalformedObject):
                missing.append(outcome.title.partition(" ")[2])
                continue
            self._example = self._example or _look_at(found)
            names = held.setdefault((found["metadata"].get("namespace", CLUSTER_WIDE), found["kind"]), [])
            if name_of(found) not in names:
                names.append(name_of(found))
        self._screen.holdings(held, missing)


def _look_at(found: Document) -> str:
    """How to see an object with kubectl; "" for one that is in no namespace."""
    metadata = found["metadata"]
    if "namespace" not in metadata:
        return ""
    return f"kubectl get {found['kind'].lower()} {metadata['name']} -n {metadata['namespace']} -o yaml"


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
