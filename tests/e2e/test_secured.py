"""Every way to come in to a broker: TLS, client certificates, passwords, tokens, and each with each."""
import hashlib

import pytest

from lib import produce
from lib.fronts import is_resumed
from lib.records import values
from lib.secured import WAYS, Way
from lib.wait import eventually
from test_lifecycle import run_to_end


@pytest.mark.short
@pytest.mark.parametrize("way", WAYS, ids=repr)
def test_a_group_reads_and_commits_and_shares_by_every_way(secured_kafka, start_secured, group, way):
    topic = secured_kafka.create_topic(partitions=2)
    first = start_secured(way, topic).wait_ready()
    for partition in range(2):
        produce.produce(secured_kafka.bootstrap, topic, produce.numbered(0, 10), partition=partition)
    assert sorted(values(first.poll_until(20))) == sorted(2 * produce.numbered(0, 10))
    first.http.post("/v1/commit").ok()
    assert {entry.offset for entry in secured_kafka.committed(group).values()} == {10}
    second = start_secured(way, topic).wait_ready()
    eventually(lambda: len(first.assignment()) == len(second.assignment()) == 1, what="each has one partition")
    for partition in range(2):
        produce.produce(secured_kafka.bootstrap, topic, produce.numbered(10, 10), partition=partition)
    for member in (first, second):
        assert values(member.poll_until(10)) == produce.numbered(10, 10)
        member.http.post("/v1/commit").ok()
    second.close()
    eventually(lambda: len(first.assignment()) == 2, what="the first has both again")
    assert {entry.offset for entry in secured_kafka.committed(group).values()} == {20}


# Certificates and keys as others have them

NO_FILES = {"ssl_ca_location": None, "ssl_certificate_location": None, "ssl_key_location": None}


def one_line(path):
    """PEM as a properties file of Java's has it."""
    return path.read_text().replace("\n", "\\n")


def encrypted_key(kafka, put):
    return {"ssl_key_location": kafka.secret("client-encrypted.key"), "ssl_key_password": put("key-secret")}


def key_store(kafka, put):
    return {"ssl_certificate_location": None, "ssl_key_location": None,
            "ssl_keystore_location": kafka.secret("client.p12"), "ssl_keystore_password": put("store-secret")}


def java_key_store(kafka, put):
    return {**NO_FILES, "ssl_keystore_type": "PKCS12", "ssl_keystore_location": kafka.secret("client.p12"),
            "ssl_keystore_password": put("store-secret"), "ssl_truststore_type": "PEM",
            "ssl_truststore_location": kafka.secret("ca.pem")}


def java_texts(kafka, _):
    return {**NO_FILES, "ssl_keystore_type": "PEM", "ssl_keystore_key": one_line(kafka.secret("client.key")),
            "ssl_keystore_certificate_chain": one_line(kafka.secret("client.crt")), "ssl_truststore_type": "PEM",
            "ssl_truststore_certificates": one_line(kafka.secret("ca.pem"))}


def java_file_of_both(kafka, _):
    return {**NO_FILES, "ssl_keystore_type": "PEM", "ssl_keystore_location": kafka.secret("client.pem"),
            "ssl_truststore_type": "PEM", "ssl_truststore_location": kafka.secret("ca.pem")}


@pytest.mark.short
@pytest.mark.parametrize("kind", [encrypted_key, key_store, java_key_store, java_texts, java_file_of_both],
                         ids=lambda kind: kind.__name__)
def test_a_client_certificate_of_every_kind(secured_kafka, start_secured, tmp_path, kind):
    """pitfall 93"""
    def put(secret):
        (tmp_path / "secret").write_text(secret)
        return f"${{file:{tmp_path}/secret}}"

    topic = secured_kafka.create_topic()
    produce.produce(secured_kafka.bootstrap, topic, [b"hello"])
    sidecar = start_secured(Way("mTLS"), topic, changes=kind(secured_kafka, put)).wait_ready()
    assert values(sidecar.poll()) == [b"hello"]


@pytest.mark.parametrize("mechanism, module", [
    ("PLAIN", 'plain.PlainLoginModule required username="alice" password="alice-secret";'),
    ("SCRAM-SHA-512", 'scram.ScramLoginModule required username="sam" password="sam-secret";')])
def test_a_login_as_java_writes_it(secured_kafka, start_secured, mechanism, module):
    topic = secured_kafka.create_topic()
    produce.produce(secured_kafka.bootstrap, topic, [b"hello"])
    changes = {"sasl_username": None, "sasl_password": None,
               "sasl_jaas_config": f"org.apache.kafka.common.security.{module}"}
    sidecar = start_secured(Way("SASL_SSL", mechanism), topic, changes=changes).wait_ready()
    assert values(sidecar.poll()) == [b"hello"]


def test_a_java_key_store_is_refused_with_the_command_that_converts_it(binary, tmp_path):
    store = tmp_path / "client.jks"
    content = b"\xfe\xed\xfe\xed" + (2).to_bytes(4, "big") + (0).to_bytes(4, "big")
    seal = hashlib.sha1("secret".encode("utf-16-be") + b"Mighty Aphrodite" + content)
    store.write_bytes(content + seal.digest())
    file = tmp_path / "client.properties"
    file.write_text(f"bootstrap.servers=127.0.0.1:1\nsecurity.protocol=SSL\nssl.keystore.location={store}\n"
                    "ssl.keystore.password=secret\n")
    done = run_to_end(binary, "--config", file)
    assert done.returncode == 2 and "ssl.keystore.location" in done.stderr, done
    assert "keytool -importkeystore" in done.stderr, done


def test_the_name_of_the_host_is_not_looked_at_when_told_so(secured_kafka, start_secured):
    topic = secured_kafka.create_topic()
    produce.produce(secured_kafka.bootstrap, topic, [b"hello"])
    sidecar = start_secured(Way("TLSv1.3"), topic, listener="WRONGHOST",
                            changes={"ssl_endpoint_identification_algorithm": ""}).wait_ready()
    assert values(sidecar.poll()) == [b"hello"]


@pytest.mark.parametrize("way", [Way("TLSv1.2"), Way("TLSv1.3")], ids=repr)
def test_a_new_connection_resumes_the_session(secured_kafka, start_secured, way):
    topic = secured_kafka.create_topic()
    sidecar = start_secured(way, topic).wait_ready()
    produce.produce(secured_kafka.bootstrap, topic, [b"first"])
    assert values(sidecar.poll_until(1)) == [b"first"]
    front = secured_kafka.fronts[way.listener]
    before = len(front.openings)
    assert front.cut() > 0
    produce.produce(secured_kafka.bootstrap, topic, [b"second"])
    assert values(sidecar.poll_until(1)) == [b"second"]
    eventually(lambda: [opening for opening in front.openings[before:] if is_resumed(opening)])
