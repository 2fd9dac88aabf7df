"""What is in a log comes out as it is: every byte, header, timestamp, codec, gap and transaction."""
import confluent_kafka
import pytest

from lib import produce
from lib.records import offsets, values
from lib.wait import eventually


@pytest.mark.short
def test_null_and_empty_differ(kafka, topic, sidecar):
    """pitfall 101, pitfall 113"""
    maker = produce.producer(kafka.bootstrap)
    cases = [(None, None), (b"", None), (None, b""), (b"", b""), (b"k", None), (None, b"v")]
    for key, value in cases:
        produce.send(maker, topic, key=key, value=value)
    maker.flush()
    found = sidecar.poll_until(len(cases))
    assert [(record.key, record.value) for record in found] == cases


@pytest.mark.short
def test_headers_keep_order_repetition_and_null(kafka, topic, sidecar):
    """pitfall 101"""
    headers = [("b", b"1"), ("a", None), ("b", b"2"), ("a", b""), ("", b"no name"), ("\u00fc\U0001f600", b"\xff"),
               ("quote\"\\\n", b"\x00")]
    produce.produce(kafka.bootstrap, topic, [b"x"], headers=headers)
    produce.produce(kafka.bootstrap, topic, [b"y"], headers=[("n", b"%d" % n) for n in range(1000)])
    found = sidecar.poll_until(2)
    assert found[0].headers == tuple(headers)
    assert found[1].headers == tuple(("n", b"%d" % n) for n in range(1000))


@pytest.mark.short
@pytest.mark.parametrize("codec", produce.CODECS)
def test_every_codec(kafka, topic, sidecar, codec):
    if codec not in produce.codecs_of(kafka):
        pytest.skip(f"Kafka {kafka.version} stores no {codec}")
    sent = [b"value %d " % n * 50 for n in range(500)]
    produce.produce(kafka.bootstrap, topic, sent, codec=codec)
    assert values(sidecar.poll_until(500)) == sent


@pytest.mark.short
def test_append_time_is_shown_as_such(kafka, start_sidecar):
    """pitfall 36"""
    topic = kafka.create_topic(message_timestamp_type="LogAppendTime")
    for codec in ("none", "lz4"):
        produce.produce(kafka.bootstrap, topic, produce.numbered(0, 3), codec=codec, timestamp=1000)
    found = start_sidecar(kafka.bootstrap, topic).wait_ready().poll_until(6)
    assert found == produce.read_all(kafka.bootstrap, topic)[0]
    assert all(record.timestamp_type == 1 and record.timestamp > 10**12 for record in found)


@pytest.mark.short
def test_a_record_larger_than_the_fetch_size_comes(kafka, start_sidecar):
    """pitfall 27"""
    topic = kafka.create_topic()
    sent = [b"small", b"L" * 900_000, b"small again"]
    produce.produce(kafka.bootstrap, topic, sent)
    sidecar = start_sidecar(kafka.bootstrap, topic,
                            settings={"max.partition.fetch.bytes": 1024, "fetch.max.bytes": 1024})
    assert values(sidecar.wait_ready().poll_until(3)) == sent


@pytest.mark.short
def test_prefetching_stops_at_its_bound_and_goes_on(kafka, start_sidecar):
    """pitfall 46: 60 MB through a buffer of 2 MiB"""
    topic = kafka.create_topic(partitions=2)
    count = 600
    for partition in range(2):
        produce.produce(kafka.bootstrap, topic, [b"%d " % n + b"x" * 50000 for n in range(count)], partition=partition)
    sidecar = start_sidecar(kafka.bootstrap, topic, settings={"fetch.buffer.bytes": 2 << 20}).wait_ready()
    found = sidecar.poll_until(2 * count, timeout_s=120)
    for partition in range(2):
        assert offsets(r for r in found if r.partition == partition) == list(range(count))


def test_gaps_of_compaction_are_passed(kafka, start_sidecar):
    """pitfall 24, pitfall 25"""
    topic = kafka.create_topic(cleanup_policy="compact", segment_ms=200, min_cleanable_dirty_ratio=0.01,
                               delete_retention_ms=100)

    def write(first, count):
        maker = produce.producer(kafka.bootstrap, "gzip")
        for number in range(first, first + count):
            produce.send(maker, topic, key=b"k%d" % (number % 5), value=b"%d" % number)
        maker.flush()

    def compacted():
        write(1000, 1)  # rolls the segment: only closed ones are cleaned
        return len(produce.read_all(kafka.bootstrap, topic)[0]) < 60

    write(0, 100)
    eventually(compacted, timeout_s=60, what="the topic is compacted")
    sidecar = start_sidecar(kafka.bootstrap, topic).wait_ready()
    expected = produce.read_all(kafka.bootstrap, topic)[0]
    found = []
    eventually(lambda: found.extend(sidecar.poll(timeout_ms=500)) or (found and found[-1].offset >= expected[-1].offset))
    cleaned_since = produce.read_all(kafka.bootstrap, topic)[0]
    assert set(cleaned_since) <= set(found) <= set(expected) | set(cleaned_since)
    assert offsets(found) == sorted(set(offsets(found)))
    # a position inside a gap is fine too
    sidecar.http.post("/v1/seek", {"partitions": [{"topic": topic, "partition": 0, "offset": 3}]}).ok()
    assert sidecar.poll()[0].offset >= cleaned_since[0].offset


def transact(kafka, topic, outcomes, count=5):
    """One transaction for each outcome (commit or abort); returns the values that were committed."""
    maker = produce.producer(kafka.bootstrap, "lz4", transactional_id=f"tx-{topic}")
    maker.init_transactions(30)
    committed = []
    for number, outcome in enumerate(outcomes):
        maker.begin_transaction()
        sent = [b"%s-%d-%d" % (outcome.encode(), number, n) for n in range(count)]
        for value in sent:
            produce.send(maker, topic, value)
        maker.flush()
        if outcome == "commit":
            maker.commit_transaction()
            committed += sent
        else:
            maker.abort_transaction()
    return committed


@pytest.mark.short
def test_aborted_transactions_are_not_shown_to_read_committed(kafka, topic, start_sidecar):
    """pitfall 11, pitfall 28, pitfall 29, pitfall 30: and the position reaches the end"""
    committed = transact(kafka, topic, ["abort", "commit", "abort", "abort", "commit", "abort"])
    sidecar = start_sidecar(kafka.bootstrap, topic, settings={"isolation.level": "read_committed"}).wait_ready()
    found = sidecar.poll_until(len(committed))
    assert values(found) == committed
    assert found == produce.read_all(kafka.bootstrap, topic, isolation="read_committed")[0]
    eventually(lambda: sidecar.poll(timeout_ms=100) == [] and sidecar.position() == {0: 36},
               what="the position passes the last aborted records and markers")
    sidecar.http.post("/v1/commit").ok()
    assert sidecar.committed() == {0: 36}
    [row] = sidecar.status()["assignment"]
    assert row["lag"] == 0


def test_read_uncommitted_shows_aborted_records_but_no_markers(kafka, topic, start_sidecar):
    """pitfall 32"""
    transact(kafka, topic, ["abort", "commit"])
    sidecar = start_sidecar(kafka.bootstrap, topic).wait_ready()
    assert sidecar.poll_until(10) == produce.read_all(kafka.bootstrap, topic)[0]


def test_an_open_transaction_holds_read_committed_back(kafka, topic, start_sidecar):
    """pitfall 42"""
    maker = produce.producer(kafka.bootstrap, transactional_id=f"tx-{topic}")
    maker.init_transactions(30)
    maker.begin_transaction()
    produce.send(maker, topic, b"in doubt")
    maker.flush()
    produce.produce(kafka.bootstrap, topic, [b"behind it"])
    sidecar = start_sidecar(kafka.bootstrap, topic, settings={"isolation.level": "read_committed"}).wait_ready()
    assert sidecar.poll(timeout_ms=700) == []
    sidecar.http.post("/v1/seek", {"to": "end"}).ok()
    assert sidecar.position() == {0: 0}, "the end is the last stable offset"
    maker.commit_transaction()
    assert values(sidecar.poll_until(2)) == [b"in doubt", b"behind it"]


def test_transactions_that_interleave_are_told_apart(kafka, topic, start_sidecar):
    """pitfall 31"""
    makers = [produce.producer(kafka.bootstrap, transactional_id=f"tx-{topic}-{n}") for n in range(2)]
    for maker in makers:
        maker.init_transactions(30)
        maker.begin_transaction()
    for number in range(6):
        produce.send(makers[number % 2], topic, b"%d" % number)
        makers[number % 2].flush()
    makers[1].abort_transaction()
    makers[0].commit_transaction()
    sidecar = start_sidecar(kafka.bootstrap, topic, settings={"isolation.level": "read_committed"}).wait_ready()
    assert values(sidecar.poll_until(3)) == [b"0", b"2", b"4"]


@pytest.mark.short
def test_records_deleted_before_the_position_are_passed_by_the_reset_policy(kafka, topic, sidecar):
    """pitfall 20, pitfall 22"""
    produce.produce(kafka.bootstrap, topic, produce.numbered(0, 10))
    maker = [confluent_kafka.TopicPartition(topic, 0, 6)]
    kafka.admin.delete_records(maker)[maker[0]].result(20)
    sidecar.http.post("/v1/seek", {"partitions": [{"topic": topic, "partition": 0, "offset": 2}]}).ok()
    assert values(sidecar.poll_until(4)) == produce.numbered(6, 4)


@pytest.mark.short
def test_without_a_reset_policy_there_is_an_error_until_somebody_seeks(kafka, topic, start_sidecar):
    """pitfall 57's neighbour: auto.offset.reset=none"""
    produce.produce(kafka.bootstrap, topic, produce.numbered(0, 3))
    sidecar = start_sidecar(kafka.bootstrap, topic, settings={"auto.offset.reset": "none"}).wait_up()
    eventually(lambda: sidecar.http.get("/v1/poll", timeout_ms=1000).problem(409, "NO_OFFSET"))
    sidecar.http.post("/v1/seek", {"to": "beginning"}).ok()
    assert values(sidecar.poll_until(3)) == produce.numbered(0, 3)
