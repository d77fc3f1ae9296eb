"""`K8s`: the chain with everything that can be done at its end."""

from __future__ import annotations

from typing import TypeVar, final

from poblano.core.objects import Resource
from poblano.fluent.reading import Reading
from poblano.fluent.writing import Writing

R = TypeVar("R", bound=Resource)


@final
class K8s(Reading[R], Writing[R]):
    """The objects of a kind in the cluster that the module runs in.

    ::

        pods = K8s(a.Pod).in_namespace("shop")
        web = await pods.get("web")                             # a.Pod
        data = await pods.with_label("tier", "data").list()     # list[a.Pod]
        await K8s(a.ConfigMap).apply({"metadata": {"name": "x", "namespace": "shop"}, "data": {"a": "b"}})

    In a function that is no ``async def``, `poblano.wait` does the awaiting: ``web = wait(pods.get("web"))``.
    """

    __slots__ = ()
