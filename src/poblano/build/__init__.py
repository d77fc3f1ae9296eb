"""From a module to what a cluster is given: bindings become one plan, the plan one list of objects, and writers put those
down as manifests, a Kustomize base, a Helm chart or a Zarf package.
"""
