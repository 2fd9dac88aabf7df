"""Being told of rebalances, and asynchronous commits."""
import datetime
import json
import os
import pathlib
import subprocess
import threading

import pytest
from kafka import KafkaConsumer
from kafka.coordinator.assignors.range import RangePartitionAssignor

from lib import produce
from lib.events import CurlStream, Stream
from lib.wait import Stopwatch, eventually, throughout

README = pathlib.Path(__file__).resolve().parents[2] / "README.md"
RANGE = {"partition.assignment.strategy": "range"}


def acknowledge(sidecar, rebalance):
    return sidecar.http.post(f"/v1/rebalances/{rebalance.data['rebalance_id']}/ack")


def metric(sidecar, name):
    return sidecar.http.get("/v1/metrics").ok()["server"][name]


@pytest.fixture
def two_partitions(kafka):
    """A topic with two partitions of 10 records each."""
    topic = kafka.create_topic(partitions=2)
    for partition in range(2):
        produce.produce(kafka.bootstrap, topic, produce.numbered(0, 10), partition=partition)
    return topic


# Streams

@pytest.mark.short
def test_a_stream_begins_with_the_assignment_and_goes_on_with_what_changes(kafka, topic, start_sidecar):
    sidecar = start_sidecar(kafka.bootstrap, topic).wait_ready()
    assert sidecar.position() == {0: 0}
    with Stream(sidecar) as stream:
        assert stream.block().startswith("retry: ")
        first = stream.next()
        assert first.name == "assignment"
        assert first.data["partitions"] == [{"topic": topic, "partition": 0, "offset": 0}]
        assert first.data["state"] == "stable" and first.data["rebalance"] is None
        other = kafka.create_topic()
        sidecar.http.put("/v1/subscription", {"topics": [topic, other]}).ok()
        seen = []
        while not seen or seen[-1].name != "partitions_assigned":
            seen.append(stream.next())
        assert [event.id for event in seen] == list(range(first.id + 1, first.id + 1 + len(seen)))
        states = [event for event in seen if event.name == "state"]
        assert states[0].data["old"] == "stable" and all(event.data["why"] for event in states), states
        assert {row["topic"] for row in seen[-1].data["partitions"]} >= {other}
        assert seen[-1].data["ack_by"] is None, "nobody has said that it listens"


def test_a_stream_that_comes_back_goes_on_without_gap_or_repetition(kafka, topic, start_sidecar):
    sidecar = start_sidecar(kafka.bootstrap, topic).wait_ready()
    with Stream(sidecar) as stream:
        start = stream.next("assignment").id
        for _ in range(3):
            sidecar.http.post("/v1/commit?async=true").ok(202)
        told = [stream.next("commit") for _ in range(3)]
    assert [event.id for event in told] == [start + 1, start + 2, start + 3]
    with Stream(sidecar, last_id=told[0].id) as again:
        assert [again.next().id for _ in range(2)] == [told[1].id, told[2].id]
    with Stream(sidecar, f"?last_event_id={told[1].id}") as again:
        assert again.next().data == told[2].data


def test_an_id_that_is_too_old_or_of_an_earlier_process_brings_a_snapshot(kafka, topic, start_sidecar):
    settings = {"events.ring.size": 2}
    sidecar = start_sidecar(kafka.bootstrap, topic, settings=settings).wait_ready()
    with Stream(sidecar) as stream:
        old = stream.next("assignment").id
        for _ in range(3):
            sidecar.http.post("/v1/commit?async=true").ok(202)
        last = [stream.next("commit") for _ in range(3)][-1].id
    with Stream(sidecar, last_id=old) as stream:
        event = stream.next()
        assert (event.name, event.id) == ("assignment", last)
    sidecar.close()
    sidecar = start_sidecar(kafka.bootstrap, topic, settings=settings).wait_ready()
    with Stream(sidecar, last_id=last) as stream:
        event = stream.next()
        assert event.name == "assignment" and event.id > last


def test_streams_end_properly_when_the_sidecar_is_told_to_stop(sidecar):
    """pitfall 116"""
    with Stream(sidecar, "?listener=true") as stream:
        stream.next("assignment")
        clock = Stopwatch()
        sidecar.terminate()
        assert stream.until_end()[-1] == ": the consumer closes"
        assert sidecar.wait_exit() == 0
        assert clock.seconds < 4, "a stream must not use the grace up"


def test_a_comment_keeps_the_line_alive_and_a_stopped_client_is_cut(kafka, topic, start_sidecar, tmp_path):
    """pitfall 120"""
    sidecar = start_sidecar(kafka.bootstrap, topic, settings={"events.keepalive.ms": 200}).wait_ready()
    curl = CurlStream(sidecar, tmp_path, "?listener=true")
    try:
        curl.wait_for("assignment")
        eventually(lambda: curl.file.read_text().count(": alive\n\n") >= 5, what="comments come")
        assert metric(sidecar, "streams-cut-total") == 0
        curl.stop()
        eventually(lambda: metric(sidecar, "streams-cut-total") == 1, timeout_s=5, what="it is cut")
        eventually(lambda: metric(sidecar, "event-streams") == 0, timeout_s=5)
    finally:
        curl.kill()


# The handshake

class Second:
    """A member of another make, which takes what it gets and commits nothing."""

    def __init__(self, kafka, topic, group):
        self.found = []
        self.stopping = threading.Event()
        self.consumer = KafkaConsumer(topic, bootstrap_servers=kafka.bootstrap.split(","), group_id=group,
                                      auto_offset_reset="earliest", enable_auto_commit=False,
                                      partition_assignment_strategy=[RangePartitionAssignor],
                                      session_timeout_ms=6000, heartbeat_interval_ms=500)
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stopping.set()
        self.thread.join(30)
        assert not self.thread.is_alive()

    def run(self):
        while not self.stopping.is_set():
            for batch in self.consumer.poll(timeout_ms=50).values():
                self.found += [(record.partition, record.offset) for record in batch]
        self.consumer.close(autocommit=False)


def take(sidecar, count):
    """The places of exactly so many records, in one poll."""
    eventually(lambda: len(sidecar.poll(update_offsets=False)) >= count)
    found = sidecar.poll(max_records=count)
    assert len(found) == count
    return [(record.partition, record.offset) for record in found]


def take_rest(sidecar, second, count):
    """Polls until so many records have come to both members; returns the sidecar's."""
    mine = []

    def enough():
        mine.extend((record.partition, record.offset) for record in sidecar.poll(timeout_ms=0))
        return len(mine) + len(second.found) >= count
    eventually(enough, what=f"{count} records come to both")
    return mine


ALL = [(partition, offset) for partition in range(2) for offset in range(10)]


@pytest.mark.short
def test_what_is_committed_before_the_acknowledgement_is_where_the_next_member_starts(
        kafka, two_partitions, start_sidecar, group):
    """pitfall 1, pitfall 83: nothing comes twice, nothing is left out"""
    sidecar = start_sidecar(kafka.bootstrap, two_partitions, settings=RANGE).wait_ready()
    taken = take(sidecar, 13)
    with Stream(sidecar, "?listener=true") as stream, Second(kafka, two_partitions, group) as second:
        revoked = stream.next("partitions_revoked")
        assert revoked.partitions == {0, 1}
        until = datetime.datetime.fromisoformat(revoked.data["ack_by"].replace("Z", "+00:00"))
        left = until - datetime.datetime.now(datetime.timezone.utc)
        assert 0 < left.total_seconds() <= revoked.data["ack_within_ms"] / 1000 <= 10
        assert sidecar.poll(timeout_ms=0) == [], "what goes is not delivered any more"
        throughout(lambda: second.found == [], for_s=1, what="the group waits")
        sidecar.http.post("/v1/commit").ok()
        assert acknowledge(sidecar, revoked).ok() == {"rebalance_id": revoked.data["rebalance_id"]}
        assigned = stream.next("partitions_assigned")
        assert len(assigned.partitions) == 1
        acknowledge(sidecar, assigned).ok()
        mine = take_rest(sidecar, second, 20 - len(taken))
    assert sorted(taken + mine + second.found) == ALL


def test_partitions_that_come_may_be_sought_before_they_flow(kafka, two_partitions, start_sidecar):
    sidecar = start_sidecar(kafka.bootstrap, settings=RANGE).wait_up()
    with Stream(sidecar, "?listener=true") as stream:
        stream.next("assignment")
        sidecar.http.put("/v1/subscription", {"topics": [two_partitions]}).ok()
        assigned = stream.next("partitions_assigned")
        assert assigned.partitions == {0, 1}
        assert sidecar.poll(timeout_ms=500) == [], "nothing flows before the acknowledgement"
        sidecar.http.post("/v1/seek?tp=%s:0&tp=%s:1&offset=8" % (two_partitions, two_partitions)).ok()
        acknowledge(sidecar, assigned).ok()
        assert {record.offset for record in sidecar.poll_until(4)} == {8, 9}


@pytest.mark.short
def test_without_an_acknowledgement_the_group_goes_on_at_the_time_that_was_told(
        kafka, two_partitions, start_sidecar, group):
    """pitfall 83"""
    settings = {**RANGE, "rebalance.ack.timeout.ms": 2000}
    sidecar = start_sidecar(kafka.bootstrap, two_partitions, settings=settings).wait_ready()
    with Stream(sidecar, "?listener=true") as stream, Second(kafka, two_partitions, group) as second:
        revoked = stream.next("partitions_revoked")
        clock = Stopwatch()
        assert revoked.data["ack_within_ms"] == 2000
        eventually(lambda: second.found, timeout_s=10, what="the second member gets its share")
        assert 1.5 < clock.seconds < 6, clock.seconds
        acknowledge(sidecar, revoked).problem(409, "REBALANCE_OVER")
        sidecar.http.post("/v1/rebalances/99999/ack").problem(404, "NO_SUCH_REBALANCE")


def test_a_listener_that_is_killed_while_the_group_waits_lets_it_go_on_at_once(
        kafka, two_partitions, start_sidecar, group, tmp_path):
    """pitfall 120"""
    settings = {**RANGE, "rebalance.ack.timeout.ms": 60000}
    sidecar = start_sidecar(kafka.bootstrap, two_partitions, settings=settings).wait_ready()
    curl = CurlStream(sidecar, tmp_path, "?listener=true")
    curl.wait_for("assignment")
    with Second(kafka, two_partitions, group) as second:
        try:
            revoked = curl.wait_for("partitions_revoked")
            assert revoked.data["ack_within_ms"] > 20000
        finally:
            curl.kill()
        eventually(lambda: second.found, timeout_s=8, what="the second member gets its share")
    assert metric(sidecar, "rebalances-released-total") == 1
    acknowledge(sidecar, revoked).problem(409, "REBALANCE_OVER")


def test_an_application_that_does_not_poll_in_time_loses_its_partitions(kafka, topic, start_sidecar):
    """pitfall 72, pitfall 75"""
    settings = {"max.poll.interval.ms": 2000}
    sidecar = start_sidecar(kafka.bootstrap, topic, settings=settings).wait_ready()
    with Stream(sidecar, "?listener=true") as stream:
        stream.next("assignment")
        lost = stream.next("partitions_lost", "partitions_revoked")
        assert lost.name == "partitions_lost"
        assert lost.partitions == {0}
        clock = Stopwatch()
        eventually(lambda: sidecar.status()["state"] == "stale")
        sidecar.http.post(f"/v1/commit?tp={topic}:0&offset=1").problem(409, "NOT_ASSIGNED")
        assert clock.seconds < 5
        sidecar.http.get("/v1/poll")
        assert acknowledge(sidecar, stream.next("partitions_assigned")).status == 200


def test_the_example_of_the_readme_works_as_written(kafka, two_partitions, start_sidecar, group):
    text = README.read_text().split("## Being told of rebalances", 1)[1]
    example = text.split("```sh\n", 1)[1].split("```", 1)[0]
    sidecar = start_sidecar(kafka.bootstrap, two_partitions, settings=RANGE).wait_ready()
    assert "localhost:8092" in example
    script = subprocess.Popen(["sh", "-c", example.replace("localhost:8092", sidecar.listener)],
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, start_new_session=True)
    try:
        eventually(lambda: metric(sidecar, "event-streams") == 1, what="the example listens")
        taken = take(sidecar, 13)
        with Second(kafka, two_partitions, group) as second:
            eventually(lambda: len(sidecar.assignment()) == 1, timeout_s=9, what="nothing is waited for in vain")
            mine = take_rest(sidecar, second, 20 - len(taken))
        assert sorted(taken + mine + second.found) == ALL
        assert metric(sidecar, "rebalances-acknowledged-total") >= 2
    finally:
        os.killpg(script.pid, 9)
        script.wait(10)


def test_a_consumer_that_is_deleted_tells_its_listeners_and_ends_their_streams(kafka, two_partitions, start_sidecar, group):
    """pitfall 83: its partitions go as in any rebalance"""
    sidecar = start_sidecar(kafka.bootstrap).wait_up()
    config = {"group.id": f"{group}-2", "auto.offset.reset": "earliest", "enable.auto.commit": "false"}
    sidecar.http.put("/v1/consumers/second", {"config": config, "topics": [two_partitions]}).ok(201)
    eventually(lambda: len(sidecar.http.get("/v1/consumers/second/assignment").ok()["partitions"]) == 2)
    with Stream(sidecar, "?listener=true", consumer="second") as stream, Stream(sidecar) as other:
        stream.next("assignment")
        deletion = threading.Thread(target=lambda: sidecar.http.delete("/v1/consumers/second"), daemon=True)
        deletion.start()
        revoked = stream.next("partitions_revoked")
        assert revoked.partitions == {0, 1} and revoked.data["ack_by"]
        sidecar.http.post(f"/v1/consumers/second/commit?tp={two_partitions}:0&offset=4").ok()
        sidecar.http.post(f"/v1/consumers/second/rebalances/{revoked.data['rebalance_id']}/ack").ok()
        assert stream.until_end()[-1] == ": the consumer closes"
        deletion.join(20)
        assert not deletion.is_alive()
        assert kafka.committed(f"{group}-2")[two_partitions, 0].offset == 4
        sidecar.http.get("/v1/consumers/second/events").problem(404, "NO_SUCH_CONSUMER")
        sidecar.http.post("/v1/commit?async=true").ok(202)
        assert other.next().name == "assignment"
        assert other.next("commit").data["error"] is None, "the other consumer's stream goes on"


# Asynchronous commits

def wait_done(sidecar, commit_id):
    def done():
        answer = sidecar.http.get(f"/v1/commits/{commit_id}").ok()
        return answer if answer["state"] == "done" else None
    return eventually(done, what=f"commit {commit_id} is done")


@pytest.mark.short
def test_the_outcome_of_an_asynchronous_commit_is_told_both_ways(kafka, topic, sidecar, group):
    produce.produce(kafka.bootstrap, topic, produce.numbered(0, 5))
    with Stream(sidecar) as stream:
        stream.next("assignment")
        sidecar.poll_until(5)
        answer = sidecar.http.post("/v1/commit?async=true")
        begun = answer.ok(202)
        outcome = wait_done(sidecar, begun["commit_id"])
        assert sidecar.http.get(answer.headers["location"]).ok() == outcome
        assert outcome["error"] is None
        assert [(row["partition"], row["offset"], row["error"]) for row in outcome["offsets"]] == [(0, 5, None)]
        assert stream.next("commit").data == outcome
        assert kafka.committed(group)[topic, 0].offset == 5
        body = {"offsets": [{"topic": topic, "partition": 0, "offset": 3, "metadata": "by hand"}]}
        begun = sidecar.http.post("/v1/commit?async=true", body).ok(202)
        assert stream.next("commit").data["commit_id"] == begun["commit_id"]
        assert kafka.committed(group)[topic, 0].offset == 3
        body["offsets"][0]["topic"] = "no-such-topic"
        begun = sidecar.http.post("/v1/commit?async=true", body).ok(202)
        failed = stream.next("commit").data
        assert failed["commit_id"] == begun["commit_id"]
        assert failed["error"] or failed["offsets"][0]["error"], failed
    sidecar.http.get("/v1/commits/none").problem(404, "NO_SUCH_COMMIT")


def test_commits_take_effect_in_their_order(kafka, topic, sidecar, group):
    """pitfall 8"""
    produce.produce(kafka.bootstrap, topic, produce.numbered(0, 100))
    with Stream(sidecar) as stream:
        stream.next("assignment")
        offsets = [(number * 37) % 100 for number in range(100)]
        begun = [sidecar.http.post(f"/v1/commit?async=true&tp={topic}:0&offset={offset}").ok(202)["commit_id"]
                 for offset in offsets]
        assert len(set(begun)) == 100
        told = [stream.next("commit").data for _ in begun]
    assert [outcome["commit_id"] for outcome in told] == begun
    assert [outcome["offsets"][0]["offset"] for outcome in told] == offsets
    assert kafka.committed(group)[topic, 0].offset == offsets[-1]


def test_commits_under_way_are_completed_when_the_sidecar_is_told_to_stop(kafka, topic, sidecar, group):
    """pitfall 116"""
    with Stream(sidecar) as stream:
        stream.next("assignment")
        for offset in range(20):
            sidecar.http.post(f"/v1/commit?async=true&tp={topic}:0&offset={offset}").ok(202)
        sidecar.terminate()
        told = [json.loads(block.split("data: ", 1)[1]) for block in stream.until_end() if "event: commit" in block]
    assert sidecar.wait_exit() == 0
    assert [outcome["error"] for outcome in told] == [None] * 20
    assert kafka.committed(group)[topic, 0].offset == 19
