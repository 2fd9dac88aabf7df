"""Every error that a call can answer with, row by row of the API's document. What several calls have in common is
asked of each of them; what brokers cause comes from real ones where they can be brought to it, else from the fake."""
import socket
import struct

import pytest

from lib import produce
from lib.document import DOCUMENT
from lib.events import Stream
from lib.records import of_answer, values
from lib.sidecar import Sidecar
from lib.wait import eventually, free_port

OPERATIONS = DOCUMENT.operations
API = [operation for operation in OPERATIONS if operation.listener == "api"]
ASSIGNED = {"partitions": [{"topic": "t", "partition": 0, "offset": 0}]}


def having(status, *codes):
    """The operations that have a status, and of its codes at least one of these."""
    return [operation for operation in OPERATIONS if status in DOCUMENT.responses(operation) and
            (not codes or set(codes) & set(DOCUMENT.codes(DOCUMENT.responses(operation)[status])))]


def concrete(path):
    """A path that may be asked for."""
    for name, value in (("{topic}", "t"), ("{name}", "default"), ("{id}", "1")):
        path = path.replace(name, value)
    return path


def call(sidecar, operation, query="", **options):
    client = sidecar.http if operation.listener == "api" else sidecar.management
    return client.call(operation.method, concrete(operation.path) + query, **options)


# What every call has

@pytest.fixture(scope="module")
def alone(binary, tmp_path_factory):
    """A sidecar whose brokers are nowhere, with everything small and a token."""
    folder = tmp_path_factory.mktemp("alone")
    (folder / "token").write_text("open-sesame\n")
    sidecar = Sidecar(binary, folder, f"127.0.0.1:{free_port()}", "g-alone", settings={
        "http.auth.token.file": folder / "token", "http.max.body.bytes": 2000, "http.max.connections": 4, "http.max.header.bytes": 2048,
        "default.api.timeout.ms": 300}).wait_up()
    yield sidecar
    sidecar.close()


TOKEN = {"Authorization": "Bearer open-sesame"}


@pytest.mark.short
@pytest.mark.parametrize("operation", OPERATIONS, ids=str)
def test_a_parameter_that_the_call_does_not_have(alone, operation):
    call(alone, operation, "?colour=red", headers=TOKEN).problem(400, "UNKNOWN_PARAMETER", "colour")


@pytest.mark.short
@pytest.mark.parametrize("operation", OPERATIONS, ids=str)
def test_a_body_that_is_too_large(alone, operation):
    call(alone, operation, body="x" * 3000, headers=TOKEN).problem(413, "BODY_TOO_LARGE", "http.max.body.bytes")


@pytest.mark.short
@pytest.mark.parametrize("operation", having(431), ids=str)
def test_a_head_that_is_too_large(alone, operation):
    headers = {**TOKEN, "X-Long": "x" * 3000}
    call(alone, operation, headers=headers).problem(431, "HEADER_TOO_LARGE", "http.max.header.bytes")


@pytest.mark.short
@pytest.mark.parametrize("operation", API, ids=str)
def test_without_the_token_nothing_is_told(alone, operation):
    for headers in ({}, {"Authorization": "Bearer open-sesam"}, {"Authorization": "Basic open-sesame"}):
        call(alone, operation, headers=headers).problem(401, "UNAUTHORIZED")


@pytest.mark.short
@pytest.mark.parametrize("operation", API, ids=str)
def test_a_foreign_host(alone, operation):
    call(alone, operation, headers={**TOKEN, "Host": "rebound.example"}).problem(403, "FORBIDDEN_HOST")


@pytest.mark.short
def test_beyond_the_bound_of_connections_every_call_is_told_so(alone):
    held = [socket.create_connection(alone.listener.split(":")) for _ in range(4)]
    try:
        for operation in API:
            eventually(lambda: call(alone, operation, headers=TOKEN).problem(503, "TOO_MANY_CONNECTIONS"))
        assert alone.management.get("/healthz").ok()
    finally:
        for one in held:
            one.close()
    eventually(lambda: alone.http.call("GET", "/openapi.json", headers=TOKEN).ok())


@pytest.mark.short
@pytest.mark.parametrize("method, path", [("GET", "/v1/poll"), ("POST", "/v1/poll"), ("GET", "/v1/events")])
def test_a_media_type_that_is_not_had(alone, method, path):
    alone.http.call(method, path, headers={**TOKEN, "Accept": "text/html"}).problem(406, "NOT_ACCEPTABLE")


@pytest.mark.short
@pytest.mark.parametrize("operation", [one for one in having(406) if one.path != "/v1/events"], ids=str)
def test_a_coding_that_is_not_had(alone, operation):
    headers = {**TOKEN, "Accept-Encoding": "br, identity;q=0"}
    call(alone, operation, headers=headers).problem(406, "NOT_ACCEPTABLE", "identity")


@pytest.mark.short
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_lines_are_had_by_either_method(sidecar, method):
    assert len(sidecar.http.call(method, "/v1/poll", headers={"Accept": "application/x-ndjson"}).lines) == 1


@pytest.mark.short
def test_a_consumer_that_does_not_exist(alone):
    for method, path in (("GET", "status"), ("POST", "commit"), ("GET", "topics/t")):
        alone.http.call(method, f"/v1/consumers/nobody/{path}", headers=TOKEN).problem(404, "NO_SUCH_CONSUMER", "nobody")


@pytest.mark.short
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_poll_while_it_shuts_down(start_sidecar, method):
    """pitfall 116: other calls are served while somebody is connected"""
    sidecar = start_sidecar(f"127.0.0.1:{free_port()}", settings={"shutdown.grace.ms": 20000}).wait_up()
    with socket.create_connection(sidecar.listener.split(":")) as held:
        held.sendall(b"GET /v1/status HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert held.recv(1), "it has not taken the connection"
        sidecar.terminate()
        eventually(lambda: sidecar.http.call(method, "/v1/poll").problem(503, "SHUTTING_DOWN"))
        assert sidecar.status()["shutting_down"] is True
        sidecar.management.get("/readyz").problem(503, "SHUTTING_DOWN")
    assert sidecar.wait_exit() == 0


# No broker, or none that answers

LOOK_UPS = [("GET", "/v1/offsets/beginning?tp=t:0", None), ("GET", "/v1/offsets/end?tp=t:0", None),
            ("POST", "/v1/offsets/for-times?tp=t:0&timestamp=5", None), ("GET", "/v1/committed?tp=t:0", None)]


@pytest.mark.short
def test_without_a_broker(start_sidecar):
    sidecar = start_sidecar(f"127.0.0.1:{free_port()}", settings={"default.api.timeout.ms": 300}).wait_up()
    sidecar.http.put("/v1/assignment", ASSIGNED).ok()
    for path in ("/v1/topics", "/v1/topics/t"):
        assert sidecar.http.get(path).problem(503, "BROKER_UNAVAILABLE")["retriable"] is True
    for method, path, body in LOOK_UPS:
        sidecar.http.call(method, path, body).problem(504, "TIMED_OUT")
    sidecar.http.post("/v1/commit", {"offsets": ASSIGNED["partitions"]}).problem(503, "COORDINATOR_UNAVAILABLE")
    for client in (sidecar.http.get, sidecar.http.post):
        client("/v1/poll", commit=True).problem(503, "COORDINATOR_UNAVAILABLE")
    sidecar.http.post("/v1/seek", {"to": "end"}).problem(504, "TIMED_OUT")
    sidecar.http.get("/v1/position").problem(504, "TIMED_OUT")
    assert sidecar.management.get("/readyz").problem(503, "NOT_READY")


@pytest.mark.short
def test_a_broker_that_does_not_answer(start_fake_kafka, start_sidecar):
    kafka = start_fake_kafka("--silent", "OffsetCommit")
    sidecar = start_sidecar(kafka.bootstrap, settings={"default.api.timeout.ms": 500}).wait_up()
    sidecar.http.put("/v1/assignment", ASSIGNED).ok()
    sidecar.wait_ready()
    sidecar.http.post("/v1/commit", {"offsets": ASSIGNED["partitions"]}).problem(504, "TIMED_OUT")
    for client in (sidecar.http.get, sidecar.http.post):
        client("/v1/poll", commit=True).problem(504, "TIMED_OUT")


@pytest.mark.short
def test_a_coordinator_that_does_not_answer_to_a_goodbye(start_fake_kafka, start_sidecar):
    kafka = start_fake_kafka("--silent", "LeaveGroup")
    sidecar = start_sidecar(kafka.bootstrap, "t", settings={"default.api.timeout.ms": 500}).wait_ready()
    sidecar.http.delete("/v1/subscription").problem(504, "TIMED_OUT")


def test_a_broker_that_freezes(own_kafka, start_sidecar):
    """it is reachable, for all that is known"""
    topic = own_kafka.create_topic()
    sidecar = start_sidecar(own_kafka.bootstrap, topic, settings={"default.api.timeout.ms": 500}).wait_ready()
    own_kafka("pause")
    try:
        for path in ("/v1/topics", f"/v1/topics/{topic}"):
            sidecar.http.get(path).problem(504, "TIMED_OUT")
    finally:
        own_kafka("resume")


# What does not exist

@pytest.mark.short
def test_topics_and_partitions_that_do_not_exist(kafka, topic, sidecar):
    for code, pair in (("NO_SUCH_TOPIC", "no-such-topic:0"), ("NO_SUCH_PARTITION", f"{topic}:7")):
        for path in ("/v1/offsets/beginning", "/v1/offsets/end"):
            [one] = sidecar.http.get(path, tp=pair).problem(404, code)["partitions"]
            assert f"{one['topic']}:{one['partition']}" == pair and one["error"] == code
        sidecar.http.post("/v1/offsets/for-times", tp=pair, timestamp=5).problem(404, code)
    sidecar.http.get("/v1/topics/no-such-topic").problem(404, "NO_SUCH_TOPIC")


# Conflicts

@pytest.mark.short
def test_what_needs_a_group_says_so(start_sidecar):
    sidecar = start_sidecar(f"127.0.0.1:{free_port()}", group=None).wait_up()
    sidecar.http.get("/v1/committed").problem(409, "NO_GROUP")
    sidecar.http.post("/v1/commit").problem(409, "NO_GROUP")
    sidecar.http.get("/v1/poll", commit=True).problem(409, "NO_GROUP")
    sidecar.http.put("/v1/subscription", {"topics": ["t"]}).problem(409, "NO_GROUP")


@pytest.mark.short
def test_subscription_and_assignment_exclude_each_other(kafka, topic, sidecar):
    sidecar.http.put("/v1/assignment", {"partitions": [{"topic": topic, "partition": 0}]}).problem(
        409, "SUBSCRIPTION_CONFLICT")
    sidecar.http.delete("/v1/assignment").problem(409, "SUBSCRIPTION_CONFLICT")
    sidecar.http.delete("/v1/subscription").ok()
    sidecar.http.put("/v1/assignment", {"partitions": [{"topic": topic, "partition": 0}]}).ok()
    sidecar.http.put("/v1/subscription", {"topics": [topic]}).problem(409, "SUBSCRIPTION_CONFLICT")
    sidecar.http.delete("/v1/subscription").problem(409, "SUBSCRIPTION_CONFLICT")


@pytest.mark.short
def test_what_is_not_assigned_can_be_neither_paused_nor_resumed_nor_moved(kafka, topic, sidecar):
    pair = f"{topic}:5"
    for answer in (sidecar.http.post("/v1/pause", tp=pair), sidecar.http.post("/v1/resume", tp=pair),
                   sidecar.http.post("/v1/seek", tp=pair, offset=1), sidecar.http.get("/v1/position", tp=pair)):
        [one] = answer.problem(409, "NOT_ASSIGNED")["partitions"]
        assert (one["topic"], one["partition"], one["error"]) == (topic, 5, "NOT_ASSIGNED")


@pytest.mark.short
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_second_poll(kafka, topic, sidecar, method):
    with sidecar.hold_poll():
        sidecar.http.call(method, "/v1/poll").problem(409, "POLL_IN_PROGRESS")


@pytest.mark.short
@pytest.mark.parametrize("code, name", [(22, "ILLEGAL_GENERATION"), (25, "UNKNOWN_MEMBER"), (27, "REBALANCE_IN_PROGRESS"),
                                        (82, "FENCED")])
def test_a_commit_that_the_group_refuses(start_fake_kafka, start_sidecar, code, name):
    kafka = start_fake_kafka("--partition-error", f"OffsetCommit:{code}")
    sidecar = start_sidecar(kafka.bootstrap).wait_up()
    sidecar.http.put("/v1/assignment", ASSIGNED).ok()
    problem = sidecar.http.post("/v1/commit", {"offsets": ASSIGNED["partitions"]}).problem(409, name)
    assert problem["kafka_error"]["code"] == code
    [row] = problem["offsets"]
    assert (row["topic"], row["partition"], row["error"]) == ("t", 0, name)
    sidecar.http.get("/v1/poll", commit=True).problem(409, name)


def test_a_static_member_that_another_takes_the_place_of(kafka, topic, start_sidecar):
    """pitfall 69: fatal and visible, and no fight for the place"""
    produce.produce(kafka.bootstrap, topic, produce.numbered(0, 3))
    first = start_sidecar(kafka.bootstrap, topic, settings={"group.instance.id": "one"}).wait_ready()
    second = start_sidecar(kafka.bootstrap, topic, settings={"group.instance.id": "one"}).wait_ready()
    eventually(lambda: first.http.get("/v1/poll", timeout_ms=100).problem(409, "FENCED"))
    first.http.post("/v1/commit", {"offsets": [{"topic": topic, "partition": 0, "offset": 1}]}).problem(409)
    assert values(second.poll_until(3)) == produce.numbered(0, 3)


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_poll_of_what_does_not_exist(kafka, topic, start_sidecar, method):
    sidecar = start_sidecar(kafka.bootstrap).wait_up()
    for named, code in (("no-such-topic:0", "NO_SUCH_TOPIC"), (f"{topic}:300", "NO_SUCH_PARTITION")):
        sidecar.http.put("/v1/assignment", tp=named).ok()
        eventually(lambda: sidecar.http.call(method, "/v1/poll?timeout_ms=1000").problem(404, code))


# No position

def test_without_a_reset_policy_positions_outside_the_log_are_told(kafka, topic, start_sidecar):
    """pitfall 57"""
    produce.produce(kafka.bootstrap, topic, produce.numbered(0, 3))
    sidecar = start_sidecar(kafka.bootstrap, topic, settings={"auto.offset.reset": "none"}).wait_ready()
    eventually(lambda: sidecar.http.get("/v1/position").problem(409, "NO_OFFSET"))
    sidecar.http.post("/v1/seek", {"to": "committed"}).problem(409, "NO_OFFSET")
    sidecar.http.post("/v1/seek", tp=f"{topic}:0", offset=5000).ok()
    eventually(lambda: sidecar.http.get("/v1/poll", timeout_ms=1000).problem(409, "OFFSET_OUT_OF_RANGE"))
    eventually(lambda: sidecar.http.get("/v1/position").problem(409, "OFFSET_OUT_OF_RANGE"))
    # a commit with a leader epoch that there never was: the log cannot have that record
    entry = {"topic": topic, "partition": 0, "offset": 2, "leader_epoch": 77}
    sidecar.http.post("/v1/commit", {"offsets": [entry]}).ok()
    sidecar.http.post("/v1/seek", {"to": "committed"})
    eventually(lambda: sidecar.http.get("/v1/position").problem(409, "LOG_TRUNCATED"))
    sidecar.http.post("/v1/seek", {"to": "beginning"}).ok()
    assert values(sidecar.poll_until(3)) == produce.numbered(0, 3)


# More than is kept or served

@pytest.mark.short
def test_more_asynchronous_commits_than_outcomes_are_kept_for(start_fake_kafka, start_sidecar):
    kafka = start_fake_kafka("--silent", "OffsetCommit")
    sidecar = start_sidecar(kafka.bootstrap, settings={"commit.outcomes.size": 2}).wait_up()
    sidecar.http.put("/v1/assignment", ASSIGNED).ok()
    commit = {"offsets": ASSIGNED["partitions"]}
    for _ in range(2):
        assert sidecar.http.post("/v1/commit?async=true", commit).status == 202
    sidecar.http.post("/v1/commit?async=true", commit).problem(503, "TOO_MANY_COMMITS", "commit.outcomes.size")


@pytest.mark.short
def test_more_streams_than_are_served(start_sidecar):
    sidecar = start_sidecar(f"127.0.0.1:{free_port()}", settings={"events.max.streams": 1}).wait_up()
    with Stream(sidecar) as stream:
        stream.next("assignment")
        sidecar.http.get("/v1/events").problem(503, "TOO_MANY_STREAMS", "events.max.streams")


@pytest.mark.short
def test_an_error_of_the_group_is_told_as_an_event(start_fake_kafka, start_sidecar):
    """pitfall 99"""
    sidecar = start_sidecar(start_fake_kafka("--error", "JoinGroup:30").bootstrap, group="g").wait_up()
    with Stream(sidecar) as stream:
        stream.next("assignment")
        sidecar.http.put("/v1/subscription", {"topics": ["t"]}).ok()
        error = stream.next("error")
        assert error.data["code"] == "GROUP_AUTHORIZATION_FAILED", error
    sidecar.http.get("/v1/poll", timeout_ms=5000).problem(403, "GROUP_AUTHORIZATION_FAILED")


# What brokers say

@pytest.mark.short
def test_an_error_of_the_broker_that_is_none_of_the_others(start_fake_kafka, start_sidecar):
    """pitfall 18, pitfall 99: shown with its number and name"""
    errors = [word for error in ("OffsetFetch:-1", "ListOffsets:-1", "Fetch:2") for word in ("--partition-error", error)]
    kafka = start_fake_kafka("--without", "OffsetCommit", *errors)
    sidecar = start_sidecar(kafka.bootstrap).wait_up()
    sidecar.http.put("/v1/assignment", ASSIGNED).ok()
    for method, path, body in LOOK_UPS:
        problem = sidecar.http.call(method, path, body).problem(502, "KAFKA_ERROR")
        [one] = problem["partitions"]
        assert one["kafka_error"] == {"code": -1, "name": "UNKNOWN_SERVER_ERROR"}
    for client in (sidecar.http.get, sidecar.http.post):
        problem = client("/v1/poll", timeout_ms=15000).problem(502, "KAFKA_ERROR")
        assert (problem["topic"], problem["partition"], problem["offset"]) == ("t", 0, 0)
        assert problem["kafka_error"] == {"code": 2, "name": "CORRUPT_MESSAGE"}
    commit = {"offsets": ASSIGNED["partitions"]}
    sidecar.http.post("/v1/commit", commit).problem(502, "UNSUPPORTED_VERSION")


def test_a_batch_that_is_damaged_on_the_brokers_disk(own_kafka, start_sidecar):
    """pitfall 33, pitfall 111: the good records before it come first, the error says how to go on, and is passed"""
    topic = own_kafka.create_topic()
    for number in range(3):  # a batch each
        produce.produce(own_kafka.bootstrap, topic, [b"batch-%d-%d" % (number, n) for n in range(2)], codec="lz4")
    own_kafka("stop")
    [segment] = own_kafka.folder.glob(f"broker-1/data/{topic}-0/*.log")
    data = bytearray(segment.read_bytes())
    second = 12 + struct.unpack_from(">i", data, 8)[0]
    data[second + 70] ^= 0x40  # in its records
    segment.write_bytes(data)
    own_kafka("start")
    sidecar = start_sidecar(own_kafka.bootstrap, topic).wait_ready()

    def poll():
        return sidecar.http.get("/v1/poll", timeout_ms=15000)

    assert values(of_answer(poll())) == [b"batch-0-0", b"batch-0-1"]
    for _ in range(2):
        problem = poll().problem(502, "CORRUPT_RECORDS")
        assert (problem["topic"], problem["partition"], problem["offset"]) == (topic, 0, 2)
    assert sidecar.position() == {0: 2}, "an error takes nothing"
    sidecar.http.post("/v1/seek", tp=f"{topic}:0", offset=problem["skip_to"]).ok()
    assert values(of_answer(poll())) == [b"batch-2-0", b"batch-2-1"]


@pytest.mark.short
def test_topics_that_the_broker_cannot_tell(start_fake_kafka, start_sidecar):
    sidecar = start_sidecar(start_fake_kafka("--error", "Metadata:-1").bootstrap).wait_up()
    for path in ("/v1/topics", "/v1/topics/t"):
        sidecar.http.get(path).problem(502, "KAFKA_ERROR")


@pytest.mark.short
def test_topics_of_a_broker_that_does_not_offer_to_tell_them(start_fake_kafka, start_sidecar):
    sidecar = start_sidecar(start_fake_kafka("--without", "Metadata").bootstrap).wait_up()
    for path in ("/v1/topics", "/v1/topics/t"):
        sidecar.http.get(path).problem(502, "UNSUPPORTED_VERSION")
