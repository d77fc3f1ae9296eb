"""What a cluster keeps secret, and keeps."""

from __future__ import annotations

import stat
from typing import TYPE_CHECKING

import pytest

from poblano.cluster.serving.certificates import covers
from poblano.cluster.serving.credentials import FOLDER, UnusableCredentials, keep, make

if TYPE_CHECKING:
    from pathlib import Path


def test_what_is_kept_nowhere_is_new_each_time() -> None:
    first, second = make(), make(["10.1.2.3"])
    assert first.admin_token != second.admin_token
    assert first.authority != second.authority
    assert covers(second.serving, ["localhost", "kubernetes.default.svc", "10.1.2.3"])
    assert first.account_key is None


def test_what_is_kept_is_the_same_the_next_time(tmp_path: Path) -> None:
    assert keep(tmp_path) == keep(tmp_path)


def test_nobody_else_may_read_it(tmp_path: Path) -> None:
    keep(tmp_path)
    assert stat.S_IMODE((tmp_path / FOLDER).stat().st_mode) == 0o700
    files = list((tmp_path / FOLDER).iterdir())
    assert {file.name for file in files} == {
        "ca.crt", "ca.key", "server.crt", "server.key", "admin-token", "service-account.key",
    }  # fmt: skip
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}


def test_a_file_that_others_may_read_is_closed_to_them(tmp_path: Path) -> None:
    keep(tmp_path)
    token = tmp_path / FOLDER / "admin-token"
    token.chmod(0o644)
    keep(tmp_path)
    assert stat.S_IMODE(token.stat().st_mode) == 0o600


def test_another_host_gets_another_certificate_of_the_same_authority(tmp_path: Path) -> None:
    before, after = keep(tmp_path), keep(tmp_path, ["10.1.2.3"])
    assert before.authority == after.authority
    assert before.admin_token == after.admin_token
    assert covers(after.serving, ["10.1.2.3", "localhost"])
    assert keep(tmp_path, ["10.1.2.3"]) == after


@pytest.mark.parametrize("name", ["server.crt", "admin-token"])
def test_a_broken_file_is_named(tmp_path: Path, name: str) -> None:
    keep(tmp_path)
    (tmp_path / FOLDER / name).write_text("")
    with pytest.raises(UnusableCredentials, match=name):
        keep(tmp_path)


def test_credentials_do_not_show_themselves() -> None:
    assert repr(make()) == "Credentials(...)"
