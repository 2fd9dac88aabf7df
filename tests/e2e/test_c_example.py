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


def test_the_example_reads_all_topics_that_match_and_those_that_come_later(kafka, topic, binary, group, tmp_path):
    """pitfall 79: a topic that appears is found, others are left alone."""
    later, other = topic + "-later", "not-" + topic
    kafka.create_topic(name=other)
    produce.produce(kafka.bootstrap, topic, produce.numbered(0, 5))
    produce.produce(kafka.bootstrap, other, produce.numbered(0, 5))
    printed, said = tmp_path / "printed", tmp_path / "said"
    with open(printed, "wb") as output, open(said, "wb") as errors:
        arguments = [kafka.bootstrap, group, f"^{topic}.*", "metadata.max.age.ms=500"]
        process = subprocess.Popen([str(binary.parent / "tail"), *arguments], stdout=output, stderr=errors)
    try:
        eventually(lambda: printed.read_text().count("\n") == 5, timeout_s=30)
        kafka.create_topic(name=later)
        produce.produce(kafka.bootstrap, later, produce.numbered(0, 5))
        eventually(lambda: printed.read_text().count("\n") == 10, timeout_s=30)
        assert said.read_text().splitlines()[-1] == f"assigned: {topic}-0 {later}-0"
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0
    finally:
        process.kill()
    assert other not in printed.read_text()
