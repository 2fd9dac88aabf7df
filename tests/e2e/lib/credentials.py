"""The secrets of one sidecar: a folder of files that a test may change, and the properties file that names them."""
import shutil

from .secured import SCRAM, SCRAM_PASSWORD, SCRAM_USER, secured

REFRESH_MS = 200


class Credentials:
    """What a sidecar needs for a way in, each secret in a file of its own. `user` is a name and a password,
    `changes` are properties, None for none, or a function of the credentials that makes such."""

    def __init__(self, folder, kafka, way, user=None, changes=None):
        self.kafka, self.way, self.folder = kafka, way, folder
        folder.mkdir()
        settings = {"security.protocol": way.protocol, "credentials.refresh.interval.ms": REFRESH_MS}
        if way.protocol != "SASL_PLAINTEXT":
            settings["ssl.ca.location"] = self.copy("ca.pem", "ca.pem")
        if way.transport in ("mTLS", "SASL_mTLS"):
            settings["ssl.certificate.location"] = self.copy("client.crt", "client.crt")
            settings["ssl.key.location"] = self.copy("client.key", "client.key")
        if way.sasl:
            settings["sasl.mechanism"] = way.sasl
        if way.mechanism == "PLAIN":
            settings |= self.password(*(user or ("alice", secured.PLAIN_USERS["alice"])))
        elif way.mechanism in SCRAM:
            settings |= self.password(*(user or (SCRAM_USER, SCRAM_PASSWORD)))
        elif way.mechanism == "jwks":
            settings["sasl.oauthbearer.token.endpoint.url"] = f"file://{self.write('token', way.make_token(kafka))}"
        elif way.mechanism == "unsecured":
            settings |= {"enable.sasl.oauthbearer.unsecure.jwt": "true", "sasl.oauthbearer.config": "principal=olga"}
        changes = changes(self) if callable(changes) else changes or {}
        settings |= {key.replace("_", "."): value for key, value in changes.items()}
        self.file = folder / "client.properties"
        self.file.write_text("".join(f"{key}={value}\n" for key, value in settings.items() if value is not None))

    def password(self, user, password):
        return {"sasl.username": f"${{file:{self.write('user', user)}}}",
                "sasl.password": f"${{file:{self.write('password', password)}}}"}

    def write(self, name, text):
        """Puts a secret in place at once, as those do who mount them; its path."""
        partial = self.folder / f"{name}.new"
        partial.write_text(text)
        partial.rename(self.folder / name)
        return self.folder / name

    def copy(self, name, source):
        """Takes one of the files that the rig has made."""
        partial = self.folder / f"{name}.new"
        shutil.copy(self.kafka.secret(source), partial)
        partial.rename(self.folder / name)
        return self.folder / name

    @property
    def bootstrap(self):
        return self.kafka.address(self.way.listener)
