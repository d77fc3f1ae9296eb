"""What goes on by itself in a cluster, and a stand-in for the nodes.

Always: namespaces end, dependents of what is gone are deleted, custom kinds come into force.
On request: workloads make Pods, and Pods run, without anything being started.
"""
