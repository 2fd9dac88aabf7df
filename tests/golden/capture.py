#!/usr/bin/env python3
"""Records frames between clients and a real broker, as the golden files of this folder.

usage: capture.py script HOST:PORT KAFKA_CLIENTS_JAR FOLDER   talks to the broker itself
       capture.py messages HOST:PORT KAFKA_CLIENTS_JAR FOLDER fetches what capture_messages.py has made
       capture.py sasl HOST:PORT KAFKA_CLIENTS_JAR FOLDER     at a listener SASLP of `kafka up --secured`
       capture.py relay HOST:PORT KAFKA_CLIENTS_JAR FOLDER LISTEN_PORT SECONDS
                                  listens, passes on, and writes down what passed

Requests are encoded, and all frames decoded for the `expect` lines, by the definitions inside the
jar: nothing of our own codec takes part. README.md says what the broker needs.
"""
import base64
import contextlib
import pathlib
import socket
import struct
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from wire_definitions import default_of, definitions, snake, versions  # noqa: E402

NUMBERS = {"bool": ">?", "int8": ">b", "int16": ">h", "uint16": ">H", "int32": ">i", "int64": ">q"}
# What is written down: the versions that the tables have.
KEPT = {"ApiVersions": "0,3-5", "Metadata": "1-13", "FindCoordinator": "1-6", "JoinGroup": "2-9",
        "SyncGroup": "0-5", "Heartbeat": "0-4", "LeaveGroup": "0-5", "OffsetFetch": "1-10",
        "OffsetCommit": "2-10", "ListOffsets": "1-11", "OffsetForLeaderEpoch": "2-4",
        "Fetch": "4-17", "Produce": "3-11", "CreateTopics": "2-7",
        "SaslHandshake": "1", "SaslAuthenticate": "0-2"}


class Codec:
    """One message in one version, by Kafka's definition of it."""

    def __init__(self, definition, version):
        self.definition, self.version = definition, version
        self.flexible = version in versions(definition["flexibleVersions"])
        self.structs = {s["name"]: s["fields"] for s in definition.get("commonStructs", [])}

    def fields(self, fields):
        return [f for f in fields if self.version in versions(f["versions"])]

    def tagged(self, field):
        return self.version in versions(field.get("taggedVersions"))

    def inner(self, field):
        return field.get("fields") or self.structs[field["type"].lstrip("[]")]

    def default(self, field):
        base = field["type"].lstrip("[]")
        if base == "uuid" and not field["type"].startswith("[]"):
            return bytes(16)
        if base[0].isupper() and not field["type"].startswith("[]"):
            return {f["name"]: self.default(f) for f in self.inner(field)}
        value = default_of(field, field["type"])
        return b"" if value == "" and base in ("bytes", "records") else value

    # encoding

    def encode(self, value):
        return self.put_struct(self.definition["fields"], value)

    def put_struct(self, fields, value):
        out, tags = b"", {}
        for field in self.fields(fields):
            item = value.get(field["name"], self.default(field))
            if not self.tagged(field):
                out += self.put(field, item)
            elif item != self.default(field):
                tags[field["tag"]] = self.put(field, item)
        if self.flexible:
            out += uvarint(len(tags))
            for tag in sorted(tags):
                out += uvarint(tag) + uvarint(len(tags[tag])) + tags[tag]
        return out

    def put(self, field, value):
        kind, compact = field["type"], self.flexible and field.get("flexibleVersions") != "none"
        if kind.startswith("[]"):
            count = -1 if value is None else len(value)
            out = uvarint(count + 1) if compact else struct.pack(">i", count)
            return out + b"".join(self.put({**field, "type": kind[2:]}, v) for v in value or [])
        if kind in NUMBERS:
            return struct.pack(NUMBERS[kind], value)
        if kind == "uuid":
            return value
        if kind in ("string", "bytes", "records"):
            data = value.encode() if isinstance(value, str) else value
            size = -1 if data is None else len(data)
            form = ">h" if kind == "string" else ">i"
            return (uvarint(size + 1) if compact else struct.pack(form, size)) + (data or b"")
        return self.put_struct(self.inner(field), value)

    # decoding

    def decode(self, data):
        value, rest = self.take_struct(self.definition["fields"], data)
        return value, rest

    def take_struct(self, fields, data):
        value = {f["name"]: self.default(f) for f in self.fields(fields)}
        for field in self.fields(fields):
            if not self.tagged(field):
                value[field["name"]], data = self.take(field, data)
        if self.flexible:
            known = {f["tag"]: f for f in self.fields(fields) if self.tagged(f)}
            count, data = take_uvarint(data)
            for _ in range(count):
                tag, data = take_uvarint(data)
                size, data = take_uvarint(data)
                assert tag in known, f"unknown tag {tag}"
                value[known[tag]["name"]], rest = self.take(known[tag], data[:size])
                assert rest == b""
                data = data[size:]
        return value, data

    def take(self, field, data):
        kind, compact = field["type"], self.flexible and field.get("flexibleVersions") != "none"
        if kind.startswith("[]"):
            count, data = take_uvarint(data) if compact else take_number(">i", data)
            count -= 1 if compact else 0
            values = []
            for _ in range(count):
                item, data = self.take({**field, "type": kind[2:]}, data)
                values.append(item)
            return (None if count < 0 else values), data
        if kind in NUMBERS:
            return take_number(NUMBERS[kind], data)
        if kind == "uuid":
            return data[:16], data[16:]
        if kind in ("string", "bytes", "records"):
            form = ">h" if kind == "string" else ">i"
            size, data = take_uvarint(data) if compact else take_number(form, data)
            size -= 1 if compact else 0
            assert size <= len(data)
            return (None, data) if size < 0 else (data[:size], data[size:])
        return self.take_struct(self.inner(field), data)

    # text, as schema_print() has it

    def text(self, value):
        name = snake(self.definition["name"])
        return name + self.struct_text(self.definition["fields"], value)

    def struct_text(self, fields, value):
        parts = [f"{snake(f['name'])}={self.item_text(f, value[f['name']])}"
                 for f in self.fields(fields)]
        return "{" + " ".join(parts) + "}"

    def item_text(self, field, value):
        kind = field["type"]
        if value is None:
            return "null"
        if kind.startswith("[]"):
            items = (self.item_text({**field, "type": kind[2:]}, v) for v in value)
            return "[" + " ".join(items) + "]"
        if kind == "bool":
            return "true" if value else "false"
        if kind in NUMBERS:
            return str(value)
        if kind == "uuid":
            return base64.urlsafe_b64encode(value).decode().rstrip("=")
        if kind in ("bytes", "records"):
            return f"{len(value)}B"
        if kind == "string":
            data = value.encode() if isinstance(value, str) else value
            plain = set(range(0x20, 0x7f)) - set(b'"\\')
            return '"' + "".join(chr(b) if b in plain else f"\\x{b:02x}" for b in data) + '"'
        return self.struct_text(self.inner(field), value)


def uvarint(value):
    out = b""
    while value >= 0x80:
        out += bytes([value & 0x7f | 0x80])
        value >>= 7
    return out + bytes([value])


def take_uvarint(data):
    value = 0
    for i in range(5):
        value |= (data[i] & 0x7f) << (7 * i)
        if data[i] < 0x80:
            return value, data[i + 1:]
    raise ValueError("a varint of more than five bytes")


def take_number(form, data):
    size = struct.calcsize(form)
    return struct.unpack(form, data[:size])[0], data[size:]


class Book:
    """Exchanges, written down one file each."""

    def __init__(self, jar, folder):
        self.known = definitions(jar)
        self.by_key = {d["apiKey"]: d["name"][:-len("Request")] for d in self.known.values()
                       if d["type"] == "request"}
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)

    def header(self, side, name, version):
        """The codec of a header: of requests (side "Request") or responses."""
        flexible = Codec(self.known[name + side], version).flexible
        if side == "Request":
            return Codec(self.known["RequestHeader"], 2 if flexible else 1)
        return Codec(self.known["ResponseHeader"], 1 if flexible and name != "ApiVersions" else 0)

    def part(self, side, name, version, frame):
        """The lines of one frame; None when it is not what the definitions say."""
        header = self.header(side, name, version)
        head, body = header.decode(frame)
        codec = Codec(self.known[name + side], version)
        value, rest = codec.decode(body)
        assert rest == b"", f"{name}{side} v{version}: {len(rest)} bytes left over"
        frame = struct.pack(">i", len(frame)) + frame
        rows = [frame[i:i + 24].hex(" ") for i in range(0, len(frame), 24)]
        return value, "\n".join([f"{side.lower()} v{version}", f"header {header.text(head)}",
                                 f"expect {codec.text(value)}", *rows])

    def write(self, name, version, request, response, note="", suffix=""):
        """Writes one exchange; returns the response."""
        _, asked = self.part("Request", name, version, request)
        refused = name == "ApiVersions" and version > 0 and response[4:6] == b"\0\x23"
        value, answered = self.part("Response", name, 0 if refused else version, response)
        if version in versions(KEPT.get(name)):
            path = self.folder / f"{snake(name)}_v{version}{suffix}.hex"
            title = f"# {name} v{version}{', ' + note if note else ''}"
            path.write_text(f"{title}\n{asked}\n\n{answered}\n")
        return value


class Client:
    """A client that asks what it is told, in the version it is told."""

    def __init__(self, address, book):
        host, port = address.split(":")
        self.socket = socket.create_connection((host, int(port)), timeout=20)
        self.book, self.correlation = book, 0

    def read(self, size):
        data = b""
        while len(data) < size:
            part = self.socket.recv(size - len(data))
            assert part, "the broker hung up"
            data += part
        return data

    def ask(self, name, version, note="", suffix="", **value):
        book, self.correlation = self.book, self.correlation + 1
        key = book.known[name + "Request"]["apiKey"]
        header = book.header("Request", name, version).encode({
            "RequestApiKey": key, "RequestApiVersion": version,
            "CorrelationId": self.correlation, "ClientId": "golden"})
        request = header + Codec(book.known[name + "Request"], version).encode(value)
        self.socket.sendall(struct.pack(">i", len(request)) + request)
        response = self.read(struct.unpack(">i", self.read(4))[0])
        return book.write(name, version, request, response, note, suffix)


def text(data):
    return data.decode()


def group_exchange(client, low, group, topic_id):
    """A member joins, gets its assignment, commits, asks back, leaves; in low or high versions."""
    join, sync, beat, commit, fetch, leave = low
    subscription = bytes.fromhex("0000 00000001 0006") + b"orders" + b"\xff" * 4
    assignment = (bytes.fromhex("0000 00000001 0006") + b"orders" +
                  bytes.fromhex("00000002 00000000 00000001 ffffffff"))
    member = ""
    asked = dict(GroupId=group, SessionTimeoutMs=10000, RebalanceTimeoutMs=20000,
                 ProtocolType="consumer", Reason="a new member",
                 Protocols=[{"Name": "range", "Metadata": subscription}])
    answer = client.ask("JoinGroup", join, suffix="_member_id_required" if join >= 4 else "",
                        MemberId="", **asked)
    member = text(answer["MemberId"])
    if answer["ErrorCode"] == 79:
        answer = client.ask("JoinGroup", join, MemberId=member, **asked)
    assert answer["ErrorCode"] == 0, answer
    generation = answer["GenerationId"]
    who = dict(GroupId=group, MemberId=member, GenerationId=generation)
    answer = client.ask("SyncGroup", sync, ProtocolType="consumer", ProtocolName="range",
                        Assignments=[{"MemberId": member, "Assignment": assignment}], **who)
    assert answer["Assignment"] == assignment, answer
    client.ask("Heartbeat", beat, **who)
    client.ask("Heartbeat", beat, "of another generation", "_illegal_generation",
               **{**who, "GenerationId": generation + 1})
    client.ask("OffsetCommit", commit, GroupId=group, MemberId=member,
               GenerationIdOrMemberEpoch=generation, Topics=[
                   {"Name": "orders", "TopicId": topic_id, "Partitions": [
                       {"PartitionIndex": 0, "CommittedOffset": 3, "CommittedLeaderEpoch": 0,
                        "CommittedMetadata": "by hand"},
                       {"PartitionIndex": 77, "CommittedOffset": 3, "CommittedMetadata": None}]}])
    client.ask("OffsetFetch", fetch, GroupId=group, RequireStable=True,
               Topics=[{"Name": "orders", "PartitionIndexes": [0, 1]}],
               Groups=[{"GroupId": group, "Topics": [
                   {"Name": "orders", "TopicId": topic_id, "PartitionIndexes": [0, 1]}]}])
    client.ask("LeaveGroup", leave, GroupId=group, MemberId=member,
               Members=[{"MemberId": member, "Reason": "done"}])


def topic_exchange(client, v, topic_id):
    """Offsets, epochs and records of the topic."""
    client.ask("ListOffsets", v["ListOffsets"], ReplicaId=-1, TimeoutMs=1000, Topics=[
        {"Name": "orders", "Partitions": [
            {"PartitionIndex": 0, "Timestamp": -1}, {"PartitionIndex": 1, "Timestamp": -2}]}])
    client.ask("OffsetForLeaderEpoch", v["OffsetForLeaderEpoch"], ReplicaId=-1, Topics=[
        {"Topic": "orders", "Partitions": [
            {"Partition": 0, "CurrentLeaderEpoch": 0, "LeaderEpoch": 0},
            {"Partition": 1, "CurrentLeaderEpoch": 9, "LeaderEpoch": 0}]}])
    partition = dict(Partition=0, FetchOffset=0, PartitionMaxBytes=1000000, CurrentLeaderEpoch=-1)
    asked = dict(MaxWaitMs=200, MinBytes=1, MaxBytes=1000000, IsolationLevel=1)
    topic = {"Topic": "orders", "TopicId": topic_id}
    opened = client.ask("Fetch", v["Fetch"], "a new session", SessionEpoch=0, Topics=[
        {**topic, "Partitions": [partition, {**partition, "Partition": 77}]}], **asked)
    if v["Fetch"] >= 7:
        client.ask("Fetch", v["Fetch"], "in a session, forgetting a partition", "_session",
                   SessionId=opened["SessionId"], SessionEpoch=1, Topics=[],
                   ForgottenTopicsData=[{**topic, "Partitions": [77]}], **asked)
    if v["Fetch"] >= 12:
        beyond = {**partition, "FetchOffset": 1000}
        client.ask("Fetch", v["Fetch"], "an offset beyond the end", "_out_of_range",
                   SessionEpoch=-1, Topics=[{**topic, "Partitions": [beyond]}], **asked)
        client.ask("Fetch", v["Fetch"], "an offset beyond the end of its epoch", "_diverging",
                   SessionEpoch=-1, Topics=[
                       {**topic, "Partitions": [{**beyond, "LastFetchedEpoch": 0}]}], **asked)


NEWEST = dict(ApiVersions=5, Metadata=13, FindCoordinator=6, JoinGroup=9, SyncGroup=5, Heartbeat=4,
              LeaveGroup=5, OffsetFetch=10, OffsetCommit=10, ListOffsets=11, CreateTopics=7,
              OffsetForLeaderEpoch=4, Fetch=17)
PLAIN = dict(ApiVersions=0, Metadata=8, FindCoordinator=2, JoinGroup=5, SyncGroup=3, Heartbeat=3,
             LeaveGroup=3, OffsetFetch=5, OffsetCommit=7, ListOffsets=5, CreateTopics=4,
             OffsetForLeaderEpoch=3, Fetch=11)
OLDEST = dict(ApiVersions=0, Metadata=1, FindCoordinator=1, JoinGroup=2, SyncGroup=0, Heartbeat=0,
              LeaveGroup=0, OffsetFetch=1, OffsetCommit=2, ListOffsets=1, CreateTopics=2,
              OffsetForLeaderEpoch=2, Fetch=4)


def script(address, book):
    """Every API once in each of up to three sets of versions that the broker offers."""
    client = Client(address, book)
    offered = {}
    for api in client.ask("ApiVersions", 0)["ApiKeys"]:
        offered[book.by_key.get(api["ApiKey"])] = (api["MinVersion"], api["MaxVersion"])
    software = dict(ClientSoftwareName="golden", ClientSoftwareVersion="1.0")
    client.ask("ApiVersions", 3, **software)
    for label, wanted in (("oldest", OLDEST), ("plain", PLAIN), ("newest", NEWEST)):
        v = {name: min(version, offered[name][1]) for name, version in wanted.items()}
        if v["ApiVersions"] != 1 and v["ApiVersions"] != 2:
            client.ask("ApiVersions", v["ApiVersions"], **software)
        name = f"new-{label}-{int(time.time())}"
        client.ask("CreateTopics", v["CreateTopics"], timeoutMs=5000, Topics=[
            {"Name": name, "NumPartitions": 1, "ReplicationFactor": 1,
             "Configs": [{"Name": "cleanup.policy", "Value": "compact"}]},
            {"Name": "orders", "NumPartitions": 1, "ReplicationFactor": 1}])
        metadata = client.ask("Metadata", v["Metadata"], AllowAutoTopicCreation=False, Topics=[
            {"Name": "orders"}, {"Name": "no-such-topic"}])
        topic_id = metadata["Topics"][0].get("TopicId", bytes(16))
        group = f"golden-{label}"
        for _ in range(50):
            answer = client.ask("FindCoordinator", v["FindCoordinator"], Key=group,
                                CoordinatorKeys=[group])
            error = answer.get("ErrorCode") or (answer.get("Coordinators") or [{}])[0].get(
                "ErrorCode", 0)
            if error == 0:
                break
            time.sleep(0.2)
        low = [v[n] for n in ("JoinGroup", "SyncGroup", "Heartbeat", "OffsetCommit", "OffsetFetch",
                              "LeaveGroup")]
        group_exchange(client, low, group, topic_id)
        topic_exchange(client, v, topic_id)


def messages(address, book):
    """A fetch, in the newest version that Kafka 2.1 knows, of a log in three formats."""
    partition = dict(Partition=0, FetchOffset=0, PartitionMaxBytes=1000000, CurrentLeaderEpoch=-1)
    topics = [{"Topic": "messages_mixed", "Partitions": [partition]}]
    Client(address, book).ask("Fetch", 10, "of three message formats", "_messages", MaxWaitMs=200, MinBytes=1,
                              MaxBytes=1000000, SessionEpoch=-1, Topics=topics)


def sasl(address, book):
    """PLAIN at a listener that has it: let in, refused, and a mechanism that is not there."""
    def login(version, token, *note):
        client = Client(address, book)
        client.ask("SaslHandshake", 1, Mechanism="PLAIN")
        with contextlib.suppress(AssertionError):  # a broker that knows no such version hangs up
            client.ask("SaslAuthenticate", version, *note, AuthBytes=token)

    for version in range(3):
        login(version, b"\0alice\0alice-secret")
        login(version, b"\0alice\0wrong", "refused", "_refused")
    Client(address, book).ask("SaslHandshake", 1, "no such mechanism", "_unsupported", Mechanism="NONE")


class Relay:
    """Passes bytes on both ways and keeps the largest exchange of each API and version."""

    def __init__(self, address, book, port):
        self.address, self.book, self.best = address, book, {}
        self.listener = socket.create_server(("127.0.0.1", port))
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            client, _ = self.listener.accept()
            host, port = self.address.split(":")
            broker = socket.create_connection((host, int(port)))
            waiting = {}
            for source, target, seen in ((client, broker, self.asked), (broker, client, self.told)):
                threading.Thread(target=self.pass_on, args=(source, target, seen, waiting),
                                 daemon=True).start()

    def pass_on(self, source, target, seen, waiting):
        data = b""
        with contextlib.suppress(OSError):
            while part := source.recv(65536):
                data += part
                while len(data) >= 4 and len(data) - 4 >= struct.unpack(">i", data[:4])[0]:
                    size = struct.unpack(">i", data[:4])[0]
                    seen(data[4:4 + size], waiting)
                    data = data[4 + size:]
                target.sendall(part)
            target.shutdown(socket.SHUT_WR)

    def asked(self, frame, waiting):
        key, version, correlation = struct.unpack(">hhi", frame[:8])
        waiting[correlation] = (self.book.by_key[key], version, frame)

    def told(self, frame, waiting):
        name, version, request = waiting.pop(struct.unpack(">i", frame[:4])[0])
        size = len(request) + len(frame)
        if size > self.best.get((name, version), (0,))[0] and size < 6000:
            self.best[name, version] = (size, request, frame)

    def write(self):
        for (name, version), (_, request, response) in sorted(self.best.items()):
            self.book.write(name, version, request, response)


def main(arguments):
    if len(arguments) not in (5, 7) or arguments[1] not in ("script", "messages", "sasl", "relay"):
        sys.exit(__doc__)
    book = Book(arguments[3], arguments[4])
    alone = {"script": script, "messages": messages, "sasl": sasl}.get(arguments[1])
    if alone:
        alone(arguments[2], book)
        return
    relay = Relay(arguments[2], book, int(arguments[5]))
    time.sleep(float(arguments[6]))
    relay.write()


if __name__ == "__main__":
    main(sys.argv)
