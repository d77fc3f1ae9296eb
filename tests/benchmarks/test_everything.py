"""The module of the soak: its rules are asked about the recorded reviews, so that the soak soaks more than the server."""

from __future__ import annotations

import importlib.util

import pytest

from benchmarks import material, soak
from poblano.admission.reviewer import ModuleReviewer

RECORDED = sorted(material.RECORDED.glob("*.json"))


@pytest.fixture(scope="module")
def module():
    spec = importlib.util.spec_from_file_location("everything", soak.MODULE / "everything.py")
    loaded = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(loaded)
    return loaded.module


def asked(name):
    # Nothing can be changed of what is deleted or connected to, so no mutate rule is about that.
    return not name.startswith(("mutate-delete-", "mutate-connect-"))


@pytest.mark.parametrize("recorded", [path for path in RECORDED if asked(path.name)], ids=lambda path: path.stem)
def test_a_rule_is_asked_about_each_recorded_review(recorded, module):
    results = []
    reviewer = ModuleReviewer(module, observers=[lambda *told: results.extend(told[2].results)])
    phase = recorded.name.partition("-")[0]

    reply = reviewer.review(f"/{phase}/fail/10", recorded.read_bytes(), 10)
    reviewer.close()

    assert reply.status == 200
    assert [result.result for result in results] in (["changed"], ["allowed"], ["denied"])


def test_the_soak_posts_every_recorded_review_where_it_belongs(tmp_path):
    lines = soak._listed(tmp_path).read_text().splitlines()

    assert len(lines) == len(RECORDED) == 90
    assert {line.partition("?")[0] for line in lines} == {"/mutate/fail/10", "/validate/fail/10"}
