"""What the other tests stand on: the brokers, the producers and the oracles. No sidecar here."""
import subprocess

import pytest

from lib import produce
from lib.kafka import run_tool
from lib.records import values
from lib.wait import eventually

pytestmark = pytest.mark.rig


def test_two_oracles_read_what_was_produced_with_every_codec(kafka):
    topic = kafka.create_topic(partitions=2)
    stored = produce.produce_odd_records(kafka, topic, partitions=2, count=1000, seed=1)
    found = produce.read_all(kafka.bootstrap, topic, partitions=2)
    read = {(r.partition, r.offset): (r.key, r.value, r.headers) for rows in found.values() for r in rows}
    assert read == stored
    done = subprocess.run(["kcat", "-C", "-b", kafka.bootstrap, "-t", topic, "-e", "-q", "-f", "%p %o %S\n"],
                          capture_output=True, check=True, timeout=60)
    by_kcat = {tuple(map(int, line.split())) for line in done.stdout.splitlines()}
    assert by_kcat == {(p, o, -1 if v is None else len(v)) for (p, o), (_, v, _) in stored.items()}


def test_a_killed_broker_comes_back_with_its_records(own_kafka):
    topic = own_kafka.create_topic()
    produce.produce(own_kafka.bootstrap, topic, produce.numbered(0, 10))
    own_kafka("kill")
    own_kafka("start")
    assert values(produce.read_all(own_kafka.bootstrap, topic)[0]) == produce.numbered(0, 10)
    own_kafka("pause")
    own_kafka("resume")
    own_kafka("stop")
    own_kafka("start")
    assert values(produce.read_all(own_kafka.bootstrap, topic)[0]) == produce.numbered(0, 10)
    with pytest.raises(AssertionError, match="There is no broker 2"):
        own_kafka("kill", 2)
    with pytest.raises(AssertionError, match="is running"):
        run_tool("up", "--dir", own_kafka.folder, "--port", 0)


def test_three_brokers_elect_another_leader_when_one_is_killed(own_kafkas):
    topic = own_kafkas.create_topic(replica_assignment=[[2, 3], [3, 2]])
    own_kafkas("kill", 3)
    eventually(lambda: own_kafkas.leaders(topic) == {0: 2, 1: 2}, what="broker 2 leads both partitions")
    own_kafkas("start", 3)


def test_a_steady_producer_loses_nothing_while_its_broker_restarts(own_kafka):
    topic = own_kafka.create_topic(partitions=2)
    producer = produce.SteadyProducer(own_kafka.bootstrap, topic, 2)
    eventually(lambda: len(producer.stored) > 20)
    own_kafka("kill")
    own_kafka("start")
    eventually(lambda: len(producer.stored) > 60)
    stored = producer.stop()
    found = produce.read_all(own_kafka.bootstrap, topic, 2)
    assert {(r.partition, r.offset): r.value for rows in found.values() for r in rows} == stored
    assert sorted(stored.values()) == sorted(produce.numbered(0, len(stored)))
