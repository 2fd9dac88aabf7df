"""Each way in which coming in fails: one clear line, the same words in the status, by /readyz and by `check`, few
attempts, and recovery without a restart when the secret is mended."""
import pytest

from lib import produce
from lib.records import values
from lib.secured import Way
from lib.wait import Stopwatch, eventually
from test_ops import check, of_kind

TLS, MUTUAL, JWKS = Way("TLSv1.3"), Way("mTLS"), Way("SASL_PLAINTEXT", "jwks")
WATCHED_S = 2.0
ATTEMPTS = 4


class Failure:
    """A way in, what is wrong with it, the words that name that, and what mends it (None: nothing that may change
    without a restart)."""

    def __init__(self, name, way, code, words, spoil=None, mend=None, listener=None, changes=None):
        self.name, self.way, self.code, self.words = name, way, code, words
        self.spoil, self.mend, self.listener, self.changes = spoil, mend, listener, changes

    def __repr__(self):
        return self.name.replace(" ", "_")


def puts(name, source):
    return lambda credentials: credentials.copy(name, source)


def puts_client(source):
    def put(credentials):
        credentials.copy("client.key", f"{source}.key")
        credentials.copy("client.crt", f"{source}.crt")
    return put


def says(name, text):
    return lambda credentials: credentials.write(name, text)


def puts_token(**claims):
    return lambda credentials: credentials.write("token", credentials.kafka.signed_token(**claims))


def shows(listener, certificate):
    return lambda credentials: credentials.kafka.show_certificate(listener, certificate)


FAILURES = [
    Failure("wrong CA", TLS, "TLS_FAILED", ["CN=broker", "not among those of ssl.ca.location"],
            spoil=puts("ca.pem", "other-ca.pem"), mend=puts("ca.pem", "ca.pem")),
    Failure("expired certificate", TLS, "TLS_FAILED", ["the broker's certificate", "expired at 2020-01-02"],
            listener="EXPIRED", mend=shows("EXPIRED", "broker")),
    Failure("wrong host", TLS, "TLS_FAILED", ["for elsewhere.example, not for 127.0.0.1"], listener="WRONGHOST"),
    Failure("no client certificate", TLS, "TLS_FAILED", ["wants a client certificate", "none is configured"],
            listener="MTLS"),
    Failure("no client certificate by TLS 1.2", TLS, "TLS_FAILED", ["wants a client certificate", "none is configured"],
            listener="MTLS", changes={"ssl_enabled_protocols": "TLSv1.2"}),
    Failure("client certificate of another CA", MUTUAL, "TLS_FAILED", ["refuse", "the client certificate"],
            spoil=puts_client("client-other-ca"), mend=puts_client("client")),
    Failure("expired client certificate", MUTUAL, "TLS_FAILED", ["the client certificate has expired"],
            spoil=puts_client("client-expired"), mend=puts_client("client")),
    Failure("plaintext to a TLS port", TLS, "TLS_FAILED", ["speaks like TLS", "security.protocol"],
            changes={"security_protocol": "PLAINTEXT"}),
    Failure("TLS to a plaintext port", TLS, "TLS_FAILED", ["plaintext listener"], listener="SASLP"),
    Failure("SASL in plaintext to a TLS port", Way("SASL_PLAINTEXT", "PLAIN"), "TLS_FAILED",
            ["speaks like TLS", "security.protocol"], listener="SASLS"),
    Failure("wrong password of PLAIN", Way("SASL_SSL", "PLAIN"), "AUTHENTICATION_FAILED", ["PLAIN"],
            spoil=says("password", "not-it"), mend=says("password", "alice-secret")),
    Failure("wrong password of SCRAM-SHA-256", Way("SASL_PLAINTEXT", "SCRAM-SHA-256"), "AUTHENTICATION_FAILED",
            ["SCRAM-SHA-256"], spoil=says("password", "not-it"), mend=says("password", "sam-secret")),
    Failure("wrong password of SCRAM-SHA-512", Way("SASL_SSL", "SCRAM-SHA-512"), "AUTHENTICATION_FAILED",
            ["SCRAM-SHA-512"], spoil=says("password", "not-it"), mend=says("password", "sam-secret")),
    Failure("unknown mechanism", Way("SASL_SSL", "SCRAM-SHA-256"), "AUTHENTICATION_FAILED",
            ["SCRAM-SHA-256", "PLAIN, SCRAM-SHA-512, OAUTHBEARER"], listener="REAUTH"),
    Failure("expired token", JWKS, "AUTHENTICATION_FAILED", ["OAUTHBEARER (the token has expired)"],
            spoil=puts_token(lifetime_s=-60), mend=puts_token()),
    Failure("wrong audience", JWKS, "AUTHENTICATION_FAILED", ["OAUTHBEARER"],
            spoil=puts_token(aud="another"), mend=puts_token()),
    Failure("wrong issuer", JWKS, "AUTHENTICATION_FAILED", ["OAUTHBEARER"],
            spoil=puts_token(iss="another"), mend=puts_token()),
]


def names_all(text, words):
    missing = [word for word in words if word.lower() not in text.lower()]
    assert not missing, (missing, text)
    return True


@pytest.mark.parametrize("failure", FAILURES, ids=repr)
def test_a_failure_is_told_well_and_mended(secured_kafka, start_secured, binary, group, failure):
    """pitfall 92, pitfall 93, pitfall 96"""
    if not secured_kafka.has(failure.way):
        pytest.skip("this Kafka cannot check signed tokens")
    topic = secured_kafka.create_topic()
    listener = failure.listener or failure.way.listener
    front = secured_kafka.fronts[listener]
    at_start = front.count
    sidecar = start_secured(failure.way, topic, listener=listener, changes=failure.changes, spoil=failure.spoil,
                            settings={"authentication.backoff.max.ms": 2000})
    sidecar.wait_up()
    eventually(lambda: names_all(sidecar.management.get("/readyz").problem(503)["detail"], failure.words),
               what="/readyz names the failure")
    status = sidecar.status()
    assert names_all(str([row["last_error"] for row in status["brokers"]]), failure.words)
    assert names_all(status["reason"], failure.words)
    for answer in (sidecar.http.get("/v1/topics"), sidecar.http.get("/v1/poll")):
        answer.problem(503, failure.code)
    before, watch = front.count, Stopwatch()
    code, steps = check(binary, secured_kafka.listeners[listener], "--config", sidecar.credentials.file, group=group,
                        topics=[topic])
    assert code == 1 and names_all(of_kind(steps, "bootstrap")[0][3], failure.words), steps
    eventually(lambda: watch.seconds > WATCHED_S)
    assert front.count - before <= ATTEMPTS * watch.seconds / WATCHED_S, "attempts are few"
    lines = [line for line in sidecar.log.splitlines() if front.address.split(":")[1] in line and " warn " in line]
    assert 1 <= len(lines) <= front.count - at_start, sidecar.log
    assert all(names_all(line, failure.words) for line in lines)
    assert sidecar.management.get("/healthz").status == 200 and sidecar.running
    if failure.mend:
        failure.mend(sidecar.credentials)
        sidecar.wait_ready()
        produce.produce(secured_kafka.bootstrap, topic, [b"mended"])
        assert values(sidecar.poll()) == [b"mended"]


@pytest.fixture(autouse=True)
def certificates(secured_kafka):
    """A broker's certificate that was mended is spoilt again."""
    yield
    secured_kafka.show_certificate("EXPIRED", "broker-expired")
