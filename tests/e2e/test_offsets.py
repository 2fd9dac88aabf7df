"""commit, committed, position, seek, pause, resume, paused, topics; and when auto-commit commits."""
import pytest

from lib import produce
from lib.records import offsets, values
from lib.sidecar import offsets_by_partition, rows
from lib.wait import eventually, throughout


@pytest.fixture
def two(kafka, start_sidecar):
    """A sidecar with the two partitions of a topic, ten records in each, none polled."""
    topic = kafka.create_topic(partitions=2)
    for partition in range(2):
        produce.produce(kafka.bootstrap, topic, produce.numbered(0, 10), partition=partition)
    sidecar = start_sidecar(kafka.bootstrap, topic).wait_ready()
    eventually(lambda: len(sidecar.poll(update_offsets=False)) == 20, what="all records are prefetched")
    sidecar.topic = topic
    return sidecar


def at(topic, partition, **fields):
    return {"topic": topic, "partition": partition, **fields}


# Commit

@pytest.mark.short
def test_commit_without_a_body_commits_what_was_delivered(two, kafka, group):
    """pitfall 2"""
    taken = two.poll(max_records=13)
    by_partition = {p: len([r for r in taken if r.partition == p]) for p in range(2)}
    answer = two.http.post("/v1/commit").ok()
    assert {row["partition"]: (row["offset"], row["error"]) for row in rows(answer)
            if by_partition[row["partition"]]} == {p: (n, None) for p, n in by_partition.items() if n}
    assert two.committed() == by_partition
    assert {key[1]: entry.offset for key, entry in kafka.committed(group).items() if entry.offset} == \
        {p: n for p, n in by_partition.items() if n}
    for body in ({}, b""):
        two.http.call("POST", "/v1/commit", body).ok()
    assert two.committed() == by_partition


@pytest.mark.short
def test_commit_with_offsets_commits_exactly_these(two, kafka, group):
    """pitfall 114: the offset is the next one to read, stored as given"""
    entry = at(two.topic, 1, offset=7, metadata="caf\u00e9 \u0000 \"note\"", leader_epoch=0)
    answer = two.http.post("/v1/commit", {"offsets": [entry]}).ok()
    assert [(row["partition"], row["offset"], row["error"]) for row in rows(answer)] == [(1, 7, None)]
    [row] = [row for row in rows(two.http.get("/v1/committed").ok()) if row["partition"] == 1]
    assert (row["offset"], row["metadata"]) == (7, entry["metadata"])
    assert {key: e.offset for key, e in kafka.committed(group).items()} == {(two.topic, 1): 7}
    # beyond the end, and back again: nobody second-guesses
    for offset in (2**62, 0):
        two.http.post("/v1/commit", {"offsets": [at(two.topic, 0, offset=offset)]}).ok()
        assert two.committed()[0] == offset


@pytest.mark.short
def test_commit_by_query(two):
    two.http.post("/v1/commit", tp=f"{two.topic}:1", offset=4).ok()
    assert two.committed() == {0: 0, 1: 4}


@pytest.mark.short
def test_each_partition_of_a_commit_has_its_own_result(two, kafka, group):
    """pitfall 9, pitfall 18: one partition fails for good, the other is committed"""
    body = {"offsets": [at(two.topic, 0, offset=3), at(two.topic, 1, offset=4, metadata="x" * 5000)]}
    answer = two.http.post("/v1/commit", body)
    assert answer.status in (200, 409), answer
    errors = {row["partition"]: row["error"] for row in rows(answer.json)}
    assert errors[0] is None
    assert "OFFSET_METADATA_TOO_LARGE" in str(errors[1])
    # Asked without "stable": Kafka 2.8 has partition 1's refused commit pending until a good one comes.
    assert {key[1]: entry.offset for key, entry in kafka.committed(group).items()} == {0: 3}
    two.http.post("/v1/commit", {"offsets": [at(two.topic, 1, offset=4)]}).ok()
    assert two.committed() == {0: 3, 1: 4}


def test_a_commit_of_nothing_is_no_error(two):
    """pitfall 13"""
    two.http.post("/v1/commit", {"offsets": []}).ok()
    two.http.post("/v1/commit").ok()
    assert two.committed() == {0: 0, 1: 0}


def test_commits_that_overlap_end_with_the_last_one(two):
    """pitfall 8"""
    import threading
    threads = [threading.Thread(target=two.http.post, args=("/v1/commit", {"offsets": [at(two.topic, 0, offset=n)]}))
               for n in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    two.http.post("/v1/commit", {"offsets": [at(two.topic, 0, offset=5)]}).ok()
    throughout(lambda: two.committed()[0] == 5, for_s=0.5)


@pytest.mark.short
def test_an_asynchronous_commit_is_accepted_at_once(two):
    answer = two.http.call("POST", "/v1/commit?async=true", {"offsets": [at(two.topic, 0, offset=6)]})
    if answer.status == 400:
        pytest.skip("asynchronous commits are not offered yet")
    assert answer.status == 202 and answer.json["commit_id"]
    eventually(lambda: two.committed()[0] == 6)


# Asking

@pytest.mark.short
def test_committed_of_chosen_partitions(two):
    two.http.post("/v1/commit", {"offsets": [at(two.topic, 0, offset=3)]}).ok()
    one = two.http.get("/v1/committed", topic=two.topic, partition=0).ok()
    assert offsets_by_partition(one) == {0: 3}
    both = two.http.get("/v1/committed", tp=[f"{two.topic}:1", f"{two.topic}:0"]).ok()
    assert offsets_by_partition(both) == {0: 3, 1: None}


def test_a_member_that_comes_later_goes_on_at_the_committed_offsets(two, kafka, start_sidecar):
    two.http.post("/v1/commit", {"offsets": [at(two.topic, 0, offset=8)]}).ok()
    two.close()
    other = start_sidecar(kafka.bootstrap, two.topic).wait_ready()
    assert other.position() == {0: 8, 1: 0}
    found = other.poll_until(12)
    assert sorted((r.partition, r.offset) for r in found) == [(0, 8), (0, 9)] + [(1, n) for n in range(10)]


@pytest.mark.short
def test_position_is_the_next_offset_that_a_poll_returns(two):
    assert two.position() == {0: 0, 1: 0}
    taken = two.poll(max_records=4)
    expected = {p: len([r for r in taken if r.partition == p]) for p in range(2)}
    assert two.position() == expected
    assert offsets_by_partition(two.http.get("/v1/position", tp=f"{two.topic}:1").ok()) == {1: expected[1]}
    two.http.get("/v1/position", tp=f"{two.topic}:5").problem(409, "NOT_ASSIGNED")


@pytest.mark.short
def test_topics_lists_partitions_leaders_and_replicas(two, kafka):
    found = two.http.get("/v1/topics").ok()
    assert two.topic in [entry["topic"] for entry in found["topics"]]
    one = two.http.get(f"/v1/topics/{two.topic}").ok()
    assert one["topic"] == two.topic
    assert sorted(p["partition"] for p in one["partitions"]) == [0, 1]
    assert all(p["leader"] == 1 and p["replicas"] == [1] for p in one["partitions"])


def test_asking_for_a_topic_does_not_create_it(two, kafka):
    """pitfall 100"""
    two.http.get("/v1/topics/never-heard-of").problem(404, "NO_SUCH_TOPIC")
    assert "never-heard-of" not in kafka.admin.list_topics(timeout=10).topics


# Seek

@pytest.mark.short
@pytest.mark.parametrize("target, position", [(4, 4), ("beginning", 0), ("end", 10), ("committed", 6), (0, 0), (10, 10)])
def test_seek_of_one_partition(two, target, position):
    """pitfall 20: prefetched records of the old position do not come any more"""
    two.http.post("/v1/commit", {"offsets": [at(two.topic, 1, offset=6)]}).ok()
    two.poll(max_records=9)
    before = two.position()[0]
    answer = two.http.post("/v1/seek", {"partitions": [at(two.topic, 1, offset=target)]}).ok()
    assert offsets_by_partition(answer) == {1: position}
    assert two.position() == {0: before, 1: position}
    found = two.poll_until(20 - before - position)
    assert offsets(r for r in found if r.partition == 1) == list(range(position, 10))


@pytest.mark.short
def test_seek_of_all_partitions(two):
    two.poll_until(20)
    for to, position in (("beginning", 0), ("end", 10), ("committed", 0)):
        assert offsets_by_partition(two.http.post("/v1/seek", {"to": to}).ok()) == {0: position, 1: position}
        assert len(two.poll_until(20 - 2 * position)) == 20 - 2 * position
    two.http.post("/v1/seek?to=beginning").ok()
    assert two.position() == {0: 0, 1: 0}


@pytest.mark.short
def test_seek_by_query(two):
    two.http.post("/v1/seek", tp=f"{two.topic}:1", offset=3).ok()
    assert two.position()[1] == 3
    two.http.post("/v1/seek", tp=f"{two.topic}:1", to="end").ok()
    assert two.position()[1] == 10


@pytest.mark.short
def test_seek_by_timestamp(kafka, topic, sidecar):
    for number in range(10):
        produce.produce(kafka.bootstrap, topic, [b"%d" % number], timestamp=1_700_000_000_000 + 1000 * number)
    for timestamp, position in ((1_700_000_004_500, 5), (1_700_000_004_000, 4), (0, 0), (1_800_000_000_000, 10)):
        target = {"timestamp": timestamp}
        answer = sidecar.http.post("/v1/seek", {"partitions": [at(topic, 0, offset=target)]}).ok()
        assert offsets_by_partition(answer) == {0: position}
    sidecar.http.post("/v1/seek", tp=f"{topic}:0", timestamp=1_700_000_004_500).ok()
    assert values(sidecar.poll_until(5)) == [b"%d" % n for n in range(5, 10)]


def test_seek_out_of_range_resets_by_policy(two):
    """pitfall 21"""
    two.http.post("/v1/seek", {"partitions": [at(two.topic, 0, offset=5000)]}).ok()
    found = two.poll_until(20)
    assert offsets(r for r in found if r.partition == 0) == list(range(10))


def test_what_a_seek_went_past_is_not_committed_before_it_is_delivered(two):
    """pitfall 2: a seek alone delivers nothing, but says where to go on"""
    two.poll_until(20)
    two.http.post("/v1/seek", {"to": "beginning"}).ok()
    taken = two.poll(max_records=3)
    two.http.post("/v1/commit").ok()
    assert two.committed() == {p: len([r for r in taken if r.partition == p]) for p in range(2)}


# Pause and resume

@pytest.mark.short
def test_a_paused_partition_is_silent_until_it_is_resumed(two):
    """pitfall 38"""
    body = {"partitions": [at(two.topic, 0)]}
    two.http.post("/v1/pause", body).ok()
    assert [row["partition"] for row in rows(two.http.get("/v1/paused").ok())] == [0]
    assert {r.partition for r in two.poll_until(10)} == {1}
    assert two.poll(timeout_ms=300) == []
    assert two.position() == {0: 0, 1: 10}
    two.http.post("/v1/resume", body).ok()
    assert rows(two.http.get("/v1/paused").ok()) == []
    assert offsets(two.poll_until(10)) == list(range(10))


@pytest.mark.short
def test_pause_and_resume_of_all(two):
    two.http.post("/v1/pause").ok()
    assert sorted(row["partition"] for row in rows(two.http.get("/v1/paused").ok())) == [0, 1]
    assert all(row["paused"] for row in two.status()["assignment"])
    assert two.poll(timeout_ms=300) == []
    two.http.post("/v1/resume").ok()
    assert len(two.poll_until(20)) == 20


def test_a_seek_of_a_paused_partition_is_kept(two):
    """pitfall 38, pitfall 39"""
    two.http.post("/v1/pause", tp=f"{two.topic}:0").ok()
    two.http.post("/v1/seek", {"partitions": [at(two.topic, 0, offset=8)]}).ok()
    two.http.post("/v1/resume", tp=f"{two.topic}:0").ok()
    two.http.post("/v1/resume", tp=f"{two.topic}:0").ok()
    found = two.poll_until(12)
    assert offsets(r for r in found if r.partition == 0) == [8, 9]


# Auto-commit

AUTO = {"enable.auto.commit": "true", "auto.commit.interval.ms": 200}


@pytest.mark.short
def test_auto_commit_waits_for_the_next_poll(kafka, topic, start_sidecar):
    """pitfall 2, pitfall 3: the next poll is the acknowledgement"""
    produce.produce(kafka.bootstrap, topic, produce.numbered(0, 10))
    sidecar = start_sidecar(kafka.bootstrap, topic, settings=AUTO).wait_ready()
    eventually(lambda: len(sidecar.poll(update_offsets=False)) == 10)
    assert len(sidecar.poll(max_records=4)) == 4
    throughout(lambda: sidecar.committed() == {0: 0}, for_s=1.0, what="nothing is committed before the next poll")
    assert len(sidecar.poll(max_records=3)) == 3
    eventually(lambda: sidecar.committed() == {0: 4}, what="the first four are committed")
    throughout(lambda: sidecar.committed() == {0: 4}, for_s=0.6)


@pytest.mark.short
def test_auto_commit_at_the_end_commits_only_what_was_acknowledged(kafka, topic, start_sidecar, group):
    """pitfall 2"""
    produce.produce(kafka.bootstrap, topic, produce.numbered(0, 10))
    sidecar = start_sidecar(kafka.bootstrap, topic,
                            settings={"enable.auto.commit": "true", "auto.commit.interval.ms": 600000}).wait_ready()
    eventually(lambda: len(sidecar.poll(update_offsets=False)) == 10)
    assert len(sidecar.poll(max_records=4)) == 4
    assert len(sidecar.poll(max_records=3)) == 3
    sidecar.close()
    assert {key: entry.offset for key, entry in kafka.committed(group).items()} == {(topic, 0): 4}


def test_without_auto_commit_the_end_commits_nothing(kafka, topic, sidecar, group):
    produce.produce(kafka.bootstrap, topic, produce.numbered(0, 5))
    sidecar.poll_until(5)
    sidecar.poll(timeout_ms=0)
    sidecar.close()
    assert kafka.committed(group) == {}


@pytest.mark.short
def test_auto_commit_takes_no_explicit_commit_back(kafka, topic, start_sidecar, group):
    """pitfall 8: what was committed by a call is ahead of what a later poll has acknowledged"""
    produce.produce(kafka.bootstrap, topic, produce.numbered(0, 10))
    sidecar = start_sidecar(kafka.bootstrap, topic, settings=AUTO).wait_ready()
    eventually(lambda: len(sidecar.poll(update_offsets=False)) == 10)
    assert len(sidecar.poll(max_records=4)) == 4
    assert len(sidecar.poll(max_records=3)) == 3
    sidecar.http.post("/v1/commit").ok()
    throughout(lambda: sidecar.committed() == {0: 7}, for_s=0.6)
    sidecar.close()
    assert kafka.committed(group)[topic, 0].offset == 7
