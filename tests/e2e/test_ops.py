"""Running it: what the commands of the program print, signals, probes, metrics."""
import datetime
import http.client
import json
import re
import shutil
import signal
import socketserver
import subprocess
import threading
import time

import pytest
from confluent_kafka.admin import AclBinding, AclOperation, AclPermissionType, ResourcePatternType, ResourceType
from prometheus_client.parser import text_string_to_metric_families

from lib import produce
from lib.records import of_answer, values
from lib.wait import Stopwatch, eventually, free_port
from test_lifecycle import run_to_end


def config(binary, *arguments, **options):
    """{key: row} of `config --json`, and the keys that do nothing."""
    done = run_to_end(binary, "config", "--json", *arguments, **options)
    assert done.returncode == 0, done
    answer = json.loads(done.stdout)
    return {row["key"]: row for row in answer["settings"]}, {row["key"]: row for row in answer["no_effect"]}


# kafka-sidecar config

def test_config_shows_values_and_sources(binary, tmp_path):
    file = tmp_path / "client.properties"
    file.write_text("bootstrap.servers=127.0.0.1:1\nauto.offset.reset=smallest\n")
    rows, _ = config(binary, "--config", file, "--group", "g", "--set", "max.poll.records=7",
                     env={"KAFKA_SIDECAR_CLIENT_RACK": "r1"})
    shown = {key: (row["value"], row["source"], row["place"]) for key, row in rows.items()}
    assert shown["bootstrap.servers"] == ("127.0.0.1:1", "file", f"{file}:1")
    assert shown["auto.offset.reset"] == ("earliest", "file", f"{file}:2")
    assert shown["group.id"] == ("g", "flag", "--group")
    assert shown["max.poll.records"] == ("7", "set", "--set")
    assert shown["client.rack"] == ("r1", "environment", "KAFKA_SIDECAR_CLIENT_RACK")
    assert shown["fetch.min.bytes"] == ("1", "default", None)
    table = run_to_end(binary, "config", "--config", file, "--group", "g")
    assert table.returncode == 0 and len(table.stdout.splitlines()) == 1 + len(rows)


@pytest.mark.parametrize("theirs, value, ours, result", [
    ("metadata.broker.list", "127.0.0.1:2", "bootstrap.servers", "127.0.0.1:2"),
    ("fetch.wait.max.ms", "50", "fetch.max.wait.ms", "50"),
    ("fetch.message.max.bytes", "1000", "max.partition.fetch.bytes", "1000"),
    ("queued.max.messages.kbytes", "1024", "fetch.buffer.bytes", "1048576"),
    ("socket.timeout.ms", "5000", "request.timeout.ms", "5000"),
    ("topic.metadata.refresh.interval.ms", "9000", "metadata.max.age.ms", "9000"),
    ("auto.commit.enable", "false", "enable.auto.commit", "false"),
])
def test_other_names_of_the_same(binary, theirs, value, ours, result):
    rows, _ = config(binary, "--bootstrap-server", "127.0.0.1:1", "--set", f"{theirs}={value}")
    assert rows[ours]["value"] == result and rows[ours]["spelt"] == theirs


def test_a_java_file_with_more_than_we_need(binary, kafka, topic, start_sidecar, tmp_path):
    """Keys that do nothing here are told in the log, one line each, and stop nothing"""
    file = tmp_path / "client.properties"
    file.write_text("key.deserializer=org.apache.kafka.common.serialization.StringDeserializer\n"
                    "value.deserializer=org.apache.kafka.common.serialization.StringDeserializer\n"
                    "partition.assignment.strategy=org.apache.kafka.clients.consumer.RangeAssignor\n"
                    "send.buffer.bytes=131072\nmetric.reporters=\nexclude.internal.topics=true\n")
    sidecar = start_sidecar(kafka.bootstrap, topic, arguments=["--config", str(file)]).wait_ready()
    assert sidecar.status()["assignor"] == "range"
    ignored = [line for line in sidecar.log.splitlines() if "setting ignored" in line]
    assert len(ignored) == 5 and all(f"{file}:" in line for line in ignored)
    _, idle = config(binary, "--bootstrap-server", "127.0.0.1:1", "--config", file)
    assert set(idle) == {"key.deserializer", "value.deserializer", "send.buffer.bytes", "metric.reporters",
                         "exclude.internal.topics"}


@pytest.mark.parametrize("pair, words", [
    ("exclude.internal.topics=false", "exclude.internal.topics: internal topics"),
    ("enable.auto.offset.store=false", "enable.auto.commit=false"),
    ("queued.max.messages.kbytes=1", "queued.max.messages.kbytes, here fetch.buffer.bytes"),
    ("config.providers.file.class=my.Own", "as Kafka's FileConfigProvider"),
])
def test_what_would_mean_something_else_is_refused(binary, pair, words):
    done = run_to_end(binary, "--bootstrap-server", "127.0.0.1:1", "--set", pair)
    assert done.returncode == 2 and words in done.stderr, done


# Signals and the log

def signalled(sidecar, number, words):
    """Sends a signal and waits until the log says what it did."""
    before = sidecar.log.count(words)
    sidecar.process.send_signal(number)
    eventually(lambda: sidecar.log.count(words) > before, what=f"the log has {words!r}")


def test_sigusr1_switches_debug_lines_on_and_off(sidecar):
    signalled(sidecar, signal.SIGUSR1, "log switched from=info to=debug by=signal")
    sidecar.status()
    eventually(lambda: " debug request ended path=/v1/status" in sidecar.log, what="debug lines")
    signalled(sidecar, signal.SIGUSR1, "log switched from=debug to=info by=signal")
    sidecar.close()


def test_sighup_reloads_and_disturbs_nothing(kafka, topic, sidecar):
    member = sidecar.status()["member_id"]
    poll = sidecar.hold_poll()
    signalled(sidecar, signal.SIGHUP, "sidecar reloaded")
    signalled(sidecar, signal.SIGHUP, "sidecar reloaded")
    produce.produce(kafka.bootstrap, topic, [b"after"])
    assert values(of_answer(poll.answer())) == [b"after"]
    assert sidecar.status()["member_id"] == member


def test_the_log_level_is_changed_by_a_call(sidecar):
    assert sidecar.management.get("/loglevel").ok() == {"level": "info"}
    assert sidecar.management.call("PUT", "/loglevel?level=error").status == 200
    assert sidecar.management.get("/loglevel").ok() == {"level": "error"}
    assert sidecar.management.call("PUT", "/loglevel?level=loud").problem(400)["code"] == "INVALID_ARGUMENT"


def test_every_line_of_a_json_log_is_json(kafka, topic, start_sidecar):
    sidecar = start_sidecar(kafka.bootstrap, topic, settings={"log.format": "json", "log.level": "debug"}).wait_ready()
    sidecar.close()
    lines = [json.loads(line) for line in sidecar.log.splitlines()]
    assert len(lines) > 5
    for line in lines:
        assert set(line) == {"time", "level", "noun", "verb", "details"}, line
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", line["time"])
        assert line["level"] in ("error", "warn", "info", "debug") and isinstance(line["details"], dict)
        assert "text" not in line["details"], f"not key=value: {line}"
    started = next(line for line in lines if (line["noun"], line["verb"]) == ("sidecar", "started"))
    assert started["details"]["port"] == int(sidecar.listener.rsplit(":", 1)[1])


# Metrics

def scrape(sidecar):
    """{name: family} of /metrics, as Prometheus' own client reads them."""
    answer = sidecar.management.get("/metrics")
    assert answer.status == 200 and answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    families = list(text_string_to_metric_families(answer.body.decode()))
    assert len({family.name for family in families}) == len(families), "a family is in one piece"
    return {family.name: family for family in families}


def sample(families, family, name=None, **labels):
    found = [one.value for one in families[family].samples
             if one.name == (name or family) and labels.items() <= one.labels.items()]
    assert len(found) == 1, (family, name, labels, families[family].samples)
    return found[0]


def test_metrics_are_what_happened(kafka, topic, sidecar):
    produce.produce(kafka.bootstrap, topic, produce.numbered(0, 10))
    sidecar.poll_until(10)
    assert sidecar.http.call("POST", "/v1/commit").status == 200
    families = scrape(sidecar)
    assert sample(families, "kafka_sidecar_consumer_consumed_records", "kafka_sidecar_consumer_consumed_records_total",
                  consumer="default") == 10
    assert sample(families, "kafka_sidecar_poll_records", "kafka_sidecar_poll_records_sum") == 10
    assert sample(families, "kafka_sidecar_commit_duration_seconds",
                  "kafka_sidecar_commit_duration_seconds_count") == 1
    assert sample(families, "kafka_sidecar_consumer_records_lag") == 0
    assert sample(families, "kafka_sidecar_http_requests", "kafka_sidecar_http_requests_total", route="/v1/commit",
                  method="POST", code="2xx") == 1
    assert abs(sample(families, "process_start_time_seconds") - time.time()) < 300
    assert abs(sample(families, "process_resident_memory_bytes") / 1024 - sidecar.rss_kib) < 8192
    assert sample(families, "process_open_fds") < sample(families, "process_max_fds")
    assert sample(families, "kafka_sidecar_consumer_buffered_limit_bytes") == 33554432
    names = {label for family in families.values() for one in family.samples for label in one.labels}
    assert "topic" not in names and "partition" not in names  # pitfall 119
    json_metrics = sidecar.http.get("/v1/metrics").ok()["consumer"]
    assert json_metrics["consumer-fetch-manager-metrics"]["records-consumed-total"] == 10
    assert json_metrics["consumer-fetch-manager-metrics"]["records-lag-max"] == 0
    assert json_metrics["consumer-coordinator-metrics"]["assigned-partitions"] == 1


def test_metrics_of_partitions_by_option(kafka, start_sidecar):
    topic = kafka.create_topic(partitions=3)
    sidecar = start_sidecar(kafka.bootstrap, topic, settings={"metrics.partition.labels": "true"}).wait_ready()
    produce.produce(kafka.bootstrap, topic, [b"x"], partition=1)
    name = "kafka_sidecar_consumer_partition_records_lag"

    def lags():
        return {one.labels["partition"]: one.value for one in scrape(sidecar)[name].samples}
    eventually(lambda: lags() == {"0": 0, "1": 1, "2": 0}, what="each partition has its lag")


def test_promtool_finds_nothing_to_complain_of(sidecar):
    promtool = shutil.which("promtool")
    if not promtool:
        pytest.skip("NO PROMTOOL: the Debian package prometheus has it")
    done = subprocess.run([promtool, "check", "metrics"], input=sidecar.management.get("/metrics").body,
                          capture_output=True, check=False)
    assert done.returncode == 0 and not done.stdout + done.stderr, done


# Status and probes

def test_status_has_what_an_operator_asks_for(kafka, topic, sidecar):
    produce.produce(kafka.bootstrap, topic, produce.numbered(0, 10))
    assert len(sidecar.poll(max_records=4)) == 4
    status = sidecar.status()
    assert status["state"] == "stable" and status["ready"] and status["reason"] is None
    assert status["protocol"] == "classic" and status["assignor"] == "range" and status["generation"] >= 1
    assert status["coordinator"]["port"] == int(kafka.bootstrap.rsplit(":", 1)[1])
    assert 0 <= status["heartbeat_age_ms"] < 6000
    assert status["rebalance_count"] == 1 and isinstance(status["rebalance_reason"], str)
    assert status["warnings"] == [] and re.fullmatch(r"\d+\.\d+\.\d+", status["version"])
    started = datetime.datetime.fromisoformat(status["started_at"].replace("Z", "+00:00"))
    assert abs(started.timestamp() - time.time()) < 300
    [partition] = status["assignment"]
    assert partition["position"] == 4 and partition["committed"] is None
    assert partition["high_watermark"] == 10 and partition["lag"] == 6
    assert partition["buffered_records"] == 6 and partition["buffered_bytes"] > 0
    assert partition["leader"] is not None and partition["preferred_replica"] is None
    assert partition["error"] is None
    sidecar.poll(max_records=1)
    eventually(lambda: sidecar.status()["assignment"][0]["acknowledged"] == 4, what="the poll has acknowledged")


def test_two_clients_by_turns_are_warned_of(kafka, topic, start_sidecar):
    """pitfall 122"""
    sidecar = start_sidecar(kafka.bootstrap, topic, settings={"enable.auto.commit": "true"}).wait_ready()
    host, port = sidecar.listener.rsplit(":", 1)
    clients = [http.client.HTTPConnection(host, int(port)) for _ in range(2)]
    for turn in range(6):
        clients[turn % 2].request("GET", "/v1/poll")
        assert clients[turn % 2].getresponse().read()
    assert [warning["code"] for warning in sidecar.status()["warnings"]] == ["CONSUMER_SHARED"]
    assert sample(scrape(sidecar), "kafka_sidecar_consumer_warning", code="CONSUMER_SHARED") == 1
    clients[1].close()
    eventually(lambda: sidecar.status()["warnings"] == [], what="the warning goes with the connection")
    clients[0].close()


def test_readiness_says_what_it_waits_for(start_sidecar):
    sidecar = start_sidecar(f"127.0.0.1:{free_port()}", "t").wait_up()
    problem = sidecar.management.get("/readyz").problem(503)
    assert problem["code"] == "NOT_READY" and problem["waiting_for"] == "brokers" and problem["detail"]


def test_readiness_without_a_subscription(kafka, start_sidecar):
    sidecar = start_sidecar(kafka.bootstrap).wait_up()
    eventually(lambda: sidecar.management.get("/readyz").problem(503)["waiting_for"] == "subscription")
    assert "nothing is subscribed to" in sidecar.management.get("/readyz").problem(503)["detail"]


# kafka-sidecar check

def check(binary, bootstrap, *arguments, group="g", topics=()):
    """The exit code of `check --json`, and its steps."""
    named = [part for topic in topics for part in ("--topic", topic)]
    done = run_to_end(binary, "check", "--json", "--bootstrap-server", bootstrap, "--group", group, *named, *arguments,
                      timeout_s=40)
    answer = json.loads(done.stdout)
    assert answer["ok"] == (done.returncode == 0) == all(step["outcome"] != "failed" for step in answer["steps"])
    return done.returncode, [(step["step"], step["subject"], step["outcome"], step["detail"])
                             for step in answer["steps"]]


def of_kind(steps, kind):
    return [step for step in steps if step[0] == kind]


def test_check_of_what_is_well(binary, kafka, group):
    topic = kafka.create_topic(partitions=3)
    code, steps = check(binary, kafka.bootstrap, group=group, topics=[topic])
    assert code == 0, steps
    [bootstrap] = of_kind(steps, "bootstrap")
    assert "connected" in bootstrap[3] and "as Kafka " in bootstrap[3]
    [cluster] = of_kind(steps, "cluster")
    assert f" at {kafka.bootstrap}" in cluster[3]
    assert of_kind(steps, "topic") == [("topic", topic, "ok", "3 partitions, 0 without a leader")]
    assert of_kind(steps, "leaders")[0][3] == "of 3 partitions"
    assert of_kind(steps, "records")[0][2] == "ok"
    assert f" at {kafka.bootstrap}" in of_kind(steps, "group")[0][3]
    assert of_kind(steps, "committed")[0][3] == "0 of 3 partitions have an offset"
    assert kafka.members(group) == [], "it joins no group"
    text = run_to_end(binary, "check", "--bootstrap-server", kafka.bootstrap, "--group", group, "--topic", topic)
    assert text.returncode == 0 and len(text.stdout.splitlines()) == len(steps) and not text.stderr


def test_check_disturbs_no_member(binary, kafka, topic, sidecar, group):
    produce.produce(kafka.bootstrap, topic, produce.numbered(0, 3))
    sidecar.poll_until(3)
    assert sidecar.http.call("POST", "/v1/commit").status == 200
    before = sidecar.status()
    code, steps = check(binary, kafka.bootstrap, group=group, topics=[topic])
    assert code == 0 and of_kind(steps, "committed")[0][3] == "1 of 1 partitions have an offset"
    after = sidecar.status()
    assert (after["generation"], after["rebalance_count"]) == (before["generation"], before["rebalance_count"])
    assert after["assignment"][0]["committed"] == 3


def test_check_names_what_is_missing(binary, kafka, topic, group):
    code, steps = check(binary, f"127.0.0.1:{free_port()},{kafka.bootstrap}", group=group, topics=[topic, "t-nothing"])
    assert code == 1
    assert [step[2] for step in of_kind(steps, "bootstrap")] == ["failed", "ok"]
    assert "connection refused" in of_kind(steps, "bootstrap")[0][3]
    assert [step[2] for step in of_kind(steps, "topic")] == ["ok", "failed"]
    assert "UNKNOWN_TOPIC_OR_PARTITION" in of_kind(steps, "topic")[1][3]
    assert of_kind(steps, "committed")[0][2] == "ok", "what is there is checked all the same"


def test_check_names_what_is_not_allowed(binary, start_own_kafka):
    """pitfall 99"""
    kafka = start_own_kafka(properties=["authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer",
                                        "allow.everyone.if.no.acl.found=true"])
    topic = kafka.create_topic()

    def rule(kind, name, operation, permission):
        return AclBinding(kind, name, ResourcePatternType.LITERAL, "User:ANONYMOUS", "*", operation, permission)
    rules = [rule(ResourceType.TOPIC, topic, AclOperation.READ, AclPermissionType.DENY),
             rule(ResourceType.TOPIC, topic, AclOperation.DESCRIBE, AclPermissionType.ALLOW),
             rule(ResourceType.GROUP, "g", AclOperation.ALL, AclPermissionType.DENY)]
    for done in kafka.admin.create_acls(rules).values():
        done.result(20)
    code, steps = check(binary, kafka.bootstrap, topics=[topic])
    assert code == 1
    assert of_kind(steps, "leaders")[0][2] == "ok"
    assert "TOPIC_AUTHORIZATION_FAILED" in of_kind(steps, "records")[0][3]
    assert of_kind(steps, "records")[0][1] == topic
    assert "GROUP_AUTHORIZATION_FAILED" in of_kind(steps, "committed")[0][3]


class Answering(socketserver.BaseRequestHandler):
    """Answers whatever comes with a text of another protocol."""

    def handle(self):
        self.request.recv(1)
        self.request.sendall(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")


class Silent(socketserver.BaseRequestHandler):
    """Takes the connection and says nothing."""

    def handle(self):
        while self.request.recv(1000):
            pass


@pytest.mark.parametrize("handler, words", [(Answering, "Kafka"), (Silent, "no answer to ApiVersions in time")])
def test_check_of_what_is_no_broker(binary, handler, words):
    """pitfall 89"""
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        watch = Stopwatch()
        code, steps = check(binary, f"127.0.0.1:{server.server_address[1]}", "--set",
                            "socket.connection.setup.timeout.ms=1000")
        server.shutdown()
    [failed] = of_kind(steps, "bootstrap")
    assert code == 1 and failed[2] == "failed" and words in failed[3], failed
    assert watch.seconds < 15


def test_check_of_a_name_that_is_none(binary):
    code, steps = check(binary, "no-such-host.invalid:9092")
    assert code == 1 and "resolving the name" in of_kind(steps, "bootstrap")[0][3]


def test_check_wants_good_settings(binary):
    assert run_to_end(binary, "check").returncode == 2
    assert run_to_end(binary, "check", "--frobnicate").returncode == 2
