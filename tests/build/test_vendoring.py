"""What a module depends on travels with it, if it is pure Python; what does not is refused with the way out."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from poblano.build.vendoring import given, packages_of
from poblano.core.errors import InvalidSettings
from poblano.settings import Settings
from tests.build.distributions import install


@pytest.fixture
def site(tmp_path, monkeypatch) -> Path:
    """A folder that packages can be imported from."""
    (tmp_path / "site").mkdir()
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    return tmp_path / "site"


def project(site: Path, *dependencies: str) -> Settings:
    folder = site.parent / "project"
    folder.mkdir()
    (folder / "pyproject.toml").write_text(f'[project]\nname = "shop"\ndependencies = {json.dumps(dependencies)}\n')
    return Settings(folder=folder, uuid="shop", module="shop:module")


def test_what_is_named_comes_with_what_it_depends_on_but_for_what_the_image_has(site):
    install(site, "Team_Labels", "2.1", requires=("far-away>=1", "poblano", "click"))
    install(site, "far-away", requires=("team-labels",))
    install(site, "unneeded")
    found = packages_of(project(site, "team-labels", "poblano", "pyyaml>=6"))
    assert [(one.name, one.version, one.wanted_by.partition(" in ")[0]) for one in found] == [
        ("far-away", "1.0", "team-labels"),
        ("team-labels", "2.1", "the project"),
    ]


def test_its_files_are_modules_data_and_metadata_without_what_tells_of_this_machine(site):
    install(site, "labels", files={"labels/teams.json": "[]", "labels.pth": "import os"})
    (package,) = packages_of(project(site, "labels"))
    assert sorted(package.files()) == [
        "labels-1.0.dist-info/METADATA",
        "labels-1.0.dist-info/WHEEL",
        "labels/__init__.py",
        "labels/teams.json",
    ]
    assert package.files()["labels/teams.json"] == b"[]"


def test_a_marker_is_about_the_image_and_not_about_this_machine(site):
    install(site, "for-linux")
    install(site, "extra-one")
    install(
        site,
        "labels",
        requires=(
            "for-linux; sys_platform == 'linux'",
            "for-windows; os_name == 'nt'",
            "old; python_version < '3.12'",
            "extra-one; extra == 'more'",
            "extra-two; extra == 'most'",
        ),
    )
    found = packages_of(project(site, "labels", "labels[more]", "for-windows; sys_platform == 'win32'"))
    assert [one.name for one in found] == ["extra-one", "for-linux", "labels"]


@pytest.mark.parametrize(
    ("dependency", "options", "words"),
    [
        ("missing>=2", {}, "the project in .*pyproject.toml depends on missing, which is not installed here; pip install 'missing>=2'"),
        ("labels>=2", {}, "depends on labels>=2, and 1.0 is installed here; pip install 'labels>=2'"),
        ("?", {}, r"depends on '\?', which names no package"),
        ("labels", {"tag": "cp313-cp313-manylinux_2_28_x86_64"}, "labels 1.0, .* is compiled for one kind of machine.* poblano build"),
        ("labels", {"files": {"labels/fast.abi3.so": ""}}, "is compiled for one kind of machine"),
        ("labels", {"direct_url": '{"url": "file:///x", "dir_info": {"editable": true}}'}, "is installed with -e"),
    ],
)  # fmt: skip
def test_what_cannot_travel_is_refused_with_what_to_do(site, dependency, options, words):
    install(site, "labels", **options)
    settings = project(site, dependency)
    with pytest.raises(InvalidSettings, match=words):
        [package.files() for package in packages_of(settings)]


def test_a_package_without_a_list_of_its_files_is_refused(site):
    install(site, "labels")
    (site / "labels-1.0.dist-info" / "RECORD").unlink()
    (package,) = packages_of(project(site, "labels"))
    with pytest.raises(InvalidSettings, match="does not say which files are its; install it with pip"):
        package.files()


def test_a_project_without_dependencies_brings_none(tmp_path):
    (tmp_path / "pyproject.toml").write_text("")
    assert packages_of(Settings(folder=tmp_path, uuid="x", module="x:module")) == ()


def test_the_image_has_what_poblano_needs():
    assert {"poblano", "aiohttp", "click", "frozenlist", "opentelemetry-sdk", "pyyaml"} <= given()
    assert not {"pytest", "mypy", "hatchling"} & given()
