"""Many records, all codecs and all kinds of bytes mixed, through a loop of polls and commits."""
import pytest

from lib import produce
from lib.records import of_answer
from lib.wait import Stopwatch


def consume(sidecar, count, headers, **parameters):
    """Polls (committing what the poll before delivered) until `count` records have come."""
    sidecar.http.keep_alive = True
    query = "&".join(f"{key}={value}" for key, value in {"timeout_ms": 10000, "commit": "true", **parameters}.items())
    found, watch = [], Stopwatch()
    while len(found) < count:
        records = of_answer(sidecar.http.call("GET", f"/v1/poll?{query}", headers=headers))
        assert records, f"{len(found)} of {count} records have come"
        found += records
        assert watch.seconds < 300
    sidecar.http.post("/v1/commit").ok()
    return found


def check(kafka, start_sidecar, group, partitions, count, headers, **parameters):
    topic = kafka.create_topic(partitions=partitions)
    stored = produce.produce_odd_records(kafka, topic, partitions, count, seed=partitions)
    expected = produce.read_all(kafka.bootstrap, topic, partitions)
    assert {(r.partition, r.offset): (r.key, r.value, r.headers) for rows in expected.values() for r in rows} == stored
    sidecar = start_sidecar(kafka.bootstrap, topic).wait_ready()
    found = consume(sidecar, count, headers, **parameters)
    for partition in range(partitions):
        assert [record for record in found if record.partition == partition] == expected[partition]
    ends = {partition: len(rows) for partition, rows in expected.items() if rows}
    assert {key[1]: entry.offset for key, entry in kafka.committed(group).items()} == ends
    assert sidecar.poll(timeout_ms=200) == []


@pytest.mark.parametrize("partitions, accept, parameters", [
    (1, "application/json", {"max_records": 5000}),
    (12, "application/x-ndjson", {"max_records": 3000, "value_format": "base64", "key_format": "base64"}),
])
def test_200_000_records_come_once_in_order_and_byte_for_byte(kafka, start_sidecar, group, partitions, accept, parameters):
    """pitfall 45, pitfall 101, pitfall 105, pitfall 113"""
    check(kafka, start_sidecar, group, partitions, 200_000, {"Accept": accept}, **parameters)


@pytest.mark.short
def test_5_000_records_come_once_in_order_and_byte_for_byte(kafka, start_sidecar, group):
    check(kafka, start_sidecar, group, 3, 5000, {"Accept": "application/x-ndjson"}, max_records=700)
