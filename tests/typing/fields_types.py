"""Fields: reading gives views and values, writing takes views, mappings and values, and a misspelling is seen."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Literal

from poblano import Resource, Struct, a, document, field, kind_of
from poblano.models.core_v1 import Container, PodSpec

pod = a.Pod(metadata={"name": "db", "labels": {"a": "b"}})

reveal_type(pod)  # revealed: Pod
reveal_type(pod.metadata)  # revealed: ObjectMeta
reveal_type(pod.metadata.name)  # revealed: str
reveal_type(pod.metadata.generate_name)  # revealed: str | None
reveal_type(pod.metadata.generation)  # revealed: int | None
reveal_type(pod.metadata.labels)  # revealed: Entries[str]
reveal_type(pod.metadata.labels["a"])  # revealed: str
reveal_type(pod.metadata.labels.get("a"))  # revealed: str | None
reveal_type(pod.spec)  # revealed: PodSpec
reveal_type(pod.spec.host_network)  # revealed: bool | None
reveal_type(pod.spec.containers)  # revealed: Items[Container]
reveal_type(pod.spec.containers[0])  # revealed: Container
reveal_type(pod.spec.containers[0:2])  # revealed: list[Container]
reveal_type([c.image for c in pod.spec.containers])  # revealed: list[str | None]
reveal_type(pod.spec.containers[0].security_context.run_as_user)  # revealed: int | None
reveal_type(document(pod))  # revealed: dict[str, Any]
reveal_type(a.ConfigMap.of({"data": {}}))  # revealed: ConfigMap
reveal_type(kind_of(pod))  # revealed: Kind

pod.spec = {"hostNetwork": True}
pod.spec = PodSpec(host_network=True)
pod.spec.host_network = None
pod.spec.containers = [Container(name="a"), {"name": "b"}]
pod.spec.containers.append({"name": "c"})
pod.spec.containers.append(Container(name="d"))
pod.metadata.labels = {"a": "b"}
pod.metadata.labels["c"] = "d"
pod.metadata.finalizers = ["a"]
del pod.spec.node_name

pod.spec.host_netwrok  # error: attr-defined | reportAttributeAccessIssue
pod.spec.host_netwrok = True  # error: attr-defined | reportAttributeAccessIssue
pod.spec.host_network = "yes"  # error: assignment | reportAttributeAccessIssue
pod.spec.containers = [1]  # error: list-item | reportAttributeAccessIssue
pod.metadata.labels["a"] = 1  # error: assignment | reportArgumentType
pod.metadata.labels = {"a": 1}  # error: dict-item | reportAttributeAccessIssue
a.Pod(metdata={"name": "x"})  # error: call-arg | reportCallIssue
a.NoSuchKind  # error: attr-defined | reportAttributeAccessIssue


class Owner(Struct):
    name: str


class WebAppSpec(Struct):
    theme: Literal["dark", "light"]
    replicas: int = 1
    cluster_ip: str = field(key="clusterIP", default="None")
    owner: Owner | None = None
    hosts: list[str]


class WebApp(Resource, group="shop.example.com", version="v1alpha1", plural="webapps"):
    spec: WebAppSpec


app = WebApp.of({"spec": {}})
reveal_type(app.metadata.name)  # revealed: str
reveal_type(app.spec)  # revealed: WebAppSpec
reveal_type(app.spec.replicas)  # revealed: int
reveal_type(app.spec.cluster_ip)  # revealed: str
reveal_type(app.spec.hosts)  # revealed: list[str]
app.spec.theme = "blue"  # error: assignment | reportAttributeAccessIssue
app.spec.replica = 1  # error: attr-defined | reportAttributeAccessIssue


class ShopSpec(Struct):
    replicas: int = field(default=1, minimum=1, maximum=7, description="How many.")
    opened: datetime


class Shop(Resource, group="shop.example.com", version="v1", short_names=["s"], columns={"Theme": ".spec.theme"}):
    spec: ShopSpec
    status: Owner = field(init=False)


made = Shop(metadata={"name": "x"}, spec=ShopSpec(opened=datetime.now(UTC)))
reveal_type(made.status)  # revealed: Owner
reveal_type(made.spec.replicas)  # revealed: int
reveal_type(made.spec.opened)  # revealed: datetime
limited = field(minimun=1)  # error: call-overload | reportCallIssue
