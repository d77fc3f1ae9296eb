"""When certificates run out, for ``/metrics``: ``poblano_cert_not_after_seconds``."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry
    from prometheus_client.metrics_core import Metric as Family


class CertificateMetrics:
    """Shows it.

    Args:
        ends: when what ends, in seconds since 1970.
    """

    def __init__(self, ends: Callable[[], Mapping[str, float]]) -> None:
        self._ends = ends

    def attach(self, registry: CollectorRegistry) -> None:
        """Show it in `registry`."""
        registry.register(self)

    def collect(self) -> Iterator[Family]:
        """As it is now: what a registry asks for."""
        from prometheus_client.metrics_core import GaugeMetricFamily

        family = GaugeMetricFamily(
            "poblano_cert_not_after_seconds",
            "When a certificate of the webhooks ends, in seconds since 1970: what is served, and who has signed it.",
            labels=["which"],
        )
        for which, seconds in self._ends().items():
            family.add_metric([which], seconds)
        yield family

    def describe(self) -> Iterator[Family]:
        """Nothing: names are known to be free without looking."""
        return iter(())
