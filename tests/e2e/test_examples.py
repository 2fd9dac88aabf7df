"""The examples in the API's document are what the program answers: the same members, and the same values where they do
not depend on the day."""
import json

import pytest

from lib import produce
from lib.document import DOCUMENT, media_type
from lib.wait import eventually

TOPIC = "orders"
BASE_MS = 1_767_225_600_000
OF_THE_DAY = {"leader_epoch", "topic_id"}
NDJSON = {"Accept": "application/x-ndjson"}


@pytest.fixture
def orders(kafka, start_sidecar):
    """A sidecar beside three orders, all prefetched."""
    topic = kafka.create_topic()
    for number, (customer, quantity) in enumerate([("c-17", 2), ("c-4", 1), ("c-17", 5)]):
        produce.produce(kafka.bootstrap, topic, [b'{"quantity":%d}' % quantity], key=customer.encode(),
                        headers=[("trace", b"%04x" % number)], timestamp=BASE_MS + 1000 * number)
    sidecar = start_sidecar(kafka.bootstrap, topic).wait_ready()
    eventually(lambda: len(sidecar.poll(update_offsets=False)) == 3)
    sidecar.topic = topic
    return sidecar


# method, path, body, headers; in the order in which they are made. A body is an example too.
ONE = {"topic": TOPIC, "partition": 0}
CALLS = [
    ("GET", "/v1/poll?max_records=2", None, {}),
    ("GET", "/v1/poll?update_offsets=false", None, NDJSON),
    ("GET", "/v1/position", None, {}),
    ("POST", "/v1/commit", {"offsets": [{**ONE, "offset": 2}]}, {}),
    ("GET", "/v1/committed", None, {}),
    ("POST", "/v1/seek", {"partitions": [{**ONE, "offset": {"timestamp": BASE_MS + 1000}}]}, {}),
    ("POST", "/v1/pause", {"partitions": [ONE]}, {}),
    ("GET", "/v1/paused", None, {}),
    ("POST", "/v1/resume", {"partitions": [ONE]}, {}),
    ("GET", f"/v1/offsets/beginning?tp={TOPIC}:0", None, {}),
    ("GET", f"/v1/offsets/end?tp={TOPIC}:0", None, {}),
    ("POST", "/v1/offsets/for-times", {"timestamps": [{**ONE, "timestamp": BASE_MS + 1500}]}, {}),
    ("GET", f"/v1/topics/{TOPIC}", None, {}),
    ("GET", "/v1/subscription", None, {}),
    ("GET", "/v1/assignment", None, {}),
    ("GET", "/v1/poll?timeout_ms=soon", None, {}),
    ("POST", "/v1/seek", {"to": "sideways"}, {}),
    ("POST", "/v1/pause", {"partitions": [{**ONE, "partition": 7}]}, {}),
    ("GET", "/v1/topics/oders", None, {}),
    ("DELETE", "/v1/assignment", None, {}),
    ("GET", "/v1/nothing", None, {}),
]


def parsed(media, text):
    return [json.loads(line) for line in text.splitlines()] if media == "application/x-ndjson" else json.loads(text)


def ask(sidecar, method, path, body, headers):
    """The media type, status and content of an answer, with the example's name of the topic."""
    text = json.dumps(body).replace(TOPIC, sidecar.topic) if body else None
    answer = sidecar.http.call(method, path.replace(TOPIC, sidecar.topic), text, headers)
    return media_type(answer.headers), answer.status, answer.body.decode().replace(sidecar.topic, TOPIC)


def example_of(method, path, status, media):
    """The example that the document has; None: it has none."""
    class Asked:
        content = b""
    Asked.status = status
    _, responses = DOCUMENT.expected("api", method, path, Asked)
    return responses[status]["content"][media].get("example")


def alike(example, real, where="answer"):
    """Fails where an example is not as the real answer, but for what differs from day to day."""
    assert type(example) is type(real), where
    if isinstance(example, dict):
        assert list(example) == list(real), where
        for name in example:
            if name not in OF_THE_DAY:
                alike(example[name], real[name], f"{where}.{name}")
    elif isinstance(example, list):
        assert len(example) == len(real), where
        for number, (one, other) in enumerate(zip(example, real)):
            alike(one, other, f"{where}[{number}]")
    else:
        assert example == real, where


def test_the_examples_are_what_the_program_answers(orders):
    compared = 0
    for call in CALLS:
        media, status, text = ask(orders, *call)
        example = example_of(call[0], call[1], status, media)
        assert example is not None, f"{call}: no example; it answers {text}"
        alike(parsed(media, example) if isinstance(example, str) else example, parsed(media, text), f"{call[0]} {call[1]}")
        compared += 1
    assert compared == len(CALLS)


@pytest.mark.short
def test_browsers_get_a_page_and_programs_an_index(sidecar):
    page = sidecar.http.call("GET", "/", headers={"Accept": "text/html"})
    assert page.status == 200 and media_type(page.headers) == "text/html"
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert sidecar.http.call("GET", "/", headers={"Accept": "application/json"}).ok()


def test_the_bodies_of_the_examples_are_those_that_were_sent():
    sent = [body for _, _, body, _ in CALLS if body]
    for operation in DOCUMENT.operations:
        item = DOCUMENT.content["paths"][operation.path][operation.method.lower()]
        for content in item.get("requestBody", {}).get("content", {}).values():
            if "example" in content:
                assert content["example"] in sent, operation
