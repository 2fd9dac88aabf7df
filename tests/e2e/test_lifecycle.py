"""Start, configuration, health, and SIGTERM."""
import subprocess

import pytest

from lib import produce
from lib.records import of_answer, values
from lib.wait import Stopwatch, eventually, free_port, throughout


def run_to_end(binary, *arguments, timeout_s=20, **options):
    return subprocess.run([str(binary), *map(str, arguments)], stdin=subprocess.DEVNULL, capture_output=True,
                          text=True, timeout=timeout_s, check=False, **options)


@pytest.mark.short
def test_healthy_and_ready(sidecar):
    for path in ("/healthz", "/readyz"):
        answer = sidecar.management.get(path)
        assert answer.status == 200 and answer.body, answer
        assert sidecar.management.call("HEAD", path).status == 200
    assert sidecar.management.get("/v1/status").status == 404, "the API is not on the management listener"


@pytest.mark.short
def test_no_broker_at_start(start_own_kafka, start_sidecar):
    """pitfall 14, pitfall 60, pitfall 96, pitfall 117: it waits, says why, and joins when the broker comes"""
    port = free_port(2)  # the next one is the controller's
    sidecar = start_sidecar(f"127.0.0.1:{port}", "t-later",
                            settings={"metadata.max.age.ms": 1000, "default.api.timeout.ms": 2000}).wait_up()
    assert sidecar.management.get("/healthz").status == 200
    not_ready = sidecar.management.get("/readyz")
    assert not_ready.status == 503
    eventually(lambda: str(port) in sidecar.management.get("/readyz").body.decode(), what="the reason names the broker")
    eventually(lambda: str(port) in str(sidecar.status()), what="the status names the broker")
    watch = Stopwatch()
    poll = sidecar.http.get("/v1/poll", timeout_ms=500)
    assert poll.status in (200, 503) and watch.seconds < 5
    assert sidecar.http.get("/v1/topics").problem(503)["retriable"] is True
    assert sidecar.http.get("/v1/topics").headers["retry-after"]
    throughout(lambda: sidecar.running and sidecar.management.get("/healthz").status == 200, for_s=1)
    kafka = start_own_kafka(port=port)
    produce.produce(kafka.bootstrap, "t-later", [b"at last"])
    sidecar.wait_ready(60)
    assert values(sidecar.poll(timeout_ms=30000)) == [b"at last"]
    assert sidecar.log.count("\n") < 500, "repeated failures are not a line each"


@pytest.mark.short
def test_ready_follows_the_group_and_healthy_does_not(own_kafka, start_sidecar):
    """pitfall 117"""
    topic = own_kafka.create_topic()
    sidecar = start_sidecar(own_kafka.bootstrap, topic).wait_ready()
    own_kafka("kill")
    eventually(lambda: sidecar.management.get("/readyz").status == 503, timeout_s=30)
    assert sidecar.management.get("/healthz").status == 200
    own_kafka("start")
    sidecar.wait_ready(60)


# SIGTERM

@pytest.mark.short
def test_sigterm_leaves_the_group_and_exits_with_0(kafka, topic, sidecar, group):
    assert len(kafka.members(group)) == 1
    watch = Stopwatch()
    sidecar.close()
    assert watch.seconds < 10
    assert kafka.members(group) == [], "it has left: nobody waits for a session to end"


@pytest.mark.short
def test_sigterm_answers_a_running_poll(kafka, topic, sidecar):
    poll = sidecar.hold_poll()
    sidecar.terminate()
    answer = poll.answer()
    assert answer.status == 503 or of_answer(answer) == [], answer
    assert sidecar.wait_exit() == 0


def test_sigint_is_the_same(sidecar):
    import signal
    sidecar.process.send_signal(signal.SIGINT)
    assert sidecar.wait_exit() == 0


@pytest.mark.short
def test_sigterm_while_the_broker_is_frozen_ends_in_time(own_kafka, start_sidecar):
    """pitfall 98"""
    topic = own_kafka.create_topic()
    produce.produce(own_kafka.bootstrap, topic, produce.numbered(0, 3))
    sidecar = start_sidecar(own_kafka.bootstrap, topic, settings={"enable.auto.commit": "true"}).wait_ready()
    sidecar.poll_until(3)
    sidecar.poll(timeout_ms=0)
    own_kafka("pause")
    try:
        sidecar.close()
    finally:
        own_kafka("resume")


def test_sigterm_without_any_broker_ends_in_time(start_sidecar):
    """pitfall 98"""
    sidecar = start_sidecar(f"127.0.0.1:{free_port()}", "t").wait_up()
    sidecar.close()


# Configuration

@pytest.mark.short
def test_help_and_version(binary):
    done = run_to_end(binary, "--help")
    assert done.returncode == 0
    for word in ("bootstrap.servers", "group.id", "http.listener", "--config", "--set", "auto.offset.reset"):
        assert word in done.stdout, word


@pytest.mark.parametrize("arguments, words", [
    (["--set", "auto.ofset.reset=earliest"], ["auto.ofset.reset", "auto.offset.reset"]),
    (["--set", "session.timeout.ms=soon"], ["session.timeout.ms"]),
    (["--set", "session.timeout.ms=-1"], ["session.timeout.ms"]),
    (["--set", "isolation.level=dirty"], ["isolation.level", "read_committed"]),
    (["--set", "nonsense"], ["--set wants key=value"]),
    (["--frobnicate"], ["--frobnicate"]),
    (["--config", "/nonexistent.properties"], ["/nonexistent.properties"]),
    (["--set", "http.listener=0.0.0.0:8092"], ["http.listener"]),
    (["--set", "http.listener=127.0.0.1:99999"], ["http.listener"]),
])
def test_a_wrong_setting_stops_the_start_and_is_named(binary, arguments, words):
    done = run_to_end(binary, "--bootstrap-server", "127.0.0.1:1", "--group", "g", "--topic", "t", *arguments)
    assert done.returncode not in (0, None) and done.returncode > 0, done
    for word in words:
        assert word in done.stderr + done.stdout, done


def test_a_taken_port_stops_the_start_and_is_named(binary, sidecar):
    done = run_to_end(binary, "--bootstrap-server", "127.0.0.1:1", "--group", "g", "--topic", "t", "--set",
                      f"http.listener={sidecar.listener}", "--set", f"management.listener=127.0.0.1:{free_port()}")
    assert done.returncode > 0
    assert sidecar.listener.rsplit(":", 1)[1] in done.stderr + done.stdout


@pytest.mark.short
def test_sources_of_settings_strongest_first(kafka, topic, start_sidecar, tmp_path):
    """A flag beats the environment, which beats the file, which beats the default"""
    file = tmp_path / "client.properties"
    file.write_text("# a comment\ngroup.id=from-file\nclient.id = from-file\nclient.rack: from-file\n\n"
                    "max.poll.records=3\n")
    sidecar = start_sidecar(kafka.bootstrap, topic, group="from-flag", arguments=["--config", str(file)],
                            env={"KAFKA_SIDECAR_GROUP_ID": "from-env", "KAFKA_SIDECAR_CLIENT_ID": "from-env"})
    sidecar.wait_ready()
    [member] = kafka.members("from-flag")
    assert member.client_id == "from-env"
    produce.produce(kafka.bootstrap, topic, produce.numbered(0, 5))
    eventually(lambda: len(sidecar.poll(update_offsets=False, max_records=5)) == 5)
    assert len(sidecar.poll()) == 3, "max.poll.records of the file"


def test_no_secret_is_written_anywhere(kafka, topic, start_sidecar):
    sidecar = start_sidecar(kafka.bootstrap, topic, settings={"http.auth.token.file": None}).wait_ready()
    sidecar.status()
    assert "password" not in sidecar.log.lower()


@pytest.mark.short
def test_idle_it_is_small_and_quiet(sidecar, binary):
    if "release" not in str(binary):
        pytest.skip("only the release build is small")
    assert sidecar.rss_kib < 20 * 1024
    before = sidecar.log.count("\n")
    throughout(lambda: sidecar.running, for_s=2)
    assert sidecar.log.count("\n") - before <= 2, "no line a heartbeat"
