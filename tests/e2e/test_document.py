"""The API's document: it is valid, it is what is served, its examples are right, and its judge can say no."""
import json

import openapi_spec_validator
import pytest

from lib.client import Answer, parse
from lib.document import DOCUMENT, FILE, OF_NO_CALL, Document, NotInDocument

pytestmark = pytest.mark.short
NO_STORE = {"cache-control": "no-store"}
PROBLEM = {"type": "urn:kafka-sidecar:problem:NOT_ASSIGNED", "title": "t", "status": 409, "detail": "d",
           "code": "NOT_ASSIGNED", "kafka_error": None, "retriable": False}


def test_the_document_is_valid():
    openapi_spec_validator.validate(DOCUMENT.content)


def test_no_member_comes_twice():
    parse(FILE.read_text())


def test_every_reference_names_something():
    def walk(one):
        if isinstance(one, dict):
            if "$ref" in one:
                assert DOCUMENT.resolve(one)
            for member in one.values():
                walk(member)
        elif isinstance(one, list):
            for item in one:
                walk(item)
    walk(DOCUMENT.content)


def test_every_component_is_used():
    text = FILE.read_text()
    for kind in ("parameters", "headers", "responses", "schemas"):
        for name in DOCUMENT.components[kind].keys() - OF_NO_CALL.keys():
            assert f'"#/components/{kind}/{name}"' in text, f"{kind}/{name} is for nothing"


def test_the_program_serves_the_document(sidecar):
    answer = sidecar.http.get("/openapi.json")
    assert answer.status == 200 and answer.body == FILE.read_bytes()


def examples():
    """(where, schema, example) of everything that has one."""
    for operation in DOCUMENT.operations:
        for status, response in DOCUMENT.responses(operation).items():
            for media, content in response.get("content", {}).items():
                if "example" in content:
                    yield f"{operation} {status} {media}", content, content["example"]
        body = DOCUMENT.content["paths"][operation.path][operation.method.lower()].get("requestBody", {})
        for media, content in body.get("content", {}).items():
            if "example" in content:
                yield f"{operation} body", content, content["example"]


def test_every_example_is_as_its_schema_says():
    for where, content, example in examples():
        if "x-itemSchema" in content:
            for line in example.splitlines():
                assert DOCUMENT.misfit(content["x-itemSchema"], json.loads(line)) is None, where
        else:
            assert DOCUMENT.misfit(content["schema"], example) is None, where


def answer(status=200, body=None, media="application/json", headers=NO_STORE):
    return Answer(status, {"content-type": media, **headers}, json.dumps(body).encode())


WRONG = {
    "a status that is not there": ("GET", "/v1/paused", answer(418, {})),
    "a media type that is not there": ("GET", "/v1/paused", answer(200, {"partitions": []}, "text/html")),
    "a member too many": ("GET", "/v1/paused", answer(200, {"partitions": [], "more": 1})),
    "a member too few": ("GET", "/v1/paused", answer(200, {})),
    "a number below its bound": ("GET", "/v1/paused", answer(200, {"partitions": [{"topic": "t", "partition": -1}]})),
    "a header that is not there": ("GET", "/v1/paused", answer(200, {"partitions": []}, headers={**NO_STORE, "x-y": "z"})),
    "an answer that may be cached": ("GET", "/v1/paused", answer(200, {"partitions": []}, headers={})),
    "a code of another call": ("POST", "/v1/commit", answer(409, {**PROBLEM, "code": "NO_OFFSET"},
                                                            "application/problem+json")),
    "a status in the body that differs": ("POST", "/v1/pause", answer(409, {**PROBLEM, "status": 404},
                                                                      "application/problem+json")),
    "503 without Retry-After": ("GET", "/v1/paused", answer(503, {**PROBLEM, "status": 503, "code": "SHUTTING_DOWN"},
                                                            "application/problem+json")),
    "a path that is none": ("GET", "/v1/nothing", answer(200, {})),
    "a method that is none": ("BREW", "/v1/paused", answer(200, {"partitions": []})),
    "a record without a key": ("GET", "/v1/poll", answer(200, {"records": [{
        "topic": "t", "partition": 0, "offset": 0, "timestamp": 0, "timestamp_type": 0, "leader_epoch": 0, "value": None,
        "headers": [], "serialized_key_size": 0, "serialized_value_size": 0}], "next_offsets": [], "rebalance": None})),
    "a line that is no record": ("GET", "/v1/poll", Answer(200, {"content-type": "application/x-ndjson", **NO_STORE},
                                                           b'{"records":[]}\n')),
}


@pytest.mark.parametrize("name", WRONG)
def test_an_answer_that_is_not_in_the_document_is_refused(name):
    judge = Document(FILE.read_text())
    method, target, wrong = WRONG[name]
    with pytest.raises(NotInDocument):
        judge.check("api", method, target, wrong)
    assert judge.complaints


def test_a_good_answer_is_noted():
    judge = Document(FILE.read_text())
    judge.check("api", "GET", "/v1/paused?", answer(200, {"partitions": [{"topic": "t", "partition": 1}]}))
    judge.check("api", "POST", "/v1/pause", answer(409, PROBLEM, "application/problem+json"))
    assert judge.seen == {"GET /v1/paused 200 application/json", "POST /v1/pause 409 application/problem+json",
                          "409 NOT_ASSIGNED"}
    assert judge.seen <= judge.rows()
