"""Whether code speaks of something: through the files of a module, and not into those of others."""

from __future__ import annotations

import functools
import sys

import pytest

from poblano.build.speaking import says, speaks_of

RULES = """
from spoken_of import helpers
from json import dumps
import never_looked_into

class Saver:
    async def __call__(self, one, ctx):
        await helpers.save(ctx)

async def reconcile(one, ctx):
    await helpers.save(ctx)
"""
HELPERS = """
from spoken_of.statuses import Status

async def save(ctx):
    await Status.put(ctx)
"""
STATUSES = """
class Status:
    @staticmethod
    async def put(ctx):
        await ctx.save_status()
"""


@pytest.fixture
def rules(tmp_path, monkeypatch):
    """A package of a project, beside an environment with a package that speaks of everything."""
    for name, text in {"__init__": "", "rules": RULES, "helpers": HELPERS, "statuses": STATUSES}.items():
        (tmp_path / "spoken_of").mkdir(exist_ok=True)
        (tmp_path / "spoken_of" / f"{name}.py").write_text(text)
    installed = tmp_path / ".venv" / "site-packages"
    installed.mkdir(parents=True)
    (installed / "never_looked_into.py").write_text("def other(ctx): ctx.elsewhere()\n")
    monkeypatch.setattr(sys, "path", [str(tmp_path), str(installed), *sys.path])
    before = set(sys.modules)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    yield __import__("spoken_of.rules", fromlist=["rules"])
    for name in set(sys.modules) - before:
        del sys.modules[name]


def test_it_is_looked_for_in_all_files_that_the_action_leads_to(rules):
    assert speaks_of(rules.reconcile, "save_status")
    assert speaks_of(functools.partial(rules.reconcile, None), "save_status")
    assert speaks_of(rules.Saver(), "save_status")


def test_other_packages_are_not_looked_into(rules):
    assert not speaks_of(rules.reconcile, "elsewhere")
    assert not speaks_of(rules.reconcile, "iterencode")  # json's own


def test_what_cannot_be_looked_at_may_say_anything():
    assert speaks_of(print, "save_status")
    assert not says(print, "save_status")


def test_what_the_action_says_itself_is_told_from_what_it_leads_to(rules):
    assert says(rules.reconcile, "helpers")
    assert not says(rules.reconcile, "save_status")
