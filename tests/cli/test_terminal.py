"""What a review looks like on a terminal, whoever chose the names in it."""

from __future__ import annotations

import io
from typing import Any

import msgspec
import pytest

from poblano import Capability, Decision, Module, ValidateRequest, a
from poblano.admission.replies import Reply
from poblano.admission.reviewer import ModuleReviewer
from poblano.cli.terminal import Terminal


def shown(capability: Capability, **request: Any) -> str:
    """What the terminal shows of one review of a ConfigMap."""
    out = io.StringIO()
    terminal = Terminal(out, clock=lambda: "12:00:00")
    reviewer = ModuleReviewer(Module(capability), observers=[terminal.review])
    asked = {
        "uid": "u",
        "operation": "CREATE",
        "kind": {"group": "", "version": "v1", "kind": "ConfigMap"},
        "resource": {"group": "", "version": "v1", "resource": "configmaps"},
        "namespace": "shop",
        "name": "x",
        "userInfo": {"username": "jane"},
        "object": {"metadata": {}},
        **request,
    }
    review = {"kind": "AdmissionReview", "apiVersion": "admission.k8s.io/v1", "request": asked}
    try:
        (path,) = reviewer.paths()
        assert isinstance(reviewer.review(path, msgspec.json.encode(review), 10), Reply)
    finally:
        reviewer.close()
    return out.getvalue()


def test_it_says_who_asked_what_which_rule_ran_and_what_came_of_it() -> None:
    shop = Capability("shop")
    shop.when(a.ConfigMap).is_created().alias("mark").mutate(lambda cm: cm.set_label("a", "b"))
    line = shown(shop)
    assert line.startswith("12:00:00 mutate   CREATE ConfigMap shop/x by jane: changed, shop/mark changed  ")


def test_a_denial_shows_code_message_and_warnings() -> None:
    shop = Capability("shop")
    shop.when(a.ConfigMap).is_created().alias("no").validate(lambda cm: cm.deny("not here", 409, ["look out"]))
    first, *rest = shown(shop, dryRun=True).splitlines()
    assert "CREATE ConfigMap shop/x (dry run) by jane: denied 409, shop/no denied" in first
    assert [line.strip() for line in rest] == ["shop/no: not here", "warning: look out"]


def test_what_a_rule_raised_is_shown_with_the_user_s_line() -> None:
    shop = Capability("shop")
    shop.when(a.ConfigMap).is_created().alias("oops").validate(lambda cm: cm.deny(1 / 0))  # type: ignore[arg-type]
    assert f"shop/oops raised ZeroDivisionError: division by zero at {__file__}:" in shown(shop)


def test_of_a_secret_the_words_of_an_error_are_not_shown() -> None:
    shop = Capability("shop")

    @shop.when(a.Secret).is_created().validate
    def tell(secret: ValidateRequest[a.Secret]) -> Decision:
        raise ValueError(secret.text["password"])

    said = shown(
        shop,
        kind={"group": "", "version": "v1", "kind": "Secret"},
        resource={"group": "", "version": "v1", "resource": "secrets"},
        object={"metadata": {}, "data": {"password": "aHVudGVyMg=="}},
    )
    assert "shop/tell raised ValueError (its text is withheld: the object is a Secret) at " in said
    assert "hunter2" not in said


def test_a_name_that_is_yet_to_be_made_and_one_of_a_collection_are_shown() -> None:
    shop = Capability("shop")
    shop.when(a.ConfigMap).is_created().validate(lambda cm: cm.approve())
    shop.when(a.ConfigMap).is_deleted().alias("gone").validate(lambda cm: cm.approve())
    assert "CREATE ConfigMap shop/web-… by" in shown(shop, name="", object={"metadata": {"generateName": "web-"}})
    gone = {"object": None, "oldObject": {"metadata": {"name": "one-of-many"}}}
    assert "DELETE ConfigMap shop/one-of-many by" in shown(shop, name="", operation="DELETE", **gone)


def test_nothing_that_a_terminal_obeys_comes_from_a_request() -> None:
    shop = Capability("shop")
    shop.when(a.ConfigMap).is_created().validate(lambda cm: cm.approve())
    evil = "\x1b]0;owned\x07\r\n\x9b2J"
    line = shown(shop, name=evil, userInfo={"username": evil}, namespace=evil)
    assert line.rstrip("\n").isprintable()
    assert r"\x1b]0;owned\x07\r\n\x9b2J" in line


@pytest.mark.parametrize("width", [20, 40, 80])
def test_what_is_too_long_for_a_line_goes_on_indented_below_it(width: int) -> None:
    out = io.StringIO()
    words = ["it", "asks", "the", "module", "whose", "rules", "change", "it", "or", "refuse", "it"]
    Terminal(out, width=width).hanging([("  why  ", "cyan"), " ".join(words)], 7)
    first, *rest = out.getvalue().splitlines()
    assert first.startswith("  why  it")
    assert all(line.startswith(" " * 7) and len(line) <= max(width, 27) for line in rest)
    assert [first, *rest] == [line.rstrip() for line in [first, *rest]]
    assert out.getvalue().split() == ["why", *words]
