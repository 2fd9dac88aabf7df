"""What `kafka up --secured` adds to a broker: a listener for every way to be secured, an authorizer, and a folder
of certificates, keys and stores, made anew for each cluster by openssl.

Users of PLAIN are in PLAIN_USERS. Users of SCRAM are made by an admin client, at the plain listener, whose clients
may do everything. Unsecured tokens need no user. Tokens for the JWKS listeners are RS256, signed by token.key, with
the key id `one`, the audience `kafka` and the issuer `rig`.
"""
import base64
import json
import os
import pathlib
import subprocess

PLAIN_USERS = {"alice": "alice-secret", "bob": "bob-secret"}
STORE_PASSWORD = "store-secret"
KEY_PASSWORD = "key-secret"
REAUTHENTICATION_MS = 3000
JWKS_SINCE = (3, 1)  # brokers before cannot check signed tokens
CLASSES = "org.apache.kafka.common.security."

EVERY_MECHANISM = {"sasl.enabled.mechanisms": "PLAIN,SCRAM-SHA-256,SCRAM-SHA-512,OAUTHBEARER"}
MUTUAL = {"ssl.client.auth": "required", "ssl.truststore.location": "clients.pem"}
JWKS = {
    "sasl.enabled.mechanisms": "OAUTHBEARER",
    "oauthbearer.sasl.server.callback.handler.class": f"{CLASSES}oauthbearer.OAuthBearerValidatorCallbackHandler",
    "oauthbearer.sasl.oauthbearer.jwks.endpoint.url": "file://{secrets}/jwks.json",
    "oauthbearer.sasl.oauthbearer.expected.audience": "kafka",
    "oauthbearer.sasl.oauthbearer.expected.issuer": "rig",
    "oauthbearer.sasl.jaas.config": f"{CLASSES}oauthbearer.OAuthBearerLoginModule required;",
}
# name: (security protocol, settings of its own; a store is a file of the secrets' folder)
LISTENERS = {
    "TLS12": ("SSL", {"ssl.enabled.protocols": "TLSv1.2"}),
    "TLS13": ("SSL", {"ssl.enabled.protocols": "TLSv1.3"}),
    "MTLS": ("SSL", MUTUAL),
    "WRONGHOST": ("SSL", {"ssl.keystore.location": "broker-wrong-host.p12"}),
    "EXPIRED": ("SSL", {"ssl.keystore.location": "broker-expired.p12"}),
    "SASLP": ("SASL_PLAINTEXT", EVERY_MECHANISM),
    "SASLS": ("SASL_SSL", EVERY_MECHANISM),
    "MSASL": ("SASL_SSL", {**EVERY_MECHANISM, **MUTUAL}),
    "REAUTH": ("SASL_SSL", {"sasl.enabled.mechanisms": "PLAIN,SCRAM-SHA-512,OAUTHBEARER",
                            "connections.max.reauth.ms": REAUTHENTICATION_MS}),
    "JWKSP": ("SASL_PLAINTEXT", JWKS),
    "JWKSS": ("SASL_SSL", JWKS),
    "MJWKS": ("SASL_SSL", {**JWKS, **MUTUAL}),
}


def listeners_of(version):
    """The names of the listeners that brokers of a version can have."""
    knows_jwks = tuple(map(int, version.split(".")[:2])) >= JWKS_SINCE
    return [name for name, (_, settings) in LISTENERS.items() if knows_jwks or settings.get(
        "sasl.enabled.mechanisms") != "OAUTHBEARER"]


def settings_of(names, secrets, with_zookeeper):
    """Broker settings for these listeners, but for `listeners` and their like; `secrets` is the folder."""
    found = {
        "ssl.keystore.type": "PKCS12",  # 2.8 takes PEM files with encrypted keys only
        "ssl.keystore.location": secrets / "broker.p12",
        "ssl.keystore.password": STORE_PASSWORD,
        "ssl.key.password": STORE_PASSWORD,
        "ssl.truststore.type": "PEM",
        "ssl.truststore.location": secrets / "ca.pem",
        "authorizer.class.name": "kafka.security.authorizer.AclAuthorizer" if with_zookeeper
                                 else "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
        "super.users": "User:ANONYMOUS",
        "allow.everyone.if.no.acl.found": "true",
    }
    for name in names:
        protocol, own = LISTENERS[name]
        if protocol.startswith("SASL") and "PLAIN" in own["sasl.enabled.mechanisms"]:
            own = {**own, **modules_of_passwords()}
        for key, value in own.items():
            text = str(value).format(secrets=secrets) if key.endswith("url") else value
            text = secrets / text if key.endswith("store.location") else text
            found[f"listener.name.{name.lower()}.{key}"] = text
    return found


def modules_of_passwords():
    users = " ".join(f'user_{name}="{password}"' for name, password in PLAIN_USERS.items())
    scram = f"{CLASSES}scram.ScramLoginModule required;"
    return {
        "plain.sasl.jaas.config": f"{CLASSES}plain.PlainLoginModule required {users};",
        "scram-sha-256.sasl.jaas.config": scram,
        "scram-sha-512.sasl.jaas.config": scram,
        "oauthbearer.sasl.jaas.config": f"{CLASSES}oauthbearer.OAuthBearerLoginModule required "
                                        'unsecuredLoginStringClaim_sub="broker";',
    }


def jvm_flags(secrets):
    return [f"-Dorg.apache.kafka.sasl.oauthbearer.allowed.urls=file://{secrets}/jwks.json"]


# ---------------------------------------------------------------------------------------------------
# Certificates, keys and stores


def openssl(*arguments, given=None):
    """Runs openssl; what it prints."""
    done = subprocess.run(["openssl", *map(str, arguments)], input=given, capture_output=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"openssl {' '.join(map(str, arguments))}: {done.stderr.decode(errors='replace')}")
    return done.stdout


class Authority:
    """A certificate authority in a folder: NAME.pem and NAME.key are its own."""

    def __init__(self, folder, name):
        self.folder, self.name = pathlib.Path(folder), name
        if not self.path("pem").exists():
            self.make_key(name)
            openssl("req", "-new", "-x509", "-key", self.path("key"), "-subj", f"/CN=rig {name}", "-days", 30,
                    "-addext", "basicConstraints=critical,CA:TRUE", "-addext", "keyUsage=critical,keyCertSign",
                    "-out", self.path("pem"))

    def path(self, suffix, name=None):
        return self.folder / f"{name or self.name}.{suffix}"

    def make_key(self, name):
        """NAME.key, as PKCS#8."""
        self.path("key", name).write_bytes(openssl(
            "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"))

    def issue(self, name, subject, extensions="", expired=False):
        """NAME.crt of this authority, its NAME.key, both in NAME.pem, and all with the authority in NAME.p12."""
        self.make_key(name)
        request = openssl("req", "-new", "-key", self.path("key", name), "-subj", subject)
        file = self.path("ext", name)
        file.write_text(extensions or "basicConstraints=CA:FALSE\n")
        if expired:
            certificate = self.issue_expired(request, file)
        else:
            certificate = openssl("x509", "-req", "-CA", self.path("pem"), "-CAkey", self.path("key"), "-set_serial",
                                  f"0x{os.urandom(8).hex()}", "-days", 30, "-extfile", file, given=request)
        file.unlink()
        self.path("crt", name).write_bytes(certificate)
        self.path("pem", name).write_bytes(self.path("key", name).read_bytes() + certificate)
        openssl("pkcs12", "-export", "-in", self.path("pem", name), "-certfile", self.path("pem"), "-name", name,
                "-passout", f"pass:{STORE_PASSWORD}", "-out", self.path("p12", name))

    def issue_expired(self, request, extensions):
        """`openssl x509` of OpenSSL 3.0 makes no certificate that is over, `openssl ca` does."""
        (self.folder / "ca.index").write_text("")
        config = self.folder / "ca.cnf"
        config.write_text(f"[ca]\ndefault_ca=c\n[c]\ndatabase={self.folder}/ca.index\nnew_certs_dir={self.folder}\n"
                          "default_md=sha256\npolicy=p\nrand_serial=yes\n[p]\ncommonName=supplied\n")
        asked = self.folder / "ca.csr"
        asked.write_bytes(request)
        made = openssl("ca", "-batch", "-notext", "-config", config, "-cert", self.path("pem"), "-keyfile",
                       self.path("key"), "-in", asked, "-extfile", extensions, "-startdate", "20200101000000Z",
                       "-enddate", "20200102000000Z")
        for path in (*self.folder.glob("ca.index*"), config, asked, *self.folder.glob("[0-9A-F]*.pem")):
            path.unlink()
        return made


def make_secrets(folder):
    """Everything that a secured broker and its clients need, and what they are to refuse."""
    folder.mkdir()
    authority = Authority(folder, "ca")
    other = Authority(folder, "other-ca")
    here = "subjectAltName=DNS:localhost,IP:127.0.0.1\n"
    authority.issue("broker", "/CN=broker", here)
    authority.issue("broker-wrong-host", "/CN=elsewhere", "subjectAltName=DNS:elsewhere.example\n")
    authority.issue("broker-expired", "/CN=broker", here, expired=True)
    authority.issue("client", "/CN=client")
    authority.issue("client-expired", "/CN=client", expired=True)
    other.issue("client-other-ca", "/CN=client")
    other.issue("broker-other-ca", "/CN=broker", here)
    openssl("pkcs8", "-topk8", "-in", folder / "client.key", "-v2", "aes-256-cbc", "-passout", f"pass:{KEY_PASSWORD}",
            "-out", folder / "client-encrypted.key")
    (folder / "clients.pem").write_bytes((folder / "ca.pem").read_bytes())  # whom MTLS trusts; tests change it
    make_token_key(folder, "token")
    write_jwks(folder, {"one": "token"})


def make_token_key(folder, name):
    """NAME.key, an RSA key that signs tokens."""
    (folder / f"{name}.key").write_bytes(openssl("genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"))


def write_jwks(folder, keys):
    """jwks.json with the public halves of {key id: name of the key's file}, put in place at once."""
    rows = []
    for key_id, name in keys.items():
        text = openssl("rsa", "-in", folder / f"{name}.key", "-noout", "-modulus").decode()
        modulus = bytes.fromhex(text.strip().removeprefix("Modulus="))
        rows.append({"kty": "RSA", "use": "sig", "alg": "RS256", "kid": key_id, "n": base64url(modulus), "e": "AQAB"})
    partial = folder / "jwks.json.new"
    partial.write_text(json.dumps({"keys": rows}))
    partial.rename(folder / "jwks.json")


def base64url(data):
    return base64.urlsafe_b64encode(data).decode().rstrip("=")
