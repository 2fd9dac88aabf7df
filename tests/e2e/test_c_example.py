"""The example program in C, which uses the library as its users do."""
import signal
import subprocess

import pytest

from lib import produce
from lib.wait import eventually


@pytest.mark.short
def test_the_example_prints_records_and_commits_what_it_printed(kafka, topic, binary, group, tmp_path):
    produce.produce(kafka.bootstrap, topic, produce.numbered(0, 20))
    printed = tmp_path / "printed"
    with open(printed, "wb") as output:
        process = subprocess.Popen([str(binary.parent / "tail"), kafka.bootstrap, group, topic], stdout=output)
    try:
        eventually(lambda: printed.read_text().count("\n") == 20, timeout_s=30)
        eventually(lambda: [entry.offset for entry in kafka.committed(group).values()] == [20], timeout_s=30)
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0
    finally:
        process.kill()
    assert [line.split(": ")[1] for line in printed.read_text().splitlines()] == [f"record-{n}" for n in range(20)]
    assert kafka.members(group) == []
