"""What `tools/generate_models.py` is made of: from the OpenAPI documents of Kubernetes to `src/poblano/models`.

`specification` reads the documents, `names` spells, `prose` shortens descriptions, `shapes` turns a schema into the type
of a field, `classes` and `index` write the modules.
"""
