"""What rules often need beside requests: Pepr's ``sdk`` and ``PeprUtils``, in Python.

================================== ==============================================================================
Pepr                               here
================================== ==============================================================================
``containers(req, type)``          `containers`: also of whatever has a pod template
``getOwnerRefFrom(cr, b, c)``      `owner_reference`: one reference, for ``metadata.owner_references = [...]``
``writeEvent(cr, event, options)`` `write_event`, in events.k8s.io/v1; a dry run of the request is one of the event
``sanitizeResourceName(name)``     `sanitize_resource_name`
``isAscii(text)``                  ``text.isascii()``
``base64Encode(text)``             ``base64.b64encode(text.encode()).decode()``
``base64Decode(text)``             ``base64.b64decode(text).decode()``
``convertToBase64Map(obj, skip)``  nothing to call: assign to ``request.text[key]`` or ``request.bytes[key]``
``convertFromBase64Map(obj)``      ``dict(request.text)``; ``request.bytes`` for what is not text
``Log``                            `poblano.Log`
``metricsCollector``               `poblano.metrics`
================================== ==============================================================================
"""

from __future__ import annotations

from poblano.fluent.events import write_event
from poblano.names import sanitize_resource_name
from poblano.owners import owner_reference
from poblano.pods import containers

__all__ = ["containers", "owner_reference", "sanitize_resource_name", "write_event"]
