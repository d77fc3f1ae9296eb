"""The module's code as one file: the same bytes for the same source, all that it needs, nothing that it does not."""

from __future__ import annotations

import io
import os
import shutil
import sys
import tarfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from poblano.build.archive import MOST, archive, packed
from poblano.build.unpacking import unpack
from poblano.core.errors import InvalidSettings
from poblano.loading import load_module
from poblano.settings import Settings, load_settings
from tests.build.distributions import install

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
MODULE = "from poblano import Capability, Module\nmodule = Module(Capability('shop'))\n"
SETTINGS = """[tool.poblano]
uuid = "shop"
module = "shop_rules:module"
included_files = ["policies", "limits.json"]
"""


@pytest.fixture
def folder(tmp_path, monkeypatch) -> Path:
    """A project with all that a project may have lying about."""
    for path, text in {
        "project/pyproject.toml": SETTINGS,
        "project/shop_rules/__init__.py": MODULE,
        "project/shop_rules/deep/__init__.py": "",
        "project/shop_rules/deep/prices.json": "{}",
        "project/shop_rules/py.typed": "",
        "project/shop_rules/__pycache__/x.pyc": "",
        "project/shop_rules/tests/test_deep.py": "",
        "project/single.py": "",
        "project/policies/one.wasm": "",
        "project/policies/more/two.wasm": "",
        "project/limits.json": "{}",
        "project/notes.md": "",
        "project/shop.samples.yaml": "",
        "project/tests/test_shop.py": "",
        "project/tests/data.py": "",
        "project/conftest.py": "",
        "project/setup.py": "",
        "project/.hidden.py": "",
        "project/.venv/lib/x.py": "",
        "project/env/pyvenv.cfg": "",
        "project/env/lib/y.py": "",
        "project/build/lib/shop_rules/__init__.py": "",
        "project/dist/z.py": "",
        "project/out/image/module/pyproject.toml": "",
        "project/out/image/module/shop_rules/__init__.py": "",
        "beside/shared.py": "",
    }.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    monkeypatch.setattr(sys, "path", sys.path[:])
    return tmp_path / "project"


def names(data: bytes) -> list[str]:
    with tarfile.open(fileobj=io.BytesIO(data)) as tar:
        return tar.getnames()


def test_python_files_package_data_and_included_files_travel_and_nothing_else(folder):
    (folder / "linked").symlink_to(folder.parent / "beside")
    (folder / "around").symlink_to(folder)
    assert names(archive(load_settings(folder, {})).data) == [
        "limits.json",
        "linked/shared.py",
        "policies/more/two.wasm",
        "policies/one.wasm",
        "pyproject.toml",
        "shop_rules/__init__.py",
        "shop_rules/deep/__init__.py",
        "shop_rules/deep/prices.json",
        "shop_rules/py.typed",
        "single.py",
    ]


def test_a_copy_made_later_by_another_is_the_same_archive(folder, tmp_path):
    first = archive(load_settings(folder, {}))
    copy = tmp_path / "elsewhere" / "copy"
    shutil.copytree(folder, copy)
    (copy / "single.py").chmod(0o755)
    for path in copy.rglob("*"):
        os.utime(path, (1, 1))
    assert archive(load_settings(copy, {})) == first
    (copy / "single.py").write_text("x = 1\n")
    assert archive(load_settings(copy, {})) != first


def test_it_says_nothing_of_when_and_where_it_was_made(folder):
    data = archive(load_settings(folder, {})).data
    # RFC 1952: no name, no time, no system.
    assert data[:10] == b"\x1f\x8b\x08\0\0\0\0\0\x02\xff"
    with tarfile.open(fileobj=io.BytesIO(data)) as tar:
        assert {(m.mtime, m.uid, m.gid, m.uname, m.gname, m.mode) for m in tar} == {(0, 0, 0, "", "", 0o644)}


PARTS = st.text(st.characters(exclude_characters="/\0", exclude_categories=["Cs"]), min_size=1, max_size=80).filter(
    lambda part: part not in (".", "..") and len(part.encode()) < 250
)


@given(
    files=st.dictionaries(st.lists(PARTS, min_size=1, max_size=1).map("/".join), st.binary(max_size=3000), max_size=5)
)
def test_what_is_unpacked_is_what_was_packed(tmp_path_factory, files):
    folder = tmp_path_factory.mktemp("unpacked")
    unpack(packed(files).data, folder)
    assert {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*")} == files


def test_what_it_depends_on_lies_beside_it_under_site_packages(folder, tmp_path, monkeypatch):
    install(tmp_path / "site", "labels")
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    file = folder / "pyproject.toml"
    file.write_text(f'[project]\nname = "shop"\ndependencies = ["labels"]\n{file.read_text()}')
    assert "site-packages/labels/__init__.py" in names(archive(load_settings(folder, {})).data)


def test_one_that_is_too_large_names_the_largest_files_and_the_way_out(folder):
    (folder / "policies" / "large.wasm").write_bytes(os.urandom(MOST))
    (folder / "limits.json").write_bytes(os.urandom(30 * 1024))
    (folder / "policies" / "empty.wasm").write_bytes(b"\0" * MOST * 3)
    with pytest.raises(InvalidSettings) as raised:
        archive(load_settings(folder, {}))
    assert "the largest files are policies/large.wasm 768 KiB, limits.json 30 KiB, " in str(raised.value)
    assert "a Secret takes 768 KiB" in str(raised.value)
    assert "poblano build --registry-info" in str(raised.value)


@pytest.mark.parametrize(
    ("included", "words"),
    [
        ("../beside/shared.py", r'"../beside/shared.py" is not in '),
        ("/etc/passwd", '"/etc/passwd" is not in '),
        ("policies.wasm", 'there is no "policies.wasm" in '),
    ],
)
def test_an_included_file_that_cannot_be_is_refused(folder, included, words):
    settings = Settings(folder=folder, uuid="shop", module="shop_rules:module", included_files=(included,))
    with pytest.raises(InvalidSettings, match=words):
        archive(settings)


@pytest.mark.parametrize("module", ["tests.data:module", "build.lib.shop_rules:module", "gone:module"])
def test_a_module_that_would_stay_behind_is_refused(folder, module):
    with pytest.raises(InvalidSettings, match="it is not among the files that travel"):
        archive(Settings(folder=folder, uuid="shop", module=module))


def test_a_file_that_is_imported_and_would_stay_behind_is_named(folder):
    (folder / "shop_rules" / "__init__.py").write_text(f"import tests.data\n{MODULE}")
    before = {key: sys.modules.pop(key) for key in [*sys.modules] if key == "tests" or key.startswith("tests.")}
    settings = load_settings(folder, {})
    try:
        load_module(folder, settings.module)
        with pytest.raises(InvalidSettings, match=r"tests/data.py is imported as tests.data, and would stay behind"):
            archive(settings)
    finally:
        for key in [key for key in sys.modules if key == "tests" or key.startswith(("tests.", "shop_rules"))]:
            del sys.modules[key]
        sys.modules.update(before)


def test_a_package_that_is_imported_and_that_nobody_has_named_is_named(folder, tmp_path, monkeypatch):
    install(tmp_path / "site", "team-labels")
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    code = "import json, click\nfrom poblano import a\ntry:\n    import not_there\nexcept ImportError:\n    pass\n"
    (folder / "shop_rules" / "__init__.py").write_text(f"{code}from team_labels import NAME\n{MODULE}")
    (folder / "old_script.py").write_text("print 'hello'\n")
    settings = load_settings(folder, {})
    try:
        load_module(folder, settings.module)
        with pytest.raises(InvalidSettings) as raised:
            archive(settings)
    finally:
        for key in [key for key in sys.modules if key.startswith(("shop_rules", "team_labels"))]:
            del sys.modules[key]
    assert str(raised.value).startswith(f"{folder}/shop_rules/__init__.py:7: team_labels belongs to team-labels, which")
    assert str(raised.value).endswith('add "team-labels" to the dependencies of [project] in pyproject.toml')


@pytest.mark.parametrize("example", ["hello", "operator", "upkeep"])
def test_the_examples_fit_into_a_corner_of_a_secret(example):
    assert len(archive(load_settings(EXAMPLES / example, {})).data) < MOST // 20
