"""What Pepr makes of rules: refusals, groups, webhooks, patches, dry runs, versions, modes (rows A3–A6, A15–A17)."""

from __future__ import annotations

import base64
import json
from collections.abc import Generator
from typing import Any

import msgspec

from poblano.core import binding, calls, context, entries, pipeline, requests, review, verdict
from poblano.core.binding import Binding
from poblano.core.held import Held
from poblano.core.matching import Matcher
from poblano.core.requests import MutateRequest, Request
from poblano.core.review import AdmissionRequest, Answer
from poblano.core.verdict import Verdict
from tests.pepr.behaviour import Patch, instead, pepr, wrap

# ------------------------------------------------------------------------------------------------ A3: refusals


@pepr("the_code_given_to_deny_reaches_the_user")
def a3_every_refusal_is_a_422(patch: Patch) -> None:
    wrap(patch, Verdict, "answer", lambda ours, self: msgspec.structs.replace(ours(self), code=422))


@pepr("the_text_of_an_exception_reaches_the_user")
def a3_an_error_is_two_braces(patch: Patch) -> None:
    """`Action failed with error: ${JSON.stringify(e)}`, which of an Error is {}."""
    instead(patch, verdict.described, lambda ours, error, **_: "{}")


@pepr("a_rejected_mutation_says_why_in_the_status")
def a3_a_rejected_mutation_has_a_result_and_no_status(patch: Patch) -> None:
    def write(ours: Any, answer: Answer, *version: str) -> bytes:
        found = json.loads(ours(answer, *version))
        if found["response"].pop("status", None):
            found["response"]["result"] = "Pepr module configured to reject on error"
        return json.dumps(found).encode()

    instead(patch, review.write, write)


@pepr("an_action_that_raises_leaves_no_half_made_change")
def a3_what_a_broken_action_did_is_kept(patch: Patch) -> None:
    def mutate(ours: Any, found: Verdict, bindings: list[Binding], held: Held) -> Generator[Any, Any, Verdict]:
        request = found.request
        document = held.opened()
        for one in bindings:
            asked = MutateRequest(request, one.view, document)
            outcome = yield pipeline._call(one, asked, request)
            held.document = document = requests.document_in(asked) or {}
            if isinstance(outcome, pipeline.Failed):
                found.fail(one, outcome.error)
        found.patch, found.patch_json = pipeline._patch(request, held)
        return found

    instead(patch, pipeline._mutate, mutate)
    instead(patch, pipeline._mutate_once, lambda ours, found, one, held: mutate(ours, found, [one], held))


@pepr("on_error_decides_for_mutate_and_validate_alike")
def a3_an_error_in_a_validate_action_refuses_whatever_on_error_says(patch: Patch) -> None:
    def fail(ours: Any, self: Verdict, one: Binding, error: BaseException) -> None:
        policy = "reject" if one.phase == "validate" else one.on_error or "reject"
        self._fail(one.capability, one.rule, policy, error)

    wrap(patch, Verdict, "fail", fail)


@pepr("one_actions_policy_is_not_its_neighbours")
def a3_there_is_one_on_error_for_the_module(patch: Patch) -> None:
    wrap(patch, Verdict, "fail", lambda ours, self, one, error: self._fail(one.capability, one.rule, "reject", error))


# ------------------------------------------------------------------------------------------------ A4: groups


@pepr("a_service_of_another_group_is_no_service")
def a4_a_binding_of_the_core_group_takes_every_group(patch: Patch) -> None:
    def find(ours: Any, self: Matcher, request: AdmissionRequest) -> Any:
        anyones = msgspec.structs.replace(request.resource, group="")
        return ours(self, msgspec.structs.replace(request, resource=anyones))

    wrap(patch, Matcher, "find", find)


@pepr("a_secret_of_another_group_is_not_decoded")
def a4_a_secret_of_any_group_is_decoded(patch: Patch) -> None:
    patch.setattr(Request, "_secret_data", lambda self: self._opened().get("data") or {})


# ------------------------------------------------------------------------------------------------ A5: push-down


@pepr("the_filters_of_a_rule_are_the_api_servers_to_ask", "what_is_built_asks_about_no_more_than_its_rules")
def a5_all_objects_of_a_kind_are_sent(patch: Patch) -> None:
    everything = {
        "matchExpressions": [{"key": "kubernetes.io/metadata.name", "operator": "NotIn", "values": ["kube-system"]}]
    }
    instead(patch, entries.namespace_selector, lambda ours, entry: everything)
    instead(patch, entries.object_selector, lambda ours, entry: {"matchExpressions": []})
    instead(patch, entries.match_condition, lambda ours, entry: None)


@pepr("each_policy_and_timeout_has_an_entry_of_its_own", "what_a_capability_says_of_policy_and_timeout_is_built")
def a5_there_is_one_webhook_for_all(patch: Patch) -> None:
    def one(ours: Any, bindings: Any, **_: Any) -> list[entries.Entry]:
        return [entries.Entry("mutate", "Fail", 10, tuple(bindings))]

    instead(patch, entries.entries, one)


# ------------------------------------------------------------------------------------------------ A6: no stamp


@pepr("nothing_is_stamped_on_an_object_that_no_action_changed", "a_patch_holds_what_the_action_did_and_no_more")
def a6_what_matched_is_stamped(patch: Patch) -> None:
    def stamped(ours: Any, request: AdmissionRequest, held: Held) -> Any:
        held.document = held.opened()
        metadata = held.document.setdefault("metadata", {})
        metadata.setdefault("annotations", {})["uu.pepr.dev/shop"] = "succeeded"
        return ours(request, held)

    instead(patch, pipeline._patch, stamped)


@pepr("a_secret_keeps_the_spelling_of_what_was_not_touched")
def a6_all_of_a_secret_is_written_anew(patch: Patch) -> None:
    def rewritten(ours: Any, request: AdmissionRequest, held: Held) -> Any:
        data = held.opened().setdefault("data", {})
        for key, value in data.items():
            if value != "not base64":
                data[key] = base64.b64encode(base64.b64decode(value + "==")).decode()
        return ours(request, held)

    instead(patch, pipeline._patch, rewritten)


# ------------------------------------------------------------------------------------------------ A15: dry runs


@pepr(
    "what_an_action_writes_in_a_dry_run_is_a_dry_run",
    "a_real_api_server_stores_nothing_in_a_dry_run",
    "the_flag_goes_where_the_action_goes",
)
def a15_the_client_does_not_know_of_a_dry_run(patch: Patch) -> None:
    from poblano.client import deleting, resources

    assert resources.is_dry_run is deleting.is_dry_run is context.is_dry_run
    instead(patch, context.is_dry_run, lambda ours: False)


@pepr("an_action_knows_of_a_dry_run_and_so_does_whatever_it_calls")
def a15_only_the_request_knows_of_a_dry_run(patch: Patch) -> None:
    instead(patch, calls.running_of, lambda ours, *who: msgspec.structs.replace(ours(*who), dry_run=False))


@pepr("webhooks_say_that_only_a_dry_run_is_free_of_side_effects")
def a15_side_effects_are_said_to_be_none(patch: Patch) -> None:
    from poblano.admission import webhooks

    instead(patch, webhooks.webhook, lambda ours, *what: {**ours(*what), "sideEffects": "None"})


# ------------------------------------------------------------------------------------------------ A16, A17


@pepr("a_review_is_answered_in_its_own_version")
def a16_every_answer_is_v1(patch: Patch) -> None:
    instead(patch, review.write, lambda ours, answer, *version: ours(answer))


@pepr(
    "a_rule_that_warns_lets_pass_and_tells_the_user",
    "a_rule_that_audits_lets_pass_and_tells_the_audit_log",
    "what_it_would_have_refused_is_counted_apart",
)
def a17_a_rule_can_only_refuse(patch: Patch) -> None:
    from dataclasses import replace

    assert "mode" in binding.Binding.__dataclass_fields__
    wrap(patch, Verdict, "decide", lambda ours, self, one, said: ours(self, replace(one, mode="enforce"), said))
