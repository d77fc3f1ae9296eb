"""Importing a project's module: fresh, from its own folder, and with errors that point into it."""

from __future__ import annotations

import sys
import threading
import time
from types import ModuleType
from typing import TYPE_CHECKING

import pytest

from poblano.core.errors import InvalidDefinition, InvalidSettings
from poblano.loading import load_module

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

GOOD = "from poblano import Capability, Module\nmodule = Module(Capability({name!r}))\n"


@pytest.fixture(autouse=True)
def imports_as_before() -> Generator[None]:
    modules, path = dict(sys.modules), list(sys.path)
    yield
    sys.path[:] = path
    for name in set(sys.modules) - set(modules):
        del sys.modules[name]


def write(folder: Path, **files: str) -> Path:
    folder.mkdir(exist_ok=True)
    for name, text in files.items():
        (folder / f"{name}.py").write_text(text)
    return folder


def name_of(folder: Path) -> str:
    return load_module(folder, "rules:module").capabilities[0].name


def test_what_was_saved_since_is_loaded_even_in_the_same_second_and_of_the_same_size(tmp_path: Path) -> None:
    for name in ("one", "two", "six"):
        assert name_of(write(tmp_path, rules=GOOD.format(name=name))) == name


def test_a_file_that_the_module_imports_is_loaded_anew_as_well(tmp_path: Path) -> None:
    rules = "from names import NAME\nfrom poblano import Capability, Module\nmodule = Module(Capability(NAME))\n"
    for name in ("first", "second"):
        assert name_of(write(tmp_path, rules=rules, names=f"NAME = {name!r}\n")) == name


def test_two_projects_may_use_the_same_file_names(tmp_path: Path) -> None:
    one = write(tmp_path / "one", rules=GOOD.format(name="one"))
    two = write(tmp_path / "two", rules=GOOD.format(name="two"))
    assert [name_of(folder) for folder in (one, two, one)] == ["one", "two", "one"]


def test_after_an_error_everything_imported_before_is_as_it_was(tmp_path: Path) -> None:
    load_module(write(tmp_path, rules=GOOD.format(name="one"), names="NAME = 1"), "rules:module")
    before = sys.modules["rules"]
    with pytest.raises(InvalidDefinition):
        load_module(write(tmp_path, rules="import names\nnames.OTHER\n"), "rules:module")
    assert sys.modules["rules"] is before
    assert "names" not in sys.modules


@pytest.mark.parametrize(
    ("code", "line", "said"),
    (
        ("x = 1\n1 / 0\n", 2, "ZeroDivisionError: division by zero"),
        ("x = 1\n\ndef (\n", 3, "SyntaxError: invalid syntax"),
        ("import json\njson.loads('{')\n", 2, "JSONDecodeError"),
        ("import a_package_that_is_not_there\n", 1, "No module named 'a_package_that_is_not_there'; install it"),
        ("raise SystemExit(3)\n", 1, "SystemExit: 3"),
        ("def f(): g()\ndef g(): h\nf()\n", 2, "NameError: name 'h' is not defined"),
        (
            "from poblano import a\nfrom poblano import Capability\nCapability('Not A Name')\n",
            3,
            "'Not A Name' cannot be",
        ),
    ),
)
def test_an_error_points_at_the_user_s_own_line(tmp_path: Path, code: str, line: int, said: str) -> None:
    folder = write(tmp_path, rules=code)
    with pytest.raises(InvalidDefinition) as wrong:
        load_module(folder, "rules:module")
    assert str(wrong.value).startswith(f"{folder / 'rules.py'}:{line}: ")
    assert said in str(wrong.value)


@pytest.mark.parametrize(
    ("target", "said"),
    (
        ("rulez:module", "there is no rulez in"),
        ("rules.deep:module", "there is no rules.deep in"),
        ("rules:modul", "modul is not there in .*; did you mean module?"),
        ("rules:Module", "Module is type, not a Module"),
    ),
)
def test_a_target_that_is_no_module_says_what_to_write(tmp_path: Path, target: str, said: str) -> None:
    folder = write(tmp_path, rules=GOOD.format(name="one"))
    with pytest.raises(InvalidSettings, match=said):
        load_module(folder, target)


def test_a_module_without_any_module_object_is_told_how_to_end(tmp_path: Path) -> None:
    folder = write(tmp_path, rules="x = 1\n")
    with pytest.raises(InvalidSettings, match=r"write module = Module\(...\) at the end of it"):
        load_module(folder, "rules:module")


@pytest.mark.parametrize("chain", ["shop.when(a.Pod).is_craeted()", "shop.when(a.Pod).is_created().in_namespaec('x')"])
def test_a_misspelt_filter_is_told_with_the_one_it_may_have_been(tmp_path: Path, chain: str) -> None:
    write(tmp_path, rules=f"from poblano import Capability, a\nshop = Capability('shop')\n{chain}\n")
    with pytest.raises(InvalidDefinition, match=r"rules\.py:3: .*is_craeted.*is_created|in_namespaec.*in_namespace"):
        load_module(tmp_path, "rules:module")


def test_others_may_import_meanwhile(tmp_path: Path) -> None:
    """A thread that serves, say, imports what it needs when it needs it."""
    folder, done = write(tmp_path / "one", rules=GOOD.format(name="one")), threading.Event()

    def imports() -> None:
        while not done.is_set():
            sys.modules["passer_by"] = ModuleType("passer_by")
            time.sleep(0)
            del sys.modules["passer_by"]
            time.sleep(0)

    before, thread = sys.getswitchinterval(), threading.Thread(target=imports)
    sys.setswitchinterval(1e-5)
    thread.start()
    try:
        assert {name_of(folder) for _ in range(10)} == {"one"}
    finally:
        done.set()
        thread.join()
        sys.setswitchinterval(before)
