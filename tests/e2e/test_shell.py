"""The scripts of clients/shell do on real Kafka what their readers copy them for."""
import os
import pathlib
import shutil
import signal
import subprocess

import pytest

from lib import produce
from lib.wait import eventually

SHELL = pathlib.Path(__file__).resolve().parents[2] / "clients" / "shell"
RANGE = {"partition.assignment.strategy": "range"}
SCRIPTS = sorted(SHELL.glob("*.sh"))


class Script:
    """A running script: its lines, and its end."""

    def __init__(self, folder, sidecar, name, *arguments):
        self.output = folder / f"{name}-{len(list(folder.iterdir()))}"
        with open(self.output, "wb") as output:
            self.process = subprocess.Popen(
                ["sh", str(SHELL / name), *map(str, arguments)], stdin=subprocess.DEVNULL, stdout=output,
                stderr=subprocess.STDOUT, start_new_session=True, env={**os.environ, "SIDECAR": f"http://{sidecar.listener}"})

    @property
    def lines(self):
        return self.output.read_text().splitlines()

    def await_lines(self, count):
        eventually(lambda: len(self.lines) >= count or self.process.poll() is not None, what=f"{count} lines come")
        assert len(self.lines) == count, self.lines[-5:]
        return self.lines

    def kill(self):
        """The shell and what it runs, without a word to any of them."""
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(10)


@pytest.fixture
def run(tmp_path):
    """Starts scripts that are ended with the test: run(sidecar, "batch.sh", command)."""
    started = []
    folder = tmp_path / "scripts"
    folder.mkdir()

    def start(sidecar, name, *arguments):
        started.append(Script(folder, sidecar, name, *arguments))
        return started[-1]

    yield start
    for script in started:
        script.kill()


@pytest.fixture
def handler(tmp_path):
    """A command that notes what it is given, and fails once, when it is given what contains `word`."""
    notes = tmp_path / "notes"
    notes.touch()

    def make(word):
        path = tmp_path / "handler"
        path.write_text(f"#!/bin/sh\ninput=$(cat)\ncase $input in *'\"{word}\"'*) [ -e '{tmp_path}/failed' ] || "
                        f"{{ echo FAILED >>'{notes}'; : >'{tmp_path}/failed'; exit 1; }} ;; esac\n"
                        f"printf '%s\\n' \"$input\" | jq -r .value >>'{notes}'\n")
        path.chmod(0o755)
        return path, lambda: notes.read_text().split()
    return make


def words(first, count):
    return [value.decode() for value in produce.numbered(first, count)]


def test_the_scripts_are_clean():
    assert len(SCRIPTS) >= 5
    subprocess.run([shutil.which("shellcheck"), *SCRIPTS], check=True)


def test_the_readme_names_every_script():
    text = (SHELL / "README.md").read_text()
    for script in SCRIPTS:
        assert f"({script.name})" in text
        assert os.access(script, os.X_OK)


@pytest.mark.short
def test_the_group_loop_commits_by_itself_and_begins_again_with_what_was_not_processed(kafka, topic, start_sidecar, run):
    """pitfall 115"""
    settings = {"enable.auto.commit": "true", "auto.commit.interval.ms": 200}
    sidecar = start_sidecar(kafka.bootstrap, topic, settings=settings).wait_ready()
    produce.produce(kafka.bootstrap, topic, produce.numbered(0, 20))
    script = run(sidecar, "group_loop.sh")
    expected = [f"{topic} 0 {n} record-{n}" for n in range(30)]
    assert script.await_lines(20) == expected[:20]
    eventually(lambda: sidecar.committed() == {0: 20})
    script.kill()
    produce.produce(kafka.bootstrap, topic, produce.numbered(20, 10))
    assert run(sidecar, "group_loop.sh").await_lines(10) == expected[20:]


@pytest.mark.short
def test_manual_assignment_reads_from_an_offset_to_the_end_and_then_what_is_new(kafka, topic, start_sidecar, run):
    produce.produce(kafka.bootstrap, topic, produce.numbered(0, 10))
    sidecar = start_sidecar(kafka.bootstrap, group=None).wait_up()
    script = run(sidecar, "manual_assignment.sh", topic, 0, 4)
    expected = [f"old {n} record-{n}" for n in range(4, 10)] + ["at the end, 10"]
    assert script.await_lines(7) == expected
    produce.produce(kafka.bootstrap, topic, produce.numbered(10, 3))
    assert script.await_lines(10) == expected + [f"new {n} record-{n}" for n in range(10, 13)]


@pytest.mark.short
def test_commit_each_stops_at_a_record_that_fails_and_begins_again_with_it(kafka, topic, sidecar, run, handler):
    produce.produce(kafka.bootstrap, topic, produce.numbered(0, 10))
    command, notes = handler("record-6")
    script = run(sidecar, "commit_each.sh", command)
    assert script.process.wait(60) != 0
    assert notes() == [*words(0, 6), "FAILED"]
    assert sidecar.committed() == {0: 6}
    run(sidecar, "commit_each.sh", command)
    eventually(lambda: sidecar.committed() == {0: 10})
    assert notes() == [*words(0, 6), "FAILED", *words(6, 4)]


@pytest.mark.short
def test_the_listener_commits_what_goes_and_seeks_what_comes(kafka, start_sidecar, run, group, tmp_path):
    """pitfall 83"""
    topic = kafka.create_topic(partitions=2)
    for partition in range(2):
        produce.produce(kafka.bootstrap, topic, produce.numbered(0, 10), partition=partition)
    (tmp_path / "state").mkdir()
    (tmp_path / "state" / f"{topic}-1").write_text("7\n")
    sidecar = start_sidecar(kafka.bootstrap, settings=RANGE).wait_up()
    script = run(sidecar, "rebalance_listener.sh", tmp_path / "state")
    eventually(lambda: any(line.startswith("assignment:") for line in script.lines))
    sidecar.http.put("/v1/subscription", {"topics": [topic]}).ok()
    expected = {f"{topic} 0 {n} record-{n}" for n in range(10)} | {f"{topic} 1 {n} record-{n}" for n in range(7, 10)}
    eventually(lambda: expected <= set(script.lines))
    other = start_sidecar(kafka.bootstrap, topic, settings=RANGE).wait_ready()
    eventually(lambda: len(sidecar.assignment()) == len(other.assignment()) == 1)
    assert {key[1]: entry.offset for key, entry in kafka.committed(group).items()} == {0: 10, 1: 10}
    assert expected == {line for line in script.lines if "record" in line}, "nothing before what was sought"
    assert any(line.startswith("partitions_revoked:") for line in script.lines)
    produce.produce(kafka.bootstrap, topic, [b"to the other"], partition=1)
    produce.produce(kafka.bootstrap, topic, [b"to us"], partition=0)
    eventually(lambda: f"{topic} 0 10 to us" in script.lines or f"{topic} 1 10 to the other" in script.lines)


@pytest.mark.short
def test_a_batch_that_fails_comes_again_and_nothing_of_it_is_committed(kafka, topic, sidecar, run, handler):
    produce.produce(kafka.bootstrap, topic, produce.numbered(0, 120))
    eventually(lambda: len(sidecar.poll(update_offsets=False)) == 120)
    command, notes = handler("record-77")
    run(sidecar, "batch.sh", command)
    eventually(lambda: "FAILED" in notes())
    assert sidecar.committed()[0] in (50, 0), "no record of the batch that failed"
    eventually(lambda: sidecar.committed() == {0: 120})
    assert notes() == [*words(0, 50), "FAILED", *words(50, 70)]
