"""A chart says what the manifests say: through a real Helm, over trees of all shapes."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from poblano.build.helm.values import slots, with_value
from poblano.build.tree import Part, resolved
from tests.build import trees
from tests.build.charts import loaded, rendered, written


def rendering(part: Part, values: dict[str, Any] | None = None) -> Any:
    """What a part comes to in a chart of its own."""
    with tempfile.TemporaryDirectory() as folder, loaded(written(Path(folder) / "hello", [part])) as chart:
        return rendered(chart, values).get(part.name)


@settings(max_examples=60)
@given(trees.parts())
def test_a_chart_with_its_defaults_is_the_manifest(part: Part):
    assert rendering(part) == resolved(part.tree, namespace="shop")


@settings(max_examples=60)
@given(st.data())
def test_a_value_comes_to_each_of_its_places_and_nowhere_else(data: st.DataObject):
    part = data.draw(trees.parts().filter(lambda part: slots([part])))
    slot = data.draw(st.sampled_from(slots([part])))
    value = data.draw(trees.values[slot.schema["type"]])
    if isinstance(value, dict):  # Helm has a map of a user's besides the defaults, not in their place
        value = {**slot.default, **value}

    changed = trees.with_default(part.tree, slot.path, value)
    assert rendering(part, with_value({}, slot.path, value)) == resolved(changed, namespace="shop")
