"""A10: Pepr's chart has pull secrets where no API server takes them, a fixed number of replicas, and keeps all modules' pods apart."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from poblano.build.helm.chart import chart
from poblano.build.output import write_files
from poblano.build.plan import Plan
from poblano.core.jsonvalue import Document
from tests.build.charts import loaded, rendered, written
from tests.build.planned import admitting, following, parts_of, plan_of

ROLES = ("admission", "watcher")


@pytest.fixture(params=ROLES)
def role(request: pytest.FixtureRequest) -> str:
    return request.param


def deployment(folder: Path, plan: Plan, role: str, values: dict[str, Any]) -> Document:
    """The Deployment of a chart, through a real Helm."""
    with loaded(written(folder, list(parts_of(plan).values()))) as chart:
        return rendered(chart, values)[f"{role}-deployment"]


def test_a10_pull_secrets_are_the_pods_and_not_the_containers(tmp_path: Path, role: str):
    made = deployment(tmp_path, plan_of(admitting(), following()), role, {"imagePullSecrets": [{"name": "mine"}]})
    pod = made["spec"]["template"]["spec"]

    assert pod.get("imagePullSecrets") == [{"name": "mine"}]
    assert not any("imagePullSecrets" in container for container in pod["containers"])


def test_a10_how_many_pods_there_are_is_a_value(tmp_path: Path, role: str):
    made = deployment(tmp_path, plan_of(admitting(), following()), role, {role: {"replicas": 5}})

    assert made["spec"]["replicas"] == 5


def test_a10_pods_keep_away_from_their_own_kind_only(tmp_path: Path, role: str):
    shop, bank = (plan_of(admitting(), following(), settings={"uuid": uuid}) for uuid in ("shop", "bank"))
    ours = deployment(tmp_path / "shop", shop, role, {role: {"whenNotSpread": "DoNotSchedule"}})["spec"]["template"]
    theirs = deployment(tmp_path / "bank", bank, role, {})["spec"]["template"]

    for rule in ours["spec"]["topologySpreadConstraints"]:
        wanted = rule["labelSelector"]["matchLabels"].items()
        assert wanted <= ours["metadata"]["labels"].items()
        assert not wanted <= theirs["metadata"]["labels"].items()


def test_a10_a_chart_has_the_version_of_its_module(tmp_path: Path):
    plan = plan_of(admitting(), version="2.5.0rc1")
    write_files(tmp_path, chart(plan, list(parts_of(plan).values())))

    with loaded(tmp_path / "shop-chart") as made:
        assert (made.metadata["version"], made.metadata["appVersion"]) == ("2.5.0-rc1", "2.5.0rc1")
