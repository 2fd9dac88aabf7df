"""Membership: subscription and assignment, several members of several makes, and the view from outside."""
import json
import signal
import threading

import pytest
from confluent_kafka import Consumer
from kafka import KafkaConsumer
from kafka.coordinator.assignors.range import RangePartitionAssignor

from lib import produce
from lib.records import offsets, values
from lib.sidecar import rows
from lib.wait import eventually, throughout

RANGE = {"partition.assignment.strategy": "range"}


# One member

@pytest.mark.short
def test_the_subscription_can_be_read_changed_and_ended(kafka, topic, sidecar, group):
    """pitfall 71, pitfall 73"""
    assert sidecar.http.get("/v1/subscription").ok()["topics"] == [topic]
    other = kafka.create_topic(partitions=2)
    sidecar.http.put("/v1/subscription", {"topics": [other]}).ok()
    assert sidecar.http.get("/v1/subscription").ok()["topics"] == [other]
    eventually(lambda: sidecar.assignment() == {(other, 0), (other, 1)})
    produce.produce(kafka.bootstrap, topic, [b"old"])
    produce.produce(kafka.bootstrap, other, [b"new"], partition=1)
    assert values(sidecar.poll()) == [b"new"]
    assert sidecar.http.delete("/v1/subscription").status in (200, 204)
    eventually(lambda: kafka.members(group) == [], what="it has left the group")
    assert sidecar.assignment() == set()
    assert not sidecar.http.get("/v1/subscription").ok()["topics"]
    assert sidecar.management.get("/readyz").status == 503
    sidecar.http.put("/v1/subscription", {"topics": [topic, other]}).ok()
    eventually(lambda: len(sidecar.assignment()) == 3)


@pytest.mark.short
def test_partitions_can_be_assigned_by_hand(kafka, start_sidecar, group):
    topic = kafka.create_topic(partitions=3)
    for partition in range(3):
        produce.produce(kafka.bootstrap, topic, produce.numbered(0, 5), partition=partition)
    sidecar = start_sidecar(kafka.bootstrap).wait_up()
    chosen = [{"topic": topic, "partition": 0}, {"topic": topic, "partition": 2, "offset": 3}]
    sidecar.http.put("/v1/assignment", {"partitions": chosen}).ok()
    assert sidecar.assignment() == {(topic, 0), (topic, 2)}
    found = sidecar.poll_until(7)
    assert offsets(r for r in found if r.partition == 0) == [0, 1, 2, 3, 4]
    assert offsets(r for r in found if r.partition == 2) == [3, 4]
    sidecar.wait_ready()
    assert kafka.members(group) == [], "who assigns by hand joins no group"
    sidecar.http.post("/v1/commit").ok()
    assert {key: entry.offset for key, entry in kafka.committed(group).items()} == {(topic, 0): 5, (topic, 2): 5}
    sidecar.http.put("/v1/subscription", {"topics": [topic]}).problem(409, "SUBSCRIPTION_CONFLICT")
    assert sidecar.http.delete("/v1/assignment").status in (200, 204)
    assert sidecar.assignment() == set()
    sidecar.http.put("/v1/subscription", {"topics": [topic]}).ok()
    eventually(lambda: len(sidecar.assignment()) == 3)


def test_without_a_group_partitions_can_be_read_but_not_committed(kafka, topic, start_sidecar):
    produce.produce(kafka.bootstrap, topic, produce.numbered(0, 5))
    sidecar = start_sidecar(kafka.bootstrap, group=None).wait_up()
    sidecar.http.put("/v1/assignment", {"partitions": [{"topic": topic, "partition": 0}]}).ok()
    assert values(sidecar.poll_until(5)) == produce.numbered(0, 5)
    answer = sidecar.http.post("/v1/commit")
    assert 400 <= answer.status < 500, answer
    assert sidecar.http.put("/v1/subscription", {"topics": [topic]}).status in (400, 409)


@pytest.mark.short
def test_status_tells_what_an_operator_asks(kafka, topic, sidecar, group):
    produce.produce(kafka.bootstrap, topic, produce.numbered(0, 8))
    eventually(lambda: len(sidecar.poll(update_offsets=False)) == 8)
    sidecar.poll(max_records=5)
    sidecar.http.post("/v1/commit").ok()
    status = sidecar.status()
    assert status["state"] == "stable"
    assert status["group_id"] == group
    assert status["protocol"] == "classic"
    assert status["generation"] >= 1
    [member] = kafka.members(group)
    assert status["member_id"] == member.member_id
    [row] = status["assignment"]
    wanted = {"topic": topic, "partition": 0, "position": 5, "committed": 5, "lag": 3, "paused": False}
    assert {key: row[key] for key in wanted} == wanted


@pytest.mark.short
def test_lag_is_zero_at_the_end(kafka, topic, sidecar):
    """pitfall 42"""
    produce.produce(kafka.bootstrap, topic, produce.numbered(0, 8))
    sidecar.poll_until(8)
    eventually(lambda: [row["lag"] for row in sidecar.status()["assignment"]] == [0])


def test_new_partitions_of_a_topic_are_taken_in(kafka, topic, start_sidecar):
    """pitfall 78"""
    from confluent_kafka.admin import NewPartitions
    sidecar = start_sidecar(kafka.bootstrap, topic, settings={"metadata.max.age.ms": 500}).wait_ready()
    kafka.admin.create_partitions([NewPartitions(topic, 3)])[topic].result(20)
    eventually(lambda: len(sidecar.assignment()) == 3, what="the new partitions are assigned")
    produce.produce(kafka.bootstrap, topic, [b"in the new one"], partition=2)
    assert values(sidecar.poll()) == [b"in the new one"]


def test_a_topic_that_is_created_later_is_joined(kafka, start_sidecar):
    from confluent_kafka.admin import NewTopic
    name = f"{kafka.create_topic()}-later"
    sidecar = start_sidecar(kafka.bootstrap, name, settings={"metadata.max.age.ms": 500}).wait_up()
    eventually(lambda: sidecar.http.get("/v1/poll", timeout_ms=200).status < 500)
    assert name not in kafka.admin.list_topics(timeout=10).topics, "nobody asked to create it"
    kafka.admin.create_topics([NewTopic(name, num_partitions=1, replication_factor=1)])[name].result(20)
    produce.produce(kafka.bootstrap, name, [b"first"])
    assert values(sidecar.poll(timeout_ms=30000)) == [b"first"]


# Several members

@pytest.mark.short
def test_a_second_member_gets_its_share_though_the_first_does_not_poll(kafka, start_sidecar):
    """Membership does not hang on polls (pitfall 65)"""
    topic = kafka.create_topic(partitions=4)
    first = start_sidecar(kafka.bootstrap, topic).wait_ready()
    assert len(first.assignment()) == 4
    second = start_sidecar(kafka.bootstrap, topic).wait_ready()
    eventually(lambda: len(first.assignment()) == len(second.assignment()) == 2, timeout_s=10)
    assert not first.assignment() & second.assignment()
    for partition in range(4):
        produce.produce(kafka.bootstrap, topic, produce.numbered(0, 3), partition=partition)
    assert len(second.poll_until(6)) == 6
    second.close()
    eventually(lambda: len(first.assignment()) == 4, timeout_s=10)


@pytest.mark.parametrize("assignor", ["range", "roundrobin"])
def test_assignors_share_two_topics_as_they_should(kafka, start_sidecar, assignor):
    topics = sorted(kafka.create_topic(partitions=3) for _ in range(2))
    settings = {"partition.assignment.strategy": assignor}
    members = [start_sidecar(kafka.bootstrap, topics, settings=settings).wait_ready() for _ in range(2)]
    eventually(lambda: sum(len(m.assignment()) for m in members) == 6 and all(m.assignment() for m in members))
    counts = sorted(len(m.assignment()) for m in members)
    assert counts == ([2, 4] if assignor == "range" else [3, 3])
    assert members[0].status()["assignor"] == assignor


class OtherMake:
    """A group member that is not ours: polls, commits and remembers in a thread."""

    def __init__(self, bootstrap, topic, group):
        self.found = {}
        self.partitions = set()
        self.stopping = threading.Event()
        self.member = self.open(bootstrap, topic, group)
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        while not self.stopping.is_set():
            self.step()
        self.member.close()

    def stop(self):
        self.stopping.set()
        self.thread.join(30)
        assert not self.thread.is_alive()


class ConfluentMember(OtherMake):
    def open(self, bootstrap, topic, group):
        member = Consumer({"bootstrap.servers": bootstrap, "group.id": group, "auto.offset.reset": "earliest",
                           "enable.auto.commit": False, "partition.assignment.strategy": "range",
                           "session.timeout.ms": 6000, "heartbeat.interval.ms": 500, "log_level": 0})
        member.subscribe([topic])
        return member

    def step(self):
        for message in self.member.consume(500, timeout=0.05):
            assert not message.error(), message.error()
            self.found[message.partition(), message.offset()] = message.value()
        self.partitions = {partition.partition for partition in self.member.assignment()}
        try:
            self.member.commit(asynchronous=False)
        except Exception:  # nothing to commit, or a rebalance: the records come again, somewhere
            pass


class KafkaPythonMember(OtherMake):
    def open(self, bootstrap, topic, group):
        return KafkaConsumer(topic, bootstrap_servers=bootstrap.split(","), group_id=group, auto_offset_reset="earliest",
                             enable_auto_commit=False, partition_assignment_strategy=[RangePartitionAssignor],
                             session_timeout_ms=6000, heartbeat_interval_ms=500)

    def step(self):
        for batch in self.member.poll(timeout_ms=50).values():
            for record in batch:
                self.found[record.partition, record.offset] = record.value
        self.partitions = {partition.partition for partition in self.member.assignment()}
        try:
            self.member.commit()
        except Exception:  # a rebalance: the records come again, somewhere
            pass


class Loop:
    """Polls a sidecar and commits in a thread until the sidecar is gone."""

    def __init__(self, sidecar):
        self.sidecar, self.found, self.ended = sidecar, {}, threading.Event()
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        while not self.ended.is_set():
            try:
                for record in self.sidecar.poll(timeout_ms=200):
                    self.found[record.partition, record.offset] = record.value
                self.sidecar.http.post("/v1/commit")  # a rebalance may refuse it
            except (OSError, AssertionError, json.JSONDecodeError):
                if not self.sidecar.running:
                    return

    def stop(self):
        self.ended.set()
        self.thread.join(30)
        assert not self.thread.is_alive()

    @property
    def partitions(self):
        return {partition for _, partition in self.sidecar.assignment()}


def owned_once(members, count=12):
    """Every partition has one owner among the members, and every member has its share."""
    owned = [sorted(member.partitions) for member in members]
    everything = sorted(partition for partitions in owned for partition in partitions)
    assert everything == list(range(count)), owned
    assert all(len(partitions) == count // len(members) for partitions in owned), owned
    return True


@pytest.mark.parametrize("make", [ConfluentMember, KafkaPythonMember])
def test_two_sidecars_and_another_make_share_partitions_through_deaths(kafka, start_sidecar, group, make):
    """pitfall 4, pitfall 5, pitfall 65, pitfall 76: one is killed, one is closed; nothing is lost"""
    topic = kafka.create_topic(partitions=12)
    producer = produce.SteadyProducer(kafka.bootstrap, topic, 12)
    loops = [Loop(start_sidecar(kafka.bootstrap, topic, settings=RANGE).wait_ready()) for _ in range(2)]
    other = make(kafka.bootstrap, topic, group)
    try:
        everyone = [*loops, other]
        eventually(lambda: owned_once(everyone), timeout_s=40)
        eventually(lambda: all(len(member.found) > 100 for member in everyone), timeout_s=60, what="all three read")
        loops[0].sidecar.process.send_signal(signal.SIGKILL)
        loops[0].stop()
        eventually(lambda: owned_once([loops[1], other]), timeout_s=40, what="the killed one's share is taken over")
        loops[1].sidecar.close()
        loops[1].stop()
        eventually(lambda: owned_once([other]), timeout_s=40, what="the closed one's share is taken over")
        stored = producer.stop()
        eventually(lambda: stored.keys() <= loops[0].found.keys() | loops[1].found.keys() | other.found.keys(),
                   timeout_s=60, what="every record has come to somebody")
        for member in everyone:
            assert member.found.items() <= stored.items()
    finally:
        producer.stopping.set()
        for member in [*loops, other]:
            member.stopping.set() if member is other else member.ended.set()
        other.stop()


# The view from outside

@pytest.mark.short
def test_an_admin_client_sees_the_member_its_partitions_and_offsets(kafka, start_sidecar, group):
    topic = kafka.create_topic(partitions=3)
    for partition in range(3):
        produce.produce(kafka.bootstrap, topic, produce.numbered(0, 4 + partition), partition=partition)
    sidecar = start_sidecar(kafka.bootstrap, topic, settings={"client.id": "orders-app"}).wait_ready()
    sidecar.poll_until(15)
    sidecar.http.post("/v1/commit").ok()
    [member] = kafka.members(group)
    assert member.client_id == "orders-app"
    assert member.member_id == sidecar.status()["member_id"]
    assert {(tp.topic, tp.partition) for tp in member.assignment.topic_partitions} == sidecar.assignment()
    outside = {(tp.topic, tp.partition): tp.offset for tp in kafka.committed(group).values()}
    ours = {(row["topic"], row["partition"]): row["offset"] for row in rows(sidecar.http.get("/v1/committed").ok())}
    assert ours == outside == {(topic, 0): 4, (topic, 1): 5, (topic, 2): 6}


def test_a_member_that_is_frozen_longer_than_its_session_comes_back(kafka, topic, start_sidecar, group):
    """pitfall 6, pitfall 121: its commits are refused, it joins again, and goes on at the committed offsets"""
    produce.produce(kafka.bootstrap, topic, produce.numbered(0, 10))
    sidecar = start_sidecar(kafka.bootstrap, topic,
                            settings={"session.timeout.ms": 1500, "heartbeat.interval.ms": 300}).wait_ready()
    eventually(lambda: len(sidecar.poll(update_offsets=False)) == 10)
    sidecar.poll(max_records=4)
    sidecar.http.post("/v1/commit").ok()
    before = sidecar.status()["member_id"]
    sidecar.process.send_signal(signal.SIGSTOP)
    eventually(lambda: kafka.members(group) == [], what="the group has thrown it out")
    sidecar.process.send_signal(signal.SIGCONT)
    eventually(lambda: [m.member_id for m in kafka.members(group)] == [sidecar.status()["member_id"]])
    assert sidecar.status()["member_id"] != before
    eventually(lambda: sidecar.position() == {0: 4})
    assert values(sidecar.poll_until(6)) == produce.numbered(4, 6)
    throughout(lambda: len(kafka.members(group)) == 1, for_s=1)
