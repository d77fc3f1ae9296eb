"""The benchmark's module: one action on a custom kind, that returns at once or applies one ConfigMap."""

from __future__ import annotations

import os

from benchmarks.reconciling.tally import APPLIES, GROUP, KIND, NAMESPACE, PLURAL, VERSION, Tally, wanted
from poblano import Capability, Context, Module, Phase, Resource, Struct, a


class WidgetSpec(Struct):
    """What a widget is to be."""

    step: int


class Widget(Resource, group=GROUP, version=VERSION, plural=PLURAL, kind=KIND):
    """The custom kind of the benchmark."""

    spec: WidgetSpec


widgets = Capability("widgets", description="Every widget", namespaces=[NAMESPACE])
tally = Tally()


async def reconciled(widget: Widget, ctx: Context[Widget]) -> None:
    """Called for each object, again until it works."""
    if APPLIES:
        await ctx.apply(a.ConfigMap.of(wanted(widget.metadata.name, widget.spec.step or 0)))
    tally.called(widget.metadata.name, widget.spec.step or 0)


async def told(widget: Widget, phase: Phase) -> None:
    """Called for what happens to each object."""
    tally.called(widget.metadata.name, widget.spec.step or 0)


if os.environ.get("BENCH_PHASE", "reconcile") == "watch":
    widgets.when(Widget).is_created_or_updated().watch(told)
else:
    widgets.when(Widget).reconcile(reconciled)
module = Module(widgets)
