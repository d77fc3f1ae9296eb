"""The servers of a run, started side by side on one core: Pepr, Poblano, the floor under Poblano, and uvicorn's own."""

from __future__ import annotations

from collections.abc import Callable, Collection, Generator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks import admission, certificates, floor, https, ours, pepr, reviews, stock
from benchmarks.admission import Contender
from benchmarks.certificates import ServingCertificate
from benchmarks.cluster import Cluster
from benchmarks.processes import SERVER_CORE, Running

PEPR, POBLANO, FLOOR, STOCK = "Pepr", "Poblano", "floor", "uvicorn"
NAMESPACES = {PEPR: "pepr-demo", POBLANO: "poblano-demo", FLOOR: "poblano-demo", STOCK: "poblano-demo"}
"""Each hello module is bound to namespaces of its own; the floor gets what Poblano gets."""
TIMEOUT = "?timeout=10s"
"""Behind every webhook's URL, as kube-apiserver writes it."""


@dataclass(frozen=True, slots=True)
class Field:
    """All who take part, and what they share.

    Args:
        contenders: Pepr, Poblano and the floor, or those that were asked for.
        tls: their certificate.
        folder: scratch space for reviews and logs.
        webhooks: where the API server is to call each contender, for mutate and for validate.
    """

    contenders: list[Contender]
    tls: ServingCertificate
    folder: Path
    webhooks: dict[str, tuple[str, str]]

    def named(self, *names: str) -> list[Contender]:
        """Those of these names that take part, in this order."""
        return [contender for name in names for contender in self.contenders if contender.name == name]

    def asking(self, name: str) -> list[Contender]:
        """Pepr and Poblano, asked about a ConfigMap of another name, their answers checked."""
        others = [
            Contender(c.name, c.server, c.url, _body(self.folder, c.name, name), c.idle_mb)
            for c in self.named(PEPR, POBLANO)
        ]
        for contender in others:
            admission.check(contender, reviews.patch_of, ca=self.tls.ca)
        return others


@contextmanager
def started(
    folder: Path, cache: Path, cluster: Cluster | None, *, wanted: Collection[str], say: Callable[[str], None]
) -> Generator[Field]:
    """Start those who are wanted (Pepr only where there is a cluster for its Store) and check their answers.

    Raises:
        NotReady: one did not come up.
        WrongAnswer: one does not do what it is measured at.
    """
    tls = certificates.make(folder)
    field = Field([], tls, folder, {})
    with ExitStack() as stack:
        if PEPR in wanted and cluster is not None:
            if not pepr.is_built(cache):
                say(f"Pepr {pepr.VERSION}: install and build, once (in {cache.name}/)")
            server = stack.enter_context(
                pepr.serving(pepr.build(cache), cluster, tls, log=folder / "pepr.log", cores={SERVER_CORE})
            )
            _enter(field, PEPR, server, pepr.url("mutate"))
            field.webhooks[PEPR] = pepr.url("mutate"), pepr.url("validate")
        if POBLANO in wanted:
            port = https.free_port()
            server = stack.enter_context(
                ours.serving(ours.HELLO, port, tls, log=folder / "poblano.log", cores={SERVER_CORE}, cluster=cluster)
            )
            _enter(field, POBLANO, server, ours.url("mutate", port))
            field.webhooks[POBLANO] = ours.url("mutate", port), ours.url("validate", port)
        if FLOOR in wanted:
            port, answer = https.free_port(), folder / "answer.json"
            answer.write_bytes(_floor_answer(field))
            server = stack.enter_context(
                floor.serving(answer, port, tls, log=folder / "floor.log", cores={SERVER_CORE})
            )
            base = f"https://localhost:{port}"
            _enter(field, FLOOR, server, base + floor.PATH)
            field.webhooks[FLOOR] = base + floor.MUTATE, base + floor.VALIDATE
        if STOCK in wanted:
            port, answer = https.free_port(), folder / "answer.json"
            answer.write_bytes(_floor_answer(field))
            server = stack.enter_context(
                stock.serving(answer, port, tls, log=folder / "uvicorn.log", cores={SERVER_CORE})
            )
            _enter(field, STOCK, server, f"https://localhost:{port}{floor.PATH}")
        yield field


def _enter(field: Field, name: str, server: Running, url: str) -> None:
    contender = Contender(name, server, url + TIMEOUT, _body(field.folder, name, "example-1"), server.rss_mb())
    admission.check(contender, reviews.patch_of, ca=field.tls.ca)
    field.contenders.append(contender)


def _body(folder: Path, contender: str, name: str) -> Path:
    namespace = NAMESPACES[contender]
    file = folder / f"review-{name}-{namespace}.json"
    file.write_bytes(reviews.configmap_review(namespace=namespace, name=name))
    return file


def _floor_answer(field: Field) -> bytes:
    """What Poblano answered, byte by byte, so that both send the same; a made-up answer where it does not take part."""
    for contender in field.named(POBLANO):
        return https.call(contender.url, ca=field.tls.ca, method="POST", body=contender.body.read_bytes()).body
    return reviews.allowing_answer()
