"""The HTTP door itself: methods, pages of other origins, preferences, pipelining, times as text, compression, tokens,
Unix sockets, bounds, and TLS."""
import contextlib
import datetime
import json
import os
import re
import resource
import select
import signal
import socket
import ssl
import subprocess

import pytest

from lib import produce
from lib.client import RawRequest
from lib.records import of_answer, values
from lib.wait import Stopwatch, eventually

PAGE = {"Origin": "https://app.example"}


def test_a_listed_page_may_ask_and_read_and_no_other(kafka, topic, start_sidecar):
    sidecar = start_sidecar(kafka.bootstrap, topic, settings={"http.allowed.origins": PAGE["Origin"]}).wait_ready()
    question = {**PAGE, "Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "content-type"}
    answer = sidecar.http.call("OPTIONS", "/v1/commit", headers=question)
    assert answer.status == 204 and answer.body == b""
    assert answer.headers["access-control-allow-origin"] == PAGE["Origin"]
    assert "POST" in answer.headers["access-control-allow-methods"]
    assert "Content-Type" in answer.headers["access-control-allow-headers"]
    assert answer.headers["vary"] == "Origin"
    answer = sidecar.http.call("GET", "/v1/status", headers=PAGE)
    assert answer.status == 200 and answer.headers["access-control-allow-origin"] == PAGE["Origin"]
    for origin in ("https://evil.example", "null", "*"):
        foreign = {"Origin": origin, "Access-Control-Request-Method": "POST"}
        for method, path in (("OPTIONS", "/v1/commit"), ("GET", "/v1/status")):
            answer = sidecar.http.call(method, path, headers=foreign)
            answer.problem(403, "FORBIDDEN_HOST", "Origin")
            assert not [name for name in answer.headers if name.startswith("access-control")]


def test_a_poll_waits_as_preferred_and_answers_at_once_with_a_record(kafka, topic, sidecar):
    """pitfall 107"""
    assert of_answer(sidecar.http.call("GET", "/v1/poll?timeout_ms=0", headers={"Prefer": "wait=20"})) == []
    watch = Stopwatch()
    answer = sidecar.http.call("GET", "/v1/poll", headers={"Prefer": "wait=1"})
    assert of_answer(answer) == [] and answer.headers["preference-applied"] == "wait=1"
    assert 0.9 < watch.seconds < 5
    poll = RawRequest(sidecar.listener, "/v1/poll", headers="Prefer: respond-async, wait=60\r\n")
    eventually(lambda: sidecar.http.get("/v1/poll").status == 409, what="the poll waits")
    produce.produce(kafka.bootstrap, topic, [b"now"])
    with poll:
        answer = poll.answer()
    assert values(of_answer(answer)) == [b"now"] and answer.headers["preference-applied"] == "wait=60"


def test_polls_and_commits_in_one_packet_are_answered_in_their_order(kafka, topic, sidecar):
    """pitfall 109"""
    produce.produce(kafka.bootstrap, topic, produce.numbered(0, 4))
    eventually(lambda: len(sidecar.poll(update_offsets=False)) == 4)
    poll = "GET /v1/poll?max_records=2&timeout_ms=5000 HTTP/1.1\r\nHost: localhost\r\n\r\n"
    commit = "POST /v1/commit HTTP/1.1\r\nHost: localhost\r\n\r\n"
    raw = RawRequest(sidecar.listener, "/v1/paused")
    raw.socket.sendall((poll + commit + poll + commit).encode())
    with raw:
        stream = raw.socket.makefile("rb")
        answers = [read_one(stream) for _ in range(5)]
    assert [len(answer.get("records", [])) for answer in answers] == [0, 2, 0, 2, 0]
    assert sidecar.committed() == {0: 4}


def read_one(stream):
    """The JSON of the next answer of a connection."""
    assert stream.readline().split()[1] == b"200"
    length = 0
    while (line := stream.readline().strip()):
        name, _, value = line.partition(b":")
        length = int(value) if name.lower() == b"content-length" else length
    return json.loads(stream.read(length))


def test_head_looks_and_options_names_methods(kafka, topic, sidecar):
    produce.produce(kafka.bootstrap, topic, produce.numbered(0, 3))
    eventually(lambda: len(sidecar.poll(update_offsets=False)) == 3)
    head = sidecar.http.call("HEAD", "/v1/poll")
    get = sidecar.http.call("GET", "/v1/poll?update_offsets=false")
    assert head.status == 200 and head.body == b""
    assert head.headers["content-length"] == get.headers["content-length"]
    for path, item in sidecar.http.get("/openapi.json").ok()["paths"].items():
        client = sidecar.management if "servers" in item else sidecar.http
        options = client.call("OPTIONS", path.replace("{topic}", topic).replace("{name}", "default"))
        assert options.status == 204 and options.headers["allow"].endswith("OPTIONS"), path
    assert len(sidecar.poll()) == 3


@pytest.mark.short
def test_seek_and_offsets_for_times_take_times_as_text(kafka, topic, sidecar):
    start_ms = 1_764_234_000_000
    for number in range(5):
        produce.produce(kafka.bootstrap, topic, [b"%d" % number], timestamp=start_ms + number * 1000)
    eventually(lambda: len(sidecar.poll(update_offsets=False)) == 5)
    at = datetime.datetime.fromtimestamp(start_ms / 1000 + 2, datetime.timezone(datetime.timedelta(hours=1)))
    body = {"timestamps": [{"topic": topic, "partition": 0, "timestamp": at.isoformat()}]}
    [found] = sidecar.http.post("/v1/offsets/for-times", body).ok()["offsets"]
    assert (found["offset"], found["timestamp"]) == (2, start_ms + 2000)
    where = {"topic": topic, "partition": 0, "offset": {"timestamp": at.isoformat()}}
    sidecar.http.post("/v1/seek", {"partitions": [where]}).ok()
    assert sidecar.position() == {0: 2}
    sidecar.http.post("/v1/seek", tp=f"{topic}:0", timestamp="2025-11-27T09:00:03.000Z").ok()
    assert sidecar.position() == {0: 3}
    answer = sidecar.http.post("/v1/seek", tp=f"{topic}:0", timestamp="2025-11-31T09:00:03Z")
    answer.problem(400, "INVALID_ARGUMENT", "timestamp")


def test_two_thousand_idle_connections_cost_little_and_hold_up_nobody(kafka, topic, start_sidecar):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    count = 2000
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, max(soft, count + 500)), hard))
    limits = {"http.max.connections": count + 50, "http.max.connections.per.client": count + 50}
    sidecar = start_sidecar(kafka.bootstrap, topic, settings=limits).wait_ready()
    before_kib = sidecar.rss_kib
    with contextlib.ExitStack() as stack:
        for number in range(count):
            request = stack.enter_context(RawRequest(sidecar.listener, "/v1/paused"))
            assert number % 100 or request.answer().status == 200
        eventually(lambda: metric(sidecar, "http_connections") >= count)
        produce.produce(kafka.bootstrap, topic, [b"among thousands"])
        watch = Stopwatch()
        assert values(sidecar.poll()) == [b"among thousands"]
        sidecar.http.post("/v1/commit").ok()
        assert watch.seconds < 5
        each_kib = (sidecar.rss_kib - before_kib) / count
        print(f"{each_kib:.1f} KiB a connection")
        assert each_kib < 48 or sidecar.is_sanitized, "server/README.md says 41"
    eventually(lambda: metric(sidecar, "http_connections") < 10, what="they are gone")


def metric(sidecar, name):
    """A number without labels of the management listener."""
    text = sidecar.management.get("/metrics").body.decode()
    return float(re.search(rf"^kafka_sidecar_{name} (\S+)$", text, re.M).group(1))


def test_more_connections_than_the_process_may_have_stop_the_start(binary):
    limit = lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (300, 300))  # noqa: E731
    command = [str(binary), "--bootstrap-server", "127.0.0.1:1", "--set", "http.max.connections=5000"]
    command += ["--set", "http.listener=127.0.0.1:0", "--set", "management.listener=", "--group", "g"]
    unprivileged = ["setpriv", "--bounding-set", "-all", "--inh-caps", "-all", "--reuid", "65534", "--clear-groups"]
    done = subprocess.run((unprivileged if os.geteuid() == 0 else []) + command, preexec_fn=limit, timeout=20,
                          capture_output=True, text=True)
    assert done.returncode == 1
    assert "http.max.connections" in done.stderr and "open files are needed" in done.stderr


@pytest.mark.parametrize("begin", ["GET /v1/pa", "POST /v1/commit HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99\r\n\r\n"])
def test_a_request_that_trickles_in_is_cut_while_others_are_served(kafka, topic, start_sidecar, begin):
    sidecar = start_sidecar(kafka.bootstrap, topic, settings={"http.read.timeout.ms": 500}).wait_ready()
    host, port = sidecar.listener.rsplit(":", 1)
    watch = Stopwatch()
    with socket.create_connection((host, int(port))) as slow:
        slow.sendall(begin.encode())
        slow.settimeout(0.05)
        ended = False
        while not ended and watch.seconds < 20:
            assert sidecar.http.get("/v1/paused").status == 200
            try:
                slow.sendall(b"a")
                ended = slow.recv(1) == b""
            except TimeoutError:
                pass
            except OSError:
                ended = True
    assert ended and watch.seconds < 10
    assert metric(sidecar, "http_requests_too_slow_total") == 1


def test_a_token_that_is_replaced_is_refused_and_no_door_is_open_meanwhile(kafka, topic, start_sidecar, tmp_path):
    file = tmp_path / "token"
    file.write_text("first-token\n")
    sidecar = start_sidecar(kafka.bootstrap, topic, settings={"http.auth.token.file": file}).wait_ready()

    def status(token):
        return sidecar.http.call("GET", "/v1/paused", headers={"Authorization": f"Bearer {token}"}).status

    assert (status("first-token"), status("second-token")) == (200, 401)
    (tmp_path / "new").write_text("second-token\n")
    os.rename(tmp_path / "new", file)
    eventually(lambda: status("second-token") == 200, what="the new token counts")
    assert status("first-token") == 401
    file.unlink()
    eventually(lambda: status("second-token") == 401, what="nobody is let in")
    assert "every request is refused" in sidecar.log
    file.write_text("third-token")
    sidecar.process.send_signal(signal.SIGHUP)
    eventually(lambda: status("third-token") == 200)
    assert not re.search(r"(first|second|third)-token", sidecar.log)


@pytest.mark.parametrize("encoding", ["gzip", "zstd"])
def test_compressed_polls_have_all_records_and_a_cut_one_comes_again(kafka, topic, sidecar, encoding):
    """pitfall 105"""
    produce.produce(kafka.bootstrap, topic, [b"%d " % n + os.urandom(30000).hex().encode() for n in range(40)])
    eventually(lambda: len(sidecar.poll(update_offsets=False)) == 40)
    with RawRequest(sidecar.listener, "/v1/poll", headers=f"Accept-Encoding: {encoding}\r\n") as cut:
        assert cut.socket.recv(200)
    answer = sidecar.http.call("GET", "/v1/poll?timeout_ms=5000", headers={"Accept-Encoding": encoding})
    assert answer.headers["content-encoding"] == encoding and "Accept-Encoding" in answer.headers["vary"]
    unpack = {"gzip": ["gzip", "-dc"], "zstd": ["zstd", "-dc"]}[encoding]
    records = json.loads(subprocess.run(unpack, input=answer.body, capture_output=True, check=True).stdout)["records"]
    assert [int(record["value"].split()[0]) for record in records] == list(range(40))
    assert sidecar.poll(timeout_ms=0) == []


def test_a_unix_sockets_mode_and_path_are_kept_in_order(kafka, topic, start_sidecar, tmp_path):
    path = tmp_path / "s.sock"
    settings = {"http.listener.mode": "0600", "http.listener.owner": f"{os.getuid()}:{os.getgid()}"}
    sidecar = start_sidecar(kafka.bootstrap, topic, listener=f"unix:{path}", settings=settings).wait_up()
    assert path.stat().st_mode & 0o7777 == 0o600
    second = start_sidecar(kafka.bootstrap, topic, listener=f"unix:{path}", settings=settings)
    assert second.process.wait(20) == 1 and "Address already in use" in second.log
    assert sidecar.http.get("/v1/paused").status == 200
    sidecar.kill()
    third = start_sidecar(kafka.bootstrap, topic, listener=f"unix:{path}", settings=settings).wait_up()
    assert third.http.get("/v1/paused").status == 200
    third.terminate()
    assert third.wait_exit() == 0 and not path.exists()


@pytest.fixture
def certificates(tmp_path):
    """PEM files: ca, server (for 127.0.0.1), client; each with its key."""
    def openssl(*arguments):
        subprocess.run(["openssl", *arguments], cwd=tmp_path, check=True, capture_output=True)

    key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
    openssl("req", "-x509", *key, "-keyout", "ca.key", "-out", "ca.pem", "-subj", "/CN=ca", "-days", "2")
    (tmp_path / "names").write_text("subjectAltName=IP:127.0.0.1\n")
    for name in ("server", "client"):
        openssl("req", *key, "-keyout", f"{name}.key", "-out", f"{name}.csr", "-subj", f"/CN={name}")
        openssl("x509", "-req", "-in", f"{name}.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial",
                "-days", "2", "-extfile", "names", "-out", f"{name}.pem")
    return tmp_path


def tls_settings(certificates):
    return {"http.tls.certificate.file": certificates / "server.pem", "http.tls.key.file": certificates / "server.key",
            "http.tls.client.ca.file": certificates / "ca.pem"}


def tls_socket(sidecar, certificates, with_client=True):
    context = ssl.create_default_context(cafile=certificates / "ca.pem")
    if with_client:
        context.load_cert_chain(certificates / "client.pem", certificates / "client.key")
    host, port = sidecar.listener.rsplit(":", 1)
    return context.wrap_socket(socket.create_connection((host, int(port)), 20), server_hostname=host)


def ask_tls(line, path):
    line.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())


def test_an_answer_over_tls_that_was_cut_or_left_unread_comes_again(kafka, topic, start_sidecar, certificates):
    """pitfall 105"""
    sidecar = start_sidecar(kafka.bootstrap, topic, settings=tls_settings(certificates)).wait_ready()
    produce.produce(kafka.bootstrap, topic, [b"%d " % n + b"x" * 50000 for n in range(60)])
    for read_bytes in (0, 100, 300_000):
        with tls_socket(sidecar, certificates) as line:
            ask_tls(line, "/v1/poll?timeout_ms=15000")
            select.select([line], [], [], 20)
            while read_bytes > 0:
                read_bytes -= len(line.recv(min(read_bytes, 16384)))
    seen = []
    while len(seen) < 60:
        with tls_socket(sidecar, certificates) as line:
            ask_tls(line, "/v1/poll?timeout_ms=5000")
            seen += [int(record["value"].split()[0]) for record in read_one(line.makefile("rb"))["records"]]
    assert seen == list(range(60))


def test_clients_without_a_certificate_get_nothing_over_tls(kafka, topic, start_sidecar, certificates):
    sidecar = start_sidecar(kafka.bootstrap, topic, settings=tls_settings(certificates)).wait_ready()
    with tls_socket(sidecar, certificates) as line:
        ask_tls(line, "/v1/paused")
        assert read_one(line.makefile("rb")) == {"partitions": []}
    with pytest.raises(OSError):
        with tls_socket(sidecar, certificates, with_client=False) as line:
            ask_tls(line, "/v1/paused")
            assert line.recv(100) == b""
            raise ConnectionResetError
    with pytest.raises(OSError):
        sidecar.http.get("/v1/paused")
    assert "PRIVATE KEY" not in sidecar.log
