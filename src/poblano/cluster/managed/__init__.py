"""managedFields and server-side apply: who owns which field, and what an apply may change.

Pure functions over documents; the same as structured-merge-diff v6 does them in the API server.
"""

from poblano.cluster.managed.admission import checked_after_admission
from poblano.cluster.managed.applying import apply
from poblano.cluster.managed.resets import reset_fields
from poblano.cluster.managed.scale import parent_entries, scale_entries
from poblano.cluster.managed.tracking import track_update

__all__ = ["apply", "checked_after_admission", "parent_entries", "reset_fields", "scale_entries", "track_update"]
