"""A client's mistakes: 4xx problem documents that name what is wrong, and nothing is consumed by them."""
import json

import pytest

from lib import produce
from lib.records import values
from lib.sidecar import Sidecar

BEYOND = "9223372036854775808"  # the first number that is no int64

# method, path, body, status, code, words of the detail. TOPIC stands for the subscribed topic.
CASES = [
    ("GET", "/v1/poll?timeout_ms=abc", None, 400, "INVALID_ARGUMENT", "timeout_ms"),
    ("GET", "/v1/poll?timeout_ms=", None, 400, "INVALID_ARGUMENT", "timeout_ms"),
    ("GET", "/v1/poll?timeout_ms=-1", None, 400, "INVALID_ARGUMENT", "timeout_ms"),
    ("GET", f"/v1/poll?timeout_ms={BEYOND}", None, 400, "INVALID_ARGUMENT", "timeout_ms"),
    ("GET", "/v1/poll?max_records=0", None, 400, "INVALID_ARGUMENT", "max_records"),
    ("GET", "/v1/poll?max_records=1.5", None, 400, "INVALID_ARGUMENT", "max_records"),
    ("GET", "/v1/poll?max_bytes=-1", None, 400, "INVALID_ARGUMENT", "max_bytes"),
    ("GET", "/v1/poll?max_bytes=1k", None, 400, "INVALID_ARGUMENT", "max_bytes"),
    ("GET", "/v1/poll?key_format=xml", None, 400, "INVALID_ARGUMENT", "key_format"),
    ("GET", "/v1/poll?value_format=XML", None, 400, "INVALID_ARGUMENT", "value_format"),
    ("GET", "/v1/poll?update_offsets=maybe", None, 400, "INVALID_ARGUMENT", "update_offsets"),
    ("GET", "/v1/poll?commit=perhaps", None, 400, "INVALID_ARGUMENT", "commit"),
    ("GET", "/v1/poll?timeout=5", None, 400, "UNKNOWN_PARAMETER", "timeout"),
    ("GET", "/v1/status?verbose=true", None, 400, "UNKNOWN_PARAMETER", "verbose"),
    ("GET", "/v1/committed?tp=nonsense", None, 400, "INVALID_ARGUMENT", "tp"),
    ("GET", "/v1/committed?tp=TOPIC:x", None, 400, "INVALID_ARGUMENT", "tp"),
    ("GET", "/v1/committed?tp=TOPIC:-1", None, 400, "INVALID_ARGUMENT", "tp"),
    ("GET", "/v1/committed?tp=TOPIC:2147483648", None, 400, "INVALID_ARGUMENT", "tp"),
    ("GET", "/v1/committed?topic=TOPIC&partition=x", None, 400, "INVALID_ARGUMENT", "partition"),
    ("POST", "/v1/seek", None, 400, None, ""),
    ("POST", "/v1/seek", "{", 400, "INVALID_JSON", ""),
    ("POST", "/v1/seek", "", 400, None, ""),
    ("POST", "/v1/seek", "[]", 400, "INVALID_ARGUMENT", ""),
    ("POST", "/v1/seek", "{}", 400, "INVALID_ARGUMENT", ""),
    ("POST", "/v1/seek", b'{"to":"\xff"}', 400, "INVALID_JSON", ""),
    ("POST", "/v1/seek", "[" * 100000, 400, "INVALID_JSON", ""),
    ("POST", "/v1/seek", {"to": "sideways"}, 400, "INVALID_ARGUMENT", "to"),
    ("POST", "/v1/seek", {"to": "end", "fro": 1}, 400, None, "fro"),
    ("POST", "/v1/seek", {"partitions": 5}, 400, "INVALID_ARGUMENT", "partitions"),
    ("POST", "/v1/seek", {"partitions": [5]}, 400, "INVALID_ARGUMENT", "partitions"),
    ("POST", "/v1/seek", {"partitions": [{"topic": "TOPIC", "offset": 1}]}, 400, "INVALID_ARGUMENT", "partition"),
    ("POST", "/v1/seek", {"partitions": [{"partition": 0, "offset": 1}]}, 400, "INVALID_ARGUMENT", "topic"),
    ("POST", "/v1/seek", {"partitions": [{"topic": "TOPIC", "partition": 0}]}, 400, "INVALID_ARGUMENT", "offset"),
    ("POST", "/v1/seek", {"partitions": [{"topic": "TOPIC", "partition": "0", "offset": 1}]}, 400,
     "INVALID_ARGUMENT", "partition"),
    ("POST", "/v1/seek", {"partitions": [{"topic": 7, "partition": 0, "offset": 1}]}, 400, "INVALID_ARGUMENT", "topic"),
    ("POST", "/v1/seek", {"partitions": [{"topic": "TOPIC", "partition": 0, "offset": -1}]}, 400,
     "INVALID_ARGUMENT", "offset"),
    ("POST", "/v1/seek", '{"partitions":[{"topic":"TOPIC","partition":0,"offset":%s}]}' % BEYOND, 400,
     "INVALID_ARGUMENT", "offset"),
    ("POST", "/v1/seek", '{"partitions":[{"topic":"TOPIC","partition":0,"offset":1.5}]}', 400,
     "INVALID_ARGUMENT", "offset"),
    ("POST", "/v1/seek", {"partitions": [{"topic": "TOPIC", "partition": 0, "offset": "middle"}]}, 400,
     "INVALID_ARGUMENT", "offset"),
    ("POST", "/v1/seek", {"partitions": [{"topic": "TOPIC", "partition": 0, "offset": {"timestamp": "now"}}]}, 400,
     "INVALID_ARGUMENT", "timestamp"),
    ("POST", "/v1/seek", {"partitions": [{"topic": "TOPIC", "partition": 0, "offset": 1, "color": 2}]}, 400, None,
     "color"),
    ("POST", "/v1/seek?tp=TOPIC:0&offset=x", None, 400, "INVALID_ARGUMENT", "offset"),
    ("POST", f"/v1/seek?tp=TOPIC:0&offset={BEYOND}", None, 400, "INVALID_ARGUMENT", "offset"),
    ("POST", "/v1/seek?tp=TOPIC:0&offset=1", {"to": "end"}, 400, None, ""),
    ("POST", "/v1/seek", {"partitions": [{"topic": "TOPIC", "partition": 7, "offset": 1}]}, 409, "NOT_ASSIGNED", ""),
    ("POST", "/v1/commit", "nonsense", 400, "INVALID_JSON", ""),
    ("POST", "/v1/commit", {"offset": []}, 400, None, "offset"),
    ("POST", "/v1/commit", {"offsets": {}}, 400, "INVALID_ARGUMENT", "offsets"),
    ("POST", "/v1/commit", {"offsets": [{"topic": "TOPIC", "partition": 0}]}, 400, "INVALID_ARGUMENT", "offset"),
    ("POST", "/v1/commit", {"offsets": [{"topic": "TOPIC", "partition": 0, "offset": -5}]}, 400,
     "INVALID_ARGUMENT", "offset"),
    ("POST", "/v1/commit", '{"offsets":[{"topic":"TOPIC","partition":0,"offset":%s}]}' % BEYOND, 400,
     "INVALID_ARGUMENT", "offset"),
    ("POST", "/v1/commit", {"offsets": [{"topic": "TOPIC", "partition": 0, "offset": 1, "metadata": 5}]}, 400,
     "INVALID_ARGUMENT", "metadata"),
    ("POST", "/v1/pause", {"partitions": [{"topic": "TOPIC", "partition": 9}]}, 409, "NOT_ASSIGNED", ""),
    ("POST", "/v1/pause", {"partition": []}, 400, None, "partition"),
    ("POST", "/v1/resume?tp=TOPIC", None, 400, "INVALID_ARGUMENT", "tp"),
    ("PUT", "/v1/subscription", {}, 400, None, ""),
    ("PUT", "/v1/subscription", {"topics": ["a"], "pattern": "a.*"}, 400, None, ""),
    ("PUT", "/v1/subscription", {"topics": "a"}, 400, "INVALID_ARGUMENT", "topics"),
    ("PUT", "/v1/subscription", {"topics": [1]}, 400, "INVALID_ARGUMENT", "topics"),
    ("PUT", "/v1/subscription", None, 400, None, ""),
    ("PUT", "/v1/assignment", {"partitions": [{"topic": "TOPIC", "partition": 0}]}, 409, "SUBSCRIPTION_CONFLICT", ""),
    ("GET", "/v1/topics/no-such-topic", None, 404, "NO_SUCH_TOPIC", "no-such-topic"),
    ("GET", "/v1/nothing", None, 404, None, ""),
    ("GET", "/v1/poll/", None, 404, None, ""),
    ("GET", "/v2/poll", None, 404, None, ""),
    ("DELETE", "/v1/poll", None, 405, None, ""),
    ("POST", "/v1/status", None, 405, None, ""),
    ("GET", "/v1/commit", None, 405, None, ""),
]


@pytest.fixture(scope="module")
def consumer(kafka, binary, tmp_path_factory):
    """One sidecar for all cases, with five records waiting."""
    topic = kafka.create_topic()
    produce.produce(kafka.bootstrap, topic, produce.numbered(0, 5))
    sidecar = Sidecar(binary, tmp_path_factory.mktemp("bad"), kafka.bootstrap, "g-bad-input", [topic],
                      settings={"http.max.body.bytes": 200000})
    sidecar.topic = topic
    yield sidecar.wait_ready()
    sidecar.close()


@pytest.mark.parametrize("method, path, body, status, code, word", CASES,
                         ids=[f"{case[0]} {case[1][:60]} {str(case[2])[:70]}" for case in CASES])
def test_a_mistake_is_named_and_takes_no_records(consumer, method, path, body, status, code, word):
    """pitfall 110: the request is validated before anything is taken"""
    if isinstance(body, (dict, list)):
        body = json.dumps(body)
    if isinstance(body, str):
        body = body.replace("TOPIC", consumer.topic)
    answer = consumer.http.call(method, path.replace("TOPIC", consumer.topic), body)
    answer.problem(status, code, word)
    if status == 405:
        assert answer.headers["allow"]
    assert values(consumer.poll(update_offsets=False)) == produce.numbered(0, 5)


def test_a_body_over_the_limit_is_refused(consumer):
    body = json.dumps({"partitions": [{"topic": "x" * 300000, "partition": 0}]})
    consumer.http.call("POST", "/v1/pause", body).problem(413)


@pytest.mark.parametrize("headers", [{"Host": "rebound.example"}, {"Host": "rebound.example:8092"},
                                     {"Origin": "http://evil.example"}], ids=str)
def test_a_foreign_host_or_origin_is_refused(consumer, headers):
    consumer.http.call("GET", "/v1/status", headers=headers).problem(403, "FORBIDDEN_HOST")
    for host in ("localhost", "localhost:99", "127.0.0.1", "[::1]:8092"):
        consumer.http.call("GET", "/v1/status", headers={"Host": host}).ok()


@pytest.mark.short
def test_a_long_url_and_odd_methods_get_a_problem_document(consumer):
    assert 400 <= consumer.http.get("/v1/poll", key_format="x" * 20000).status < 500
    assert consumer.http.call("BREW", "/v1/poll").status in (400, 405, 501)
    assert values(consumer.poll(update_offsets=False)) == produce.numbered(0, 5)
