"""A small Kubernetes API in process: good enough that kubectl, and the framework, cannot tell for what they do.

It imports nothing of poblano but `poblano.core` and `poblano.models`.
"""
