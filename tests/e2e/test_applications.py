"""Trouble with applications: they leave in the middle of an answer, come by the hundred, stay and say nothing, read slowly,
and call for days."""
import json
import random
import resource
import subprocess
import threading

import pytest

from lib import produce
from lib.calls import MIXED, run_calls
from lib.client import Client, RawRequest
from lib.events import Stream
from lib.records import of_answer, values
from lib.wait import Stopwatch, eventually

LARGE = "/v1/poll?timeout_ms=15000&max_records=100000&max_bytes=5000000"


# Answers that are cut

class Reader:
    """Takes large answers whole or in part, and checks that each begins where the last whole one ended."""

    def __init__(self, sidecar, chooser):
        self.sidecar, self.chooser, self.next_offset, self.cuts = sidecar, chooser, 0, 0

    def take(self, text):
        records = json.loads(text)["records"]
        assert [row["offset"] for row in records] == list(range(self.next_offset, self.next_offset + len(records)))
        self.next_offset += len(records)

    def whole(self):
        answer = self.sidecar.http.call("GET", LARGE)
        answer.ok()
        self.take(answer.body)

    def cut_at_a_byte(self):
        """Reads a part of what is announced and leaves, in good order or not."""
        with RawRequest(self.sidecar.listener, LARGE) as request:
            text = b""
            while b"\r\n\r\n" not in text:
                text += request.socket.recv(65536)
            head, body = text.split(b"\r\n\r\n", 1)
            length = int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0])
            stop = max(self.chooser.randrange(length), len(body))
            read = len(body)
            while read < stop:
                read += len(request.socket.recv(min(65536, stop - read)))
            assert read < length
            if self.chooser.random() < 0.5:
                request.reset()
        self.cuts += 1

    def cut_by_time(self):
        """As scripts do it: curl --max-time."""
        done = subprocess.run(
            ["curl", "-sS", "--max-time", f"{self.chooser.uniform(0.02, 0.2):.3f}", "--limit-rate", "40M",
             f"http://{self.sidecar.listener}{LARGE}"], capture_output=True, check=False)
        if done.returncode == 0:
            self.take(done.stdout)
        else:
            assert done.returncode == 28, done.stderr
            self.cuts += 1


def test_whatever_is_cut_comes_again_and_nothing_comes_twice(kafka, topic, sidecar):
    """pitfall 105: 5 MB answers, cut a hundred times at any place"""
    count = 20_000
    produce.produce(kafka.bootstrap, topic, [b"%d " % n + b"x" * 1000 for n in range(count)])
    reader = Reader(sidecar, random.Random(105))
    while reader.cuts < 100:
        chance = reader.chooser.random()
        if chance < 0.03 and reader.next_offset < count // 2:
            reader.whole()
        elif chance < 0.25 and reader.next_offset < count // 2:
            reader.cut_by_time()
        else:
            reader.cut_at_a_byte()
    while reader.next_offset < count:
        reader.whole()
    sidecar.http.post("/v1/commit").ok()
    assert sidecar.committed() == {0: count}


# Many at a time

CALLS = [("POST", "/v1/commit"), ("GET", "/v1/status"), ("POST", "/v1/pause"), ("POST", "/v1/resume"),
         ("POST", "/v1/seek?to=end"), ("GET", "/v1/position"), ("GET", "/v1/committed")]


@pytest.mark.short
def test_a_hundred_clients_at_once_do_not_wait_for_a_poll(kafka, topic, sidecar):
    """pitfall 109"""
    poll = sidecar.hold_poll(timeout_ms=120_000)
    stream = Stream(sidecar, "?listener=true")
    stream.next("assignment")
    slowest, failures = [], []

    def work(number):
        client = Client(sidecar.listener, keep_alive=True)
        for turn in range(8):
            method, path = CALLS[(number + turn) % len(CALLS)]
            watch = Stopwatch()
            answer = client.call(method, path)
            slowest.append((watch.seconds, path))
            if answer.status != 200:
                failures.append((path, answer))
        client.close()

    threads = [threading.Thread(target=work, args=(number,)) for number in range(100)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not failures, failures[:3]
    assert len(slowest) == 800
    assert max(slowest)[0] < 30, f"{max(slowest)} of a poll of 120 s"
    assert not poll.answered, "the poll waits on"
    sidecar.http.post("/v1/resume").ok()
    produce.produce(kafka.bootstrap, topic, [b"for the poll"])
    assert values(of_answer(poll.answer())) == [b"for the poll"]
    stream.close()


# Those who stay

CONNECTION_KIB = 64 + 4  # the buffers of a connection, and what is known of it

def open_idle(sidecar, count):
    """Connections that have made one call each and are kept."""
    idle = [RawRequest(sidecar.listener, "/v1/paused") for _ in range(count)]
    for one in idle:
        assert one.answer().status == 200
    return idle


def connections(sidecar):
    return sidecar.http.get("/v1/metrics").ok()["server"]["http-connections"]


def test_two_thousand_idle_connections_and_slow_readers_cost_little_and_hold_up_nobody(kafka, topic, start_sidecar, binary):
    """each connection has its bound"""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 8192), hard))  # the sidecar inherits it
    produce.produce(kafka.bootstrap, topic, [b"x" * 1000 for _ in range(2000)])
    sidecar = start_sidecar(kafka.bootstrap, topic, settings={
        "http.max.connections": 2500, "http.max.connections.per.client": 2500}).wait_ready()
    eventually(lambda: len(sidecar.poll(update_offsets=False, max_records=3000)) == 2000)
    before = sidecar.rss_kib
    idle = open_idle(sidecar, 2000)
    try:
        eventually(lambda: connections(sidecar) > 2000)
        grown = sidecar.rss_kib - before
        if "release" in str(binary):
            assert grown < 2000 * CONNECTION_KIB, f"{grown} KiB"
            print(f"{grown} KiB for 2000 connections")
        slow = [RawRequest(sidecar.listener, "/v1/poll?update_offsets=false&max_records=3000")]
        slow += [RawRequest(sidecar.listener, "/openapi.json") for _ in range(50)]
        watch = Stopwatch()
        for _ in range(50):
            sidecar.status()
        assert watch.seconds < 10, "others are served"
        eventually(lambda: len(sidecar.poll(update_offsets=False, max_records=3000)) == 2000, what="the slow poll is over")
        for one in slow:
            one.socket.close()
    finally:
        for one in idle:
            one.socket.close()
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    eventually(lambda: connections(sidecar) <= 2)


# Those who call for days

def test_memory_does_not_grow_with_calls(kafka, topic, sidecar, binary):
    """tests/bench/leak.py does it with a million"""
    if "release" not in str(binary):
        pytest.skip("sanitizers keep memory; they look for leaks themselves")
    produce.produce(kafka.bootstrap, topic, produce.numbered(0, 50))
    eventually(lambda: len(sidecar.poll(update_offsets=False)) == 50)
    run_calls(sidecar.listener, MIXED, 5_000)
    before = sidecar.rss_kib
    run_calls(sidecar.listener, MIXED, 50_000)
    assert sidecar.rss_kib <= before * 1.05, f"{before} KiB, {sidecar.rss_kib} KiB"
