"""Sessions: instances of an application come and go beside one sidecar, which stays in its group all the while."""
import pathlib
import random
import subprocess
import sys

import pytest

from lib import produce
from lib.app import processed
from lib.client import RawRequest
from lib.records import of_answer, values
from lib.wait import Stopwatch, eventually

APP = pathlib.Path(__file__).parent / "lib" / "app.py"


def as_session(sidecar, session, method="GET", path="/v1/poll?timeout_ms=15000"):
    return sidecar.http.call(method, path, headers={"Consumer-Session": session})


class App:
    """One instance of the application, with a session of its own."""

    def __init__(self, sidecar, session, done):
        command = [sys.executable, "-S", "-E", str(APP), sidecar.listener, session, str(done)]
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE)

    def kill(self):
        """SIGKILL; it must have been running until then."""
        assert self.process.poll() is None, self.process.communicate()
        self.process.kill()
        self.process.communicate()


def test_an_application_that_is_killed_fifty_times_loses_nothing(kafka, topic, sidecar, group, tmp_path):
    """pitfall 115, pitfall 105"""
    chooser = random.Random(115)
    done = tmp_path / "done"
    generation = sidecar.status()["generation"]
    [member] = kafka.members(group)
    steady = produce.SteadyProducer(kafka.bootstrap, topic, 1, every_s=0.003)
    for number in range(50):
        before = len(processed(done))
        app = App(sidecar, f"app-{number}", done)
        wanted = before + chooser.randrange(1, 25)
        eventually(lambda: len(processed(done)) >= wanted, what=f"instance {number} processes records")  # noqa: B023
        app.kill()
    stored = steady.stop()
    app = App(sidecar, "app-last", done)
    eventually(lambda: len({offset for _, offset, _ in processed(done)}) == len(stored), what="all are processed")
    eventually(lambda: sidecar.committed() == {0: len(stored)}, what="all are committed")
    app.kill()
    rows = processed(done)
    assert {(partition, offset): value for partition, offset, value in rows} == stored
    furthest = -1
    for _, offset, _ in rows:
        assert offset <= furthest + 1, f"{furthest + 1} was passed over"
        furthest = max(furthest, offset)
    assert sidecar.status()["generation"] == generation
    assert sidecar.status()["session"]["fenced"] == 50
    assert [one.member_id for one in kafka.members(group)] == [member.member_id]


@pytest.mark.short
def test_a_new_session_gets_what_the_old_one_did_not_commit(kafka, topic, sidecar):
    """pitfall 115"""
    produce.produce(kafka.bootstrap, topic, produce.numbered(0, 6))
    eventually(lambda: len(sidecar.poll(update_offsets=False)) == 6)
    assert len(of_answer(as_session(sidecar, "one", path="/v1/poll?max_records=2"))) == 2
    as_session(sidecar, "one", "POST", "/v1/commit").ok()
    assert len(of_answer(as_session(sidecar, "one", path="/v1/poll?max_records=3"))) == 3
    assert values(of_answer(as_session(sidecar, "two"))) == produce.numbered(2, 4)
    as_session(sidecar, "one").problem(409, "SESSION_FENCED")
    session = sidecar.status()["session"]
    assert session["id"] == "two" and session["fenced"] == 1 and session["since_ms"] > 1.6e12


@pytest.mark.short
def test_what_auto_commit_acknowledged_stays_so(kafka, topic, start_sidecar):
    """With auto-commit, the next poll says that the records of the one before are processed."""
    produce.produce(kafka.bootstrap, topic, produce.numbered(0, 6))
    sidecar = start_sidecar(kafka.bootstrap, topic, settings={"enable.auto.commit": "true",
                                                              "auto.commit.interval.ms": 60000}).wait_ready()
    eventually(lambda: len(sidecar.poll(update_offsets=False)) == 6)
    for first in (0, 2):
        assert values(of_answer(as_session(sidecar, "one", path="/v1/poll?max_records=2"))) == produce.numbered(first, 2)
    assert values(of_answer(as_session(sidecar, "two"))) == produce.numbered(2, 4)


@pytest.mark.short
def test_every_call_of_a_fenced_session_is_refused(sidecar):
    """pitfall 115: whatever comes late does nothing"""
    as_session(sidecar, "one", path="/v1/status").ok()
    as_session(sidecar, "two", path="/v1/status").ok()
    document = sidecar.http.get("/openapi.json").ok()
    calls = [(method.upper(), path) for path, item in document["paths"].items()
             for method in item if method in ("get", "put", "post", "delete")
             if {"$ref": "#/components/parameters/Consumer-Session"} in item.get("parameters", ())]
    assert ("GET", "/v1/poll") in calls and ("POST", "/v1/commit") in calls
    for method, path in calls:
        target = path.replace("{", "").replace("}", "")
        as_session(sidecar, "one", method, target).problem(409, "SESSION_FENCED")


@pytest.mark.short
@pytest.mark.parametrize("session", ["", "two words", "x" * 257])
def test_a_name_that_is_none_is_refused(sidecar, session):
    as_session(sidecar, session).problem(400, "INVALID_ARGUMENT", mentions="Consumer-Session")


# A poller is told of rebalances

def poll_as(sidecar, session, timeout_ms=15000, **parameters):
    query = "&".join(f"{key}={value}" for key, value in parameters.items())
    return as_session(sidecar, session, path=f"/v1/poll?timeout_ms={timeout_ms}&{query}").ok()


def test_a_poller_commits_when_it_is_told_and_the_next_member_goes_on_there(kafka, start_sidecar):
    """pitfall 83: no record twice, none passed over"""
    topic = kafka.create_topic(partitions=2)
    steady = produce.SteadyProducer(kafka.bootstrap, topic, 2, every_s=0.004)
    first = start_sidecar(kafka.bootstrap, topic).wait_ready()
    seen, told = [], []

    def take(answer):
        seen.extend((row["partition"], row["offset"]) for row in answer["records"])
        if answer["rebalance"]:
            told.append(answer["rebalance"]["event"])
            assert answer["rebalance"]["ack_within_ms"] > 0
            if told[-1] == "partitions_revoked":
                as_session(first, "one", "POST", "/v1/commit").ok()

    while len(seen) < 100:
        take(poll_as(first, "one", max_records=9))
    second = start_sidecar(kafka.bootstrap, topic)
    while told != ["partitions_revoked", "partitions_assigned"]:
        take(poll_as(first, "one", max_records=9))
    take(poll_as(first, "one", timeout_ms=1))
    second.wait_ready()
    assert len(first.assignment()) == len(second.assignment()) == 1
    stored = steady.stop()

    def all_seen():
        take(poll_as(first, "one", timeout_ms=200))
        seen.extend((row["partition"], row["offset"]) for row in poll_as(second, "two", timeout_ms=200)["records"])
        return len(seen) >= len(stored)
    eventually(all_seen, what="all records come")
    assert sorted(seen) == sorted(stored)


def test_a_poller_that_never_comes_back_holds_nobody_up_for_long(kafka, start_sidecar):
    """pitfall 83"""
    topic = kafka.create_topic(partitions=2)
    first = start_sidecar(kafka.bootstrap, topic, settings={"rebalance.ack.timeout.ms": 1500}).wait_ready()
    poll_as(first, "one", timeout_ms=1)
    watch = Stopwatch()
    second = start_sidecar(kafka.bootstrap, topic, settings={"rebalance.ack.timeout.ms": 1500}).wait_ready()
    assert watch.seconds < 15
    eventually(lambda: len(first.assignment()) == len(second.assignment()) == 1)


def test_the_running_poll_answers_at_once(kafka, topic, start_sidecar):
    first = start_sidecar(kafka.bootstrap, topic).wait_ready()
    poll_as(first, "one", timeout_ms=1)
    poll = RawRequest(first.listener, "/v1/poll?timeout_ms=60000", headers="Consumer-Session: one\r\n")
    eventually(lambda: first.http.get("/v1/poll").status == 409, what="the poll is held")
    first.http.put("/v1/subscription", {"topics": [topic, kafka.create_topic()]}).ok()
    watch = Stopwatch()
    rebalance = poll.answer().ok()["rebalance"]
    assert rebalance["event"] == "partitions_revoked" and watch.seconds < 10
    first.http.post(f"/v1/rebalances/{rebalance['rebalance_id']}/ack").ok()
    rebalance = poll_as(first, "one")["rebalance"]
    assert rebalance["event"] == "partitions_assigned"
    poll_as(first, "one", timeout_ms=1)
    assert first.http.post(f"/v1/rebalances/{rebalance['rebalance_id']}/ack").ok(), "it was acknowledged by the poll"
