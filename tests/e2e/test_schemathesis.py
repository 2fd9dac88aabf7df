"""Schemathesis lets loose on the sidecar whatever it makes of the API's document: no answer may be other than the document
says, and the sidecar lives on. It is a search, not a proof, so it is asked for: make schemathesis"""
import json
import subprocess
import sys

import pytest

from lib.document import DOCUMENT
from lib.kafka import FakeKafka

CHECKS = "status_code_conformance,content_type_conformance,response_headers_conformance,response_schema_conformance"
SETTINGS = {"poll.max.timeout.ms": 100, "default.api.timeout.ms": 1000, "http.max.body.bytes": 100_000}


@pytest.fixture
def orders(binary, tmp_path):
    """A fake Kafka with the topic of the document's examples."""
    cluster = FakeKafka(binary.parent / "fake-kafka", tmp_path / "fake-kafka.log", ["orders:2"], "--sample-orders")
    yield cluster
    cluster.down()


def test_schemathesis_finds_nothing_that_the_document_does_not_have(orders, start_sidecar, tmp_path, pytestconfig):
    """Streams without an end are left out, and the management listener."""
    seconds = pytestconfig.getoption("--schemathesis-seconds")
    if not seconds:
        pytest.skip("made-up requests are sent by: make schemathesis")
    sidecar = start_sidecar(orders.bootstrap, "orders", settings=SETTINGS).wait_ready()
    paths = {path: item for path, item in DOCUMENT.content["paths"].items()
             if "servers" not in item and "text/event-stream" not in json.dumps(item)}
    (tmp_path / "openapi.json").write_text(json.dumps({**DOCUMENT.content, "paths": paths}))
    command = [sys.executable, "-m", "schemathesis.cli", "run", str(tmp_path / "openapi.json"),
               "--url", f"http://{sidecar.listener}", "--checks", CHECKS, "--phases", "examples,coverage,fuzzing",
               "--max-time", str(seconds), "--request-timeout", "30", "--no-color"]
    command += ["--seed", "1"] if seconds <= 60 else []
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert sidecar.running
    assert sidecar.http.get("/v1/status").ok()
