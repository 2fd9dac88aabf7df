"""GET /v1/stream: records as they arrive, at the client's pace."""
import pathlib
import random
import subprocess
import sys

import pytest

from lib import produce
from lib.app import processed
from lib.client import RawRequest
from lib.streams import Events, Lines
from lib.wait import Stopwatch, eventually, throughout

APP = pathlib.Path(__file__).parent / "lib" / "stream_app.py"
NDJSON = "Accept: application/x-ndjson\r\n"


def commit(sidecar, topic, offset, partition=0, **options):
    return sidecar.http.call("POST", f"/v1/commit?tp={topic}:{partition}&offset={offset}", **options)


@pytest.mark.short
def test_lines_come_as_records_are_produced(kafka, topic, sidecar):
    produce.produce(kafka.bootstrap, topic, produce.numbered(0, 3))
    with Lines(sidecar) as stream:
        assert [stream.next().value for _ in range(3)] == produce.numbered(0, 3)
        watch = Stopwatch()
        produce.produce(kafka.bootstrap, topic, [b"now"])
        assert stream.next().value == b"now"
        assert watch.seconds < 5


@pytest.mark.short
def test_the_client_gets_again_what_it_did_not_commit(kafka, topic, sidecar):
    """pitfall 115"""
    produce.produce(kafka.bootstrap, topic, produce.numbered(0, 6))
    with Events(sidecar) as stream:
        for number in range(6):
            name, record = stream.next()
            assert (name, record.offset) == ("record", number)
        sidecar.http.post("/v1/commit").problem(409, "OFFSETS_REQUIRED")
        commit(sidecar, topic, 4).ok()
    assert [record.offset for record in sidecar.poll()] == [4, 5]


@pytest.mark.short
def test_who_has_the_seat(kafka, topic, sidecar):
    with Lines(sidecar):
        sidecar.http.get("/v1/poll").problem(409, "POLL_IN_PROGRESS")
        sidecar.http.get("/v1/stream").problem(409, "POLL_IN_PROGRESS")
    eventually(lambda: sidecar.http.get("/v1/poll").ok())  # the stream's end has been seen
    poll = sidecar.hold_poll()
    sidecar.http.get("/v1/stream").problem(409, "POLL_IN_PROGRESS")
    produce.produce(kafka.bootstrap, topic, [b"x"])
    assert poll.answer().ok()["records"]


@pytest.mark.short
def test_a_media_type_that_is_not_had(sidecar):
    sidecar.http.call("GET", "/v1/stream", headers={"Accept": "application/json"}).problem(406, "NOT_ACCEPTABLE")


@pytest.mark.short
def test_with_auto_ack_what_was_written_is_processed(kafka, topic, start_sidecar, group):
    produce.produce(kafka.bootstrap, topic, produce.numbered(0, 6))
    sidecar = start_sidecar(kafka.bootstrap, topic, settings={"enable.auto.commit": "true"}).wait_ready()
    with Lines(sidecar, "?auto_ack=true") as stream:
        assert [stream.next().value for _ in range(6)] == produce.numbered(0, 6)
    eventually(lambda: sidecar.poll(timeout_ms=100) == [], what="the seat is free")
    sidecar.close()
    assert kafka.committed(group)[topic, 0].offset == 6


def test_an_application_that_is_killed_ten_times_loses_nothing(kafka, topic, sidecar, group, tmp_path):
    """pitfall 115, pitfall 106"""
    chooser = random.Random(106)
    done = tmp_path / "done"
    generation = sidecar.status()["generation"]
    steady = produce.SteadyProducer(kafka.bootstrap, topic, 1, every_s=0.003)
    for number in range(11):
        last = number == 10
        command = [sys.executable, "-S", "-E", str(APP), sidecar.listener, f"app-{number}", str(done)]
        app = subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE)
        if last:
            stored = steady.stop()
            eventually(lambda: len({offset for _, offset, _ in processed(done)}) == len(stored), what="all are processed")
        else:
            wanted = len(processed(done)) + chooser.randrange(1, 60)
            eventually(lambda: len(processed(done)) >= wanted, what="records are processed")  # noqa: B023
        assert app.poll() is None, app.communicate()
        app.kill()
        app.communicate()
    rows = processed(done)
    assert {(partition, offset): value for partition, offset, value in rows} == stored
    furthest = -1
    for _, offset, _ in rows:
        assert offset <= furthest + 1, f"{furthest + 1} was passed over"
        furthest = max(furthest, offset)
    assert sidecar.status()["generation"] == generation
    assert len(kafka.members(group)) == 1


def test_a_client_that_does_not_read_is_waited_for_and_costs_no_memory(kafka, topic, start_sidecar):
    """the connection's flow control is the backpressure; heartbeats go on"""
    produce.produce(kafka.bootstrap, topic, [b"%03d " % n + b"x" * 500000 for n in range(150)])
    sidecar = start_sidecar(kafka.bootstrap, topic, settings={"fetch.buffer.bytes": 4 << 20,
                                                              "events.keepalive.ms": 300}).wait_ready()
    generation = sidecar.status()["generation"]
    before = sidecar.rss_kib
    with Lines(sidecar) as stream:
        throughout(lambda: sidecar.rss_kib < before + 24 * 1024, 8, what="memory is bounded")
        status = sidecar.status()
        assert status["generation"] == generation and status["heartbeat_age_ms"] < 5000
        assert sidecar.position()[0] < 150, "not all of it was taken"
        assert [int(stream.next().value[:3]) for _ in range(150)] == list(range(150))


def test_a_dead_client_frees_the_seat_at_once(kafka, topic, sidecar):
    """pitfall 106"""
    produce.produce(kafka.bootstrap, topic, [b"x" * 500000] * 40)
    for _ in range(3):
        stream = RawRequest(sidecar.listener, "/v1/stream", headers=NDJSON)
        assert stream.socket.recv(1000)
        stream.reset()
        watch = Stopwatch()
        assert sidecar.poll(max_records=1)[0].offset == 0
        assert watch.seconds < 5
        sidecar.http.post("/v1/seek", {"to": "beginning"}).ok()


def test_a_stream_takes_part_in_rebalances(kafka, start_sidecar):
    """pitfall 83: it commits when it is told, and the other member goes on exactly there"""
    topic = kafka.create_topic(partitions=2)
    for partition in range(2):
        produce.produce(kafka.bootstrap, topic, produce.numbered(0, 50), partition=partition)
    first = start_sidecar(kafka.bootstrap, topic).wait_ready()
    seen, offsets, names = [], {}, []
    with Events(first) as stream:
        while len(seen) < 100:
            name, record = stream.next()
            assert name == "record"
            seen.append((record.partition, record.offset))
            offsets[record.partition] = record.offset + 1
        second = start_sidecar(kafka.bootstrap, topic)
        while names != ["partitions_revoked", "partitions_assigned"]:
            name, rebalance = stream.next()
            names.append(name)
            if name == "partitions_revoked":
                for partition, offset in offsets.items():
                    commit(first, topic, offset, partition).ok()
            first.http.post(f"/v1/rebalances/{rebalance['rebalance_id']}/ack").ok()
        second.wait_ready()
        assert second.position() == {partition: 50 for _, partition in second.assignment()}
        assert len(second.assignment()) == len(first.assignment()) == 1
    assert len(set(seen)) == 100


def test_sigterm_ends_a_stream_in_good_order(kafka, topic, sidecar):
    """pitfall 116"""
    produce.produce(kafka.bootstrap, topic, [b"x"])
    with Events(sidecar) as stream:
        assert stream.next()[0] == "record"
        sidecar.terminate()
        assert stream.next() is None
    assert sidecar.wait_exit() == 0


@pytest.mark.short
def test_a_new_session_ends_the_stream_of_the_old_one(kafka, topic, sidecar):
    """pitfall 115"""
    produce.produce(kafka.bootstrap, topic, produce.numbered(0, 3))
    with Events(sidecar, session="one") as stream:
        for _ in range(3):
            assert stream.next()[0] == "record"
        with Lines(sidecar, session="two") as second:
            name, problem = stream.next()
            assert name == "error" and problem["code"] == "SESSION_FENCED"
            assert stream.next() is None
            assert second.next().offset == 0
