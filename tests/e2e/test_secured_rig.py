"""The secured broker that the other tests of security stand on, by clients of other make. No sidecar here."""
import concurrent.futures
import socket
import ssl
import uuid

import confluent_kafka
import pytest
from confluent_kafka import Consumer, KafkaError
from confluent_kafka.admin import AclOperation
from kafka import KafkaConsumer

from lib import produce
from lib.fronts import is_resumed
from lib.secured import WAYS, Way, confluent_round_trip, confluent_settings
from lib.wait import eventually

pytestmark = pytest.mark.rig


def refusal(kafka, way, *codes, **settings):
    """Why a client of other make is refused at a way's listener; the error's code must be one of these."""
    errors = []
    client = Consumer({"group.id": "refused", **confluent_settings(kafka, way), "error_cb": errors.append, **settings})
    try:
        def refused():
            client.poll(0.1)
            return [error for error in errors if error.code() in codes]
        return eventually(refused, what=f"a refusal by {way}")[0].str()
    finally:
        client.close()


def comes_in(kafka, way, **settings):
    client = Consumer({"group.id": "welcome", **confluent_settings(kafka, way), **settings})
    try:
        return bool(client.list_topics(timeout=20).brokers)
    finally:
        client.close()


@pytest.mark.short
def test_another_make_produces_reads_and_commits_by_every_way(secured_kafka, group):
    ways = [way for way in WAYS if secured_kafka.has(way)]
    assert len(ways) == (18 if secured_kafka.at_least(3, 1) else 15)
    values = produce.numbered(0, 20)

    def round_trip(way):
        topic, own = secured_kafka.create_topic(), f"{group}-{way}"
        assert confluent_round_trip(secured_kafka, way, topic, own, values) == values, way
        assert {entry.offset for entry in secured_kafka.committed(own).values()} == {20}, way

    with concurrent.futures.ThreadPoolExecutor(6) as pool:
        list(pool.map(round_trip, ways))


@pytest.mark.parametrize("way", [Way("mTLS"), Way("SASL_SSL", "SCRAM-SHA-512"), Way("SASL_PLAINTEXT", "PLAIN")], ids=repr)
def test_a_third_make_reads_too(secured_kafka, way):
    topic = secured_kafka.create_topic()
    produce.produce(secured_kafka.bootstrap, topic, [b"hello"])
    settings = {"security_protocol": way.protocol}
    if way.protocol != "SASL_PLAINTEXT":
        settings["ssl_cafile"] = str(secured_kafka.secret("ca.pem"))
    if way.transport == "mTLS":
        settings |= {"ssl_certfile": str(secured_kafka.secret("client.crt")),
                     "ssl_keyfile": str(secured_kafka.secret("client.key"))}
    if way.sasl:
        given = way.settings(secured_kafka)
        settings |= {"sasl_mechanism": way.sasl, "sasl_plain_username": given["sasl.username"],
                     "sasl_plain_password": given["sasl.password"]}
    reader = KafkaConsumer(topic, bootstrap_servers=secured_kafka.address(way.listener), auto_offset_reset="earliest",
                           consumer_timeout_ms=20000, **settings)
    try:
        assert next(reader).value == b"hello"
    finally:
        reader.close()


@pytest.mark.short
def test_what_is_to_be_refused_is_refused(secured_kafka):
    kafka, ssl_failed, refused = secured_kafka, KafkaError._SSL, KafkaError._AUTHENTICATION
    tls = Way("TLSv1.2")
    assert "certificate" in refusal(kafka, tls, ssl_failed, **{"ssl.ca.location": str(kafka.secret("other-ca.pem"))})
    for listener in ("WRONGHOST", "EXPIRED"):
        refusal(kafka, tls, ssl_failed, **{"bootstrap.servers": kafka.address(listener)})
    for name in ("client-other-ca", "client-expired"):
        refusal(kafka, Way("mTLS"), ssl_failed, KafkaError._TRANSPORT, **{
            "ssl.certificate.location": str(kafka.secret(f"{name}.crt")),
            "ssl.key.location": str(kafka.secret(f"{name}.key"))})
    for mechanism in ("PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"):
        way = Way("SASL_PLAINTEXT", mechanism)
        assert "uthentication failed" in refusal(kafka, way, refused, **{"sasl.password": "not-it"})
    reauth = {"bootstrap.servers": kafka.address("REAUTH")}
    assert "PLAIN,SCRAM-SHA-512,OAUTHBEARER" in refusal(kafka, Way("SASL_SSL", "SCRAM-SHA-256"), refused,
                                                           KafkaError._UNSUPPORTED_FEATURE, **reauth)


def test_bad_tokens_are_refused(secured_kafka):
    way = Way("SASL_PLAINTEXT", "jwks")
    if not secured_kafka.has(way):
        pytest.skip("this Kafka cannot check signed tokens")
    for claims in ({"lifetime_s": -60}, {"aud": "another"}, {"iss": "another"}, {"key_id": "two"}):
        token = secured_kafka.signed_token(**claims)
        assert refusal(secured_kafka, way, KafkaError._AUTHENTICATION, oauth_cb=lambda _, t=token: (t, 4e9))
    assert comes_in(secured_kafka, way)


def test_passwords_trust_and_keys_change_while_the_broker_runs(secured_kafka):
    scram, mutual, jwks = Way("SASL_SSL", "SCRAM-SHA-256"), Way("mTLS"), Way("SASL_SSL", "jwks")
    user = f"u-{uuid.uuid4().hex[:8]}"
    for password in ("first", "second"):
        secured_kafka.set_scram_password(password, user=user)
        eventually(lambda p=password: comes_in(secured_kafka, scram, **{"sasl.username": user, "sasl.password": p}))
    assert refusal(secured_kafka, scram, KafkaError._AUTHENTICATION,
                   **{"sasl.username": user, "sasl.password": "first"})
    other = {"ssl.certificate.location": str(secured_kafka.secret("client-other-ca.crt")),
             "ssl.key.location": str(secured_kafka.secret("client-other-ca.key"))}
    try:
        secured_kafka.trust_clients_of("other-ca")
        assert comes_in(secured_kafka, mutual, **other)
        refusal(secured_kafka, mutual, KafkaError._SSL, KafkaError._TRANSPORT)
    finally:
        secured_kafka.trust_clients_of("ca")
    assert comes_in(secured_kafka, mutual)
    if secured_kafka.has(jwks):
        try:
            secured_kafka.use_token_keys(two="token-two")
            token = secured_kafka.signed_token(key="token-two", key_id="two")
            assert comes_in(secured_kafka, jwks, oauth_cb=lambda _: (token, 4e9))
            refusal(secured_kafka, jwks, KafkaError._AUTHENTICATION)
        finally:
            secured_kafka.use_token_keys(one="token")


def test_the_certificate_that_a_listener_shows_changes_while_the_broker_runs(secured_kafka):
    way = Way("TLSv1.2")
    other = {"ssl.ca.location": str(secured_kafka.secret("other-ca.pem"))}
    expired = {"bootstrap.servers": secured_kafka.address("EXPIRED")}
    try:
        secured_kafka.show_certificate("TLS12", "broker-other-ca")
        assert comes_in(secured_kafka, way, **other)
        refusal(secured_kafka, way, KafkaError._SSL)
        secured_kafka.show_certificate("EXPIRED", "broker")
        assert comes_in(secured_kafka, way, **expired)
    finally:
        secured_kafka.show_certificate("TLS12", "broker")
        secured_kafka.show_certificate("EXPIRED", "broker-expired")
    assert comes_in(secured_kafka, way)
    refusal(secured_kafka, way, KafkaError._SSL, **expired)


def test_rules_are_about_one_user_until_they_are_forgotten(secured_kafka):
    topic = secured_kafka.create_topic()
    found = {}

    def seen_by(user):
        client = Consumer({"group.id": "rules", **confluent_settings(secured_kafka, Way("SASL_PLAINTEXT", "PLAIN")),
                           "sasl.username": user, "sasl.password": f"{user}-secret"})
        found[user] = client.list_topics(topic, timeout=20).topics[topic].error
        client.close()
        return found[user] is None

    secured_kafka.rule("topic", topic, AclOperation.ALL)
    secured_kafka.rule("topic", topic, AclOperation.READ, AclOperation.DESCRIBE, allow=True, user="bob")
    eventually(lambda: seen_by("bob") and not seen_by("alice"))
    assert found["alice"].code() == KafkaError.TOPIC_AUTHORIZATION_FAILED
    secured_kafka.forget_rules("topic", topic)
    eventually(lambda: seen_by("alice"))


def test_sessions_end_after_three_seconds_where_they_are_short(secured_kafka):
    """A client that proves itself again stays; its front sees one connection to the broker."""
    way = Way("SASL_SSL", "SCRAM-SHA-512")
    topic = secured_kafka.create_topic()
    client = Consumer({"group.id": "again", **confluent_settings(secured_kafka, way),
                       "bootstrap.servers": secured_kafka.address("REAUTH")})
    try:
        client.assign([confluent_kafka.TopicPartition(topic, 0, 0)])
        client.poll(1)
        before = secured_kafka.fronts["REAUTH"].count
        for number in range(7):
            produce.produce(secured_kafka.bootstrap, topic, [b"%d" % number])
            assert client.poll(10).value() == b"%d" % number
            client.poll(0.5)
        assert secured_kafka.fronts["REAUTH"].count == before
    finally:
        client.close()


@pytest.mark.parametrize("listener", ["TLS12", "TLS13"])
def test_fronts_see_whether_a_session_is_resumed(secured_kafka, listener):
    front = secured_kafka.fronts[listener]
    context = ssl.create_default_context(cafile=str(secured_kafka.secret("ca.pem")))
    session = None
    for known in (False, True):
        with socket.create_connection(tuple(front.address.split(":"))) as plain:
            with context.wrap_socket(plain, server_hostname="localhost", session=session) as peer:
                peer.sendall(b"\0\0\0\x0c\0\x12\0\0\0\0\0\1\0\2me")  # ApiVersions: tickets come with the answer
                assert peer.recv(1)
                session = peer.session
                assert peer.session_reused == known
        assert is_resumed(front.openings[-1]) == known


def test_fronts_count_and_cut(secured_kafka):
    front = secured_kafka.fronts["TLS13"]
    before = front.count
    context = ssl.create_default_context(cafile=str(secured_kafka.secret("ca.pem")))
    with socket.create_connection(tuple(front.address.split(":"))) as plain:
        with context.wrap_socket(plain, server_hostname="localhost", suppress_ragged_eofs=True) as peer:
            assert peer.version() == "TLSv1.3" and front.count == before + 1
            assert front.cut() >= 1
            assert peer.recv(1) == b""
