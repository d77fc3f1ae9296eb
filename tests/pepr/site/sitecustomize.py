"""Python runs this at the start of a process whose PYTHONPATH names this folder."""

from tests.pepr.site.hook import hook

hook()
