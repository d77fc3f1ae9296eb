"""The image of a module, and that of the controller. No docker runs here: what would be built is held, and what is called."""

from __future__ import annotations

import os
import re
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from poblano.build.image import (
    BASE,
    ImageFailed,
    build_and_push,
    build_tool,
    image_context,
    image_name,
    write_context,
)
from poblano.core.errors import InvalidSettings
from poblano.settings import Settings
from tests.build.distributions import install

ROOT = Path(__file__).resolve().parents[2]
GOLDEN = Path(__file__).parent / "golden"
CONTROLLER = "poblano/controller:1.2.3"


@pytest.fixture
def settings(tmp_path, monkeypatch) -> Settings:
    """Of a module that depends on a package in Python and on a compiled one."""
    site, folder = tmp_path / "site", tmp_path / "project"
    install(site, "team-labels", requires=("fast-regex>=2",))
    install(site, "fast-regex", "2.5", tag="cp313-cp313-manylinux_2_28_x86_64")
    monkeypatch.syspath_prepend(str(site))
    folder.mkdir()
    (folder / "pyproject.toml").write_text('[project]\nname = "shop"\ndependencies = ["poblano", "team-labels"]\n')
    (folder / "shop.py").write_text("module = None\n")
    (folder / "large.wasm").write_bytes(os.urandom(2_000_000))
    return Settings(folder=folder, uuid="shop", module="shop:module", included_files=("large.wasm",))


@pytest.fixture
def docker(tmp_path, monkeypatch) -> Path:
    """A program that notes how it was called and what it was given; the file of the notes."""
    notes, program = tmp_path / "notes", tmp_path / "bin" / "docker"
    program.parent.mkdir()
    program.write_text(
        f"#!{sys.executable}\nimport os, sys\n"
        f"with open({str(notes)!r}, 'a') as notes:\n"
        "    given = sorted(os.listdir(sys.argv[-1])) if sys.argv[1] == 'build' else []\n"
        "    print(*sys.argv[1:-1], given or sys.argv[-1], file=notes)\n"
        "sys.exit(int(os.environ.get('STATUS_OF_' + sys.argv[1], '0')))\n"
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(program.parent))
    return notes


def test_the_dockerfile_of_a_module_is_what_a_person_would_write(settings):
    context = image_context(settings, base=CONTROLLER)
    assert context["Dockerfile"].decode() == (GOLDEN / "module.Dockerfile").read_text()
    assert context["requirements.txt"] == b"fast-regex==2.5\n"


def test_without_compiled_packages_nothing_is_installed(settings):
    (settings.folder / "pyproject.toml").write_text('[project]\nname = "shop"\n')
    context = image_context(settings, base=CONTROLLER)
    assert context["Dockerfile"].decode() == (GOLDEN / "plain.Dockerfile").read_text()
    assert "requirements.txt" not in context


def test_what_is_copied_is_the_module_with_what_it_depends_on_however_large(settings, tmp_path):
    context = image_context(settings, base=CONTROLLER)
    write_context(context, tmp_path / "context")
    assert sorted(path for path in context if path.startswith("module/") and ".dist-info" not in path) == [
        "module/large.wasm",
        "module/pyproject.toml",
        "module/shop.py",
        "module/site-packages/team_labels/__init__.py",
    ]
    written = {path for path in (tmp_path / "context").rglob("*") if path.is_file()}
    assert {path.relative_to(tmp_path / "context").as_posix() for path in written} == set(context)
    assert {path.stat().st_mode & 0o777 for path in written} == {0o644}


def test_another_content_is_another_name(settings):
    one, other = image_context(settings, base=CONTROLLER), image_context(settings, base="other")
    name = image_name("ghcr.io/team/", settings, "1.0+local", one)
    assert re.fullmatch(r"ghcr\.io/team/poblano-shop:1\.0-local-[0-9a-f]{12}", name)
    assert image_name("ghcr.io/team", settings, "1.0+local", image_context(settings, base=CONTROLLER)) == name
    assert image_name("ghcr.io/team", settings, "1.0+local", other) != name
    assert image_name("localhost:5000", settings, "1", one).startswith("localhost:5000/poblano-shop:1-")


@pytest.mark.parametrize(
    "registry", ["", "--push", "ghcr.io/Team", "ghcr.io//team", "a b", "https://ghcr.io", "x:tag/y"]
)
def test_a_registry_that_cannot_be_one_is_refused(settings, registry):
    with pytest.raises(ImageFailed, match="names no place for images; write a registry"):
        image_name(registry, settings, "1", {})


def test_it_is_built_and_pushed_with_what_is_there(settings, docker, capfd):
    build_and_push(image_context(settings, base=CONTROLLER), "ghcr.io/team/poblano-shop:1", tool=build_tool())
    assert docker.read_text().splitlines() == [
        "build --tag ghcr.io/team/poblano-shop:1 ['Dockerfile', 'module', 'requirements.txt']",
        "push ghcr.io/team/poblano-shop:1",
    ]


@pytest.mark.parametrize(
    ("step", "words", "calls"),
    [
        ("build", "docker build ended with status 3; see what it says above", 1),
        ("push", "docker push ended with status 3; you may have to say who you are: docker login ghcr.io", 2),
    ],
)
def test_where_it_fails_it_says_so_and_ends(docker, monkeypatch, step, words, calls):
    monkeypatch.setenv(f"STATUS_OF_{step}", "3")
    with pytest.raises(ImageFailed, match=words):
        build_and_push({"Dockerfile": b""}, "ghcr.io/team/x:1", tool=build_tool())
    assert len(docker.read_text().splitlines()) == calls


def test_podman_will_do_and_without_either_it_says_so(docker, tmp_path):
    (tmp_path / "bin" / "docker").rename(tmp_path / "bin" / "podman")
    assert build_tool() == str(tmp_path / "bin" / "podman")
    (tmp_path / "bin" / "podman").unlink()
    with pytest.raises(ImageFailed, match="neither docker nor podman is on the PATH; install one of them"):
        build_tool()


def test_a_program_that_cannot_be_started_is_said(tmp_path):
    with pytest.raises(ImageFailed, match="docker cannot be started: No such file"):
        build_and_push({"Dockerfile": b""}, "x/y:1", tool=str(tmp_path / "docker"))


def test_an_image_too_needs_what_is_imported_to_be_named(settings):
    (settings.folder / "pyproject.toml").write_text('[project]\nname = "shop"\ndependencies = ["absent"]\n')
    with pytest.raises(InvalidSettings, match="depends on absent, which is not installed here"):
        image_context(settings, base=CONTROLLER)


# ---------------------------------------------------------------- the controller's own

DOCKERFILE = (ROOT / "image" / "Dockerfile").read_text()


def test_the_controllers_image_is_made_from_what_a_modules_packages_are_made_for():
    assert set(re.findall(r"^FROM (\S+)", DOCKERFILE, re.MULTILINE)) == {BASE}
    assert set(re.findall(r"/usr/local/lib/python([0-9.]+)/", DOCKERFILE)) == {
        BASE[len("python:") : -len("-slim-bookworm")]
    }


def test_it_is_no_root_has_no_pip_and_takes_nothing_without_a_hash():
    final = DOCKERFILE.rpartition("FROM ")[2]
    assert "\nUSER 65532:65532\n" in final
    assert "pip uninstall" in final
    assert not re.search(r"\bpip.* install\b", final)
    for command in re.findall(r"install --no-cache-dir .*", DOCKERFILE):
        assert "--require-hashes --only-binary :all:" in command or "--no-deps --no-index" in command


def test_what_it_copies_is_what_is_let_into_the_build():
    copied = re.findall(r"^COPY (?!--from)(\S+)", DOCKERFILE, re.MULTILINE)
    let_in = (ROOT / "image" / "Dockerfile.dockerignore").read_text().splitlines()
    assert let_in == ["*", *(f"!{path}" for path in copied)]


def test_its_lock_has_all_that_poblano_depends_on_and_traces():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = [*project["dependencies"], *project["optional-dependencies"]["otel"]]
    locked = dict(re.findall(r"^(\S+)==(\S+) \\$", (ROOT / "image" / "requirements.lock").read_text(), re.MULTILINE))
    for requirement in map(Requirement, wanted):
        assert locked[canonicalize_name(requirement.name)] in requirement.specifier
    assert "pip" not in locked


def test_its_lock_has_the_versions_that_are_tested():
    tested = dict(re.findall(r"^(\S+)==(\S+) \\$", (ROOT / "requirements" / "dev.lock").read_text(), re.MULTILINE))
    tested |= dict(re.findall(r"^(\S+)==(\S+) \\$", (ROOT / "requirements" / "runtime.lock").read_text(), re.MULTILINE))
    locked = dict(re.findall(r"^(\S+)==(\S+) \\$", (ROOT / "image" / "requirements.lock").read_text(), re.MULTILINE))
    assert {name: version for name, version in locked.items() if tested[name] != version} == {}


def test_docker_is_sent_what_the_image_of_the_controller_is_made_of_and_nothing_else():
    copied = re.findall(r"^COPY (?!--from)(\S+) ", (ROOT / "image" / "Dockerfile").read_text(), re.MULTILINE)
    rules = [line for line in (ROOT / ".dockerignore").read_text().splitlines() if not line.startswith("#")]

    assert len(copied) == 2
    assert rules == ["*", *(f"!{path}" for path in copied)]
