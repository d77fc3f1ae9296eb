"""The kind WebApp. `poblano crd` makes its CustomResourceDefinition from these classes; `poblano dev` also applies it."""

from __future__ import annotations

from typing import Literal

from poblano import Resource, Struct, field
from poblano.models.meta_v1 import Condition


class WebAppSpec(Struct):
    """What is wanted."""

    theme: Literal["dark", "light"] = field(description="How the page looks.")
    language: Literal["de", "en", "es"] = field(default="en", description="What the page is written in.")
    replicas: int = field(default=1, minimum=1, maximum=7, description="How many Pods serve it.")


class WebAppStatus(Struct):
    """What is there; written by the operator."""

    url: str | None = field(description="Where the page is, within the cluster.")
    ready_replicas: int = field(default=0, description="How many Pods serve the newest page.")
    observed_generation: int | None = field(description="The generation of the spec that this is about.")
    conditions: list[Condition]


class WebApp(
    Resource,
    group="examples.poblano.dev",
    version="v1alpha1",
    plural="webapps",
    short_names=["wa"],
    columns={
        "Theme": ".spec.theme",
        "Language": ".spec.language",
        "Replicas": ".spec.replicas",
        "Ready": '.status.conditions[?(@.type=="Ready")].status',
        "Age": ".metadata.creationTimestamp",
    },
):
    """A page in a theme and a language, served by some Pods."""

    spec: WebAppSpec
    status: WebAppStatus = field(init=False)
