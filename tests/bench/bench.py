#!/usr/bin/env python3
"""Measures the sidecar beside kcat on the same broker and data, in one run, and prints one table.

Every contender reads the whole topic in each round, by turns, so that a busy moment of the machine hits all; the median
of the rounds is shown. Ratios mean something, seconds do not. With --tls each reads over TLS 1.3 too, and a sidecar's
connections are cut again and again: what does a reconnect cost, and is the session resumed?
"""
import argparse
import os
import pathlib
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "e2e"))

from lib.fronts import is_resumed  # noqa: E402
from lib.kafka import Kafka  # noqa: E402
from lib.produce import producer, send  # noqa: E402
from lib.secured import SecuredKafka  # noqa: E402
from lib.sidecar import Sidecar  # noqa: E402
from lib.wait import eventually, free_port  # noqa: E402

TICKS_A_SECOND = os.sysconf("SC_CLK_TCK")


def cpu_seconds(pid):
    """User and system time of a process so far."""
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS_A_SECOND


class Reader:
    """A client on one kept-alive connection that counts lines of bodies and does not look at them otherwise."""

    def __init__(self, address):
        host, port = address.rsplit(":", 1)
        self.socket = socket.create_connection((host, int(port)))
        self.left = b""

    def get(self, path, accept):
        self.socket.sendall(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: {accept}\r\n\r\n".encode())
        while b"\r\n\r\n" not in self.left:
            self.left += self.socket.recv(65536)
        head, body = self.left.split(b"\r\n\r\n", 1)
        status = head.split(b" ", 2)[1]
        assert status == b"200", head
        size = next(int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length"))
        whole = bytearray(size)
        view = memoryview(whole)
        view[:len(body)] = body
        filled = len(body)
        while filled < size:
            filled += self.socket.recv_into(view[filled:])
        self.left = b""
        return whole


def read_all(sidecar, count, accept, marker, path):
    """Polls until so many records have come; seconds of the wall clock and of the sidecar's CPU."""
    reader = Reader(sidecar.listener)
    began, burnt = time.monotonic(), cpu_seconds(sidecar.process.pid)
    seen = 0
    while seen < count:
        seen += reader.get(path, accept).count(marker)
    assert seen == count, (seen, count)
    return time.monotonic() - began, cpu_seconds(sidecar.process.pid) - burnt


def ndjson(sidecar, count, _):
    return read_all(sidecar, count, "application/x-ndjson", b'"timestamp":', "/v1/poll?timeout_ms=2000&max_records=20000")


def json(sidecar, count, _):
    return read_all(sidecar, count, "application/json", b'"timestamp":',
                    "/v1/poll?timeout_ms=2000&max_records=20000")


def kcat(_, __, command):
    began = time.monotonic()
    before = os.times()
    with open(os.devnull, "wb") as nowhere:
        subprocess.run(command, stdin=subprocess.DEVNULL, stdout=nowhere, check=True)
    after = os.times()
    burnt = after.children_user + after.children_system - before.children_user - before.children_system
    return time.monotonic() - began, burnt


class Watcher:
    """A relay before the broker that notes when the first JoinGroup passes."""

    def __init__(self, port, target):
        self.joined_at = None
        self.target = target
        self.listener = socket.create_server(("127.0.0.1", port))
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            client, _ = self.listener.accept()
            broker = socket.create_connection(("127.0.0.1", self.target))
            threading.Thread(target=self.relay, args=(client, broker, True), daemon=True).start()
            threading.Thread(target=self.relay, args=(broker, client, False), daemon=True).start()

    def relay(self, source, sink, requests):
        while data := source.recv(65536):
            if requests and self.joined_at is None and data[4:6] == b"\x00\x0b":
                self.joined_at = time.monotonic()
            sink.sendall(data)
        sink.close()


def start_to_join(binary, folder):
    """Milliseconds from the start of the process to its first JoinGroup, and idle memory in KiB after a while."""
    port = free_port()
    kafka = Kafka(folder / "proxied", "4.4.0", proxy=port)
    try:
        kafka.create_topic(partitions=1)
        target = int(kafka.bootstrap.rsplit(":", 1)[1])
        # The first member of the first group makes a new broker create its offsets topic, which is not measured.
        Sidecar(binary, folder, kafka.bootstrap, group="bench-start", topics=["orders"]).wait_ready().close()
        watcher = Watcher(port, proxied_port(kafka, target))
        began = time.monotonic()
        sidecar = Sidecar(binary, folder, f"127.0.0.1:{port}", group="bench-start", topics=["orders"])
        sidecar.wait_ready()
        time.sleep(2)
        idle = sidecar.rss_kib
        sidecar.close()
        return (watcher.joined_at - began) * 1000, idle
    finally:
        kafka.down()


def proxied_port(kafka, target):
    """The broker's listener behind the relay: the port after the last of its own."""
    return target + 2


def contenders_of(kafka, topic, with_tls):
    """{name: (how it reads, bootstrap address, settings, kcat's command)}"""
    doors = {"": (kafka.bootstrap, {})}
    if with_tls:
        doors[" over TLS"] = (kafka.listeners["TLS13"], {"security.protocol": "SSL",
                                                        "ssl.ca.location": kafka.folder / "secrets" / "ca.pem"})
    found = {}
    for suffix, (bootstrap, settings) in doors.items():
        command = ["kcat", "-b", bootstrap, "-C", "-t", topic, "-q", "-e", "-o", "beginning"]
        command += [word for key, value in settings.items() for word in ("-X", f"{key}={value}")]
        for name, run in (("kcat (librdkafka)", kcat), ("sidecar, NDJSON", ndjson), ("sidecar, JSON", json)):
            found[name + suffix] = (run, bootstrap, settings, command)
    return found


def measure(arguments, folder):
    kafka = Kafka(folder / "kafka", "4.4.0", secured=arguments.tls)
    try:
        topic = kafka.create_topic(partitions=1)
        maker = producer(kafka.bootstrap, queue_buffering_max_messages=1000000, linger_ms=50)
        value = b"x" * arguments.size
        for _ in range(arguments.count):
            send(maker, topic, value=value)
        assert maker.flush(120) == 0
        contenders = contenders_of(kafka, topic, arguments.tls)
        results = {name: [] for name in contenders}
        peak = 0
        for number in range(arguments.rounds):
            for name, (run, bootstrap, settings, command) in contenders.items():
                sidecar = None
                if run is not kcat:
                    sidecar = Sidecar(arguments.sidecar, folder, bootstrap, group=f"bench-{len(name)}-{number}",
                                      topics=[topic], settings=settings).wait_ready()
                results[name].append(run(sidecar, arguments.count, command))
                if sidecar:
                    peak = max(peak, sidecar.rss_kib)
                    sidecar.close()
        return results, peak
    finally:
        kafka.down()


def reconnect(arguments, folder, listener):
    """Cuts all connections of a sidecar again and again. (connections made, those that resumed a session, CPU seconds)."""
    kafka = SecuredKafka(folder / f"reconnects-{listener}", "4.4.0")
    try:
        topic, front = kafka.create_topic(partitions=1), kafka.fronts[listener]
        sidecar = Sidecar(arguments.sidecar, folder, front.address, group="bench-reconnects", topics=[topic], settings={
            "security.protocol": "SSL", "ssl.ca.location": kafka.secret("ca.pem"), "reconnect.backoff.ms": 10})
        sidecar.wait_ready()
        maker = producer(kafka.bootstrap)
        before, burnt = front.count, cpu_seconds(sidecar.process.pid)
        for number in range(arguments.reconnects):
            front.cut()
            send(maker, topic, value=b"after cut %d" % number)
            maker.flush(30)
            eventually(lambda: sidecar.http.get("/v1/poll", timeout_ms=1000).ok()["records"])
        burnt = cpu_seconds(sidecar.process.pid) - burnt
        openings = [opening for opening in front.openings[before:] if all(opening)]
        sidecar.close()
        return len(openings), sum(map(is_resumed, openings)), burnt
    finally:
        kafka.down()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sidecar", default="build/release/kafka-sidecar", help="the binary")
    parser.add_argument("--count", type=int, default=1_000_000, help="records")
    parser.add_argument("--size", type=int, default=100, help="bytes of a value")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--tls", action="store_true", help="also over TLS, and reconnects")
    parser.add_argument("--reconnects", type=int, default=100, help="how often connections are cut, with --tls")
    arguments = parser.parse_args()
    folder = pathlib.Path(tempfile.mkdtemp(prefix="bench-"))
    try:
        results, peak = measure(arguments, folder)
        join_ms, idle = start_to_join(arguments.sidecar, folder)
        reconnects = {listener: reconnect(arguments, folder, listener)
                      for listener in (("TLS12", "TLS13") if arguments.tls else ())}
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    print(f"{arguments.count:,} records of {arguments.size} B, 1 partition, uncompressed, medians of {arguments.rounds}")
    base = None
    for name, runs in results.items():
        seconds = statistics.median(wall for wall, _ in runs)
        burnt = statistics.median(cpu for _, cpu in runs)
        base = base or seconds
        print(f"{name:32} {arguments.count / seconds:12,.0f} records/s   {base / seconds:5.2f} x kcat"
              f"   {burnt * 1e6 / arguments.count:6.2f} CPU us/record")
    for listener, (made, resumed, burnt) in reconnects.items():
        print(f"{listener}: {arguments.reconnects} cuts, {made} connections made, {resumed} of them resumed a session, "
              f"{burnt * 1000 / made:.1f} CPU ms each with a poll")
    print(f"memory of the sidecar after a run: {peak / 1024:.1f} MiB; idle: {idle / 1024:.1f} MiB")
    print(f"binary: {pathlib.Path(arguments.sidecar).stat().st_size / 1024:.0f} KiB; "
          f"start to JoinGroup: {join_ms:.0f} ms")


if __name__ == "__main__":
    main()
