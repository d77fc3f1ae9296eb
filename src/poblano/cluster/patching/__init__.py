"""The kinds of patch of the API server, each a pure function from a document and a patch to a new document."""
