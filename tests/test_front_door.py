from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import poblano


def said_in_a_new_process(program: str) -> str:
    return subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout


def test_all_is_complete_and_sorted():
    assert list(poblano.__all__) == sorted(poblano.__all__)
    assert dir(poblano) == list(poblano.__all__)


def test_the_checkers_see_the_names_that_there_are():
    tree = ast.parse(Path(poblano.__file__).read_text())
    block = next(node for node in tree.body if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test))
    seen = {
        alias.asname or alias.name for node in block.body if isinstance(node, ast.ImportFrom) for alias in node.names
    }

    assert sorted(seen) == list(poblano.__all__)


@pytest.mark.parametrize("name", poblano.__all__)
def test_every_name_is_there(name: str):
    assert getattr(poblano, name) is getattr(poblano, name)


def test_another_name_is_not():
    with pytest.raises(AttributeError, match="no attribute 'Pod'"):
        _ = poblano.Pod  # type: ignore[attr-defined]


HEAVY = [
    "msgspec",
    "orjson",
    "aiohttp",
    "cryptography",
    "rich",
    "click",
    "structlog",
    "prometheus_client",
    "yaml",
    "uvicorn",
]


def test_importing_poblano_imports_next_to_nothing():
    loaded = said_in_a_new_process("import sys, poblano; print(*sys.modules)").split()

    assert not set(HEAVY) & set(loaded)
    assert [name for name in loaded if name.startswith("poblano")] == ["poblano"]


def test_defining_a_rule_imports_no_server_client_or_terminal():
    program = """
import sys
from poblano import Capability, Module, a
shop = Capability("shop")
shop.when(a.Pod).is_created().mutate(lambda pod: pod.set_label("a", "b"))
Module(shop)
print(*sys.modules)
"""
    loaded = said_in_a_new_process(program).split()

    assert not {"aiohttp", "cryptography", "rich", "click", "uvicorn", "asyncio", "ssl"} & set(loaded)
    assert not {name for name in loaded if name.startswith(("poblano.admission", "poblano.client", "poblano.cli"))}
    assert [name for name in loaded if name.startswith("poblano.models.") and "_v" in name and "meta" not in name] == [
        "poblano.models.core_v1"
    ]
