"""Logs in message formats 0 and 1, which brokers give out as they are: read beside other clients."""
import kafka as kafka_python
import pytest
from confluent_kafka.admin import ConfigResource

from lib import produce
from lib.records import offsets, values
from lib.wait import eventually

FORMATS = {0: "0.9.0", 1: "0.10.2", 2: "2.1"}  # magic: message.format.version
CODECS = ("none", "gzip", "snappy", "lz4")

# The newer call is not known to Kafka before 2.3.
pytestmark = [pytest.mark.short, pytest.mark.filterwarnings("ignore:alter_configs has been deprecated")]


@pytest.fixture
def old_kafka(kafka):
    if kafka.at_least(3):
        pytest.skip(f"Kafka {kafka.version} stores no old message formats")
    return kafka


def magic_at_the_end(kafka, topic):
    """The format of the last record, found in the log itself."""
    segments = sorted((kafka.folder / "broker-1" / "data" / f"{topic}-0").glob("0*.log"))
    data, magic = segments[-1].read_bytes(), None
    while data:
        magic, data = data[16], data[12 + int.from_bytes(data[8:12], "big"):]
    return magic


def produce_in(kafka, topic, magic, sent, codec="none", **fields):
    """Produces in a format: until the log has noticed its new setting, what is stored may be in the
    one before. Returns all that was produced."""
    config = {"message.format.version": FORMATS[magic], "retention.ms": "-1"}
    kafka.admin.alter_configs([ConfigResource("TOPIC", topic, config)])
    probes = []

    def noticed():
        probes.append(b"probe-%d-%d" % (magic, len(probes)))
        produce.produce(kafka.bootstrap, topic, probes[-1:])
        return magic_at_the_end(kafka, topic) == magic

    eventually(noticed, what=f"format {magic}")
    produce.produce(kafka.bootstrap, topic, sent, codec=codec, **fields)
    assert magic_at_the_end(kafka, topic) == magic
    return probes + sent


def without_time(record):
    return record._replace(timestamp=-1, timestamp_type=-1)


@pytest.mark.parametrize("codec", CODECS)
def test_three_formats_in_one_log(old_kafka, start_sidecar, codec):
    topic = old_kafka.create_topic(message_format_version=FORMATS[0])
    sent = []
    for magic in FORMATS:
        sent += produce_in(old_kafka, topic, magic, [b"value %d-%d " % (magic, n) * 20 for n in range(200)], codec,
                           key=b"k", timestamp=1732250000000 + magic)
    found = start_sidecar(old_kafka.bootstrap, topic).wait_ready().poll_until(len(sent))
    assert values(found) == sent
    assert offsets(found) == list(range(len(sent)))
    # librdkafka says "not available" (kind 0, here -1) and time 0 or -1 of format 0.
    theirs = produce.read_all(old_kafka.bootstrap, topic)[0]
    assert [without_time(record) for record in found] == [without_time(record) for record in theirs]
    for ours, other in zip(found, theirs):
        assert ours.timestamp_type == other.timestamp_type
        if ours.timestamp_type >= 0:
            assert ours.timestamp == other.timestamp
        else:
            assert ours.timestamp == -1
    assert {record.timestamp_type for record in found} == {-1, 0}


@pytest.mark.parametrize("codec", ("none", "gzip"))  # kafka-python has no more codecs of its own
def test_checksums_are_those_that_kafka_python_tells(old_kafka, start_sidecar, codec):
    topic = old_kafka.create_topic(message_format_version=FORMATS[0])
    count = 0
    for magic in FORMATS:
        count += len(produce_in(old_kafka, topic, magic, produce.numbered(0, 20), codec))
    sidecar = start_sidecar(old_kafka.bootstrap, topic).wait_ready()
    rows = []
    while len(rows) < count:
        rows += sidecar.http.get("/v1/poll", timeout_ms=5000).ok()["records"]
    ours = [(row["offset"], row["timestamp"], row["timestamp_type"], row.get("checksum")) for row in rows]
    consumer = kafka_python.KafkaConsumer(bootstrap_servers=old_kafka.bootstrap, auto_offset_reset="earliest")
    consumer.assign([kafka_python.TopicPartition(topic, 0)])
    theirs = []
    while len(theirs) < count:
        for records in consumer.poll(1000).values():
            theirs += [(record.offset, -1 if record.timestamp is None else record.timestamp,
                        -1 if record.timestamp_type is None else record.timestamp_type, record.checksum)
                       for record in records]
    consumer.close()
    assert ours == theirs
    assert sum(checksum is not None for *_, checksum in ours) > 40


def test_append_time_of_old_messages(old_kafka, start_sidecar):
    """pitfall 36"""
    topic = old_kafka.create_topic(message_format_version=FORMATS[1], message_timestamp_type="LogAppendTime")
    for codec in CODECS:
        produce.produce(old_kafka.bootstrap, topic, produce.numbered(0, 3), codec=codec, timestamp=1000)
    assert magic_at_the_end(old_kafka, topic) == 1
    found = start_sidecar(old_kafka.bootstrap, topic).wait_ready().poll_until(12)
    assert found == produce.read_all(old_kafka.bootstrap, topic)[0]
    assert all(record.timestamp_type == 1 and record.timestamp > 10**12 for record in found)


def test_a_seek_into_a_wrapper(old_kafka, start_sidecar):
    """pitfall 24"""
    for magic in (0, 1):
        topic = old_kafka.create_topic(message_format_version=FORMATS[magic])
        produce.produce(old_kafka.bootstrap, topic, produce.numbered(0, 100), codec="lz4")
        sidecar = start_sidecar(old_kafka.bootstrap, topic, group=f"seek-{topic}").wait_ready()
        for offset in (0, 1, 57, 99):
            sidecar.http.post("/v1/seek", tp=f"{topic}:0", offset=offset).ok()
            assert offsets(sidecar.poll_until(100 - offset)) == list(range(offset, 100))
