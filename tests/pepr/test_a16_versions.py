"""A16: Pepr says that it takes v1beta1, and answers v1 always."""

from __future__ import annotations

import json

import pytest

from poblano import a, document
from poblano.core.review import VERSIONS, read, write
from tests.core.driving import drive, pipeline, review, shop


@pytest.mark.parametrize("version", VERSIONS)
def test_a16_a_review_is_answered_in_its_own_version(version: str):
    rules = shop()
    rules.when(a.Pod).is_created().mutate(lambda pod: document(pod.raw).update(x=1))
    body = review().replace(VERSIONS[0].encode(), version.encode())
    found = json.loads(write(drive(pipeline(rules), body).answer(), read(body).api_version))

    assert (found["apiVersion"], found["kind"]) == (version, "AdmissionReview")
    assert found["response"]["uid"] == "u-1"
