"""Poblano measured beside its peers on this machine, in one run: `python -m benchmarks` (or `make bench`).

Start reading at `__main__.py`; docs/benchmarks.md says how to run it and how to read what it prints.
"""
