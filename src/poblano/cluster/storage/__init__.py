"""The storage engine: one revision counter, every object, and the log of what happened to them.

`engine` holds it all in memory and is the only thing that the rest of the cluster speaks to. What is to outlive the process
goes through a `journal`: none, or SQLite in a directory.
"""
