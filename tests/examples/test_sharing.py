"""A capability in a package of its own, and a module that uses it: it is installed, imported, and travels with the module."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

from poblano.admission.certificates import issue
from tests.cli.developing import EXAMPLES, POBLANO, environment

SHARING = EXAMPLES / "sharing"
PACK = """
import sys
from pathlib import Path
from poblano.build.archive import archive
from poblano.cli.project import load_project
made = archive(load_project(Path.cwd()).settings)
Path(sys.argv[1]).write_bytes(made.data)
print(made.sha256)
"""


@pytest.fixture(scope="module")
def site(tmp_path_factory) -> Path:
    """A folder that the package is installed in, as pip does it."""
    folder = tmp_path_factory.mktemp("site")
    source = folder / "source"
    subprocess.run(["cp", "-r", str(SHARING / "team-labels"), str(source)], check=True)
    pip = [
        sys.executable,
        "-m",
        "pip",
        "install",
        "-q",
        "--no-index",
        "--no-deps",
        "--no-build-isolation",
        "--no-cache-dir",
    ]
    subprocess.run([*pip, "--target", str(folder / "site"), str(source)], check=True, timeout=170)
    return folder / "site"


def call(*command: str, cwd: Path, site: Path) -> str:
    environ = environment() | {"PYTHONPATH": str(site)}
    done = subprocess.run(command, cwd=cwd, env=environ, capture_output=True, text=True, check=False, timeout=170)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.parametrize("project", ["team-labels", "shop"])
def test_their_own_tests_pass(site, project):
    quiet = ["-p", "no:cacheprovider", "-W", "ignore::pytest.PytestDeprecationWarning"]
    call(sys.executable, "-m", "pytest", "-q", *quiet, cwd=SHARING / project, site=site)


def test_the_rules_of_both_are_at_work(site):
    shown = call(*POBLANO, "demo", cwd=SHARING / "shop", site=site)
    assert "validate shop/not-too-many allowed\n  validate team-labels/named-team allowed" in shown
    assert "the label team must name one of shop, stock, not" in shown


def test_the_package_travels_with_the_module(site, tmp_path):
    file = tmp_path / "shop.tar.gz"
    digest = call(sys.executable, "-c", PACK, str(file), cwd=SHARING / "shop", site=site).strip()
    with tarfile.open(file) as tar:
        assert [name for name in tar.getnames() if not name.endswith(("METADATA", "WHEEL"))] == [
            "pyproject.toml",
            "shop.py",
            "site-packages/team_labels/__init__.py",
            "site-packages/team_labels/py.typed",
        ]
    issued = issue([], ["127.0.0.1"])
    (tmp_path / "tls.crt").write_bytes(issued.pair.certificate)
    (tmp_path / "tls.key").write_bytes(issued.pair.key)
    # Where it runs, nobody has installed it.
    given = ["--archive", str(file), "--sha256", digest, "--cert", "tls.crt", "--key", "tls.key"]
    process = subprocess.Popen(
        [*POBLANO, "run", "--host", "127.0.0.1", "--port", "0", "--health-port", "0", *given],
        cwd=tmp_path,
        env=environment() | {"TMPDIR": os.fspath(tmp_path)},
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        assert json.loads(process.stdout.readline())["message"] == "serving"
    finally:
        process.kill()
        process.communicate()
