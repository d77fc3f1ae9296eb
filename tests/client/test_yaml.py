"""A file of settings is read as YAML, and without a YAML library where it is JSON."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from poblano.client._yaml import read_mapping
from poblano.client.errors import InvalidKubeconfig

TEXTS = st.text(st.characters(codec="ascii", categories=["L", "N", "P", "S", "Zs"]), max_size=20)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | TEXTS,
    lambda part: st.lists(part, max_size=4) | st.dictionaries(TEXTS, part, max_size=4),
)


@given(st.dictionaries(TEXTS, VALUES, max_size=5))
def test_json_says_the_same_as_the_yaml_that_it_is(tmp_path_factory: pytest.TempPathFactory, said: dict[str, object]):
    as_json, as_yaml = (tmp_path_factory.getbasetemp() / name for name in ("config.json", "config.yaml"))
    as_json.write_text(json.dumps(said))
    as_yaml.write_text(f"\n{json.dumps(said)}")
    assert read_mapping(as_json) == read_mapping(as_yaml) == said


def test_json_is_read_without_a_yaml_library(tmp_path: Path):
    path = tmp_path / "config"
    path.write_text('{"kind": "Config"}')
    program = (
        "import sys; from pathlib import Path; from poblano.client._yaml import read_mapping;"
        f"print(read_mapping(Path({str(path)!r})), 'yaml' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "{'kind': 'Config'} False\n"


def test_a_flow_mapping_that_is_no_json_is_yaml(tmp_path: Path):
    path = tmp_path / "config"
    path.write_text("{kind: Config, contexts: []}")
    assert read_mapping(path) == {"kind": "Config", "contexts": []}


def test_what_is_neither_is_told_with_its_line(tmp_path: Path):
    path = tmp_path / "config"
    path.write_text('{"kind": "Config",\n"users": [{"user": {"token": "s3cret"]]}\n')
    with pytest.raises(InvalidKubeconfig, match="line 2: it is not YAML") as raised:
        read_mapping(path)
    assert "s3cret" not in str(raised.value)
