"""Making records by confluent-kafka, and reading them back as an oracle."""
import random
import threading
import uuid

import confluent_kafka
from confluent_kafka import Consumer, Producer, TopicPartition

from . import records
from .wait import Stopwatch

CODECS = ("none", "gzip", "snappy", "lz4", "zstd")


def codecs_of(kafka):
    """zstd can be stored since 2.1, which is as old as it gets here."""
    return CODECS if kafka.at_least(2, 1) else CODECS[:-1]


def producer(bootstrap, codec="none", **settings):
    return Producer({"bootstrap.servers": bootstrap, "compression.type": codec, "linger.ms": 5, "log_level": 0,
                     "acks": "all", **{key.replace("_", "."): value for key, value in settings.items()}})


def send(maker, topic, value=None, key=None, headers=None, partition=0, timestamp=0, done=None):
    """produce() that waits for room in the queue. `done(message)` is called once it is stored."""
    def stored(error, message):
        assert error is None, error
        if done:
            done(message)

    while True:
        try:
            maker.produce(topic, value=value, key=key, headers=headers, partition=partition, timestamp=timestamp,
                          on_delivery=stored)
            maker.poll(0)
            return
        except BufferError:
            maker.poll(0.1)


def produce(bootstrap, topic, values, partition=0, codec="none", **fields):
    """Produces values into one partition, one after another; returns their offsets."""
    maker = producer(bootstrap, codec)
    offsets = []
    for value in values:
        send(maker, topic, value=value, partition=partition, done=lambda m: offsets.append(m.offset()), **fields)
    assert maker.flush(60) == 0
    return offsets


def numbered(first, count):
    """Values that say which they are."""
    return [b"record-%d" % number for number in range(first, first + count)]


def odd_record(chooser, number):
    """Key, value and headers of a record out of everything that is allowed; every value but the null
    and the empty ones is unlike any other."""
    key = chooser.choice([None, b"", b"key-%d" % number, chooser.randbytes(9), "schl\u00fcssel-\U0001f511".encode()])
    value = chooser.choice([
        None, b"", b"text %d" % number, b'{"n":%d,"big":9223372036854775807,"x":1e400}' % number,
        b"\xff\xfe" + chooser.randbytes(40) + b"%d" % number,
        "line\nbreak\t\"quoted\" \\ \u2028 \u00e9 \U0001f600 \x00\x1f {}".format(number).encode(),
        b"repeat " * chooser.randrange(20, 200) + b"%d" % number])
    headers = [chooser.choice([("trace", b"%d" % number), ("trace", b"twice"), ("null", None), ("empty", b""),
                               ("bytes", chooser.randbytes(5)), ("", b"no name"), ("\u00fcber", b"x")])
               for _ in range(chooser.choice([0, 0, 1, 3]))]
    return key, value, headers


def produce_odd_records(kafka, topic, partitions, count, seed):
    """Spreads `count` odd records over partitions and codecs; returns {(partition, offset): (key, value,
    headers)} as the producer was told they are stored."""
    chooser = random.Random(seed)
    makers = [producer(kafka.bootstrap, codec) for codec in codecs_of(kafka)]
    stored = {}
    for number in range(count):
        key, value, headers = odd_record(chooser, number)

        def remember(message, content=(key, value, tuple(headers))):
            stored[message.partition(), message.offset()] = content

        maker = makers[number // 50 % len(makers)]  # runs of 50, so that there are real batches
        send(maker, topic, value, key, headers, partition=chooser.randrange(partitions), done=remember)
    for maker in makers:
        assert maker.flush(120) == 0
    assert len(stored) == count
    return stored


def read_all(bootstrap, topic, partitions=1, isolation="read_uncommitted", **settings):
    """What another client reads of a topic: {partition: [Record, …]}."""
    consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": f"oracle-{uuid.uuid4().hex}",
                         "auto.offset.reset": "earliest", "enable.auto.commit": False, "enable.partition.eof": True,
                         "isolation.level": isolation, "log_level": 0, **settings})
    found = {partition: [] for partition in range(partitions)}
    consumer.assign([TopicPartition(topic, partition, confluent_kafka.OFFSET_BEGINNING) for partition in found])
    ended = set()
    watch = Stopwatch()
    while len(ended) < partitions:
        assert watch.seconds < 120, f"{len(ended)} of {partitions} partitions were read to their end in time"
        for message in consumer.consume(2000, timeout=0.2):
            if message.error():
                assert message.error().code() == confluent_kafka.KafkaError._PARTITION_EOF, message.error()
                ended.add(message.partition())
            else:
                found[message.partition()].append(records.from_confluent(message))
    consumer.close()
    return found


class SteadyProducer:
    """A thread that produces numbered values over partitions until it is stopped."""

    def __init__(self, bootstrap, topic, partitions, every_s=0.005):
        self.maker = producer(bootstrap, enable_idempotence=True, delivery_timeout_ms=120000)
        self.topic, self.partitions, self.every_s = topic, partitions, every_s
        self.stored = {}
        self.stopping = threading.Event()
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        number = 0
        while not self.stopping.wait(self.every_s):
            value = b"record-%d" % number

            def remember(message, value=value):
                self.stored[message.partition(), message.offset()] = value

            send(self.maker, self.topic, value, partition=number % self.partitions, done=remember)
            number += 1

    def stop(self):
        """Returns {(partition, offset): value} of all that was stored."""
        self.stopping.set()
        self.thread.join(30)
        assert not self.thread.is_alive()
        assert self.maker.flush(60) == 0
        return self.stored
