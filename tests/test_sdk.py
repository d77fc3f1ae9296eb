"""The helpers under one roof."""

from __future__ import annotations

import base64
import subprocess
import sys

import poblano
from poblano import sdk
from poblano.core.requests import MutateRequest
from poblano.core.review import AdmissionRequest, GroupVersionKind
from poblano.models import a


def test_every_helper_is_a_public_name_of_poblano():
    assert sorted(sdk.__all__) == sdk.__all__
    assert all(getattr(poblano, name) is getattr(sdk, name) for name in sdk.__all__)


def test_importing_the_helpers_loads_no_models():
    code = "import sys, poblano.sdk; assert not [name for name in sys.modules if name.startswith('poblano.models.')]"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def test_peprs_base64_helpers_are_what_the_table_says():
    asked = AdmissionRequest("u", "CREATE", kind=GroupVersionKind("", "v1", "Secret"))
    request = MutateRequest(asked, a.Secret, {"data": {"user": base64.b64encode(b"admin").decode()}})
    assert dict(request.text) == {"user": "admin"}
    request.text["user"] = "root"
    assert base64.b64decode(request.raw.data["user"]).decode() == "root"
