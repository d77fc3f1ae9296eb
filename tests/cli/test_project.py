"""From a folder to what is served: the settings reach the module, its environment and its webhooks."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from poblano.cli.project import load_project
from poblano.core.entries import namespace_selector
from poblano.core.errors import InvalidDefinition, InvalidSettings
from poblano.core.filters import Subject
from tests.cli.developing import write_project

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

CODE = """
    import os
    from poblano import Capability, Module, a

    c = Capability(os.environ["SHOP_NAME"])
    c.when(a.Pod).is_created().alias("r"){filters}.validate(lambda pod: pod.approve())
    module = Module(c)
"""


@pytest.fixture(autouse=True)
def imports_as_before(monkeypatch: pytest.MonkeyPatch) -> Generator[None]:
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.delenv("SHOP_NAME", raising=False)
    yield
    sys.modules.pop("rules", None)


def settings(folder: Path, text: str) -> None:
    with (folder / "pyproject.toml").open("a") as file:
        file.write(text)


def test_the_module_is_found_from_a_folder_below_and_sees_its_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = write_project(tmp_path, "shop", CODE.format(filters=""))
    settings(folder, 'env = { SHOP_NAME = "greengrocer" }\nwebhook_timeout = 7\non_error = "ignore"\n')
    monkeypatch.setenv("SHOP_NAME", "")
    monkeypatch.delenv("SHOP_NAME")
    (folder / "deep" / "down").mkdir(parents=True)
    project = load_project(folder / "deep" / "down")
    monkeypatch.delenv("SHOP_NAME")
    assert [capability.name for capability in project.module.capabilities] == ["greengrocer"]
    reviewer = project.reviewer()
    assert reviewer.paths() == ["/validate/ignore/7"]
    reviewer.close()


def test_ignored_namespaces_are_neither_asked_for_nor_looked_at(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHOP_NAME", "shop")
    folder = write_project(tmp_path, "shop", CODE.format(filters=""))
    settings(folder, 'always_ignore = { namespaces = ["quiet"] }\n')
    reviewer = load_project(folder).reviewer()
    (expression,) = namespace_selector(reviewer.entries[0])["matchExpressions"]
    assert (expression["operator"], expression["values"]) == ("NotIn", ["kube-system", "poblano-system", "quiet"])
    reviewer.close()


def test_a_rule_for_an_ignored_namespace_is_refused_with_its_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHOP_NAME", "shop")
    folder = write_project(tmp_path, "shop", CODE.format(filters='.in_namespace("quiet")'))
    settings(folder, 'always_ignore = { namespaces = ["quiet"] }\n')
    with pytest.raises(InvalidDefinition, match=r"rules.py:6: shop/r is bound to quiet, which the settings ignore"):
        load_project(folder)


def test_a_chain_without_an_action_is_refused_with_its_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOP_NAME", "shop")
    folder = write_project(
        tmp_path, "shop", CODE.format(filters="").replace(".validate(lambda pod: pod.approve())", "")
    )
    with pytest.raises(InvalidDefinition, match=r"rules.py:6: a rule of the capability 'shop' has no action"):
        load_project(folder)


def test_who_deploys_a_module_keeps_its_rules_out_of_a_namespace_though_they_name_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHOP_NAME", "shop")
    monkeypatch.setenv("POBLANO_ADDITIONAL_IGNORED_NAMESPACES", "quiet, busy")
    code = CODE + '    c.when(a.Pod).is_created().in_namespace("busy", "loud").watch(lambda pod, phase: None)\n'
    folder = write_project(tmp_path, "shop", code.format(filters='.in_namespace("quiet", "loud")'))
    for binding in load_project(folder).module.bindings:
        seen = [
            space
            for space in ("loud", "quiet", "busy")
            if all(part.holds(Subject(namespace=space)) for part in binding.filters)
        ]
        assert seen == ["loud"]


def test_a_name_that_no_namespace_has_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POBLANO_ADDITIONAL_IGNORED_NAMESPACES", "quiet;busy")
    folder = write_project(tmp_path, "shop", CODE.format(filters=""))
    with pytest.raises(InvalidSettings, match=r'POBLANO_ADDITIONAL_IGNORED_NAMESPACES is "quiet;busy"; allowed is'):
        load_project(folder)
