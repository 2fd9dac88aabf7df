"""A broker with every secured listener, and what clients need to come in: for each way to be secured its settings,
in librdkafka's names, which the sidecar takes too."""
import base64
import json
import pathlib
import re
import subprocess
import sys
import time

from confluent_kafka import Consumer, Producer
from confluent_kafka.admin import (AclBinding, AclBindingFilter, AclOperation, AclPermissionType, AlterConfigOpType,
                                   ConfigEntry, ConfigResource, ResourcePatternType, ResourceType, ScramCredentialInfo,
                                   ScramMechanism, UserScramCredentialUpsertion)

from .fronts import Front
from .kafka import Kafka
from .wait import eventually, free_port

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "kafka"))

import secured  # noqa: E402

HOST = "127.0.0.1"
SCRAM_USER, SCRAM_PASSWORD = "sam", "sam-secret"
SCRAM = {"SCRAM-SHA-256": ScramMechanism.SCRAM_SHA_256, "SCRAM-SHA-512": ScramMechanism.SCRAM_SHA_512}
KINDS = {"topic": ResourceType.TOPIC, "group": ResourceType.GROUP, "cluster": ResourceType.BROKER}


class Way:
    """One way to be secured: a transport, and a mechanism or none. `jwks` and `unsecured` are both OAUTHBEARER."""

    LISTENERS = {"TLSv1.2": ("TLS12", None), "TLSv1.3": ("TLS13", None), "mTLS": ("MTLS", None),
                 "SASL_PLAINTEXT": ("SASLP", "JWKSP"), "SASL_SSL": ("SASLS", "JWKSS"), "SASL_mTLS": ("MSASL", "MJWKS")}

    def __init__(self, transport, mechanism=None):
        self.transport, self.mechanism = transport, mechanism
        self.listener = self.LISTENERS[transport][mechanism == "jwks"]
        self.token = mechanism in ("jwks", "unsecured")
        self.sasl = "OAUTHBEARER" if self.token else mechanism

    def __repr__(self):
        return "-".join(filter(None, (self.transport, self.mechanism)))

    @property
    def protocol(self):
        return secured.LISTENERS[self.listener][0]

    def settings(self, kafka):
        """Settings without the token, which every client has a way of its own for."""
        found = {"security.protocol": self.protocol}
        if self.protocol != "SASL_PLAINTEXT":
            found["ssl.ca.location"] = str(kafka.secret("ca.pem"))
        if self.transport in ("mTLS", "SASL_mTLS"):
            found["ssl.certificate.location"] = str(kafka.secret("client.crt"))
            found["ssl.key.location"] = str(kafka.secret("client.key"))
        if self.mechanism:
            found["sasl.mechanism"] = self.sasl
        if self.mechanism == "PLAIN":
            found |= {"sasl.username": "alice", "sasl.password": secured.PLAIN_USERS["alice"]}
        elif self.mechanism in SCRAM:
            found |= {"sasl.username": SCRAM_USER, "sasl.password": SCRAM_PASSWORD}
        return found

    def make_token(self, kafka, lifetime_s=3600, **claims):
        return kafka.signed_token(lifetime_s, **claims) if self.mechanism == "jwks" else unsecured_token(lifetime_s)


WAYS = [Way("TLSv1.2"), Way("TLSv1.3"), Way("mTLS")] + [
    Way(transport, mechanism) for transport in ("SASL_PLAINTEXT", "SASL_SSL", "SASL_mTLS")
    for mechanism in ("PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512", "unsecured", "jwks")]


class SecuredKafka(Kafka):
    """One broker; before each secured listener stands a Front, at the address that clients are told."""

    def __init__(self, folder, version, **options):
        names = secured.listeners_of(version)
        first = free_port(len(names))
        super().__init__(folder, version, proxy=first, secured=True, **options)
        self.fronts = {name: Front(first + number, int(self.listeners[name].rsplit(":", 1)[1]))
                       for number, name in enumerate(names)}
        for mechanism in SCRAM:
            self.set_scram_password(SCRAM_PASSWORD, mechanism)

    def down(self):
        for front in self.fronts.values():
            front.close()
        super().down()

    def secret(self, name):
        """The path of a file that tests/kafka/secured.py has made."""
        return self.folder / "secrets" / name

    def address(self, listener):
        return self.fronts[listener].address

    def has(self, way):
        return way.listener in self.fronts

    def set_scram_password(self, password, mechanism="SCRAM-SHA-256", user=SCRAM_USER):
        change = UserScramCredentialUpsertion(user, ScramCredentialInfo(SCRAM[mechanism], 4096), password.encode())
        self.admin.alter_user_scram_credentials([change])[user].result(20)

    def trust_clients_of(self, *authorities):
        """Whose certificates the mTLS listeners take from now on; the broker is told to look at the file again."""
        self.secret("clients.pem").write_text("".join(self.secret(f"{name}.pem").read_text() for name in authorities))
        for listener in ("MTLS", "MSASL", *(["MJWKS"] if "MJWKS" in self.fronts else [])):
            self.alter(listener, "ssl.truststore.location", self.secret("clients.pem"))

    def show_certificate(self, listener, name):
        """Which of its certificates the broker shows at a listener from now on. It may not lose a name."""
        self.alter(listener, "ssl.keystore.location", self.secret(f"{name}.p12"))

    def alter(self, listener, key, value):
        entry = ConfigEntry(f"listener.name.{listener.lower()}.{key}", str(value),
                            incremental_operation=AlterConfigOpType.SET)
        resource = ConfigResource(ConfigResource.Type.BROKER, "1", incremental_configs=[entry])
        for future in self.admin.incremental_alter_configs([resource]).values():
            future.result(20)

    def set_plain_password(self, user, password):
        """Restarts the broker, which reads these passwords at its start only."""
        file = self.folder / "broker-1" / "server.properties"
        self("stop")
        file.write_text(re.sub(f'user_{user}="[^"]*"', f'user_{user}="{password}"', file.read_text()))
        self("start")

    def rule(self, kind, name, *operations, allow=False, user="alice"):
        """ACLs for one user on one thing: kind is "topic", "group" or "cluster". Where there is an ACL at all, what
        none allows is forbidden, to everyone but the admin."""
        permission = AclPermissionType.ALLOW if allow else AclPermissionType.DENY
        for done in self.admin.create_acls([
                AclBinding(KINDS[kind], name, ResourcePatternType.LITERAL, f"User:{user}", "*", operation, permission)
                for operation in operations]).values():
            done.result(20)

    def forget_rules(self, kind, name):
        every = AclBindingFilter(KINDS[kind], name, ResourcePatternType.LITERAL, None, None, AclOperation.ANY,
                                 AclPermissionType.ANY)
        for done in self.admin.delete_acls([every]).values():
            done.result(20)

    def use_token_keys(self, **keys):
        """Whose tokens the JWKS listeners take from now on: {key id: name}; the keys are made if they are not there."""
        for name in keys.values():
            if not self.secret(f"{name}.key").exists():
                secured.make_token_key(self.folder / "secrets", name)
        secured.write_jwks(self.folder / "secrets", keys)

    def signed_token(self, lifetime_s=3600, key="token", key_id="one", **claims):
        """An RS256 token as the JWKS listeners want it, but for what `claims` make different."""
        head = {"alg": "RS256", "typ": "JWT", "kid": key_id}
        text = token_text(head, {**usual_claims(lifetime_s), "aud": "kafka", "iss": "rig", **claims})
        signature = subprocess.run(["openssl", "dgst", "-sha256", "-sign", str(self.secret(f"{key}.key"))],
                                   input=text.encode(), capture_output=True, check=True).stdout
        return f"{text}.{base64url(signature)}"


def usual_claims(lifetime_s):
    now = int(time.time())
    issued = now - 1 if lifetime_s > 0 else now + lifetime_s - 60
    return {"sub": "olga", "iat": issued, "exp": now + lifetime_s}


def unsecured_token(lifetime_s=3600):
    """A token without a signature, which brokers take for development."""
    return token_text({"alg": "none"}, usual_claims(lifetime_s)) + "."


def token_text(head, claims):
    return ".".join(base64url(json.dumps(part).encode()) for part in (head, claims))


def base64url(data):
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


# Another make of client, for each way in

def confluent_settings(kafka, way, **more):
    settings = {"bootstrap.servers": kafka.address(way.listener), "log_level": 0, **way.settings(kafka), **more}
    if way.token:
        settings["oauth_cb"] = lambda _: (way.make_token(kafka), time.time() + 3600)
    return settings


def confluent_round_trip(kafka, way, topic, group, values):
    """Produces through a listener, reads it back as a member of a group, and commits: the values read."""
    producer = Producer(confluent_settings(kafka, way))
    for value in values:
        producer.produce(topic, value)
    assert producer.flush(30) == 0
    consumer = Consumer(confluent_settings(kafka, way, **{
        "group.id": group, "auto.offset.reset": "earliest", "enable.auto.commit": False}))
    try:
        consumer.subscribe([topic])
        found = []

        def read():
            for message in consumer.consume(100, timeout=0.2):
                assert not message.error(), message.error()
                found.append(message.value())
            return len(found) >= len(values)
        eventually(read, what=f"{len(values)} records come by {way}")
        consumer.commit(asynchronous=False)
    finally:
        consumer.close()
    return found
