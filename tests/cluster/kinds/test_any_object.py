"""Whatever well-typed object is sent, of whatever kind: it is completed, and accepted or refused in words."""

from __future__ import annotations

from copy import deepcopy

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from poblano.cluster.field_errors import FieldError
from poblano.cluster.kinds import strategy
from poblano.cluster.resources import Resource
from poblano.cluster.status import StatusError
from tests.cluster.kinds.drawn import objects, writable
from tests.cluster.kinds.stored import Stored

KINDS = st.sampled_from(writable())
FEW = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])


@FEW
@given(resource=KINDS, data=st.data())
def test_defaulting_is_idempotent(resource: Resource, data: st.DataObject):
    obj, kind = data.draw(objects(resource)), strategy(resource.group, resource.kind)
    kind.default(obj, resource.version)
    again = deepcopy(obj)
    kind.default(again, resource.version)
    assert again == obj


@FEW
@given(resource=KINDS, data=st.data())
def test_a_creation_ends_in_an_object_or_in_named_fields(resource: Resource, data: st.DataObject):
    obj, kind = data.draw(objects(resource)), strategy(resource.group, resource.kind)
    kind.default(obj, resource.version)
    try:
        kind.admit(obj, None, Stored())
        kind.prepare_for_create(obj, Stored())
    except StatusError:
        return  # a class that is not there, an address that is not free
    wrong = kind.validate(obj)
    assert all(isinstance(error, FieldError) and error.message for error in wrong)
    assert all(isinstance(text, str) for text in kind.warnings(obj))


@FEW
@given(resource=KINDS, data=st.data())
def test_what_is_valid_stays_valid_when_nothing_changes(resource: Resource, data: st.DataObject):
    obj, kind = data.draw(objects(resource)), strategy(resource.group, resource.kind)
    kind.default(obj, resource.version)
    if kind.validate(obj):
        return
    assert kind.validate_update(deepcopy(obj), obj) == []


@FEW
@given(resource=KINDS, data=st.data())
def test_an_update_is_judged_whatever_it_changes(resource: Resource, data: st.DataObject):
    old, new = data.draw(objects(resource)), data.draw(objects(resource))
    kind = strategy(resource.group, resource.kind)
    kind.default(old, resource.version)
    kind.default(new, resource.version)
    status = deepcopy(new)
    kind.prepare_for_status_update(status, old)
    assert all(error.field is not None for error in kind.validate_status_update(status, old))
    try:
        kind.prepare_for_update(new, old, Stored())
    except StatusError:
        return  # an address that is not free
    assert all(error.message for error in kind.validate_update(new, old))
    assert new.get("status") == old.get("status") or not kind.has_status
