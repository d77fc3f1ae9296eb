"""Kinds of a user's own in a module that annotates with text: every annotation is a forward reference."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal, Optional

from poblano import Resource, Struct, field


class WebApp(Resource, group="shop.example.com", version="v1alpha1", plural="webapps"):
    spec: WebAppSpec
    status: WebAppStatus | None
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
    owner: Owner | None = None
    owners: list[Owner]
    by_name: dict[str, Owner]
    tree: Tree
    anything: Any
    nested: Inner

    class Inner(Struct):
        deep: bool = False


class WebAppStatus(Struct):
    phase: str = "Pending"


class Owner(Struct):
    name: str
    managed_by: Owner | None


class Tree(Struct):
    value: int = 0
    children: list[Tree]
