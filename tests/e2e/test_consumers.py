"""Several consumers in one process: made, called and closed by name, on real Kafka and as an outsider sees them."""
import threading

import pytest

from lib import produce
from lib.client import RawRequest
from lib.records import of_answer, values
from lib.wait import Stopwatch, eventually


def path(name, call=""):
    return f"/v1/consumers/{name}{call}"


def make(sidecar, name, status=201, topics=(), **config):
    body = {"config": {key.replace("_", "."): value for key, value in config.items()}, "topics": list(topics)}
    return sidecar.http.put(path(name), body).ok(status)


def wait_stable(sidecar, name):
    eventually(lambda: sidecar.http.get(path(name, "/status")).ok()["ready"], what=f"{name} is in its group")


def listed(sidecar):
    """{name: state}"""
    return {one["name"]: one["state"] for one in sidecar.http.get("/v1/consumers").ok()["consumers"]}


@pytest.mark.short
def test_consumers_have_groups_and_starts_of_their_own(kafka, topic, sidecar, group):
    produce.produce(kafka.bootstrap, topic, produce.numbered(0, 3))
    made = make(sidecar, "early", topics=[topic], group_id=f"{group}-2", auto_offset_reset="earliest")
    assert made["config"]["auto.offset.reset"] == "earliest"
    assert made["config"]["bootstrap.servers"] == kafka.bootstrap, "inherited"
    make(sidecar, "late", topics=[topic], group_id=f"{group}-3", auto_offset_reset="latest")
    for name in ("early", "late"):
        wait_stable(sidecar, name)
    eventually(lambda: [row["position"] for row in sidecar.http.get(path("late", "/status")).ok()["assignment"]] == [3])
    produce.produce(kafka.bootstrap, topic, [b"new"])
    old = of_answer(sidecar.http.get(path("early", "/poll"), timeout_ms=15000, max_records=3))
    new = of_answer(sidecar.http.get(path("late", "/poll"), timeout_ms=15000))
    assert values(old) == produce.numbered(0, 3)
    assert values(new) == [b"new"]
    sidecar.http.post(path("early", "/commit")).ok()
    sidecar.http.post(path("late", "/commit")).ok()
    assert [entry.offset for entry in kafka.committed(f"{group}-2").values()] == [3]
    assert [entry.offset for entry in kafka.committed(f"{group}-3").values()] == [4]
    assert kafka.committed(group) == {}, "the configured one has read nothing"
    assert values(sidecar.poll_until(4)) == [*produce.numbered(0, 3), b"new"]


@pytest.mark.short
def test_a_wish_may_be_repeated_but_not_changed(kafka, topic, sidecar, group):
    make(sidecar, "again", topics=[topic], group_id=f"{group}-2", max_poll_records=10)
    make(sidecar, "again", 200, topics=[topic], max_poll_records="10", group_id=f"{group}-2")
    other = {"config": {"group.id": f"{group}-3"}, "topics": [topic]}
    sidecar.http.put(path("again"), other).problem(409, "CONSUMER_EXISTS")
    assert sidecar.http.get(path("again")).ok()["group_id"] == f"{group}-2"
    sidecar.http.put(path("x"), {"config": {"sasl.password": "x"}}).problem(400, mentions="sasl.password")
    sidecar.http.put(path("x"), {"config": {"group.idd": "x"}}).problem(400, mentions="group.id")
    sidecar.http.put(path("x"), {"config": {"max.poll.records": "many"}}).problem(400, "INVALID_CONFIG")
    sidecar.http.put(path("default"), {}).problem(405, "METHOD_NOT_ALLOWED")
    sidecar.http.delete(path("default")).problem(405, "METHOD_NOT_ALLOWED")
    sidecar.http.get(path("nobody")).problem(404, "NO_SUCH_CONSUMER")
    sidecar.http.delete(path("nobody")).problem(404, "NO_SUCH_CONSUMER")


@pytest.mark.short
def test_who_is_closed_has_left_its_group(kafka, topic, sidecar, group):
    produce.produce(kafka.bootstrap, topic, [b"a", b"b"])
    make(sidecar, "short", topics=[topic], group_id=f"{group}-2")
    wait_stable(sidecar, "short")
    assert len(kafka.members(f"{group}-2")) == 1
    waiting = RawRequest(sidecar.listener, path("short", "/poll?timeout_ms=60000&max_records=5"))
    assert values(of_answer(waiting.answer())) == [b"a", b"b"]
    sidecar.http.post(path("short", "/commit")).ok()
    held = RawRequest(sidecar.listener, path("short", "/poll?timeout_ms=60000"))
    eventually(lambda: sidecar.http.get(path("short", "/poll")).status == 409, what="the poll is held")
    watch = Stopwatch()
    assert sidecar.http.delete(path("short")).status == 204
    assert watch.seconds < 10
    assert kafka.members(f"{group}-2") == []
    held.answer().problem(409, "CLOSED")
    sidecar.http.get(path("short", "/poll")).problem(404, "NO_SUCH_CONSUMER")
    assert [entry.offset for entry in kafka.committed(f"{group}-2").values()] == [2]
    assert listed(sidecar) == {"default": "stable"}
    make(sidecar, "short", topics=[topic], group_id=f"{group}-2")
    wait_stable(sidecar, "short")


def test_a_static_member_stays_unless_it_is_told_to_leave(kafka, topic, sidecar, group):
    for leave, left in (("default", False), ("leave", True)):
        make(sidecar, "static", topics=[topic], group_id=f"{group}-{leave}", group_instance_id="one",
             session_timeout_ms=30000)
        wait_stable(sidecar, "static")
        assert sidecar.http.delete(path("static"), leave=leave).status == 204
        assert (kafka.members(f"{group}-{leave}") == []) == left, leave


def test_its_last_commit_is_taken_while_it_is_closed(kafka, topic, sidecar, group):
    """A listener is told of the partitions that go, and commits before they do."""
    produce.produce(kafka.bootstrap, topic, [b"a", b"b", b"c"])
    make(sidecar, "told", topics=[topic], group_id=f"{group}-2")
    with RawRequest(sidecar.listener, path("told", "/events?listener=true"), headers="Accept: text/event-stream\r\n"):
        def acknowledge():
            for number in range(1, 20):
                sidecar.http.post(path("told", f"/rebalances/{number}/ack"))
        eventually(lambda: acknowledge() or sidecar.http.get(path("told", "/status")).ok()["ready"])
        assert len(of_answer(sidecar.http.get(path("told", "/poll"), timeout_ms=15000))) == 3
        statuses = []
        closing = threading.Thread(target=lambda: statuses.append(sidecar.http.delete(path("told")).status))
        closing.start()
        eventually(lambda: listed(sidecar).get("told") == "closing")
        sidecar.http.put(path("told"), {}).problem(409, "CONSUMER_CLOSING")
        sidecar.http.post(path("told", "/commit"), {"offsets": [{"topic": topic, "partition": 0, "offset": 3}]}).ok()
        acknowledge()
        closing.join(30)
    assert statuses == [204]
    assert [entry.offset for entry in kafka.committed(f"{group}-2").values()] == [3]


def test_an_idle_consumer_leaves_and_is_remembered(kafka, topic, start_sidecar, group):
    sidecar = start_sidecar(kafka.bootstrap, topic, settings={"consumer.idle.timeout.ms": 1500}).wait_ready()
    make(sidecar, "idle", topics=[topic], group_id=f"{group}-2")
    wait_stable(sidecar, "idle")
    eventually(lambda: listed(sidecar).get("idle") == "expired", what="it has expired")
    assert kafka.members(f"{group}-2") == []
    sidecar.http.get(path("idle")).problem(410, "CONSUMER_EXPIRED")
    sidecar.http.get(path("idle", "/status")).problem(410, "CONSUMER_EXPIRED")
    sidecar.http.delete(path("idle")).problem(410, "CONSUMER_EXPIRED")
    assert listed(sidecar)["default"] == "stable", "the configured one stays"
    make(sidecar, "idle", topics=[topic], group_id=f"{group}-2")


def test_there_are_no_more_than_consumers_max(kafka, topic, start_sidecar, group):
    sidecar = start_sidecar(kafka.bootstrap, topic, settings={"consumers.max": 3}).wait_ready()
    for name in ("two", "three"):
        make(sidecar, name, topics=[topic], group_id=f"{group}-{name}")
        wait_stable(sidecar, name)
    sidecar.http.put(path("four"), {}).problem(429, "TOO_MANY_CONSUMERS")
    groups = [group, f"{group}-two", f"{group}-three"]
    assert [len(kafka.members(one)) for one in groups] == [1, 1, 1]
    sidecar.close()
    assert [kafka.members(one) for one in groups] == [[], [], []], "all have left"


def test_a_pattern_finds_topics_that_come_later(kafka, start_sidecar, group):
    first = kafka.create_topic()
    sidecar = start_sidecar(kafka.bootstrap, settings={"metadata.max.age.ms": 500}).wait_up()
    pattern = f"{first}(-later)?"
    assert sidecar.http.put("/v1/subscription", {"pattern": pattern}).ok()["pattern"] == pattern
    eventually(lambda: sidecar.assignment() == {(first, 0)})
    from confluent_kafka.admin import NewTopic
    kafka.admin.create_topics([NewTopic(f"{first}-later", num_partitions=1)])[f"{first}-later"].result(20)
    eventually(lambda: sidecar.assignment() == {(first, 0), (f"{first}-later", 0)})
    assert sidecar.http.get("/v1/subscription").ok() == {"topics": sorted([first, f"{first}-later"]), "pattern": pattern}
    sidecar.http.put("/v1/subscription", {"pattern": "a", "topics": ["a"]}).problem(400, "INVALID_ARGUMENT")
    sidecar.http.put("/v1/subscription", {}).problem(400, "INVALID_ARGUMENT")
    sidecar.http.put("/v1/subscription", {"pattern": "a("}).problem(400, "INVALID_ARGUMENT")


@pytest.mark.short
def test_a_rebalance_can_be_asked_for(sidecar):
    before = sidecar.status()["generation"]
    answer = sidecar.http.post("/v1/rebalance", {"reason": "a test"})
    assert answer.status == 202, answer
    eventually(lambda: sidecar.status()["generation"] > before and sidecar.status()["state"] == "stable")
    sidecar.http.delete("/v1/subscription").ok()
    sidecar.http.post("/v1/rebalance").problem(409, "SUBSCRIPTION_CONFLICT")


def test_all_consumers_together_keep_to_the_bound_on_memory(kafka, topic, start_sidecar, group):
    limit = 1 << 20
    sidecar = start_sidecar(kafka.bootstrap, topic, settings={"fetch.buffer.bytes": limit}).wait_ready()

    def buffered(name):
        return sidecar.http.get(path(name, "/status")).ok()["buffered_bytes"]
    names = ["default", "b", "c", "d"]
    for name in names[1:]:
        make(sidecar, name, topics=[topic], group_id=f"{group}-{name}")
        wait_stable(sidecar, name)
    for _ in range(40):  # a fetch brings at least one batch whole
        produce.produce(kafka.bootstrap, topic, [b"x" * 10000] * 10)
    for name in names:
        eventually(lambda: buffered(name) > limit / 16, what=f"{name} prefetches its share")
        assert buffered(name) <= limit / 4 + 110000
    for name in names[1:3]:
        assert sidecar.http.delete(path(name)).status == 204
    eventually(lambda: buffered("d") > limit / 4 + 110000, what="the shares of those that have gone are used")
