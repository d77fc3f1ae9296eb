"""Hello: every way of changing and judging an object, and of being told of it, in one file.

The rules apply to the namespaces poblano-demo and poblano-demo-2. See what they do to the samples,
in a small cluster that lives as long as the command:

    poblano demo

or work with such a cluster, and save this file to see the next request meet the new rules:

    poblano dev
    kubectl apply -f hello.samples.yaml
"""

from __future__ import annotations

import json

from poblano import (
    Capability,
    Decision,
    K8s,
    Log,
    Module,
    MutateRequest,
    Phase,
    Resource,
    Struct,
    Uses,
    ValidateRequest,
    a,
    field,
)

hello = Capability(
    "hello",
    description="A simple example capability to show how things work.",
    namespaces=["poblano-demo", "poblano-demo-2"],
)


# 1. A lambda is enough for a small change. When a namespace is created, take a label off it.
#    `alias` names the rule in messages and logs; a function brings its own name.
hello.when(a.Namespace).is_created().alias("tidy-namespace").mutate(lambda ns: ns.remove_label("remove-me"))


# A watch is told what has happened: here it answers with an object of its own, by server-side apply. What it has applied
# before, and is as it was, is not written again. And it notes something in the store of the capability, which all
# processes of the module share: `set_item` is sent with the next batch, 5 s later at the most. What an action calls the API
# server for, beside what its rule is about, it says in `uses`: the module's account may do that, and nothing else.
@(
    hello.when(a.Namespace)
    .is_created()
    .with_name("poblano-demo-2")
    .watch(uses=[Uses(a.ConfigMap, "create", "patch", names=["poblano-ssa-demo"])])
)
async def welcome(ns: a.Namespace, phase: Phase) -> None:
    """Put a ConfigMap into a new namespace."""
    await K8s(a.ConfigMap).apply(
        a.ConfigMap(
            metadata={"name": "poblano-ssa-demo", "namespace": "poblano-demo-2"},
            data={"ns-uid": ns.metadata.uid},
        )
    )
    hello.store.set_item("watch-data", "This data was stored by a watch action")


# 2. A function with a name reads better, and a unit test can call it: see tests/test_hello.py.
#    The helpers return the request, so they chain.
@hello.when(a.ConfigMap).is_created().with_name("example-1").mutate
def mark_example_1(cm: MutateRequest[a.ConfigMap]) -> None:
    """Put a label and an annotation on one ConfigMap, and note it in the store, where every replica can read it."""
    cm.set_label("poblano", "was-here").set_annotation("poblano.dev/note", "annotations-work-too")
    hello.store.set_item("example-1", "was-here")
    hello.store.set_item("example-1-data", json.dumps(dict(cm.raw.data)))


# 3. Several actions on one chain: the object is changed first, judged as it would be stored, and told of once it is.
(
    hello.when(a.ConfigMap)
    .is_created()
    .with_name("example-2")
    .alias("mark-example-2")
    .mutate(
        lambda cm: cm.merge(
            {
                "metadata": {
                    "labels": {"poblano": "was-here"},
                    "annotations": {"poblano.dev/note": "annotations-work-too"},
                }
            }
        )
    )
    .validate(lambda cm: cm.approve() if cm.has_label("poblano") else cm.deny("ConfigMap must have label 'poblano'"))
    .watch(lambda cm, phase: Log.info(cm, "a ConfigMap with the label poblano is there", phase=phase))
)


# 4. A judgement on every ConfigMap. The message and the code reach whoever ran kubectl.
@hello.when(a.ConfigMap).is_created().validate
def no_evil(cm: ValidateRequest[a.ConfigMap]) -> Decision:
    """Refuse a ConfigMap that says it is evil."""
    if cm.has_annotation("evil"):
        return cm.deny("No evil CM annotations allowed.", 400)
    return cm.approve()


# 5. Filters by label, and who asks. An action may be async: it may then wait for something without holding up others.
@hello.when(a.ConfigMap).is_created_or_updated().with_label("change", "by-label").mutate
async def note_who_changed_it(cm: MutateRequest[a.ConfigMap]) -> None:
    """Write into the ConfigMap who made or changed it."""
    user = cm.request.user_info
    cm.raw.data["username"] = user.username
    cm.raw.data["uid"] = user.uid
    cm.set_annotation("poblano.dev/note", "making-waves")


# 6. Deletion can be judged as well; `raw` is what is about to go.
@hello.when(a.ConfigMap).is_deleted().with_label("change", "by-label").validate
async def farewell(cm: ValidateRequest[a.ConfigMap]) -> Decision:
    """Log that a ConfigMap goes, and let it."""
    Log.info(cm, "a ConfigMap with the label change=by-label is deleted")
    return cm.approve()


# 7. One function for two rules; the second one needs a name of its own.
def three_labels(cm: MutateRequest[a.ConfigMap]) -> None:
    """Put three labels on a ConfigMap."""
    cm.set_label("poblano.dev/first", "true").set_label("poblano.dev/second", "true").set_label(
        "poblano.dev/third", "true"
    )


hello.when(a.ConfigMap).is_created().with_name("example-4").mutate(three_labels)


# 8. The same in one of the capability's namespaces only.
(
    hello.when(a.ConfigMap)
    .is_created()
    .in_namespace("poblano-demo-2")
    .with_name("example-4a")
    .alias("three-labels-in-demo-2")
    .mutate(three_labels)
)


# 9. A label with any value: the filter asks for its presence alone. The watch keeps the joke in the store before it tells
#    it: what an awaited write returned from is at the API server. It hears of its own change as well, applies the same once
#    more, and that is the end of it: nothing has changed then.
JOKES = (
    "Chuck Norris does not roll back. Clusters roll forward.",
    "Chuck Norris's Pods are never evicted. Nodes are.",
    "Chuck Norris needs no requeue: the world reconciles with him.",
)


def joke_for(name: str) -> str:
    """The same for the same name."""
    return JOKES[sum(name.encode()) % len(JOKES)]


async def tell_a_joke(cm: a.ConfigMap, phase: Phase) -> None:
    """Put a joke into the data of a ConfigMap; its other data are left to their owners."""
    name, namespace = cm.metadata.name, cm.metadata.namespace
    if name not in hello.store:
        await hello.store.set(name, joke_for(name))
    await K8s(a.ConfigMap).apply(
        a.ConfigMap(metadata={"name": name, "namespace": namespace}, data={"chuck-says": hello.store[name]})
    )


(
    hello.when(a.ConfigMap)
    .is_created_or_updated()
    .with_label("chuck-norris")
    .alias("got-jokes")
    .mutate(lambda cm: cm.set_label("got-jokes", "true"))
    .watch(uses=[Uses(a.ConfigMap, "patch", namespaces=["poblano-demo", "poblano-demo-2"])])(tell_a_joke)
)


# 10. The data of a Secret, as text. What is not touched keeps the very bytes it came with.
@hello.when(a.Secret).is_created().with_name("secret-1").mutate
def magic(secret: MutateRequest[a.Secret]) -> None:
    """Add a value to a Secret and append to another; both are stored in base64, as Kubernetes wants it."""
    secret.text["magic"] = "change-without-encoding"
    secret.text["example"] += " - modified by Poblano"


# 11. A kind that Poblano has no class for.
@(
    hello.when(a.GenericKind, group="poblano.dev", version="v1", kind="Unicorn", plural="unicorns")
    .is_created()
    .with_name("example-1")
    .mutate
)
def untyped_unicorn(unicorn: MutateRequest[a.GenericKind]) -> None:
    """Change an object of any kind by its keys."""
    unicorn.merge({"spec": {"message": "Hello Poblano without type data!", "counter": 1}})


# 12. The same kind with a class of its own: the editor completes its fields, the type checker knows them, and the API
#     server is told to serve it: `poblano crd` prints what `poblano dev` applies.
class UnicornSpec(Struct):
    """What a unicorn is asked to be."""

    message: str | None = field(description="What it says.")
    counter: int | None = field(minimum=0, description="How often.")


class Unicorn(Resource, group="poblano.dev", version="v1", plural="unicorns"):
    """A kind of our own."""

    spec: UnicornSpec


@hello.when(Unicorn).is_created().with_name("example-2").mutate
def typed_unicorn(unicorn: MutateRequest[Unicorn]) -> None:
    """Change an object of our own kind by its fields."""
    unicorn.raw.spec.message = "Hello Poblano with type data!"
    unicorn.raw.spec.counter = 2


# 13. Called once what was kept before is known.
hello.store.on_ready(lambda: Log.info("what is in the store is known", keys=sorted(hello.store)))


module = Module(hello)
