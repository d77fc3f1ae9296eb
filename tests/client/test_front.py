from __future__ import annotations

import json
import subprocess
import sys

import pytest

import poblano.client


def loaded_after(statement: str) -> set[str]:
    code = f"import json, sys\n{statement}\nprint(json.dumps(sorted(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(json.loads(done.stdout))


def test_importing_the_package_loads_no_http_client():
    modules = loaded_after("import poblano.client")

    assert not modules & {"aiohttp", "yaml", "ssl", "asyncio", "msgspec", "orjson"}


def test_reading_a_kubeconfig_loads_no_http_client():
    assert not loaded_after("from poblano.client import find_access, InvalidKubeconfig") & {"aiohttp", "ssl", "asyncio"}


def test_every_public_name_is_there():
    assert sorted(poblano.client.__all__) == poblano.client.__all__
    for name in poblano.client.__all__:
        assert getattr(poblano.client, name) is not None


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="has no attribute 'Klient'"):
        poblano.client.Klient  # noqa: B018
