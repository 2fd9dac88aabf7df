"""What the broker's ACLs forbid: the rest goes on, whoever asks is told by the right name, and what is allowed again
works again, without a restart. The user is alice; the tests' own admin may do everything."""
import pytest
from confluent_kafka.admin import AclOperation

from lib import produce
from lib.records import of_answer, values
from lib.secured import Way
from lib.wait import eventually, throughout
from test_ops import check, of_kind

ALICE = Way("SASL_PLAINTEXT", "PLAIN")
SOON = {"metadata.max.age.ms": 500, "session.timeout.ms": 3000}


@pytest.fixture
def rules(secured_kafka):
    """Makes rules about alice that are forgotten after the test."""
    made = []

    class Rules:
        @staticmethod
        def forbid(kind, name, *operations):
            made.append((kind, name))
            secured_kafka.rule(kind, name, *operations)

        @staticmethod
        def allow(kind, name, *operations):
            made.append((kind, name))
            secured_kafka.rule(kind, name, *operations, allow=True)

        @staticmethod
        def forget(kind, name):
            secured_kafka.forget_rules(kind, name)

    yield Rules
    for kind, name in set(made):
        secured_kafka.forget_rules(kind, name)


def told_by_poll(sidecar, status, code):
    """The problem that a poll is answered with, once; polls that bring records meanwhile are no matter."""
    def ask():
        answer = sidecar.http.get("/v1/poll", timeout_ms=200)
        return answer.status == status and answer.problem(status, code)
    return eventually(ask, what=f"a poll says {code}")


def error_of(sidecar, topic):
    return [row["error"] for row in sidecar.status()["assignment"] if row["topic"] == topic]


@pytest.mark.short
@pytest.mark.parametrize("operation", [AclOperation.READ, AclOperation.ALL], ids=["to_read", "at_all"])
def test_a_topic_that_is_forbidden_stops_no_other(secured_kafka, start_secured, rules, operation):
    """pitfall 99"""
    forbidden, other = secured_kafka.create_topic(), secured_kafka.create_topic()
    sidecar = start_secured(ALICE, [forbidden, other], settings=SOON).wait_ready()
    produce.produce(secured_kafka.bootstrap, forbidden, [b"before"])
    assert values(sidecar.poll_until(1)) == [b"before"]
    member, generation = sidecar.status()["member_id"], sidecar.status()["generation"]
    rules.forbid("topic", forbidden, operation)
    if operation == AclOperation.READ:
        rules.allow("topic", forbidden, AclOperation.DESCRIBE)
    eventually(lambda: error_of(sidecar, forbidden) == ["TOPIC_AUTHORIZATION_FAILED"], what="the status says so")
    produce.produce(secured_kafka.bootstrap, forbidden, [b"meanwhile"])
    problem = told_by_poll(sidecar, 403, "TOPIC_AUTHORIZATION_FAILED")
    assert [row["topic"] for row in problem["partitions"]] == [forbidden]
    for number in range(3):
        produce.produce(secured_kafka.bootstrap, other, [b"other %d" % number])
        assert values(sidecar.poll_until(1)) == [b"other %d" % number], "told once, and the other topic goes on"
    offsets = {row["topic"]: row for row in sidecar.http.post("/v1/commit").ok()["offsets"]}
    assert offsets[other]["error"] is None and offsets[forbidden]["error"] == "TOPIC_AUTHORIZATION_FAILED"
    assert error_of(sidecar, other) == [None]
    rules.forget("topic", forbidden)
    assert values(sidecar.poll_until(1)) == [b"meanwhile"]
    eventually(lambda: error_of(sidecar, forbidden) == [None], what="the error is gone")
    committed = eventually(lambda: sidecar.http.post("/v1/commit").ok()["offsets"])
    assert {row["topic"]: (row["offset"], row["error"]) for row in committed} == {forbidden: (2, None), other: (3, None)}
    assert (sidecar.status()["member_id"], sidecar.status()["generation"]) == (member, generation)


@pytest.mark.short
def test_a_group_that_is_forbidden_while_its_member_reads(secured_kafka, start_secured, rules, group):
    """pitfall 99"""
    topic = secured_kafka.create_topic()
    sidecar = start_secured(ALICE, topic, settings=SOON).wait_ready()
    rules.forbid("group", group, AclOperation.ALL)
    told_by_poll(sidecar, 403, "GROUP_AUTHORIZATION_FAILED")
    eventually(lambda: sidecar.status()["last_error"]["error"] == "GROUP_AUTHORIZATION_FAILED")
    produce.produce(secured_kafka.bootstrap, topic, [b"meanwhile"])
    offsets = [{"topic": topic, "partition": 0, "offset": 1}]
    eventually(lambda: sidecar.http.post("/v1/commit", {"offsets": offsets}).problem(403, "GROUP_AUTHORIZATION_FAILED"))
    eventually(lambda: sidecar.http.get("/v1/committed", tp=f"{topic}:0").problem(403, "GROUP_AUTHORIZATION_FAILED"))
    rules.forget("group", group)
    sidecar.wait_ready()
    found = []
    eventually(lambda: found.extend(values(of_answer(sidecar.http.get("/v1/poll", timeout_ms=500)))) or found)
    assert found == [b"meanwhile"]
    eventually(lambda: sidecar.http.post("/v1/commit").ok())
    assert {entry.offset for entry in secured_kafka.committed(group).values()} == {1}
    eventually(lambda: sidecar.status()["last_error"] is None, what="the error is gone")


@pytest.mark.short
def test_a_group_that_is_forbidden_from_the_start(secured_kafka, start_secured, rules, group, binary):
    """pitfall 99, pitfall 117"""
    topic = secured_kafka.create_topic()
    produce.produce(secured_kafka.bootstrap, topic, [b"at last"])
    rules.forbid("group", group, AclOperation.ALL)
    sidecar = start_secured(ALICE, topic).wait_up()
    eventually(lambda: "GROUP_AUTHORIZATION_FAILED" in sidecar.management.get("/readyz").problem(503)["detail"]
               or "not authorized to use the group" in sidecar.management.get("/readyz").problem(503)["detail"])
    told_by_poll(sidecar, 403, "GROUP_AUTHORIZATION_FAILED")
    assert sidecar.management.get("/healthz").status == 200
    code, steps = check(binary, sidecar.credentials.bootstrap, "--config", sidecar.credentials.file, group=group,
                        topics=[topic])
    assert code == 1
    assert "GROUP_AUTHORIZATION_FAILED" in str([step for step in steps if step[2] == "failed"]), steps
    assert of_kind(steps, "topic")[0][2] == "ok"
    throughout(lambda: sidecar.running and sidecar.log.count("GROUP_AUTHORIZATION_FAILED") < 10, for_s=1)
    rules.forget("group", group)
    sidecar.wait_ready()
    assert values(sidecar.poll()) == [b"at last"]


@pytest.mark.short
def test_a_topic_that_is_forbidden_from_the_start(secured_kafka, start_secured, rules):
    """pitfall 99: its partitions are given out when it may be seen"""
    forbidden, other = secured_kafka.create_topic(), secured_kafka.create_topic()
    rules.forbid("topic", forbidden, AclOperation.ALL)
    sidecar = start_secured(ALICE, [forbidden, other], settings=SOON).wait_up()
    produce.produce(secured_kafka.bootstrap, other, [b"allowed"])
    produce.produce(secured_kafka.bootstrap, forbidden, [b"at last"])
    found = []

    def read():
        answer = sidecar.http.get("/v1/poll", timeout_ms=300)
        found.extend(values(of_answer(answer)) if answer.status == 200 else [])
        return found
    eventually(read)
    assert found == [b"allowed"]
    sidecar.http.post("/v1/commit").ok()
    told_by_poll(sidecar, 403, "TOPIC_AUTHORIZATION_FAILED")
    rules.forget("topic", forbidden)
    eventually(lambda: read() and len(found) == 2, what="the group shares it out, and its record comes")
    assert found == [b"allowed", b"at last"]


@pytest.mark.short
def test_what_is_forbidden_about_the_cluster_stops_no_consumer(secured_kafka, start_secured, rules, group):
    """pitfall 99, pitfall 100: a consumer asks nothing of the cluster, unless it is to create topics"""
    rules.forbid("cluster", "kafka-cluster", AclOperation.ALL)
    missing = f"{secured_kafka.create_topic()}-missing"
    rules.forbid("topic", missing, AclOperation.CREATE)
    rules.allow("topic", missing, AclOperation.READ, AclOperation.DESCRIBE)
    topic = secured_kafka.create_topic()
    produce.produce(secured_kafka.bootstrap, topic, [b"all the same"])
    sidecar = start_secured(ALICE, [topic, missing], settings={**SOON, "allow.auto.create.topics": "true"}).wait_up()
    found = []

    def read():
        answer = sidecar.http.get("/v1/poll", timeout_ms=300)
        found.extend(values(of_answer(answer)) if answer.status == 200 else [])
        return found
    eventually(read)
    assert found == [b"all the same"]
    told_by_poll(sidecar, 403, "TOPIC_AUTHORIZATION_FAILED")
    assert missing not in secured_kafka.admin.list_topics(timeout=10).topics
    rules.forget("topic", missing)
    rules.forget("cluster", "kafka-cluster")
    eventually(lambda: (missing, 0) in sidecar.assignment(), what="the topic is created and joined")
