"""Records as the sidecar's JSON shows them, and as Kafka has them."""
import base64
import typing


class Record(typing.NamedTuple):
    """One record with bytes as bytes. Headers are pairs of str and bytes or None."""
    topic: str
    partition: int
    offset: int
    timestamp: int
    timestamp_type: int
    key: typing.Optional[bytes]
    value: typing.Optional[bytes]
    headers: typing.Tuple


def bytes_of(row, name):
    """The bytes behind `name` or `name_base64`: exactly one of the two must be there."""
    plain, encoded = name in row, f"{name}_base64" in row
    assert plain != encoded, row
    if plain:
        return None if row[name] is None else row[name].encode()
    text = row[f"{name}_base64"]
    return None if text is None else base64.b64decode(text, validate=True)


def size_of(data):
    return -1 if data is None else len(data)


def from_json(row):
    """A Record from one record of a poll's answer (formats string and base64)."""
    record = Record(row["topic"], row["partition"], row["offset"], row["timestamp"], row["timestamp_type"],
                    bytes_of(row, "key"), bytes_of(row, "value"),
                    tuple((header["key"], bytes_of(header, "value")) for header in row["headers"]))
    assert row["serialized_key_size"] == size_of(record.key), row
    assert row["serialized_value_size"] == size_of(record.value), row
    return record


def from_confluent(message):
    """A Record from a message of confluent-kafka."""
    kind, timestamp = message.timestamp()
    return Record(message.topic(), message.partition(), message.offset(), timestamp, kind - 1,
                  message.key(), message.value(), tuple(message.headers() or ()))


def of_answer(answer):
    """The Records of a poll's good answer, JSON or NDJSON."""
    if answer.headers["content-type"].startswith("application/x-ndjson"):
        assert answer.status == 200, answer
        lines = answer.lines
        assert "next_offsets" in lines[-1], lines[-1]
        return [from_json(line) for line in lines[:-1]]
    return [from_json(row) for row in answer.ok()["records"]]


def values(records):
    return [record.value for record in records]


def offsets(records):
    return [record.offset for record in records]
