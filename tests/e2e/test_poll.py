"""GET /v1/poll: its parameters, its waiting, and what goes on beside it."""
import base64
import json
import socket

import pytest

from lib import produce
from lib.records import of_answer, offsets, values
from lib.wait import Stopwatch, eventually


@pytest.mark.short
def test_an_answer_has_records_next_offsets_and_rebalance(kafka, topic, sidecar):
    produce.produce(kafka.bootstrap, topic, [b'{"qty":2}'], key=b"c-17", headers=[("trace", b"abc")],
                    timestamp=1732250000123)
    answer = sidecar.http.get("/v1/poll", timeout_ms=15000).ok()
    assert answer["rebalance"] is None
    [following] = answer["next_offsets"]
    assert (following["topic"], following["partition"], following["offset"]) == (topic, 0, 1)
    [record] = answer["records"]
    assert isinstance(record.pop("leader_epoch"), int)
    assert record == {
        "topic": topic, "partition": 0, "offset": 0, "timestamp": 1732250000123, "timestamp_type": 0, "key": "c-17",
        "value": '{"qty":2}', "headers": [{"key": "trace", "value": "abc"}], "serialized_key_size": 4,
        "serialized_value_size": 9}


def test_post_polls_too(kafka, topic, sidecar):
    produce.produce(kafka.bootstrap, topic, [b"x"])
    assert values(of_answer(sidecar.http.post("/v1/poll", timeout_ms=15000))) == [b"x"]


@pytest.mark.short
def test_the_first_poll_waits_for_the_assignment(kafka, topic, start_sidecar):
    """pitfall 108"""
    produce.produce(kafka.bootstrap, topic, [b"early"])
    sidecar = start_sidecar(kafka.bootstrap, topic).wait_up()
    assert values(sidecar.poll()) == [b"early"]


def test_a_poll_without_records_ends_at_its_timeout(sidecar):
    watch = Stopwatch()
    assert sidecar.poll(timeout_ms=700) == []
    assert 0.65 < watch.seconds < 3
    watch = Stopwatch()
    assert sidecar.poll(timeout_ms=0) == []
    assert watch.seconds < 0.5


@pytest.mark.short
def test_a_long_poll_answers_at_the_first_record(kafka, topic, sidecar):
    """pitfall 107"""
    poll = sidecar.hold_poll()
    watch = Stopwatch()
    produce.produce(kafka.bootstrap, topic, [b"now"])
    assert values(of_answer(poll.answer())) == [b"now"]
    assert watch.seconds < 5, "a poll of a minute answers when a record is there"


@pytest.mark.short
def test_a_second_poll_is_refused_and_the_first_goes_on(kafka, topic, sidecar):
    first = sidecar.hold_poll()
    assert sidecar.http.get("/v1/poll", timeout_ms=10).problem(409, "POLL_IN_PROGRESS")["retriable"] is True
    produce.produce(kafka.bootstrap, topic, [b"for the first"])
    assert values(of_answer(first.answer())) == [b"for the first"]
    assert sidecar.poll(timeout_ms=10) == []


@pytest.mark.short
def test_no_other_call_waits_for_a_long_poll(kafka, topic, sidecar):
    """pitfall 109"""
    produce.produce(kafka.bootstrap, topic, produce.numbered(0, 3))
    assert len(sidecar.poll_until(3)) == 3
    poll = sidecar.hold_poll()
    watch = Stopwatch()
    sidecar.http.post("/v1/commit").ok()
    assert sidecar.committed() == {0: 3}
    assert sidecar.position() == {0: 3}
    sidecar.http.post("/v1/pause").ok()
    sidecar.http.post("/v1/resume").ok()
    sidecar.status()
    assert watch.seconds < 5, "none of these waits for the poll of a minute"
    sidecar.http.post("/v1/seek", {"to": "beginning"}).ok()
    assert values(of_answer(poll.answer())) == produce.numbered(0, 3)


def test_max_records_is_exact(kafka, topic, sidecar):
    produce.produce(kafka.bootstrap, topic, produce.numbered(0, 25))
    eventually(lambda: len(sidecar.poll(update_offsets=False)) == 25, what="all records are prefetched")
    for first in (0, 10):
        assert values(sidecar.poll(max_records=10)) == produce.numbered(first, 10)
    assert values(sidecar.poll(max_records=1)) == produce.numbered(20, 1)
    assert values(sidecar.poll(max_records=500)) == produce.numbered(21, 4)


def test_max_records_is_exact_over_partitions(kafka, start_sidecar):
    """pitfall 45: no partition is left out for ever"""
    topic = kafka.create_topic(partitions=3)
    for partition in range(3):
        produce.produce(kafka.bootstrap, topic, produce.numbered(0, 40), partition=partition)
    sidecar = start_sidecar(kafka.bootstrap, topic).wait_ready()
    found = []
    while len(found) < 120:
        records = sidecar.poll(max_records=7)
        assert 1 <= len(records) <= 7
        found += records
    for partition in range(3):
        assert offsets(r for r in found if r.partition == partition) == list(range(40))


@pytest.mark.short
def test_max_bytes_is_soft_and_no_record_is_dropped(kafka, topic, sidecar):
    """pitfall 112"""
    sizes = [10, 5000, 10, 10, 70000, 3000, 10]
    sent = [bytes([97 + n]) * size for n, size in enumerate(sizes)]
    produce.produce(kafka.bootstrap, topic, sent)
    eventually(lambda: len(sidecar.poll(update_offsets=False)) == 7, what="all records are prefetched")
    answers = []
    while sum(map(len, answers)) < 7:
        answers.append(sidecar.poll(max_bytes=4000))
        assert answers[-1], "at least one record always comes"
    assert [value for answer in answers for value in values(answer)] == sent
    assert all(sum(len(record.value) for record in answer[:-1]) < 4000 for answer in answers)
    assert len(answers) < 7, "records that fit come together"


def test_parameters_are_those_of_one_poll(kafka, topic, sidecar):
    """pitfall 118"""
    produce.produce(kafka.bootstrap, topic, produce.numbered(0, 20))
    eventually(lambda: len(sidecar.poll(update_offsets=False)) == 20)
    assert len(sidecar.poll(max_records=1, max_bytes=1, value_format="base64")) == 1
    answer = sidecar.http.get("/v1/poll", timeout_ms=15000).ok()
    assert len(answer["records"]) == 19
    assert "value" in answer["records"][0]
    watch = Stopwatch()
    assert sidecar.poll(timeout_ms=100) == []
    assert watch.seconds < 5


@pytest.mark.short
def test_looking_without_taking_leaves_positions_as_they_are(kafka, topic, sidecar):
    produce.produce(kafka.bootstrap, topic, produce.numbered(0, 5))
    eventually(lambda: len(sidecar.poll(update_offsets=False)) == 5)
    for _ in range(3):
        assert values(sidecar.poll(update_offsets=False, max_records=2)) == produce.numbered(0, 2)
    assert sidecar.position() == {0: 0}
    assert values(sidecar.poll(max_records=2)) == produce.numbered(0, 2)
    assert values(sidecar.poll(update_offsets=False)) == produce.numbered(2, 3)
    sidecar.http.post("/v1/commit").ok()
    assert sidecar.committed() == {0: 2}, "what was only looked at is not committed"
    assert values(sidecar.poll()) == produce.numbered(2, 3)


@pytest.mark.short
def test_commit_true_commits_what_the_poll_before_delivered(kafka, topic, sidecar):
    produce.produce(kafka.bootstrap, topic, produce.numbered(0, 6))
    eventually(lambda: len(sidecar.poll(update_offsets=False)) == 6)
    assert values(sidecar.poll(max_records=2, commit=True)) == produce.numbered(0, 2)
    assert sidecar.committed() == {0: 0}
    assert values(sidecar.poll(max_records=2, commit=True)) == produce.numbered(2, 2)
    assert sidecar.committed() == {0: 2}
    assert values(sidecar.poll(max_records=2)) == produce.numbered(4, 2)
    assert sidecar.committed() == {0: 2}
    assert sidecar.poll(timeout_ms=0, commit=True) == []
    assert sidecar.committed() == {0: 6}


# Formats

def raw_poll(sidecar, **parameters):
    return sidecar.http.get("/v1/poll", timeout_ms=15000, **parameters)


@pytest.mark.short
def test_strings_that_are_no_utf8_come_as_base64(kafka, topic, sidecar):
    """pitfall 111"""
    produce.produce(kafka.bootstrap, topic, [b"\xff\x00"], key=b"\xc0\x80", headers=[("h", b"\xed\xa0\x80"), ("i", b"fine")])
    [row] = raw_poll(sidecar).ok()["records"]
    assert "value" not in row and base64.b64decode(row["value_base64"]) == b"\xff\x00"
    assert "key" not in row and base64.b64decode(row["key_base64"]) == b"\xc0\x80"
    assert row["headers"] == [{"key": "h", "value_base64": base64.b64encode(b"\xed\xa0\x80").decode()},
                              {"key": "i", "value": "fine"}]


def test_base64_is_always_base64(kafka, topic, sidecar):
    produce.produce(kafka.bootstrap, topic, [b"text", b"", None], key=b"k")
    rows = []
    eventually(lambda: rows.extend(raw_poll(sidecar, value_format="base64", key_format="base64").ok()["records"])
               or len(rows) == 3)
    assert [row["value_base64"] for row in rows] == ["dGV4dA==", "", None]
    assert all("value" not in row and row["key_base64"] == "aw==" for row in rows)


def test_json_is_embedded_as_it_came(kafka, topic, sidecar):
    """pitfall 113: numbers and spaces are not printed anew; what is no JSON comes as a string"""
    texts = [b'{"n": 9223372036854775808, "x":1e400,  "b":1,"a":2}', b" [1.000]\n", b"null", b'"\\ud83d\\ude00"',
             b"{not json}", b"\xff", b"", b"1 2", b"[" * 100000, None]
    produce.produce(kafka.bootstrap, topic, texts)
    eventually(lambda: len(of_answer(raw_poll(sidecar, update_offsets=False))) == len(texts))
    answer = raw_poll(sidecar, value_format="json")
    for text in texts[:4]:
        assert b'"value":' + text.strip() in answer.body, text
    rows = answer.ok()["records"]
    assert rows[4]["value"] == "{not json}"
    assert rows[5]["value_base64"] == "/w=="
    assert [row["value"] for row in rows[6:]] == ["", "1 2", "[" * 100000, None]


@pytest.mark.short
def test_ndjson_has_a_record_a_line_and_a_tail(kafka, topic, sidecar):
    produce.produce(kafka.bootstrap, topic, [b"one", b"t\nwo", b'{"pretty":\n [1,\r\n2]}'])
    eventually(lambda: len(sidecar.poll(update_offsets=False)) == 3)
    answer = sidecar.http.call("GET", "/v1/poll?timeout_ms=15000&value_format=json",
                               headers={"Accept": "application/x-ndjson"})
    lines = answer.lines
    assert [line.get("value") for line in lines[:-1]] == ["one", "t\nwo", {"pretty": [1, 2]}]
    [following] = lines[-1]["next_offsets"]
    assert (following["topic"], following["partition"], following["offset"]) == (topic, 0, 3)
    empty = sidecar.http.call("GET", "/v1/poll?timeout_ms=0", headers={"Accept": "application/x-ndjson"})
    assert len(empty.lines) == 1


def test_an_answer_of_many_megabytes_is_whole(kafka, topic, sidecar):
    sent = [bytes([97 + n % 26]) * 900_000 for n in range(20)]
    produce.produce(kafka.bootstrap, topic, sent)
    found = []
    while len(found) < 20:
        records = sidecar.poll()
        assert records
        found += values(records)
    assert found == sent


def test_requests_on_one_connection_follow_each_other(kafka, topic, sidecar):
    """pitfall 105: the next request on a connection says that the answer before it was taken"""
    produce.produce(kafka.bootstrap, topic, produce.numbered(0, 50))
    eventually(lambda: len(sidecar.poll(update_offsets=False)) == 50)
    sidecar.http.keep_alive = True
    found = []
    for _ in range(5):
        found += values(sidecar.poll(max_records=10))
        sidecar.http.post("/v1/commit").ok()
    assert found == produce.numbered(0, 50)
    assert sidecar.committed() == {0: 50}
    sidecar.http.close()


def test_pipelined_polls_are_answered_in_order(kafka, topic, sidecar):
    produce.produce(kafka.bootstrap, topic, produce.numbered(0, 4))
    eventually(lambda: len(sidecar.poll(update_offsets=False)) == 4)
    host, port = sidecar.listener.rsplit(":", 1)
    request = b"GET /v1/poll?timeout_ms=5000&max_records=2 HTTP/1.1\r\nHost: localhost\r\n"
    with socket.create_connection((host, int(port)), 20) as peer:
        peer.sendall(request + b"\r\n" + request + b"Connection: close\r\n\r\n")
        text = b""
        while piece := peer.recv(65536):
            text += piece
    bodies = [json.loads(part[part.index(b"{"):part.rindex(b"}") + 1]) for part in text.split(b"HTTP/1.1 200")[1:]]
    assert [row["value"].encode() for body in bodies for row in body["records"]] == produce.numbered(0, 4)
