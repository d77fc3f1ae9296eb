"""What kubectl cannot note in an annotation is applied by the API server, and what is built says so."""

from __future__ import annotations

import json
import os

import pytest

from poblano.build.archive import Archive
from poblano.build.kustomize import kustomize
from poblano.build.manifests import apply_command, head
from poblano.build.plan import Options, Plan
from poblano.build.secrets import parts
from poblano.build.tree import resolved
from poblano.capability import Capability
from poblano.module import Module
from poblano.settings import Settings

ROOM = 256 * 1024


def plan_of(size: int, tmp_path) -> Plan:
    settings = Settings(folder=tmp_path, uuid="x" * 36, module="x:module", description="d" * 200)
    made = Archive(os.urandom(size), "0" * 64)
    return Plan(settings=settings, module=Module(Capability("x")), version="1", archive=made, options=Options())


@pytest.mark.parametrize(("size", "large"), [(1000, False), (185_000, False), (185_001, True), (700_000, True)])
def test_what_kubectl_would_note_has_room_or_it_is_told_to_note_nothing(size, large, tmp_path):
    plan = plan_of(size, tmp_path)
    (secret,) = (resolved(part.tree, namespace="n" * 63) for part in parts(plan))
    noted = len(json.dumps(secret))
    assert ("--server-side --force-conflicts" in apply_command(plan)) == large
    assert large or noted < ROOM - 10_000, "labels and annotations of its own have room as well"
    assert f"#   {apply_command(plan)} -f x.yaml\n" in head(plan, "x.yaml")
    assert f"#   {apply_command(plan)} -k kustomize\n" in kustomize(plan, ())["kustomize/kustomization.yaml"]
