"""The same kinds where annotations are evaluated: what comes later stands in quotes."""

from typing import Annotated, Any, ClassVar, Literal, Optional

from poblano import Resource, Struct, field


class WebApp(Resource, group="shop.example.com", version="v1alpha1", plural="webapps"):
    spec: "WebAppSpec"
    status: Optional["WebAppStatus"]
    VERSION: ClassVar[str] = "v1alpha1"


class WebAppSpec(Struct):
    theme: Literal["dark", "light"]
    replicas: int = 1
    cluster_ip: str = field(key="clusterIP", default="None")
    note: Optional[str]  # noqa: UP045 -- as many write it
    port: int | str
    ratio: Annotated[float, "0 to 1"] = 0.5
    hosts: list[str]
    marks: dict[str, str]
    owner: Optional["Owner"] = None
    owners: list["Owner"]
    by_name: dict[str, "Owner"]
    tree: "Tree"
    anything: Any
    nested: "Inner"

    class Inner(Struct):
        deep: bool = False


class WebAppStatus(Struct):
    phase: str = "Pending"


class Owner(Struct):
    name: str
    managed_by: "Owner | None"


class Tree(Struct):
    value: int = 0
    children: list["Tree"]
