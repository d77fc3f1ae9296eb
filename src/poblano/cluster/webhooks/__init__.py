"""Admission webhooks: Mutating- and ValidatingWebhookConfigurations, honoured over TLS.

`Webhooks` is the chain; `configuration` what is registered; `matching` who is asked; `review` what is sent;
`calling` how; `answer` what came back; `patched` what it makes of the object.
"""

from __future__ import annotations

from poblano.cluster.webhooks.chain import Webhooks
from poblano.cluster.webhooks.warnings import warning_headers

__all__ = ["Webhooks", "warning_headers"]
