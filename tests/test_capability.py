from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from poblano import Capability, InvalidDefinition, Resource, a, register_kind
from poblano.core.binding import NAME_LIMIT, name_part


def test_defining_a_capability_only_takes_notes():
    shop = Capability("shop", description="House rules", namespaces=["shop"], on_error="audit", timeout=3)

    assert (shop.name, shop.description, shop.namespaces, shop.bindings) == ("shop", "House rules", ("shop",), ())
    assert repr(shop) == "<Capability shop, 0 rules>"


@pytest.mark.parametrize("name", ["shop", "a", "a-1", "1", "x" * 63])
def test_a_name_is_a_label(name: str):
    assert Capability(name).name == name


@pytest.mark.parametrize("name", ["", "Shop", "a_b", "-a", "a-", "a.b", "x" * 64, "é", "a\n", 5, None])
def test_what_is_no_label_is_no_name(name: Any):
    with pytest.raises(
        InvalidDefinition, match=re.escape(f"{name!r} cannot be the name of a capability; use lower-case")
    ):
        Capability(name)


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({"namespaces": None}, r"namespaces is None; write namespaces=\[\"shop\"\]"),
        ({"namespaces": "shop"}, r"namespaces is one string; write namespaces=\[\"shop\"\]"),
        ({"namespaces": ["Shop"]}, "'Shop' cannot be a namespace"),
        ({"namespaces": [None]}, "None cannot be a namespace"),
        ({"on_error": "fail"}, "on_error is 'fail'"),
        ({"timeout": 0}, "timeout is 0; write whole seconds from 1 to 30"),
        ({"timeout": 2.5}, "timeout is 2.5"),
        ({"timeout": True}, "timeout is True"),
    ],
)
def test_a_wrong_option_is_named_with_file_and_line(options: Any, problem: str):
    with pytest.raises(InvalidDefinition, match=problem) as failed:
        Capability("shop", **options)

    location = failed.value.location
    assert location is not None
    assert Path(location.file).samefile(__file__)
    assert 'Capability("shop", **options)' in Path(__file__).read_text().splitlines()[location.line - 1]


def test_when_can_be_taken_out_as_in_pepr():
    shop = Capability("shop")
    when = shop.when
    when(a.Pod).is_created().mutate(lambda pod: None)

    assert len(shop.bindings) == 1


def test_a_generic_kind_is_named_where_it_is_used():
    shop = Capability("shop")
    shop.when(a.GenericKind, group="pepr.dev", version="v1", kind="Unicorn").is_created().mutate(lambda u: None)
    shop.when(a.GenericKind, version="v1", kind="Mouse", plural="mice", scope="Cluster").is_created().mutate(
        lambda u: None
    )
    unicorn, mouse = (binding.kind for binding in shop.bindings)

    assert (unicorn.group, unicorn.plural, unicorn.namespaced) == ("pepr.dev", "unicorns", True)
    assert (mouse.group, mouse.plural, mouse.namespaced) == ("", "mice", False)
    assert shop.bindings[0].view is a.GenericKind


def test_a_kind_of_ones_own_is_bound_like_any_other():
    class WebApp(Resource, group="shop.example.com", version="v1alpha1", plural="webapps"): ...

    class Unicorn(a.GenericKind): ...

    register_kind(Unicorn, group="pepr.dev", version="v1")
    shop = Capability("shop")
    for kind in (WebApp, Unicorn):
        shop.when(kind).is_created().mutate(lambda obj: None)

    assert [str(binding.kind) for binding in shop.bindings] == [
        "shop.example.com/v1alpha1 WebApp",
        "pepr.dev/v1 Unicorn",
    ]


def test_a_base_class_is_no_kind():
    with pytest.raises(InvalidDefinition, match="does not say which kind it is"):
        Capability("shop").when(Resource)


@pytest.mark.parametrize("length", [1, NAME_LIMIT - 1, NAME_LIMIT])
def test_a_name_that_fits_is_kept(length: int):
    assert name_part("x" * length) == "x" * length


def test_a_name_that_does_not_fit_is_cut_and_stays_its_own():
    names = [f"{'x' * 70}{number}" for number in range(50)]
    made = {name_part(name) for name in names}

    assert {len(name) for name in made} == {NAME_LIMIT}
    assert len(made) == 50
    assert name_part(names[0]) == name_part(names[0])
    assert re.fullmatch(r"[a-z]+-[0-9a-f]{8}", name_part("a" * 53 + "." * 20))
