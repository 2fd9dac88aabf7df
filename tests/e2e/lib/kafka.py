"""Real Kafka: clusters started by tests/kafka/kafka, and their topics."""
import pathlib
import subprocess
import sys
import uuid

from confluent_kafka import ConsumerGroupTopicPartitions
from confluent_kafka.admin import AdminClient, NewTopic

from .wait import eventually, free_port

TOOL = pathlib.Path(__file__).resolve().parents[2] / "kafka" / "kafka"


class NotAvailable(Exception):
    """Java, Maven or the artifacts cannot be had here."""


def run_tool(*arguments):
    """Runs tests/kafka/kafka and returns what it prints."""
    done = subprocess.run([sys.executable, str(TOOL), *map(str, arguments)], stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, check=False)
    if done.returncode == 3:
        raise NotAvailable(done.stderr.strip())
    assert done.returncode == 0, done.stderr
    return done.stdout


class Kafka:
    """A cluster of one or three brokers."""

    def __init__(self, folder, version, brokers=1, port=0, proxy=0, properties=(), secured=False):
        self.folder = folder
        self.version = version
        extra = [word for text in properties for word in ("--property", text)]
        output = run_tool("up", "--dir", folder, "--version", version, "--brokers", brokers, "--port", port,
                          "--proxy", proxy, *extra, *(["--secured"] if secured else []))
        self.listeners = dict(line.split("=") for line in output.splitlines())
        self.bootstrap = self.listeners.pop("bootstrap")
        self.admin = AdminClient({"bootstrap.servers": self.bootstrap, "topic.metadata.refresh.interval.ms": 200,
                                  "log_level": 0})

    def __call__(self, command, broker=1):
        """stop, kill, pause, resume or start one broker."""
        run_tool(command, broker, "--dir", self.folder)

    def down(self):
        run_tool("down", "--dir", self.folder)

    def at_least(self, major, minor=0):
        return tuple(map(int, self.version.split(".")[:2])) >= (major, minor)

    def create_topic(self, partitions=1, replicas=1, replica_assignment=None, name=None, **config):
        """Creates a topic, with a name of its own if none is given; returns when every partition has a leader. Config
        names are written with underscores. Records are kept for ever: their timestamps may be made up."""
        name = name or f"t-{uuid.uuid4().hex[:12]}"
        settings = {key.replace("_", "."): str(value) for key, value in {"retention_ms": -1, **config}.items()}
        if replica_assignment is None:
            new = NewTopic(name, num_partitions=partitions, replication_factor=replicas, config=settings)
        else:
            partitions = len(replica_assignment)
            new = NewTopic(name, num_partitions=partitions, replica_assignment=replica_assignment, config=settings)
        self.admin.create_topics([new])[name].result(30)
        eventually(lambda: len(self.leaders(name)) == partitions and -1 not in self.leaders(name).values(),
                   what=f"{name} has leaders")
        return name

    def leaders(self, topic):
        """{partition: node id}"""
        metadata = self.admin.list_topics(topic, timeout=10).topics[topic]
        return {number: partition.leader for number, partition in metadata.partitions.items()}

    def members(self, group):
        """The members of a group as an outsider sees them."""
        return self.admin.describe_consumer_groups([group])[group].result(15).members

    def committed(self, group):
        """{(topic, partition): TopicPartition} as an outsider sees it."""
        found = self.admin.list_consumer_group_offsets([ConsumerGroupTopicPartitions(group)])[group].result(15)
        return {(entry.topic, entry.partition): entry for entry in found.topic_partitions if entry.offset >= 0}


class FakeKafka:
    """The project's own fake cluster as a program: quick, and it fails as it is told.
    FakeKafka(binary, log, ["t:1"], "--error", "OffsetFetch:-1")"""

    def __init__(self, program, log, topics, *options):
        self.bootstrap = f"127.0.0.1:{free_port()}"
        named = [word for topic in topics for word in ("--topic", topic)]
        with open(log, "ab") as output:
            self.process = subprocess.Popen([str(program), "--port", self.bootstrap.split(":")[1], *named, *options],
                                            stdin=subprocess.DEVNULL, stdout=output, stderr=output)
        eventually(lambda: "listens on" in log.read_text() or self.process.poll() is not None)
        assert self.process.poll() is None, log.read_text()

    def down(self):
        self.process.terminate()
        self.process.wait(10)
