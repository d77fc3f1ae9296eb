"""From bytes to a document, with the complaints of the real server's decoders.

`decode` reads JSON and YAML; `type_errors` and `check_fields` hold a document to the schema of its kind.
"""

from __future__ import annotations

from poblano.cluster.decoding.fields import check_fields
from poblano.cluster.decoding.go_types import type_errors
from poblano.cluster.decoding.objects import read_object
from poblano.cluster.decoding.reading import Undecodable, decode, unreadable
from poblano.cluster.decoding.unknown import drop_unknown

__all__ = ["Undecodable", "check_fields", "decode", "drop_unknown", "read_object", "type_errors", "unreadable"]
