from __future__ import annotations

import pytest

from poblano import InvalidDefinition, K8s, MalformedObject, Resource, a
from poblano.fluent.choice import Choice


def test_a_chain_is_not_changed_by_what_is_made_of_it():
    pods = K8s(a.Pod)
    shop = pods.in_namespace("shop")
    data = shop.with_label("tier", "data")

    assert repr(pods) == "<K8s Pod>"
    assert repr(shop) == "<K8s Pod in shop>"
    assert repr(data.with_name("db")) == "<K8s Pod in shop db tier=data>"
    assert repr(shop) == "<K8s Pod in shop>"


def test_a_second_namespace_or_name_is_refused():
    with pytest.raises(MalformedObject, match="in the namespace a already"):
        K8s(a.Pod).in_namespace("a").in_namespace("b")
    with pytest.raises(MalformedObject, match="about a already"):
        K8s(a.Pod).with_name("a").with_name("b")
    with pytest.raises(MalformedObject, match="in no namespace"):
        K8s(a.Node).in_namespace("a")


@pytest.mark.parametrize("text", ["", "a/b", "..", "a%2Fb"])
def test_what_can_be_no_name_is_refused(text):
    """Nothing at all would mean everything: all namespaces, all names."""
    with pytest.raises(MalformedObject, match="the namespace of a Pod cannot be"):
        K8s(a.Pod).in_namespace(text)
    with pytest.raises(MalformedObject, match="the name of a Pod cannot be"):
        K8s(a.Pod).with_name(text)


@pytest.mark.parametrize(
    ("key", "value"), [("a,b", "c"), ("a", "b,c=d"), ("a", "b c"), ("", "b"), ("a" * 64, None), ("!a", None)]
)
def test_what_can_be_no_label_does_not_reach_a_selector(key, value):
    with pytest.raises(MalformedObject, match="no object can have the label"):
        K8s(a.Pod).with_label(key, value)


@pytest.mark.parametrize("path", ["", "a=b", "a,b", "a b"])
def test_what_can_be_no_field_does_not_reach_a_selector(path):
    with pytest.raises(MalformedObject, match="no path"):
        K8s(a.Pod).with_field(path, "x")


def test_the_value_of_a_field_is_escaped_as_the_api_server_reads_it():
    assert Choice().with_field("spec.nodeName", "a,b=c\\d").field_selector == r"spec.nodeName=a\,b\=c\\d"


def test_a_kind_says_which_it_is():
    class Base(Resource):
        pass

    for wrong in [lambda: K8s(Base), lambda: K8s(a.GenericKind), lambda: K8s(a.Pod, version="v2")]:
        with pytest.raises(InvalidDefinition):
            wrong()
