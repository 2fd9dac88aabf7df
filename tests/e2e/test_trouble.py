"""Brokers that die, freeze, move or are none; networks that harm. Nothing is lost, nothing is skipped."""
import pytest

from lib import produce
from lib.peers import BEHAVIOURS, Peer, Proxy, cut, flip, insert_length
from lib.reader import Reader
from lib.records import values
from lib.wait import Stopwatch, eventually, free_port


@pytest.mark.short
@pytest.mark.parametrize("death", ["kill", "stop"])
def test_a_broker_that_restarts_while_polls_go_on(own_kafka, start_sidecar, steady, death):
    """pitfall 14, pitfall 55, pitfall 63"""
    topic = own_kafka.create_topic(partitions=3)
    producer = steady(own_kafka, topic, 3)
    reader = Reader(start_sidecar(own_kafka.bootstrap, topic).wait_ready())
    for _ in range(2):
        so_far = len(reader.found)
        reader.read(lambda: len(reader.found) > so_far + 50)
        own_kafka(death)
        watch = Stopwatch()
        reader.read(lambda: watch.seconds > 1)
        own_kafka("start")
    so_far = len(reader.found)
    reader.read(lambda: len(reader.found) > so_far + 50)
    reader.read_to_the_end(producer.stop())


@pytest.mark.short
def test_a_broker_that_freezes_while_polls_go_on(own_kafka, start_sidecar, steady):
    topic = own_kafka.create_topic(partitions=2)
    producer = steady(own_kafka, topic, 2)
    reader = Reader(start_sidecar(own_kafka.bootstrap, topic, settings={"request.timeout.ms": 2000}).wait_ready())
    reader.read(lambda: len(reader.found) > 50)
    own_kafka("pause")
    watch = Stopwatch()
    reader.read(lambda: watch.seconds > 4)
    own_kafka("resume")
    so_far = len(reader.found)
    reader.read(lambda: len(reader.found) > so_far + 50)
    reader.read_to_the_end(producer.stop())


def test_leaders_and_the_coordinator_die_in_turn(own_kafkas, start_sidecar, steady):
    """pitfall 53, pitfall 54, pitfall 58, pitfall 63: three brokers, each partition moves"""
    topic = own_kafkas.create_topic(replica_assignment=[[2, 3], [3, 2], [2, 3], [3, 2]], min_insync_replicas=1)
    producer = steady(own_kafkas, topic, 4)
    reader = Reader(start_sidecar(own_kafkas.bootstrap, topic, settings={"request.timeout.ms": 5000}).wait_ready())
    reader.read(lambda: len(reader.found) > 100)
    for broker in (2, 3):
        own_kafkas("kill", broker)
        other = 5 - broker
        reader.read(lambda: set(own_kafkas.leaders(topic).values()) == {other}, what=f"broker {other} leads")
        so_far = len(reader.found)
        reader.read(lambda: len(reader.found) > so_far + 100, what="records come from the new leader")
        own_kafkas("start", broker)
        reader.read(lambda: all(len(p.isrs) == 2 for p in
                                own_kafkas.admin.list_topics(topic, timeout=10).topics[topic].partitions.values()),
                    what="both replicas are in sync again")
    reader.read_to_the_end(producer.stop())


@pytest.mark.parametrize("harm", [cut, flip, insert_length], ids=lambda harm: harm.__name__)
def test_a_network_that_harms_answers(start_own_kafka, start_sidecar, steady, harm):
    """pitfall 26, pitfall 33, pitfall 37, pitfall 87, pitfall 89: connections are given up, not the process"""
    front, port = free_port(), free_port(3)
    kafka = start_own_kafka(port=port, proxy=front)  # the producer goes round the proxy
    proxy = Proxy(front, port + 2, seed=1)
    try:
        topic = kafka.create_topic(partitions=2)
        producer = steady(kafka, topic, 2)
        sidecar = start_sidecar(f"127.0.0.1:{front}", topic, settings={"request.timeout.ms": 3000}).wait_ready()
        reader = Reader(sidecar)
        reader.read(lambda: len(reader.found) > 50)
        proxy.harm = harm
        watch = Stopwatch()
        reader.read(lambda: watch.seconds > 5 and proxy.harmed > 5)
        proxy.harm = None
        reader.read_to_the_end(producer.stop())
        assert sidecar.running
    finally:
        proxy.close()


@pytest.mark.parametrize("name", BEHAVIOURS)
def test_a_bootstrap_server_that_is_no_kafka(start_sidecar, name, binary):
    """pitfall 89, pitfall 96: a clear line, no crash, little memory, no storm of connections"""
    peer = Peer(BEHAVIOURS[name])
    try:
        sidecar = start_sidecar(peer.address, "t", settings={"request.timeout.ms": 1000}).wait_up()
        memory = sidecar.rss_kib
        watch = Stopwatch()
        eventually(lambda: peer.connections >= 2 and watch.seconds > 2)
        assert sidecar.running
        assert peer.connections < 40 * (1 + watch.seconds / 2), "connections back off"
        assert sidecar.management.get("/healthz").status == 200
        assert sidecar.management.get("/readyz").status == 503
        lines = [line for line in sidecar.log.splitlines() if peer.address.split(":")[1] in line]
        assert lines, "the log names the peer"
        assert len(sidecar.log.splitlines()) < 300
        if "release" in str(binary):
            assert sidecar.rss_kib - memory < 110_000, "memory is bounded by the frame limit"
        sidecar.close()
    finally:
        peer.close()


def test_one_good_bootstrap_server_among_bad_ones_is_enough(kafka, topic, start_sidecar):
    """pitfall 60"""
    peers = [Peer(BEHAVIOURS[name]) for name in ("an HTTP server", "a door that shuts", "random bytes")]
    bootstrap = ",".join([*(peer.address for peer in peers), f"127.0.0.1:{free_port()}", kafka.bootstrap])
    produce.produce(kafka.bootstrap, topic, [b"found"])
    sidecar = start_sidecar(bootstrap, topic, settings={"request.timeout.ms": 1000}).wait_ready(60)
    assert values(sidecar.poll(timeout_ms=30000)) == [b"found"]
    for peer in peers:
        peer.close()


def test_a_topic_that_is_deleted_and_made_again_starts_anew(start_own_kafka, start_sidecar):
    """pitfall 52"""
    from confluent_kafka.admin import NewTopic
    kafka = start_own_kafka(properties=["auto.create.topics.enable=false"])
    topic = kafka.create_topic()
    produce.produce(kafka.bootstrap, topic, produce.numbered(0, 5))
    sidecar = start_sidecar(kafka.bootstrap, topic, settings={"metadata.max.age.ms": 500}).wait_ready()
    sidecar.poll_until(5)
    kafka.admin.delete_topics([topic])[topic].result(20)
    eventually(lambda: topic not in kafka.admin.list_topics(timeout=10).topics)

    def create():
        try:
            kafka.admin.create_topics([NewTopic(topic, num_partitions=1, replication_factor=1)])[topic].result(20)
        except Exception:  # still being deleted
            return False
        return True
    eventually(create, what="the topic is there again")
    produce.produce(kafka.bootstrap, topic, produce.numbered(100, 3))
    found = []
    eventually(lambda: found.extend(values(sidecar.poll(timeout_ms=500))) or len(found) >= 3, timeout_s=60)
    assert found == produce.numbered(100, 3)
