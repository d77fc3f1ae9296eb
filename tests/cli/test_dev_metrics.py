"""`poblano dev` says where its metrics are, and they are those of a pod."""

from __future__ import annotations

import signal
import urllib.request
from typing import TYPE_CHECKING

from prometheus_client.parser import text_string_to_metric_families

from tests.cli.developing import started, write_project
from tests.eventually import eventually

if TYPE_CHECKING:
    from pathlib import Path

CODE = """
    from poblano import Capability, Module, a

    shop = Capability("shop", namespaces=["default"])
    shop.when(a.ConfigMap).is_created().validate(name="named")(lambda one: one.approve())
    shop.when(a.ConfigMap).with_name("web").reconcile(name="note")(lambda one, ctx: None)
    module = Module(shop)
"""


def scraped(address: str) -> dict[tuple[str, ...], float]:
    with urllib.request.urlopen(address, timeout=30) as page:
        families = list(text_string_to_metric_families(page.read().decode()))
    return {
        (sample.name, *(value for _, value in sorted(sample.labels.items()))): sample.value
        for family in families
        for sample in family.samples
    }


def test_its_metrics_are_on_a_port_of_this_machine(tmp_path: Path) -> None:
    folder = write_project(tmp_path / "module", "shop", CODE)
    with started("dev", folder=folder) as dev:
        address = dev.says("metrics at ").split("metrics at ")[1].strip()
        dev.kubectl("create", "configmap", "web")

        def runs() -> float:
            return scraped(address).get(("controller_runtime_reconcile_total", "shop/note", "success"), 0)

        eventually(lambda: runs() >= 1, "the run is counted")
        found = scraped(address)
        assert found["poblano_admission_rules_total", "shop", "ConfigMap", "CREATE", "allowed", "named"] >= 1
        assert found["poblano_watch_synced", "all", "default", "configmaps", "metadata.name=web"] == 1
        assert [key for key in found if key[:2] == ("rest_client_requests_total", "200")]
        (folder / "rules.py").write_text((folder / "rules.py").read_text() + "\n")
        dev.says("reloaded 2 rules")
        assert runs() >= 1
        eventually(lambda: runs() >= 2, "the module that was loaded anew is counted, too")
        dev.ends(signal.SIGTERM)
