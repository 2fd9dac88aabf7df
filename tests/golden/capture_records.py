#!/usr/bin/env python3
"""Records the log segments records_*.hex anew.

usage: capture_records.py BOOTSTRAP LOG_DIR OUT   LOG_DIR is the broker's log.dirs; needs confluent-kafka.
The topics must not exist. Times and checksums of the new files differ where the broker's clock is in them.
"""
import pathlib, struct, sys, textwrap, time
from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient, NewTopic

START_MS = 1732250000000
LONG = b"a value that says the same again, and the same again, and the same again"
HEADERS = [("trace", b"abc"), ("trace", b"def"), ("none", None), ("empty", b""), ("", b"\x00\xff")]
SIX = [  # key, value, headers, timestamp
    (b"k-0", LONG, None, START_MS),
    (None, b'{"qty":2}', None, START_MS + 1000),
    (b"", b"", None, START_MS + 2000),
    (b"k-3", None, None, START_MS + 3000),
    (b"k-4", LONG * 3, HEADERS, START_MS + 4000),
    (b"\x00\x01", bytes([0xFF, 0, 0xFE]) * 30, None, START_MS - 1000),
]
SIX_TEXT = """Six records of 1732250000000 ms and on: "k-0" and a long value; null key; empty key and value; "k-3" with
null value; "k-4" with headers trace=abc, trace=def, none=null, empty="", ""=00ff; key 0001 with bytes that
are no UTF-8, one second before the first."""
BY_LIBRDKAFKA = "Compressed by librdkafka 2.16"
BY_BROKER = "Compressed by the broker itself (topic's compression.type)"


class Capture:
    def __init__(self, bootstrap, log_dir, out):
        self.bootstrap, self.log_dir, self.out = bootstrap, pathlib.Path(log_dir), pathlib.Path(out)
        self.admin = AdminClient({"bootstrap.servers": bootstrap})

    def topic(self, name, **config):
        config = {"retention.ms": "-1", **{k.replace("_", "."): v for k, v in config.items()}}
        for future in self.admin.create_topics([NewTopic(name, 1, 1, config=config)]).values():
            future.result()

    def producer(self, config=None):
        return Producer({"bootstrap.servers": self.bootstrap, "linger.ms": 100, **(config or {})})

    def send(self, topic, records, config=None):
        producer = self.producer(config)
        for key, value, headers, timestamp in records:
            producer.produce(topic, key=key, value=value, headers=headers, timestamp=timestamp)
        assert producer.flush(10) == 0

    def save(self, name, text):
        segments = sorted((self.log_dir / f"{name}-0").glob("0*.log"))
        data = b"".join(s.read_bytes() for s in segments)
        lines = ["# Log segment of Apache Kafka 4.4.0, the batches as a consumer gets them."]
        lines += ["# " + line for line in text.split("\n")]
        while data:
            offset, length = struct.unpack_from(">qi", data)
            batch, data = data[:12 + length], data[12 + length:]
            lines += ["", f"# batch at offset {offset}, {len(batch)} bytes", batch[:12].hex(" "), batch[12:61].hex()]
            if batch[61:]:
                lines += ["# records"] + textwrap.wrap(batch[61:].hex(), 96)
        (self.out / f"{name}.hex").write_text("\n".join(lines) + "\n")

    def codecs(self):
        names = {"none": "records_none", "lz4": "records_lz4"}
        texts = {"none": "Produced by librdkafka 2.16 without compression.",
                 "gzip": BY_LIBRDKAFKA + ".",
                 "snappy": BY_LIBRDKAFKA + ": one raw block.",
                 "lz4": BY_LIBRDKAFKA + "; the broker's own compression of the same gave the same bytes.",
                 "zstd": BY_LIBRDKAFKA + ": a frame without its content's size."}
        for codec, text in texts.items():
            name = names.get(codec, "records_librdkafka_" + codec)
            self.topic(name)
            self.send(name, SIX, {"compression.type": codec})
            self.save(name, text + "\n" + SIX_TEXT)
        texts = {"gzip": ".", "snappy": ": xerial's framing.", "zstd": ": a frame without its content's size."}
        for codec, text in texts.items():
            name = "records_java_" + codec
            self.topic(name, compression_type=codec)
            self.send(name, SIX)
            self.save(name, BY_BROKER + text + "\n" + SIX_TEXT)

    def blocks(self):
        name = "records_java_snappy_blocks"
        self.topic(name, compression_type="snappy")
        self.send(name, [(b"k", b"x" * 70000, None, START_MS)])
        self.save(name, BY_BROKER + ": three blocks in xerial's framing.\n"
                  'One record of 1732250000000 ms: key "k", value 70,000 times "x".')

    def append_time(self):
        name = "records_append_time"
        self.topic(name, message_timestamp_type="LogAppendTime")
        self.send(name, SIX[:3], {"compression.type": "gzip"})
        self.save(name, "Topic with message.timestamp.type=LogAppendTime, gzip: the first three of the six records of "
                  "records_none.hex.")

    def transactions(self):
        name = "records_transactions"
        self.topic(name)
        producer = self.producer({"transactional.id": name})
        producer.init_transactions()
        for end in ("commit", "abort"):
            producer.begin_transaction()
            for i in range(2):
                producer.produce(name, key=end, value=f"{end}-{i}", timestamp=START_MS + i)
            producer.flush(10)
            (producer.commit_transaction if end == "commit" else producer.abort_transaction)()
            time.sleep(0.2)
        self.save(name, 'A transactional producer: "commit" and two records, committed; "abort" and two records, aborted.')

    def compacted(self):
        name = "records_compacted"
        self.topic(name, cleanup_policy="compact", segment_ms="200", min_cleanable_dirty_ratio="0.01",
                   delete_retention_ms="100000")
        now = lambda pairs: [(k, v, None, int(time.time() * 1000) + i) for i, (k, v) in enumerate(pairs)]
        self.send(name, now([(b"a", b"1"), (b"b", b"1")] * 2), {"enable.idempotence": True})
        self.send(name, now([(b"a", b"2"), (b"x", b"2"), (b"a", b"3"), (b"b", b"2"), (b"c", b"2"), (b"b", b"3"),
                             (b"d", None), (b"x", b"3")]))
        self.send(name, now([(b"x", b"4")]))
        for key in (b"roll", b"roll2"):
            time.sleep(0.6)
            self.send(name, now([(key, b"1")]))
        time.sleep(6)  # until the cleaner has been there
        self.save(name, """A compacted topic. First an idempotent producer's batch of four, all superseded: the empty batch stays. Then one
of eight (a x a b c b d x; d a tombstone), of which four are left and which has a delete horizon. Then "x" = "4", and the
two records that closed the segments.""")


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    capture = Capture(*sys.argv[1:])
    for part in (capture.codecs, capture.blocks, capture.append_time, capture.transactions, capture.compacted):
        part()
