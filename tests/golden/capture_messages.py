#!/usr/bin/env python3
"""Records the log segments messages_*.hex anew: what brokers keep in formats 0 and 1.

usage: capture_messages.py BOOTSTRAP LOG_DIR OUT   LOG_DIR is the log.dirs of Kafka 2.1.1; needs confluent-kafka.
The topics must not exist. Times of the new files differ where the broker's clock is in them.
"""
import pathlib, struct, sys, textwrap, time
from confluent_kafka.admin import ConfigResource
from capture_records import LONG, START_MS, Capture

SIX = [  # key, value, headers, timestamp; as in records_none.hex, but these formats have no headers
    (b"k-0", LONG, None, START_MS),
    (None, b'{"qty":2}', None, START_MS + 1000),
    (b"", b"", None, START_MS + 2000),
    (b"k-3", None, None, START_MS + 3000),
    (b"k-4", LONG * 3, None, START_MS + 4000),
    (b"\x00\x01", bytes([0xFF, 0, 0xFE]) * 30, None, START_MS - 1000),
]
SIX_TEXT = """Six records of 1732250000000 ms and on: "k-0" and a long value; null key; empty key and value; "k-3" with
null value; "k-4"; key 0001 with bytes that are no UTF-8, one second before the first."""
FORMATS = {0: "0.9.0", 1: "0.10.2", 2: "2.1"}  # magic: message.format.version


class OldCapture(Capture):
    def set_format(self, topic, magic, **config):
        config = {"retention.ms": "-1", "message.format.version": FORMATS[magic], **config}
        for future in self.admin.alter_configs([ConfigResource("TOPIC", topic, config)]).values():
            future.result()
        time.sleep(1)  # until the log has noticed

    def save(self, name, text):
        segments = sorted((self.log_dir / f"{name}-0").glob("0*.log"))
        data = b"".join(s.read_bytes() for s in segments)
        lines = ["# Log segment of Apache Kafka 2.1.1, as a consumer gets it."]
        lines += ["# " + line for line in text.split("\n")]
        while data:
            offset, length, _, magic, attributes = struct.unpack_from(">qiiBB", data)
            piece, data = data[:12 + length], data[12 + length:]
            kind = "batch" if magic == 2 else f"message of format {magic}, attributes {attributes}"
            lines += ["", f"# {kind} at offset {offset}, {len(piece)} bytes"] + textwrap.wrap(piece.hex(), 96)
        (self.out / f"{name}.hex").write_text("\n".join(lines) + "\n")

    def codecs(self):
        for magic in (0, 1):
            for codec in ("none", "gzip", "snappy", "lz4"):
                name = f"messages_v{magic}_{codec}"
                self.topic(name, message_format_version=FORMATS[magic])
                self.send(name, SIX[:2], {"compression.type": codec})
                self.send(name, SIX[2:], {"compression.type": codec})
                self.save(name, f"Format {magic}, {codec}, two messages and four.\n{SIX_TEXT}")

    def append_time(self):
        for codec in ("none", "gzip"):
            name = f"messages_v1_append_time_{codec}"
            self.topic(name, message_format_version=FORMATS[1], message_timestamp_type="LogAppendTime")
            self.send(name, SIX[:3], {"compression.type": codec})
            self.save(name, f"Format 1, {codec}, message.timestamp.type=LogAppendTime: the first three of the six.")

    def compacted(self):
        for magic in (0, 1):
            name = f"messages_v{magic}_compacted"
            self.topic(name, message_format_version=FORMATS[magic], cleanup_policy="compact", segment_ms="200",
                       min_cleanable_dirty_ratio="0.01")
            now = lambda pairs: [(k, v, None, int(time.time() * 1000) + i) for i, (k, v) in enumerate(pairs)]
            gzip = {"compression.type": "gzip"}
            self.send(name, now([(b"a", b"1"), (b"b", b"1"), (b"c", b"1"), (b"a", b"2"), (b"d", b"1"), (b"b", b"2")]), gzip)
            self.send(name, now([(b"b", b"3"), (b"e", b"1")]), gzip)
            for key in (b"roll", b"roll2"):
                time.sleep(0.6)
                self.send(name, now([(key, b"1")]))
            time.sleep(6)  # until the cleaner has been there
            self.save(name, f"""Format {magic}, gzip, compacted: of a b c a d b three are left (c=1 a=2 d=1), of b e both (b=3 e=1). Then the
two records that closed the segments.""")

    def mixed(self):
        name = "messages_mixed"
        self.topic(name, message_format_version=FORMATS[0])
        for magic in FORMATS:
            self.set_format(name, magic)
            self.send(name, SIX[:3])
            self.send(name, SIX[3:], {"compression.type": "lz4"})
        self.save(name, "Three formats in one log: six records in format 0, in 1, in 2; of each three plain ones and three "
                  "in lz4.\n" + SIX_TEXT)


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    capture = OldCapture(*sys.argv[1:])
    for part in (capture.codecs, capture.append_time, capture.mixed, capture.compacted):
        part()
