"""In which form a client wants its answer, from its Accept header.

Source: k8s.io/apiserver/pkg/endpoints/handlers/negotiation
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Literal

from poblano.cluster.status import not_acceptable

Form = Literal["object", "table", "partial"]
Media = Literal["json", "yaml"]

_MEDIA: Final[dict[str, Media]] = {"application/json": "json", "application/yaml": "yaml"}
_CONVERSIONS: Final[dict[str, Form]] = {
    "Table": "table",
    "PartialObjectMetadata": "partial",
    "PartialObjectMetadataList": "partial",
}
AVAILABLE: Final = (
    "application/json",
    "application/yaml",
    "application/vnd.kubernetes.protobuf",
    "application/json;stream=watch",
    "application/vnd.kubernetes.protobuf;stream=watch",
)


@dataclass(frozen=True, slots=True)
class Answer:
    """How to answer.

    Args:
        media: JSON or YAML.
        form: the object itself, a table of it, or its metadata alone.
        version: of the table or metadata that is asked for: "v1" or "v1beta1".
    """

    media: Media = "json"
    form: Form = "object"
    version: str = "v1"


@dataclass(frozen=True, slots=True)
class Offer:
    """One entry of an Accept header."""

    media: str
    parameters: dict[str, str]
    quality: float


@lru_cache(maxsize=256)
def offers(accept: str) -> tuple[Offer, ...]:
    """The entries of an Accept header, the best first.

    >>> [offer.media for offer in offers("text/plain;q=0.5, application/json;as=Table")]
    ['application/json', 'text/plain']
    """
    found = [_offer(entry) for entry in (accept or "*/*").split(",") if entry.strip()]
    return tuple(sorted(found, key=lambda offer: (-offer.quality, offer.media.count("*"))))


def _offer(entry: str) -> Offer:
    media, *rest = (part.strip() for part in entry.split(";"))
    parameters = dict(_pair(part) for part in rest if part)
    return Offer(media, parameters, _quality(parameters.pop("q", "1")))


def _pair(part: str) -> tuple[str, str]:
    name, _, value = part.partition("=")
    return name.strip(), value.strip().strip('"')


def _quality(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 1.0


@lru_cache(maxsize=256)
def negotiate(accept: str) -> Answer:
    """The first form that the client accepts and we speak.

    >>> negotiate("application/json;as=Table;v=v1;g=meta.k8s.io,application/json").form
    'table'

    Raises:
        StatusError: 406, there is none.
    """
    for offer in offers(accept):
        media = "json" if offer.media in ("*/*", "application/*") else _MEDIA.get(offer.media)
        if media is None:
            continue
        wanted = offer.parameters.get("as")
        if wanted is None:
            return Answer(media)
        form = _CONVERSIONS.get(wanted)
        known = offer.parameters.get("g") == "meta.k8s.io" and offer.parameters.get("v") in ("v1", "v1beta1")
        if form is not None and known:
            return Answer(media, form, offer.parameters["v"])
    raise not_acceptable(AVAILABLE)
