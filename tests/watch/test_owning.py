"""Objects that others concern: engines' C5 and W6, demand 19, on the embedded cluster and on a real one."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from poblano import Capability, Context, Module, a, document, kind_of
from poblano.client import Resources, connect
from poblano.core.cache import Key
from poblano.core.projection import FULL
from poblano.core.scopes import watched
from tests.watch.acting import finally_, found, watching
from tests.watch.clusters import CONFIGMAPS, space_of, until, write


@pytest.fixture
async def api(kubeconfig):
    async with connect(kubeconfig) as client:
        yield Resources(client)


@pytest.fixture
async def space(api, space_name):
    return await space_of(api, space_name)


def copying(space, runs):
    """A rule that makes a ConfigMap for each that has a label."""
    shop = Capability("shop", namespaces=[space])

    @shop.when(a.ConfigMap).with_label("wants", "copy").owns(a.ConfigMap).reconcile
    async def copy(one: a.ConfigMap, ctx: Context[a.ConfigMap]) -> None:
        runs.append(one.metadata.name)
        await ctx.apply(a.ConfigMap(metadata={"name": f"{one.metadata.name}-copy"}, data=dict(one.data)))

    return shop


def wanting(space, name, **more):
    return {"metadata": {"name": name, "namespace": space, "labels": {"wants": "copy"}, **more}, "data": {"a": "1"}}


async def test_c5_what_is_owned_is_healed_when_it_is_deleted_or_changed(api, space):
    await api.create(CONFIGMAPS, wanting(space, "web"))
    async with watching(api, copying(space, [])):

        async def copied():
            copy = await found(api, space, "web-copy")
            return copy if copy and copy["data"] == {"a": "1"} else None

        first = await finally_(copied, "it is made")
        await api.delete(CONFIGMAPS, "web-copy", space)
        second = await finally_(copied, "it is made again")
        assert second["metadata"]["uid"] != first["metadata"]["uid"]
        await api.patch(CONFIGMAPS, "web-copy", {"data": {"a": "2"}}, space)
        await finally_(copied, "it is put right")


async def test_c5_the_owner_is_known_by_uid_and_only_the_controller_counts(api, space):
    runs = []
    web = await api.create(CONFIGMAPS, wanting(space, "web"))
    async with watching(api, copying(space, runs)) as watcher:
        (controller,) = watcher.controllers
        await until(lambda: runs and not controller.work.queue.processing, "it has run")
        concerned = []
        controller._sources._concerns = lambda key, version: concerned.append(str(key))
        owner = {"apiVersion": "v1", "kind": "ConfigMap", "name": "web"}
        uid = web["metadata"]["uid"]
        for name, reference in (
            ("of-another", {**owner, "uid": "1f9b", "controller": True}),
            ("beside", {**owner, "uid": uid}),
            ("ours", {**owner, "uid": uid, "controller": True}),
        ):
            await api.create(
                CONFIGMAPS, {"metadata": {"name": name, "namespace": space, "ownerReferences": [reference]}}
            )
        informer = controller._sources.informers[0]

        def children():
            return sorted(item.key.name for item in informer.by_index("poblano: controller", uid))

        await until(lambda: concerned and children() == ["ours", "web-copy"], "the last of them is heard of")
        assert set(concerned) == {f"{space}/web"}


async def test_c5_one_that_is_taken_from_its_owner_has_that_one_run(api, space):
    runs = []
    await api.create(CONFIGMAPS, wanting(space, "web"))
    async with watching(api, copying(space, runs)):
        await finally_(lambda: found(api, space, "web-copy"), "it is made")

        async def ours_again():
            copy = await found(api, space, "web-copy")
            return copy["metadata"].get("ownerReferences")

        await api.patch(CONFIGMAPS, "web-copy", {"metadata": {"ownerReferences": None}}, space)
        await finally_(ours_again, "it has its owner again")


async def test_c5_a_function_says_what_is_concerned_and_sees_what_was_as_well_as_what_is(api, space, capfd):
    shop, runs = Capability("shop", namespaces=[space]), []

    def users_of(config):
        if config.data.get("fail"):
            raise RuntimeError("no such thing")
        for name in config.data.get("users", "").split():
            match name:
                case "by-name":
                    yield name
                case "by-path":
                    yield f"{space}/{name}"
                case "by-pair":
                    yield (space, name)
                case _:
                    yield a.ConfigMap(metadata={"name": name, "namespace": space})

    @shop.when(a.ConfigMap).with_label("is", "user").watches(a.ConfigMap, users_of).reconcile
    async def use(one: a.ConfigMap, ctx: Context[a.ConfigMap]) -> None:
        runs.append(one.metadata.name)

    for name in ("by-name", "by-path", "by-pair", "by-object"):
        await api.create(CONFIGMAPS, {"metadata": {"name": name, "namespace": space, "labels": {"is": "user"}}})
    async with watching(api, shop):
        await until(lambda: len(set(runs)) == 4, "all have run once")
        runs.clear()
        await write(api, space, "config", users="by-name by-path")
        await until(lambda: sorted(runs) == ["by-name", "by-path"], "those that it names have run")
        runs.clear()
        await write(api, space, "config", users="by-pair by-object")
        await until(lambda: len(runs) >= 4, "those that it named, and those that it names")
        assert sorted(runs) == ["by-name", "by-object", "by-pair", "by-path"]
        runs.clear()
        await write(api, space, "broken", fail="1")
        said = ""

        def logged():
            nonlocal said
            said += capfd.readouterr().out
            return "the function of .watches(...) failed" in said and '"function":"users_of"' in said

        await until(logged, "a failure is told, with the name of the function")
        said = ""
        await write(api, space, "broken", fail="2")
        await until(logged, "and again for a change, of which it sees both sides")
        await api.delete(CONFIGMAPS, "config", space)
        await until(lambda: sorted(runs) == ["by-object", "by-pair"], "its end concerns those that it named")
        logged()
        assert said.count('"function":"users_of"') == 1, "but once"
        runs.clear()
        await write(api, space, "half", users="by-name")
        await until(lambda: runs == ["by-name"], "it is concerned")
        runs.clear()
        said = ""
        await write(api, space, "half", fail="3")
        await until(lambda: logged() and runs == ["by-name"], "it is still, by what there was before the failure")
        assert "failed: what it would have named is not reconciled" in said


async def test_c5_a_function_may_look_for_those_that_speak_of_what_has_changed(api, space):
    """As controller-runtime's EnqueueRequestsFromMapFunc with a client: the object that is watched need not name anybody."""
    shop, runs, asked = Capability("shop", namespaces=[space]), [], []

    def users_of(config: a.ConfigMap, known: Iterable[a.ConfigMap]) -> Iterable[a.ConfigMap]:
        asked.append(config.metadata.name)
        return [one for one in known if one.data.get("uses") == config.metadata.name]

    @shop.when(a.ConfigMap).with_label("is", "user").watches(a.ConfigMap, users_of).reconcile
    async def use(one: a.ConfigMap, ctx: Context[a.ConfigMap]) -> None:
        runs.append(one.metadata.name)

    for name, uses in (("one", "x"), ("two", "y"), ("three", "x")):
        metadata = {"name": name, "namespace": space, "labels": {"is": "user"}}
        await api.create(CONFIGMAPS, {"metadata": metadata, "data": {"uses": uses}})
    async with watching(api, shop):
        await until(lambda: len(set(runs)) == 3, "all have run once")
        assert not asked, "for which nobody needs to be asked"
        runs.clear()
        await write(api, space, "x", n="1")
        await until(lambda: sorted(runs) == ["one", "three"], "those that use it have run")


@pytest.mark.parametrize("cached", [True, False])
async def test_children_are_those_that_the_object_controls(api, space, cached):
    shop, seen = Capability("shop", namespaces=[space]), []
    chain = shop.when(a.ConfigMap).with_label("wants", "copy")
    chain = chain.owns(a.ConfigMap) if cached else chain

    @chain.reconcile
    async def copy(one: a.ConfigMap, ctx: Context[a.ConfigMap]) -> None:
        for number in range(2):
            await ctx.apply(a.ConfigMap(metadata={"name": f"{one.metadata.name}-{number}"}, data={"n": str(number)}))
        children = await ctx.children(a.ConfigMap)
        seen.append(sorted((child.metadata.name, child.data["n"], child.kind) for child in children))

    await api.create(CONFIGMAPS, wanting(space, "web"))
    await write(api, space, "not-ours", n="7")
    async with watching(api, shop):
        await until(lambda: seen, "it has run")
    assert seen[0] == [("web-0", "0", "ConfigMap"), ("web-1", "1", "ConfigMap")], "also what was written just now"


async def test_r14_of_what_is_owned_and_watched_the_metadata_alone_may_be_kept(api, space):
    shop, runs, seen = Capability("shop", namespaces=[space]), [], []
    chain = shop.when(a.ConfigMap).with_label("wants", "copy").owns(a.Secret, metadata_only=True)

    def user_of(account: a.ServiceAccount) -> str:
        seen.append((account.metadata.name, set(document(account))))
        return account.metadata.labels.get("for", "")

    @chain.watches(a.ServiceAccount, user_of, metadata_only=True).reconcile
    async def copy(one: a.ConfigMap, ctx: Context[a.ConfigMap]) -> None:
        await ctx.apply(a.Secret(metadata={"name": one.metadata.name}, data={"much": "eHh4" * 10_000}))
        (child,) = await ctx.children(a.Secret)
        runs.append(child.data["much"])

    await api.create(CONFIGMAPS, wanting(space, "web"))
    async with watching(api, shop) as watcher:
        (secrets,) = [one for one in watcher.informers if one.kind.plural == "secrets"]
        await until(lambda: runs, "it has run")
        assert len(runs[0]) == 40_000, "whoever asks for all of them is given that"
        first = (await api.get(kind_of(a.Secret), "web", space))["metadata"]["uid"]
        await api.delete(kind_of(a.Secret), "web", space)
        await until(lambda: (item := secrets.cache.get(Key(space, "web"))) and item.uid != first, "it is made again")
        assert len(secrets.cache.get(Key(space, "web")).raw) < 2_000
        await api.create(
            kind_of(a.ServiceAccount),
            {"metadata": {"name": "of-web", "labels": {"for": "web"}}, "secrets": [{"name": "x"}]},
            space,
        )
        await until(lambda: "of-web" in [name for name, _ in seen], "the function is asked")
        assert not [keys for _, keys in seen if "secrets" in keys]


def test_what_another_rule_wants_all_of_is_kept_once_and_whole():
    shop = Capability("shop", namespaces=["shop"])
    shop.when(a.ConfigMap).owns(a.Secret, metadata_only=True).reconcile(lambda one, ctx: None, name="one")
    shop.when(a.ConfigMap).owns(a.Secret).reconcile(lambda one, ctx: None, name="two")
    kept = [scope.projection for scope in watched(Module(shop).bindings) if scope.kind.plural == "secrets"]
    assert kept == [FULL]


async def test_c5_what_a_function_answers_that_names_nothing_is_told_as_that(api, space, capfd):
    shop, runs, lines = Capability("shop", namespaces=[space]), [], []
    answers = {"int": 5, "dict": {"name": "web"}, "bytes": b"web", "bool": True, "float": ["web", 5.0]}
    chain = shop.when(a.ConfigMap).with_name("web").watches(a.Secret, lambda one: answers[one.metadata.name])
    chain.reconcile(lambda one, ctx: runs.append(one.metadata.name))
    await write(api, space, "web")
    async with watching(api, shop):
        await until(lambda: runs, "it follows")
        for name in answers:
            await api.create(kind_of(a.Secret), {"metadata": {"name": name}}, space)

        async def told():
            lines.append(capfd.readouterr().out)
            return all(f"it answered a {name}," in "".join(lines).replace("an int", "a int") for name in answers)

        await finally_(told, "all are told")
    assert "which names nothing; it answers names, pairs of namespace and name" in "".join(lines)
    assert runs == ["web"], "nothing is reconciled for any of them, as it says"
