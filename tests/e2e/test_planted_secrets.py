"""Secrets that can be told from anything else are planted wherever one may stand; then all that the process prints and
answers is searched for them."""
import base64
import http.client
import http.server
import json
import os
import signal
import subprocess
import threading

import pytest

from lib.secured import SCRAM_PASSWORD, SCRAM_USER, Way, secured
from lib.wait import eventually, free_port
from test_lifecycle import run_to_end

PLANTED = "pLanTeD-0f8b"
PAGES = ("/v1/status", "/v1/metrics", "/v1/consumers", "/v1/consumers/default", "/v1/assignment", "/v1/topics", "/v1/poll?timeout_ms=0", "/")
MANAGEMENT = ("/metrics", "/readyz", "/healthz")


def shapes(secret):
    """How a secret could show: as it is, and as base64 at each of the three alignments."""
    yield secret
    for before in range(3):
        text = base64.b64encode(b"x" * before + secret.encode()).decode().rstrip("=")
        yield text[4 if before else 0:-4]


def assert_hidden(text, *secrets):
    for secret in secrets:
        for shape in shapes(secret):
            assert shape not in text, f"{shape} (of {secret}) is in: {text[:2000]}"


def answer(address, method, path, body=None):
    """All of an answer, as text."""
    connection = http.client.HTTPConnection(address, timeout=20)
    connection.request(method, path, body and json.dumps(body), {"Content-Type": "application/json"} if body else {})
    response = connection.getresponse()
    text = f"{response.status} {response.reason} {response.headers} {response.read()!r}"
    connection.close()
    return text


def everything(sidecar):
    """All that it has printed, and answers to good and bad calls."""
    found = [answer(sidecar.listener, "GET", path) for path in PAGES]
    found += [answer(sidecar.management.listener, "GET", path) for path in MANAGEMENT]
    for config in ({"sasl.password": "x"}, {"sasl.jaas.config": "y"}, {"client.id": "${file:/etc/hostname}"}):
        found.append(answer(sidecar.listener, "PUT", "/v1/consumers/other", {"group_id": "o", "config": config}))
    found.append(answer(sidecar.listener, "GET", "/v1/consumers/other"))
    sidecar.process.send_signal(signal.SIGHUP)
    eventually(lambda: "sidecar reloaded" in sidecar.log, what="SIGHUP is served")
    return sidecar.log + "".join(found)


class Echo(http.server.BaseHTTPRequestHandler):
    """A token endpoint that refuses, and shows what it was sent in all places that there are."""

    def do_POST(self):
        sent = f"{self.headers} {self.rfile.read(int(self.headers['Content-Length']))}".replace('"', "'").encode()
        body = b'{"error": "invalid_client", "error_description": "%s"}' % sent.replace(b"\n", b" ").replace(b"\\", b"/")
        self.send_response(401)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


@pytest.fixture
def echo():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Echo)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/token"
    server.shutdown()


def test_a_password_that_is_refused(secured_kafka, start_sidecar, tmp_path):
    way = Way("SASL_SSL", "SCRAM-SHA-512")
    (tmp_path / "password").write_text(PLANTED)
    settings = {**way.settings(secured_kafka), "sasl.password": f"${{file:{tmp_path}/password}}", "log.level": "debug"}
    sidecar = start_sidecar(secured_kafka.address(way.listener), "t", settings=settings).wait_up()
    eventually(lambda: b"uthentication" in sidecar.http.call("GET", "/v1/status").body, what="the refusal is told")
    assert_hidden(everything(sidecar), PLANTED)


@pytest.mark.parametrize("where", ["flag", "environment", "file", "jaas"])
def test_a_password_that_is_taken(secured_kafka, start_sidecar, tmp_path, where):
    way = Way("SASL_PLAINTEXT", "SCRAM-SHA-256")
    jaas = (f'org.apache.kafka.common.security.scram.ScramLoginModule required username="{SCRAM_USER}" '
            f'password="{SCRAM_PASSWORD}";')
    given = {"sasl.jaas.config": jaas} if where == "jaas" else {"sasl.username": SCRAM_USER,
                                                                "sasl.password": SCRAM_PASSWORD}
    file = tmp_path / "client.properties"
    file.write_text("".join(f"{key}={value}\n" for key, value in given.items()) if where in ("file", "jaas") else "")
    names = {f"KAFKA_SIDECAR_{key.upper().replace('.', '_')}": value for key, value in given.items()}
    sidecar = start_sidecar(
        secured_kafka.address(way.listener), secured_kafka.create_topic(), arguments=["--config", str(file)],
        env=names if where == "environment" else {},
        settings={"security.protocol": way.protocol, "sasl.mechanism": way.sasl, "log.level": "debug",
                  **(given if where == "flag" else {})}).wait_ready()
    assert_hidden(everything(sidecar), SCRAM_PASSWORD)


def test_a_secret_of_a_client_that_the_endpoint_shows(start_sidecar, echo):
    sidecar = start_sidecar("127.0.0.1:1", "t", settings={
        "security.protocol": "SASL_PLAINTEXT", "sasl.mechanism": "OAUTHBEARER", "log.level": "debug",
        "sasl.oauthbearer.token.endpoint.url": echo, "sasl.oauthbearer.client.id": "me",
        "sasl.oauthbearer.client.secret": PLANTED}).wait_up()
    eventually(lambda: "answers 401 invalid_client" in sidecar.log, what="the endpoint's refusal is told")
    assert_hidden(everything(sidecar), PLANTED)


def wrong(secured_kafka, tmp_path):
    """Settings that end the start with exit code 2, each with a secret in it."""
    way = Way("mTLS").settings(secured_kafka)
    (tmp_path / "token").write_text(f"no token {PLANTED}")
    (tmp_path / "key").write_text(f"-----BEGIN PRIVATE KEY-----\n{PLANTED}\n-----END PRIVATE KEY-----\n")
    sasl = {"security.protocol": "SASL_PLAINTEXT", "sasl.username": "u"}
    yield {**way, "ssl.key.location": secured_kafka.secret("client-encrypted.key"), "ssl.key.password": PLANTED}
    yield {**way, "ssl.key.location": tmp_path / "key"}
    yield {**way, "ssl.key.location": None, "ssl.key.pem": PLANTED}
    yield {**way, "ssl.certificate.location": None, "ssl.key.location": None,
           "ssl.keystore.location": secured_kafka.secret("client.p12"), "ssl.keystore.password": PLANTED}
    yield {**sasl, "sasl.mechanism": "KERBEROS", "sasl.password": PLANTED}
    yield {**sasl, "sasl.mechanism": "PLAIN", "sasl.password": f"{PLANTED}${{{PLANTED}:x}}"}
    yield {**sasl, "sasl.mechanism": "PLAIN", "sasl.username": None, "sasl.jaas.config": f"x required a={PLANTED};"}
    yield {**sasl, "sasl.mechanism": "PLAIN", "sasl.username": None, "sasl.jaas.config": f'y required "{PLANTED}'}
    yield {**sasl, "sasl.mechanism": "OAUTHBEARER", "sasl.oauthbearer.token.file": tmp_path / "token"}
    yield {"max.poll.records": f"${{file:{tmp_path}/token}}"}


def test_what_is_wrong_at_the_start_is_told_without_secrets(binary, secured_kafka, tmp_path):
    for settings in wrong(secured_kafka, tmp_path):
        arguments = [f"--set={key}={value}" for key, value in settings.items() if value is not None]
        for command in ((), ("config",), ("config", "--json"), ("check",)):
            done = run_to_end(binary, *command, "--bootstrap-server", "127.0.0.1:1", *arguments)
            assert done.returncode == 2, (settings, done)
            assert_hidden(done.stdout + done.stderr, PLANTED)


def test_an_encrypted_key_is_opened_and_no_password_shown(binary, secured_kafka):
    way = Way("mTLS")
    settings = {**way.settings(secured_kafka), "ssl.key.location": secured_kafka.secret("client-encrypted.key"),
                "ssl.key.password": secured.KEY_PASSWORD, "log.level": "debug"}
    arguments = [f"--set={key}={value}" for key, value in settings.items()]
    for command in (("check",), ("check", "--json"), ("config",)):
        done = run_to_end(binary, *command, "--bootstrap-server", secured_kafka.address(way.listener), *arguments,
                          timeout_s=60)
        assert done.returncode == 0, done
        assert_hidden(done.stdout + done.stderr, secured.KEY_PASSWORD)


def test_no_core_is_dumped(binary):
    """What is not dumpable belongs to root, whoever runs it."""
    other = {"user": "nobody"} if os.geteuid() == 0 else {}
    command = [str(binary), "--bootstrap-server", "127.0.0.1:1", "--set", f"http.listener=127.0.0.1:{free_port()}"]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL, **other) as process:
        try:
            eventually(lambda: os.stat(f"/proc/{process.pid}/status").st_uid == 0, what="it is not dumpable")
        finally:
            process.terminate()
