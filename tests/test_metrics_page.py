"""docs/metrics.md names every metric that there is, with its type and labels, and none that there is not."""

from __future__ import annotations

import itertools
import re
from pathlib import Path
from types import SimpleNamespace

from poblano.admission.certifying.metrics import CertificateMetrics
from poblano.admission.metrics import AdmissionMetrics
from poblano.metrics import new_registry
from poblano.schedule.metrics import ScheduleMetrics
from poblano.store.metrics import StoreMetrics
from poblano.watch.counting import Counted

PAGE = Path(__file__).resolve().parents[1] / "docs" / "metrics.md"
ROW = re.compile(r"^\| `([a-z_]+)` \| (counter|gauge|histogram) \| ([a-z_, ]*?) ?\| (.+) \|$", re.MULTILINE)
OWN = ("poblano_admission_", "poblano_cert_", "poblano_watch_")
"""What begins otherwise is a module's, defined by whichever test ran before."""


def described():
    return {
        name: (kind, tuple(filter(None, labels.split(", ")))) for name, kind, labels, _ in ROW.findall(PAGE.read_text())
    }


def there():
    registry = new_registry()
    admission, watching = AdmissionMetrics(), Counted()
    admission.watch(SimpleNamespace(pending=(), shed=0))
    admission.attach(registry)
    watching.attach(registry)
    found = {}
    certificates = CertificateMetrics(lambda: {"served": 0.0})
    for family in itertools.chain(registry.collect(), certificates.collect()):
        if family.name.startswith("poblano_") and not family.name.startswith(OWN):
            continue
        name = f"{family.name}_total" if family.type == "counter" else family.name
        found[name] = (family.type, tuple(family._labelnames))
    others = (ScheduleMetrics(new_registry()), StoreMetrics(new_registry()))
    for metric in (metric for one in others for metric in vars(one).values()):
        name = f"{metric._name}_total" if metric._type == "counter" else metric._name
        found[name] = (metric._type, tuple(metric._labelnames))
    return found


def test_the_page_and_the_registry_agree():
    assert described() == there()


def test_every_metric_is_described_once():
    assert len(described()) == len(ROW.findall(PAGE.read_text()))
