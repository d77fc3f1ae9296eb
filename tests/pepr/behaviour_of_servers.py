"""What Pepr's servers do: metrics, deadlines, logs, certificates, sizes, signals, probes, blocking (A1, A2, A7, A8, A12–A14, A18)."""

from __future__ import annotations

import asyncio
import base64
import os
import signal
import tempfile
import threading
from collections.abc import Generator
from pathlib import Path
from typing import Any

from poblano import log, telemetry
from poblano.admission import certificates, server, tls
from poblano.admission.app import AdmissionApp, Reply, ReviewCall
from poblano.admission.certifying.configurations import Configuration
from poblano.admission.certifying.replica import Replica
from poblano.admission.limits import MIB, Limits
from poblano.admission.metrics import AdmissionMetrics
from poblano.admission.reviewer import ModuleReviewer
from poblano.admission.tls import LiveCertificate
from poblano.admission.watchdog import Watchdog
from poblano.cli import run
from poblano.cli.observing import Production
from poblano.core import entries, verdict
from poblano.core.certificates import DAY, Lifetimes, Rotation, Wait
from poblano.core.review import write
from tests.pepr.behaviour import Patch, instead, pepr, wrap

TOKEN = "Sekrit-in-every-path"

# ------------------------------------------------------------------------------------------------ A1, A2: metrics


@pepr("every_review_is_counted_for_what_it_was", "every_review_is_timed")
def a1_what_is_observed_has_another_name(patch: Patch) -> None:
    """`observeEnd(start, "Mutate")` looks up pepr_Mutate where there is pepr_mutate."""

    def observe(ours: Any, self: AdmissionMetrics, phase: str, *rest: Any) -> None:
        known = {"pepr_mutate": ours, "pepr_validate": ours}
        if (summary := known.get(f"pepr_{phase.capitalize()}")) is not None:
            summary(self, phase, *rest)

    wrap(patch, AdmissionMetrics, "observe", observe)


@pepr("a_review_that_is_slow_and_in_time_is_no_timeout")
def a2_milliseconds_are_compared_with_seconds(patch: Patch) -> None:
    def reviewed(ours: Any, self: Production, entry: Any, review: Any, found: Any, answer: Any, seconds: float) -> None:
        ours(self, entry, review, found, answer, seconds)
        if seconds * 1000 > entry.timeout:
            for result in found.results:
                self.metrics.timed_out(entry.phase, result.capability, result.rule)

    wrap(patch, Production, "reviewed", reviewed)


@pepr(
    "a_review_past_its_deadline_is_answered_and_counted",
    "what_is_cut_off_follows_its_own_policy_and_changes_nothing",
)
def a2_nothing_enforces_the_deadline(patch: Patch) -> None:
    _without_deadlines(patch)


def _without_deadlines(patch: Patch) -> None:
    wrap(patch, ModuleReviewer, "review", lambda ours, self, path, body, timeout: ours(self, path, body, 3600.0))


# ------------------------------------------------------------------------------------------------ A7: logs


def _says(**fields: object) -> None:
    log.emit_all([{"level": "info", "message": "Check response", **fields}])


@pepr(
    "nothing_of_a_secret_or_a_patch_is_in_the_log",
    "who_breaks_off_is_not_printed",
    "who_comes_too_late_is_not_printed_either",
)
def a7_answers_are_logged(patch: Patch) -> None:
    def reviewed(ours: Any, self: Production, entry: Any, review: Any, found: Any, answer: Any, seconds: float) -> None:
        ours(self, entry, review, found, answer, seconds)
        sent = write(answer)
        _says(res=sent.decode(), patch=base64.b64encode(found.patch_json).decode(), data=found.patch_json.decode())

    wrap(patch, Production, "reviewed", reviewed)


@pepr(
    "nothing_of_a_secret_or_a_patch_is_in_the_log",
    "what_cannot_be_read_is_not_printed_either",
)
def a7_whole_bodies_are_logged_at_debug(patch: Patch) -> None:
    def review(ours: Any, self: ModuleReviewer, path: str, body: bytes, timeout: float) -> Any:
        _says(body=body.decode())
        return ours(self, path, body, timeout)

    wrap(patch, ModuleReviewer, "review", review)


@pepr("an_error_about_a_secret_is_named_and_its_text_is_not")
def a7_the_text_of_every_error_is_logged(patch: Patch) -> None:
    instead(patch, verdict.described, lambda ours, error, **_: ours(error))


@pepr("no_token_that_a_client_sends_is_in_the_log")
def a7_every_request_is_logged_with_its_path(patch: Patch) -> None:
    def admit(ours: Any, self: AdmissionApp, method: bytes, target: bytes, headers: Any) -> Any:
        _says(method=method.decode(), url=target.decode())
        return ours(self, method, target, headers)

    wrap(patch, AdmissionApp, "admit", admit)


@pepr("no_token_is_in_a_path")
def a7_the_path_has_the_token(patch: Patch) -> None:
    made = lambda self: object.__setattr__(self, "path", f"/{self.phase}/{TOKEN}")  # noqa: E731
    patch.setattr(entries.Entry, "__post_init__", made)


# ------------------------------------------------------------------------------------------------ A8: certificates


@pepr("demo_neither_keeps_nor_prints_a_key", "each_start_of_dev_has_a_key_of_its_own_and_keeps_it_nowhere")
def a8_the_key_lies_in_dist(patch: Patch) -> None:
    def built(ours: Any, *names: Any, **options: Any) -> certificates.Issued:
        dist = Path("dist")
        made = [dist / name for name in ("tls.crt", "tls.key", "ca.crt")]
        if not dist.exists():
            dist.mkdir()
            issued = ours(*names, **options)
            for file, content in zip(made, (issued.pair.certificate, issued.pair.key, issued.authority), strict=True):
                file.write_bytes(content)
        certificate, key, authority = (file.read_bytes() for file in made)
        return certificates.Issued(certificates.Pair(certificate, key), authority)

    instead(patch, certificates.issue, built)


@pepr("run_neither_keeps_nor_prints_a_key")
def a8_the_key_is_unpacked_beside_the_module(patch: Patch) -> None:
    def loaded(ours: Any, cert: Path, key: Path) -> LiveCertificate:
        Path("tls.key").write_bytes(key.read_bytes())
        found: LiveCertificate = ours(cert, key)
        return found

    instead(patch, run._certificate, loaded)


@pepr("serving_a_key_writes_it_to_no_disk")
def a8_the_key_is_a_file(patch: Patch) -> None:
    def file(ours: Any, content: bytes) -> Generator[str]:
        with tempfile.NamedTemporaryFile() as written:
            written.write(content)
            written.flush()
            yield written.name

    instead(patch, tls._file.__wrapped__, file)


@pepr("a_certificate_is_short_lived_modern_and_unlike_any_other")
def a8_every_certificate_is_number_1(patch: Patch) -> None:
    from cryptography import x509

    patch.setattr(x509, "random_serial_number", lambda: 1)


@pepr("a_new_certificate_needs_no_restart")
def a8_a_certificate_is_read_at_the_start(patch: Patch) -> None:
    patch.setattr(LiveCertificate, "swap", lambda self, pair: None)


@pepr("what_is_served_is_renewed_in_time_and_so_is_who_has_signed_it")
def a8_a_certificate_is_made_once_and_lives_for_a_year(patch: Patch) -> None:
    assert Lifetimes.__init__.__kwdefaults__ is not None
    patch.setitem(Lifetimes.__init__.__kwdefaults__, "leaf", 365 * DAY / 3)
    wrap(
        patch,
        Rotation,
        "step",
        lambda ours, self, facts: Wait(600.0) if facts.leaf and any(facts.published) else ours(self, facts),
    )


@pepr("whoever_applies_the_manifest_again_takes_no_trust_away")
def a8_trust_is_what_the_manifest_says(patch: Patch) -> None:
    """The authority and the policy are written when a manifest is made: what is applied is what there is."""
    patch.setattr(Configuration, "changed", _but_at_first(Configuration.changed))


def _but_at_first(ours: Any) -> Any:
    armed: set[str] = set()

    def changed(self: Configuration, policies: Any, **how: Any) -> Any:
        key = f"{self.kind}/{self.name}"
        if key in armed:
            return None
        if all(one.policy == "Fail" and one.text for one in self.webhooks):
            armed.add(key)
        return ours(self, policies, **how)

    return changed


@pepr("a_pod_that_is_not_believed_is_not_ready")
def a8_readiness_knows_nothing_of_trust(patch: Patch) -> None:
    patch.setattr(Replica, "doubted", lambda self: None)


# ------------------------------------------------------------------------------------------------ A12: size


@pepr("an_update_of_3_mb_is_answered", "the_limit_is_7_mib")
def a12_two_megabytes_are_the_most(patch: Patch) -> None:
    assert Limits.__init__.__kwdefaults__ is not None
    patch.setitem(Limits.__init__.__kwdefaults__, "body_bytes", 2 * MIB)


@pepr("what_is_larger_is_refused_with_a_review")
def a12_what_is_too_large_is_refused_by_the_parser(patch: Patch) -> None:
    refused = Reply(413, b"PayloadTooLargeError: request entity too large", content_type="text/html")
    patch.setattr(ReviewCall, "refuse", lambda *_: refused)


# ------------------------------------------------------------------------------------------------ A13: signals


@pepr("the_process_that_is_signalled_is_the_one_that_serves")
def a13_a_parent_hears_the_signal_and_a_child_serves(patch: Patch) -> None:
    def forked(ours: Any, *arguments: Any) -> Any:
        if arguments[-1] != "--role":
            return ours(*arguments)
        parent = os.getpid()
        child = os.fork()
        if not child:
            threading.Thread(target=_die_with, args=(parent,), daemon=True).start()
            return ours(*arguments)
        signal.signal(signal.SIGTERM, lambda *_: None)
        os._exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))

    instead(patch, run._check_one_of, forked)


def _die_with(parent: int) -> None:
    """So that the test leaves nothing behind."""
    import time

    while os.getppid() == parent:
        time.sleep(0.1)
    os._exit(1)


@pepr("readiness_goes_first_and_it_serves_on")
def a13_readiness_does_not_know_of_the_end(patch: Patch) -> None:
    instead(patch, run._add_checks, lambda ours, readiness, *_: readiness.add("store", lambda: None))


@pepr("readiness_goes_first_and_it_serves_on", "no_request_fails_while_it_goes")
def a13_nothing_is_drained(patch: Patch) -> None:
    async def until_killed(ours: Any, serving: server.AdmissionServer, **_: float) -> None:
        await asyncio.Event().wait()

    instead(patch, server.until_signalled, until_killed)


# ------------------------------------------------------------------------------------------------ A14: probes


@pepr("readiness_tells_the_truth_and_liveness_is_another_matter")
def a14_readiness_is_a_constant(patch: Patch) -> None:
    instead(patch, run._add_checks, lambda ours, *_: None)


@pepr("it_serves_without_a_store_or_a_cluster")
def a14_nothing_is_served_without_a_store(patch: Patch) -> None:
    from poblano.client import find_access

    def serve(ours: Any, *arguments: Any) -> Any:
        find_access(None, "")
        return ours(*arguments)

    instead(patch, run._serve, serve)


# ------------------------------------------------------------------------------------------------ A18: blocking


@pepr("others_are_answered_while_a_slow_action_runs")
def a18_every_action_runs_on_the_loop(patch: Patch) -> None:
    patch.setattr(Watchdog, "is_slow", lambda self, who: False)


@pepr("a_slow_action_is_cut_off_and_its_neighbour_is_heard")
def a18_an_action_takes_as_long_as_it_takes(patch: Patch) -> None:
    _without_deadlines(patch)


@pepr("an_action_has_a_time_limit_of_its_own")
def a18_there_is_one_timeout_for_the_module(patch: Patch) -> None:
    from dataclasses import replace

    def entries_of(ours: Any, bindings: Any, **options: Any) -> Any:
        return ours([replace(one, timeout=None) for one in bindings], **options)

    instead(patch, entries.entries, entries_of)


# ------------------------------------------------------------------------------------------------ A17: tracing


@pepr("a_review_is_in_the_trace_of_the_api_server")
def a17_there_are_no_spans(patch: Patch) -> None:
    instead(patch, telemetry.tracer, lambda ours: None)
