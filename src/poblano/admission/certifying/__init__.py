"""The certificates of a module's webhooks in a cluster: who makes them, whom API servers are told to trust, what a pod serves.

Every replica follows the Secret and the two webhook configurations, and serves what they say (``replica``). The one that holds
the Lease ``poblano-<uuid>-certificates`` does the work (``leader``): it carries out what `poblano.core.certificates` says next,
publishes whom to trust, and puts the real failure policies in once it is ready itself. Both are run by ``running``.

Beside these: ``bundles`` reads PEM, ``secret`` is what is in the Secret, ``configurations`` what is in the webhook
configurations, ``sources`` is who makes the certificates: this module, or others into files; ``chains`` is what clients
believe, ``tended`` begins anew what has ended.

What the account of the pods needs, by name each: get and update of the Lease (and create of Leases); get, list, watch and patch
of the Secret, where the module makes its own; get, list, watch and patch of the two configurations.
"""
