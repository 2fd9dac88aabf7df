"""The HTTP door itself: methods, pages of other origins, preferences, pipelining, times as text."""
import datetime
import json

import pytest

from lib import produce
from lib.client import RawRequest
from lib.records import of_answer, values
from lib.wait import Stopwatch, eventually

PAGE = {"Origin": "https://app.example"}


def test_a_listed_page_may_ask_and_read_and_no_other(kafka, topic, start_sidecar):
    sidecar = start_sidecar(kafka.bootstrap, topic, settings={"http.allowed.origins": PAGE["Origin"]}).wait_ready()
    question = {**PAGE, "Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "content-type"}
    answer = sidecar.http.call("OPTIONS", "/v1/commit", headers=question)
    assert answer.status == 204 and answer.body == b""
    assert answer.headers["access-control-allow-origin"] == PAGE["Origin"]
    assert "POST" in answer.headers["access-control-allow-methods"]
    assert "Content-Type" in answer.headers["access-control-allow-headers"]
    assert answer.headers["vary"] == "Origin"
    answer = sidecar.http.call("GET", "/v1/status", headers=PAGE)
    assert answer.status == 200 and answer.headers["access-control-allow-origin"] == PAGE["Origin"]
    for origin in ("https://evil.example", "null", "*"):
        foreign = {"Origin": origin, "Access-Control-Request-Method": "POST"}
        for method, path in (("OPTIONS", "/v1/commit"), ("GET", "/v1/status")):
            answer = sidecar.http.call(method, path, headers=foreign)
            answer.problem(403, "FORBIDDEN_HOST", "Origin")
            assert not [name for name in answer.headers if name.startswith("access-control")]


def test_a_poll_waits_as_preferred_and_answers_at_once_with_a_record(kafka, topic, sidecar):
    """pitfall 107"""
    assert of_answer(sidecar.http.call("GET", "/v1/poll?timeout_ms=0", headers={"Prefer": "wait=20"})) == []
    watch = Stopwatch()
    answer = sidecar.http.call("GET", "/v1/poll", headers={"Prefer": "wait=1"})
    assert of_answer(answer) == [] and answer.headers["preference-applied"] == "wait=1"
    assert 0.9 < watch.seconds < 5
    poll = RawRequest(sidecar.listener, "/v1/poll", headers="Prefer: respond-async, wait=60\r\n")
    eventually(lambda: sidecar.http.get("/v1/poll").status == 409, what="the poll waits")
    produce.produce(kafka.bootstrap, topic, [b"now"])
    with poll:
        answer = poll.answer()
    assert values(of_answer(answer)) == [b"now"] and answer.headers["preference-applied"] == "wait=60"


def test_polls_and_commits_in_one_packet_are_answered_in_their_order(kafka, topic, sidecar):
    """pitfall 109"""
    produce.produce(kafka.bootstrap, topic, produce.numbered(0, 4))
    eventually(lambda: len(sidecar.poll(update_offsets=False)) == 4)
    poll = "GET /v1/poll?max_records=2&timeout_ms=5000 HTTP/1.1\r\nHost: localhost\r\n\r\n"
    commit = "POST /v1/commit HTTP/1.1\r\nHost: localhost\r\n\r\n"
    raw = RawRequest(sidecar.listener, "/v1/paused")
    raw.socket.sendall((poll + commit + poll + commit).encode())
    with raw:
        stream = raw.socket.makefile("rb")
        answers = [read_one(stream) for _ in range(5)]
    assert [len(answer.get("records", [])) for answer in answers] == [0, 2, 0, 2, 0]
    assert sidecar.committed() == {0: 4}


def read_one(stream):
    """The JSON of the next answer of a connection."""
    assert stream.readline().split()[1] == b"200"
    length = 0
    while (line := stream.readline().strip()):
        name, _, value = line.partition(b":")
        length = int(value) if name.lower() == b"content-length" else length
    return json.loads(stream.read(length))


def test_head_looks_and_options_names_methods(kafka, topic, sidecar):
    produce.produce(kafka.bootstrap, topic, produce.numbered(0, 3))
    eventually(lambda: len(sidecar.poll(update_offsets=False)) == 3)
    head = sidecar.http.call("HEAD", "/v1/poll")
    get = sidecar.http.call("GET", "/v1/poll?update_offsets=false")
    assert head.status == 200 and head.body == b""
    assert head.headers["content-length"] == get.headers["content-length"]
    for path, item in sidecar.http.get("/openapi.json").ok()["paths"].items():
        client = sidecar.management if "servers" in item else sidecar.http
        options = client.call("OPTIONS", path.replace("{topic}", topic).replace("{name}", "default"))
        assert options.status == 204 and options.headers["allow"].endswith("OPTIONS"), path
    assert len(sidecar.poll()) == 3


@pytest.mark.short
def test_seek_and_offsets_for_times_take_times_as_text(kafka, topic, sidecar):
    start_ms = 1_764_234_000_000
    for number in range(5):
        produce.produce(kafka.bootstrap, topic, [b"%d" % number], timestamp=start_ms + number * 1000)
    eventually(lambda: len(sidecar.poll(update_offsets=False)) == 5)
    at = datetime.datetime.fromtimestamp(start_ms / 1000 + 2, datetime.timezone(datetime.timedelta(hours=1)))
    body = {"timestamps": [{"topic": topic, "partition": 0, "timestamp": at.isoformat()}]}
    [found] = sidecar.http.post("/v1/offsets/for-times", body).ok()["offsets"]
    assert (found["offset"], found["timestamp"]) == (2, start_ms + 2000)
    where = {"topic": topic, "partition": 0, "offset": {"timestamp": at.isoformat()}}
    sidecar.http.post("/v1/seek", {"partitions": [where]}).ok()
    assert sidecar.position() == {0: 2}
    sidecar.http.post("/v1/seek", tp=f"{topic}:0", timestamp="2025-11-27T09:00:03.000Z").ok()
    assert sidecar.position() == {0: 3}
    answer = sidecar.http.post("/v1/seek", tp=f"{topic}:0", timestamp="2025-11-31T09:00:03Z")
    answer.problem(400, "INVALID_ARGUMENT", "timestamp")
