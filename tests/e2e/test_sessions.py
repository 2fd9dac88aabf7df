"""Sessions: instances of an application come and go beside one sidecar, which stays in its group all the while."""
import pathlib
import random
import subprocess
import sys

import pytest

from lib import produce
from lib.records import of_answer, values
from lib.wait import eventually

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


def processed(done):
    """[(partition, offset, value)] in the order in which they were processed. The last line may be cut."""
    if not done.exists():
        return []
    rows = [line.split() for line in done.read_text().splitlines(keepends=True) if line.endswith("\n")]
    return [(int(partition), int(offset), value.encode()) for partition, offset, value in rows]


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
