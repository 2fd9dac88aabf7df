"""Secrets that change while records flow: the member stays, nothing is lost, and the old ones are no good any more."""
import threading
import uuid

import pytest
from confluent_kafka import KafkaError

from lib.reader import Reader
from lib.secured import Way, unsecured_token
from lib.wait import Stopwatch, eventually
from test_secured_rig import comes_in, refusal

LONG = {"session.timeout.ms": 10000, "request.timeout.ms": 5000}


class Flow:
    """A topic with a steady producer, a sidecar that reads it, and the membership that must not change."""

    def __init__(self, kafka, sidecar, producer):
        self.kafka, self.sidecar, self.producer = kafka, sidecar, producer
        self.reader = Reader(sidecar)
        self.more()
        self.before = self.membership()

    def membership(self):
        status = self.sidecar.status()
        return {name: status[name] for name in ("member_id", "generation", "rebalance_count")}

    def more(self, count=60):
        """Reads on until so many more records have come."""
        so_far = len(self.reader.found)
        self.reader.read(lambda: len(self.reader.found) > so_far + count, what="records flow")

    def for_a_while(self, seconds):
        watch = Stopwatch()
        self.reader.read(lambda: watch.seconds > seconds, timeout_s=seconds + 30)

    def end(self):
        """Everything has come, to the same member, which ends well with the secrets that it has now."""
        self.reader.read_to_the_end(self.producer.stop())
        assert self.membership() == self.before
        self.sidecar.close()


@pytest.fixture
def start_flow(secured_kafka, start_secured, steady):
    def start(way, kafka=secured_kafka, **options):
        topic = kafka.create_topic(partitions=2)
        producer = steady(kafka, topic, 2)
        sidecar = start_secured(way, topic, settings=LONG, kafka=kafka, **options).wait_ready()
        return Flow(kafka, sidecar, producer)
    return start


def cut_and_go_on(flow, listener):
    """New connections are made, which must use the new secrets."""
    assert flow.kafka.fronts[listener].cut() > 0
    flow.more()


def wait_for_refresh(flow, count):
    """The sidecar has taken the changed files in."""
    eventually(lambda: flow.sidecar.log.count("credentials renewed") >= count, what="the new files are in use")


def test_a_password_changes_while_records_flow(secured_kafka, start_flow):
    """pitfall 92: the broker knows one password at a time, and asks for it every three seconds"""
    way, user = Way("SASL_SSL", "SCRAM-SHA-512"), f"u-{uuid.uuid4().hex[:8]}"
    secured_kafka.set_scram_password("first", way.mechanism, user)
    eventually(lambda: comes_in(secured_kafka, way, **{"sasl.username": user, "sasl.password": "first"}))
    flow = start_flow(way, listener="REAUTH", user=(user, "first"))
    secured_kafka.set_scram_password("second", way.mechanism, user)
    flow.sidecar.credentials.write("password", "second")
    wait_for_refresh(flow, 1)
    flow.for_a_while(4)
    cut_and_go_on(flow, "REAUTH")
    refusal(secured_kafka, way, KafkaError._AUTHENTICATION, **{"sasl.username": user, "sasl.password": "first"})
    flow.end()


def test_another_user_comes_in_while_records_flow(start_flow):
    """pitfall 92: name and password change together"""
    flow = start_flow(Way("SASL_PLAINTEXT", "PLAIN"))
    flow.sidecar.credentials.write("password", "bob-secret")
    flow.sidecar.credentials.write("user", "bob")
    wait_for_refresh(flow, 1)
    cut_and_go_on(flow, "SASLP")
    flow.end()


def test_a_password_changes_with_a_restart_of_the_broker(own_secured_kafka, start_flow):
    """pitfall 92: brokers read the passwords of PLAIN at their start"""
    way = Way("SASL_SSL", "PLAIN")
    flow = start_flow(way, kafka=own_secured_kafka)
    own_secured_kafka.set_plain_password("alice", "second")
    flow.sidecar.credentials.write("password", "second")
    flow.more()
    refusal(own_secured_kafka, way, KafkaError._AUTHENTICATION)
    flow.end()


def test_a_client_certificate_changes_while_records_flow(secured_kafka, start_flow):
    """pitfall 93: another key, of another authority"""
    way = Way("mTLS")
    flow = start_flow(way)
    try:
        secured_kafka.trust_clients_of("ca", "other-ca")
        flow.sidecar.credentials.copy("client.key", "client-other-ca.key")
        flow.sidecar.credentials.copy("client.crt", "client-other-ca.crt")
        wait_for_refresh(flow, 1)
        secured_kafka.trust_clients_of("other-ca")
        cut_and_go_on(flow, "MTLS")
        refusal(secured_kafka, way, KafkaError._SSL, KafkaError._TRANSPORT)
        flow.end()
    finally:
        secured_kafka.trust_clients_of("ca")


def test_the_brokers_authority_changes_while_records_flow(secured_kafka, start_flow):
    """pitfall 93: first both are trusted, then the new one alone; all of a bundle count"""
    way = Way("TLSv1.3")
    flow = start_flow(way)
    bundle = secured_kafka.secret("ca.pem").read_text() + secured_kafka.secret("other-ca.pem").read_text()
    try:
        flow.sidecar.credentials.write("ca.pem", bundle)
        wait_for_refresh(flow, 1)
        secured_kafka.show_certificate("TLS13", "broker-other-ca")
        cut_and_go_on(flow, "TLS13")
        flow.sidecar.credentials.copy("ca.pem", "other-ca.pem")
        wait_for_refresh(flow, 2)
        cut_and_go_on(flow, "TLS13")
        refusal(secured_kafka, way, KafkaError._SSL)
        flow.end()
    finally:
        secured_kafka.show_certificate("TLS13", "broker")


def test_a_token_and_its_key_change_while_records_flow(secured_kafka, start_flow):
    way = Way("SASL_SSL", "jwks")
    flow = start_flow(way)
    old = secured_kafka.signed_token()
    try:
        secured_kafka.use_token_keys(one="token", two="token-two")
        flow.sidecar.credentials.write("token", secured_kafka.signed_token(key="token-two", key_id="two"))
        wait_for_refresh(flow, 1)
        secured_kafka.use_token_keys(two="token-two")
        cut_and_go_on(flow, "JWKSS")
        refusal(secured_kafka, way, KafkaError._AUTHENTICATION, oauth_cb=lambda _: (old, 4e9))
        flow.end()
    finally:
        secured_kafka.use_token_keys(one="token")
    assert comes_in(secured_kafka, way)


class TokenWriter:
    """Puts a token that lasts some seconds in place of the one before, ahead of its end, as an agent in a pod does."""

    def __init__(self, lifetime_s=4, every_s=1.5):
        self.credentials, self.lifetime_s, self.every_s = None, lifetime_s, every_s
        self.stopping = threading.Event()
        self.thread = threading.Thread(target=self.run, daemon=True)

    def start(self, credentials):
        """Begins; the properties that name the token's file."""
        self.credentials = credentials
        file = credentials.write("token", unsecured_token(self.lifetime_s))
        self.thread.start()
        return {"enable_sasl_oauthbearer_unsecure_jwt": None, "sasl_oauthbearer_config": None,
                "sasl_oauthbearer_token_file": file}

    def run(self):
        while not self.stopping.is_set():
            self.credentials.write("token", unsecured_token(self.lifetime_s))
            self.stopping.wait(self.every_s)

    def stop(self):
        self.stopping.set()
        self.thread.join(10)


def test_short_lived_tokens_follow_one_another(start_flow):
    """pitfall 91: each connection proves itself again before its session ends"""
    writer = TokenWriter()
    try:
        flow = start_flow(Way("SASL_SSL", "unsecured"), listener="REAUTH", changes=writer.start)
        flow.for_a_while(6)
        cut_and_go_on(flow, "REAUTH")
    finally:
        writer.stop()
    flow.end()


@pytest.mark.parametrize("mechanism", ["PLAIN", "SCRAM-SHA-512", "unsecured"])
def test_sessions_of_three_seconds_lose_nothing_under_load(secured_kafka, start_flow, reauthentication_seconds,
                                                           mechanism):
    """pitfall 91: connections stay, heartbeats are on time, and the same connections prove themselves again"""
    flow = start_flow(Way("SASL_SSL", mechanism), listener="REAUTH")
    flow.more()
    front = secured_kafka.fronts["REAUTH"]
    before = front.count
    flow.for_a_while(reauthentication_seconds)
    assert front.count == before, "no connection was made anew"
    flow.end()
