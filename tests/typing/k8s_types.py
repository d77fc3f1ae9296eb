"""The fluent client, as an editor sees it."""

from __future__ import annotations

from datetime import timedelta

from poblano import K8s, Resource, Struct, a, wait


class WebAppSpec(Struct):
    theme: str = "light"


class WebApp(Resource, group="shop.example.com", version="v1alpha1"):
    spec: WebAppSpec


pods = K8s(a.Pod).in_namespace("shop")
reveal_type(pods)  # revealed: K8s[Pod]
reveal_type(pods.with_label("tier", "data").with_field("spec.nodeName", "one").with_name("web"))  # revealed: K8s[Pod]
reveal_type(K8s(WebApp))  # revealed: K8s[WebApp]
reveal_type(K8s(a.GenericKind, version="v1", kind="Pod"))  # revealed: K8s[GenericKind]


async def read() -> None:
    reveal_type(await pods.get("web"))  # revealed: Pod
    reveal_type((await pods.get("web")).spec.containers[0].image)  # revealed: str | None
    reveal_type(await pods.list())  # revealed: list[Pod]
    async for page in pods.pages():
        reveal_type(page)  # revealed: list[Pod]
    async for phase, pod in pods.watch():
        reveal_type(phase)  # revealed: Phase
        reveal_type(pod)  # revealed: Pod
    async for line in pods.logs("web", follow=True, since=timedelta(minutes=5)):
        reveal_type(line)  # revealed: LogLine


async def write(app: WebApp) -> None:
    apps = K8s(WebApp).in_namespace("shop")
    reveal_type(await apps.create(app))  # revealed: WebApp
    reveal_type(await apps.apply({"metadata": {"name": "x"}}, force=True))  # revealed: WebApp
    reveal_type(await apps.patch([{"op": "remove", "path": "/spec"}], app))  # revealed: WebApp
    reveal_type(await apps.patch({"spec": None}, "x"))  # revealed: WebApp
    reveal_type(await apps.patch_status({"status": {}}, "x"))  # revealed: WebApp
    reveal_type(await apps.replace(app))  # revealed: WebApp
    reveal_type(await apps.update(lambda found: setattr(found.spec, "theme", "dark"), "x"))  # revealed: WebApp
    reveal_type((await apps.scale(3, "x")).spec.replicas)  # revealed: int | None
    reveal_type(await apps.delete(app, propagation="Foreground"))  # revealed: None
    reveal_type((await pods.exec(["ls"], "web")).stdout)  # revealed: bytes
    await apps.delete(app, propagation="foreground")  # error: arg-type | reportArgumentType
    await apps.create(a.Pod())  # error: arg-type | reportArgumentType
    await apps.finalize("take", "x")  # error: arg-type | reportArgumentType


async def change(found: WebApp) -> WebApp:
    return found


async def update() -> None:
    reveal_type(await K8s(WebApp).update(change, "x"))  # revealed: WebApp


def in_a_thread() -> None:
    reveal_type(wait(pods.get("web")))  # revealed: Pod
    reveal_type(wait(pods.list()))  # revealed: list[Pod]


pods.get("web").spec  # error: attr-defined | reportAttributeAccessIssue
K8s(Struct)  # error: type-var | reportArgumentType
