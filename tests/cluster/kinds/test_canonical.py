"""An object comes back in the shape of Go's types."""

from __future__ import annotations

from poblano.cluster.kinds import canonical
from poblano.core.jsonvalue import Document


def shaped(group: str, kind: str, **fields: object) -> Document:
    obj: Document = {"apiVersion": f"{group}/v1" if group else "v1", "kind": kind, "metadata": {"name": "x"}, **fields}
    canonical.shape(obj, group, kind)
    return obj


def test_what_is_empty_vanishes():
    obj = shaped("", "ConfigMap", data={}, binaryData=None)
    assert obj.keys() == {"apiVersion", "kind", "metadata"}


def test_an_empty_struct_behind_a_pointer_means_something_and_stays():
    spec = shaped("networking.k8s.io", "NetworkPolicy", spec={"podSelector": {}, "ingress": [{}]})["spec"]
    assert spec == {"podSelector": {}, "ingress": [{}]}


def test_an_explicit_zero_stays_where_go_has_a_pointer_and_goes_where_it_has_none():
    spec = shaped("apps", "Deployment", spec={"replicas": 0, "paused": False, "minReadySeconds": 0})["spec"]
    assert spec["replicas"] == 0
    assert "paused" not in spec
    assert "minReadySeconds" not in spec


def test_lists_without_omitempty_are_written_as_null():
    role = shaped("rbac.authorization.k8s.io", "Role", rules=[])
    assert role["rules"] is None


def test_times_are_utc_and_microseconds_have_six_digits():
    lease = shaped("coordination.k8s.io", "Lease", spec={"renewTime": "2026-01-01T02:00:00+01:00"})
    assert lease["spec"]["renewTime"] == "2026-01-01T01:00:00.000000Z"
    claim = shaped("", "Pod", status={"startTime": "2026-01-01T02:00:00.5+01:00"})
    assert claim["status"]["startTime"] == "2026-01-01T01:00:00Z"


def test_amounts_in_resource_lists_are_canonical_and_others_stay_as_written():
    resources = {"limits": {"cpu": "1000m", "memory": 1024}}
    volume = {"name": "v", "emptyDir": {"sizeLimit": "1024Mi"}}
    pod = shaped("", "Pod", spec={"containers": [{"name": "c", "resources": resources}], "volumes": [volume]})
    assert pod["spec"]["containers"][0]["resources"]["limits"] == {"cpu": "1", "memory": "1024"}
    assert pod["spec"]["volumes"][0]["emptyDir"]["sizeLimit"] == "1024Mi"


def test_what_hangs_below_an_opaque_field_is_left_alone():
    revision = shaped(
        "apps", "ControllerRevision", data={"spec": {"replicas": 0, "list": [], "none": None}}, revision=1
    )
    assert revision["data"] == {"spec": {"replicas": 0, "list": [], "none": None}}
