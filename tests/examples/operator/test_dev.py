"""The commands of examples/operator/README.md, as somebody types them."""

from __future__ import annotations

import signal

from tests.cli.developing import EXAMPLES, Dev, started
from tests.eventually import eventually

COLUMNS = (
    "custom-columns=A:.metadata.name,B:.spec.theme,C:.spec.language,D:.spec.replicas,"
    'E:.status.conditions[?(@.type=="Ready")].status'
)


def shown(dev: Dev) -> list[str]:
    return dev.kubectl("get", "wa", "-n", "shop", "--no-headers", "-o", COLUMNS).split()


def uid_of_service(dev: Dev) -> str:
    return dev.kubectl("get", "service", "cafe", "-n", "shop", "--ignore-not-found", "-o", "jsonpath={.metadata.uid}")


def test_in_poblano_dev_the_samples_become_ready_and_what_is_deleted_is_made_again():
    with started("dev", folder=EXAMPLES / "operator") as dev:
        dev.says("defined webapps.examples.poblano.dev")
        dev.says("Ctrl-C to stop")
        dev.kubectl("apply", "-f", str(EXAMPLES / "operator" / "operator.samples.yaml"))
        wanted = ["cafe", "light", "es", "1", "True", "storefront", "dark", "en", "3", "True"]
        eventually(lambda: shown(dev) == wanted, "both are ready", seconds=90)
        headings = ["NAME", "THEME", "LANGUAGE", "REPLICAS", "READY", "AGE"]
        assert dev.kubectl("get", "webapps", "-n", "shop").split()[:6] == headings
        before = uid_of_service(dev)
        dev.kubectl("delete", "service", "cafe", "-n", "shop")
        eventually(lambda: uid_of_service(dev) not in {"", before}, "there is another Service", seconds=90)
        assert "deleted" in dev.kubectl("delete", "webapp", "cafe", "-n", "shop", "--timeout=100s")
        dev.ends(signal.SIGTERM)
