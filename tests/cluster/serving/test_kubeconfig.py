"""The kubeconfig file."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from poblano.cluster.serving.kubeconfig import is_replaceable, text, write

if TYPE_CHECKING:
    from pathlib import Path


@given(
    st.sampled_from(["https://127.0.0.1:6443", "https://[::1]:1"]), st.binary(), st.text(st.characters(codec="ascii"))
)
def test_it_says_where_whom_to_trust_and_who_one_is(url: str, authority: bytes, token: str) -> None:
    config = yaml.safe_load(text(url, authority, token))
    (cluster,), (user,), (context,) = config["clusters"], config["users"], config["contexts"]
    assert cluster["cluster"]["server"] == url
    assert base64.b64decode(cluster["cluster"]["certificate-authority-data"] or "") == authority
    assert user["user"] == {"token": token}
    assert context["context"] == {"cluster": cluster["name"], "user": user["name"]}
    assert config["current-context"] == context["name"]
    assert (config["apiVersion"], config["kind"]) == ("v1", "Config")


def test_what_it_wrote_it_may_write_again(tmp_path: Path) -> None:
    path = tmp_path / "kubeconfig"
    assert is_replaceable(path)
    path.touch()
    assert is_replaceable(path)
    write(path, "https://127.0.0.1:1", b"ca", "token")
    assert is_replaceable(path)


@pytest.mark.parametrize(
    "content",
    [
        "some notes",
        "- a list",
        "{not yaml",
        "clusters: [{name: production}]",
        "clusters: [{name: poblano}, {name: production}]",
        "clusters: [poblano]",
    ],
)
def test_what_is_somebody_else_s_stays(tmp_path: Path, content: str) -> None:
    path = tmp_path / "config"
    path.write_text(content)
    assert not is_replaceable(path)
