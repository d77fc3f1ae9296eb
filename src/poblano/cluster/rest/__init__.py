"""The verbs: what an API server does with a request, from its path to its answer.

`url` says what is asked, `options` how, `negotiation` in which form; a file for each verb does it; `api` puts them together.
"""
