"""The Helm chart of a module: templates, values and their schema, all from the trees that the manifests are made from."""
