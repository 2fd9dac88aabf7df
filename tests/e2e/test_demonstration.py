"""`make run` without its set-up: it shows what it promises, ends what it started, and nothing else."""
import os
import pathlib
import signal
import subprocess

import pytest

from lib import produce
from lib.client import Client
from lib.wait import eventually, free_port

SCRIPT = pathlib.Path(__file__).resolve().parents[1] / "run.sh"


def start(binary, log, **environment):
    ports = {"KAFKA_PORT": "0", "HTTP_PORT": str(free_port()), "MANAGEMENT_PORT": str(free_port())}
    process = subprocess.Popen([str(SCRIPT)], stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT,
                               env={**os.environ, "SIDECAR": str(binary), **ports, **environment})
    return process, ports


@pytest.fixture
def log(tmp_path):
    return tmp_path / "run.log"


def test_it_shows_records_a_commit_and_the_status_and_ends_by_itself(kafka, binary, log):
    """`kafka` is asked for so that this is skipped where there is none"""
    with open(log, "wb") as output:
        process, _ = start(binary, output, RUN_SECONDS="1")
        assert process.wait(120) == 0, log.read_text()
    text = log.read_text()
    for words in ("$ curl -s 'http://127.0.0.1:", '"customer"', '"next_offsets"', "/v1/commit", '"stable"', "Stopping"):
        assert words in text, text


def test_a_signal_stops_what_it_started(kafka, topic, binary, log):
    produce.produce(kafka.bootstrap, topic, [b'{"n":%d}' % n for n in range(10)])
    with open(log, "wb") as output:
        process, ports = start(binary, output, BOOTSTRAP=kafka.bootstrap, TOPIC=topic, GROUP="g-run")
        eventually(lambda: "stays up" in log.read_text(), timeout_s=60)
        assert "Starting Apache Kafka" not in log.read_text()
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0, log.read_text()
    with pytest.raises(OSError):
        Client(f"127.0.0.1:{ports['HTTP_PORT']}").get("/v1/status")
    assert kafka.members("g-run") == []
    assert {entry.offset for entry in kafka.committed("g-run").values()} == {6}
