"""What ACLs deny to an application that nobody has logged in: topics, and its group. pitfall 99: told by the right code,
while the others go on, and over once it is allowed."""
import pytest
from confluent_kafka.admin import (AclBinding, AclBindingFilter, AclOperation, AclPermissionType, ResourcePatternType,
                                   ResourceType)

from lib import produce
from lib.events import Stream
from lib.records import of_answer, values
from lib.wait import eventually, throughout

AUTHORIZERS = {"2.1.1": "kafka.security.auth.SimpleAclAuthorizer", "2.8.2": "kafka.security.authorizer.AclAuthorizer"}
READ, DESCRIBE, ALL = AclOperation.READ, AclOperation.DESCRIBE, AclOperation.ALL


@pytest.fixture
def guarded(start_own_kafka, kafka_version):
    """A broker with an authorizer. Where there is an ACL at all, what none allows is forbidden."""
    authorizer = AUTHORIZERS.get(kafka_version, "org.apache.kafka.metadata.authorizer.StandardAuthorizer")
    return start_own_kafka(properties=[f"authorizer.class.name={authorizer}", "allow.everyone.if.no.acl.found=true"])


def rule(kafka, kind, name, operation, permission):
    binding = AclBinding(kind, name, ResourcePatternType.LITERAL, "User:ANONYMOUS", "*", operation, permission)
    for done in kafka.admin.create_acls([binding]).values():
        done.result(20)


def deny(kafka, kind, name, operation=ALL):
    rule(kafka, kind, name, operation, AclPermissionType.DENY)


def allow(kafka, kind, name, operation):
    rule(kafka, kind, name, operation, AclPermissionType.ALLOW)


def lift(kafka, kind, name):
    """Takes all rules about a thing away."""
    every = AclBindingFilter(kind, name, ResourcePatternType.LITERAL, "User:ANONYMOUS", "*", AclOperation.ANY,
                             AclPermissionType.ANY)
    for done in kafka.admin.delete_acls([every]).values():
        done.result(20)


def filled(kafka, count=3):
    topic = kafka.create_topic()
    produce.produce(kafka.bootstrap, topic, produce.numbered(0, count))
    return topic


def await_denied(sidecar, code, mentions=()):
    """The problem of the poll that tells it; polls before it are empty."""
    told = []

    def tells():
        answer = sidecar.http.get("/v1/poll", timeout_ms=1000)
        if answer.status == 200:
            assert values(of_answer(answer)) == []
            return False
        told.append(answer.problem(403, code, mentions))
        return True
    eventually(tells, what=code)
    return told[0]


def test_what_the_broker_does_not_allow(guarded, start_sidecar, group):
    """pitfall 99: per partition, and for the group; gone when it is allowed again"""
    topic = filled(guarded)
    deny(guarded, ResourceType.TOPIC, topic, READ)
    allow(guarded, ResourceType.TOPIC, topic, DESCRIBE)
    deny(guarded, ResourceType.GROUP, group, READ)
    sidecar = start_sidecar(guarded.bootstrap).wait_up()
    sidecar.http.put("/v1/assignment", {"partitions": [{"topic": topic, "partition": 0, "offset": 0}]}).ok()
    problem = await_denied(sidecar, "TOPIC_AUTHORIZATION_FAILED", topic)
    assert (problem["topic"], problem["partition"]) == (topic, 0)
    eventually(lambda: sidecar.http.get("/v1/committed").problem(403, "GROUP_AUTHORIZATION_FAILED"))
    commit = {"offsets": [{"topic": topic, "partition": 0, "offset": 1}]}
    eventually(lambda: sidecar.http.post("/v1/commit", commit).problem(403, "GROUP_AUTHORIZATION_FAILED"))
    lift(guarded, ResourceType.TOPIC, topic)
    lift(guarded, ResourceType.GROUP, group)
    eventually(lambda: values(sidecar.poll()) == produce.numbered(0, 3))
    eventually(lambda: sidecar.http.post("/v1/commit", commit).ok())


def test_a_denied_topic_among_those_subscribed_to(guarded, start_sidecar):
    """pitfall 99: one poll tells it, the other topic's records come before and after it"""
    good, denied = filled(guarded), filled(guarded)
    deny(guarded, ResourceType.TOPIC, denied)
    sidecar = start_sidecar(guarded.bootstrap).wait_up()
    with Stream(sidecar) as stream:
        sidecar.http.put("/v1/subscription", {"topics": [denied, good]}).ok()
        error = stream.next("error")
        assert error.data["code"] == "TOPIC_AUTHORIZATION_FAILED", error
        assert error.data["partitions"] == [{"topic": denied, "partition": None}]
    sidecar.wait_ready()
    eventually(lambda: sidecar.http.get("/v1/position").ok()["partitions"], what="the good topic is fetched")
    found, problems = [], []

    def all_told():
        answer = sidecar.http.get("/v1/poll", timeout_ms=1000)
        if answer.status == 200:
            found.extend(of_answer(answer))
        else:
            problems.append(answer.problem(403, "TOPIC_AUTHORIZATION_FAILED", denied))
        return problems and len(found) >= 3
    eventually(all_told, what="records and the denied topic")
    assert (problems[0]["topic"], problems[0]["partition"]) == (denied, None), problems
    assert problems[0]["kafka_error"]["name"] == "TOPIC_AUTHORIZATION_FAILED"
    assert sidecar.status()["last_error"]["error"] == "TOPIC_AUTHORIZATION_FAILED"
    assert denied in sidecar.status()["last_error"]["detail"]
    produce.produce(guarded.bootstrap, good, [b"later"])
    assert values(found + sidecar.poll_until(1)) == [*produce.numbered(0, 3), b"later"]
    throughout(lambda: sidecar.poll(timeout_ms=500) == [], 2, what="it is told once")
    sidecar.http.post("/v1/commit").ok()
    lift(guarded, ResourceType.TOPIC, denied)
    records = sidecar.poll_until(3)
    assert {record.topic for record in records} == {denied}
    assert values(records) == produce.numbered(0, 3)
    eventually(lambda: sidecar.status()["last_error"] is None)


@pytest.mark.parametrize("offset", [0, None])
def test_a_denied_topic_that_is_assigned_by_hand(guarded, start_sidecar, offset):
    """pitfall 99: from an offset, for which nothing is looked up, and from where the policy says"""
    denied = filled(guarded)
    deny(guarded, ResourceType.TOPIC, denied)
    sidecar = start_sidecar(guarded.bootstrap, group=None).wait_up()
    place = {"topic": denied, "partition": 0, **({} if offset is None else {"offset": offset})}
    sidecar.http.put("/v1/assignment", {"partitions": [place]}).ok()
    problem = await_denied(sidecar, "TOPIC_AUTHORIZATION_FAILED", denied)
    assert (problem["topic"], problem["partition"]) == (denied, 0)
    [row] = sidecar.status()["assignment"]
    assert row["error"] == "TOPIC_AUTHORIZATION_FAILED", row
    throughout(lambda: sidecar.poll(timeout_ms=500) == [], 2, what="it is told once")
    lift(guarded, ResourceType.TOPIC, denied)
    assert values(sidecar.poll_until(3)) == produce.numbered(0, 3)


def test_a_topic_assigned_by_hand_that_does_not_exist(kafka, start_sidecar):
    sidecar = start_sidecar(kafka.bootstrap, group=None).wait_up()
    sidecar.http.put("/v1/assignment", tp="is-not-there:0", offset=0).ok()
    eventually(lambda: sidecar.http.get("/v1/poll", timeout_ms=1000).problem(404, "NO_SUCH_TOPIC", "is-not-there"))


@pytest.mark.parametrize("operation", [ALL, READ], ids=["looked for", "joined"])
def test_a_denied_group(guarded, start_sidecar, group, operation):
    """pitfall 99: a group that may not be looked for, or not be joined: told by every poll until it is allowed"""
    topic = filled(guarded)
    deny(guarded, ResourceType.GROUP, group, operation)
    if operation is READ:
        allow(guarded, ResourceType.GROUP, group, DESCRIBE)
    sidecar = start_sidecar(guarded.bootstrap, topic).wait_up()
    for _ in range(2):
        await_denied(sidecar, "GROUP_AUTHORIZATION_FAILED")
    assert sidecar.status()["last_error"]["error"] == "GROUP_AUTHORIZATION_FAILED"
    commit = {"offsets": [{"topic": topic, "partition": 0, "offset": 1}]}
    assert sidecar.http.post("/v1/commit", commit).status >= 400
    lift(guarded, ResourceType.GROUP, group)
    eventually(lambda: sidecar.http.get("/v1/poll", timeout_ms=1000).status == 200, what="the group is allowed")
    sidecar.http.post("/v1/seek", {"to": "beginning"})
    eventually(lambda: sidecar.http.post("/v1/commit", commit).ok(), what="a commit")
    assert sidecar.status()["last_error"] is None
