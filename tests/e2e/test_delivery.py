"""Delivered means taken by the client: whatever a client does with its connection, no record is lost."""
import os
import socket

import pytest

from lib import produce
from lib.client import RawRequest
from lib.records import of_answer, offsets, values
from lib.wait import eventually


def poll_raw(sidecar, version="1.1", headers=""):
    return RawRequest(sidecar.listener, "/v1/poll?timeout_ms=15000", version, headers)


def fill(kafka, topic, count=60, size=50000):
    """Records whose answer is larger than any socket buffer, and a sidecar would hand out at once."""
    produce.produce(kafka.bootstrap, topic, [b"%d " % n + b"x" * size for n in range(count)])


def first_numbers(records):
    return [int(value.split()[0]) for value in values(records)]


WAYS = {"kept alive": ("1.1", ""), "connection: close": ("1.1", "Connection: close\r\n"), "HTTP/1.0": ("1.0", "")}


@pytest.mark.short
@pytest.mark.parametrize("way", WAYS)
def test_an_answer_cut_after_200_bytes_comes_again(kafka, topic, sidecar, way):
    """pitfall 105"""
    fill(kafka, topic)
    for _ in range(3):
        poll = poll_raw(sidecar, *WAYS[way])
        assert poll.socket.recv(200)
        poll.reset()
    assert first_numbers(sidecar.poll_until(60)) == list(range(60))


@pytest.mark.parametrize("way", WAYS)
def test_a_small_answer_that_nobody_read_comes_again(kafka, topic, sidecar, way):
    """pitfall 105: it was in the client's socket buffer as a whole"""
    produce.produce(kafka.bootstrap, topic, produce.numbered(0, 3))
    eventually(lambda: len(sidecar.poll(update_offsets=False)) == 3)
    with poll_raw(sidecar, *WAYS[way]) as poll:
        eventually(lambda: b"record-2" in poll.socket.recv(65536, socket.MSG_PEEK), what="the answer is there")
    assert values(sidecar.poll()) == produce.numbered(0, 3)


@pytest.mark.parametrize("way", WAYS)
def test_an_answer_that_was_read_does_not_come_again(kafka, topic, sidecar, way):
    """pitfall 105: the other side of it"""
    produce.produce(kafka.bootstrap, topic, produce.numbered(0, 3))
    eventually(lambda: len(sidecar.poll(update_offsets=False)) == 3)
    with poll_raw(sidecar, *WAYS[way]) as poll:
        assert values(of_answer(poll.answer())) == produce.numbered(0, 3)
    assert sidecar.poll(timeout_ms=300) == []
    assert sidecar.position() == {0: 3}


def test_a_client_that_stops_reading_and_dies_loses_nothing(kafka, topic, sidecar):
    """pitfall 105: 300 kB of an answer of megabytes were read"""
    fill(kafka, topic)
    with poll_raw(sidecar) as poll:
        read = 0
        while read < 300_000:
            read += len(poll.socket.recv(65536))
    assert first_numbers(sidecar.poll())[0] == 0


@pytest.mark.short
def test_records_do_not_go_to_a_long_poll_whose_client_is_gone(kafka, topic, sidecar):
    """pitfall 106"""
    for leave in (lambda poll: poll.socket.close(), lambda poll: poll.reset()):
        leave(sidecar.hold_poll())
        [offset] = produce.produce(kafka.bootstrap, topic, [b"after it left"])
        assert offsets(sidecar.poll()) == [offset], "neither 409 nor a record that went to the dead"


def test_a_new_poll_takes_the_place_of_one_whose_client_is_gone(kafka, topic, sidecar):
    """pitfall 106"""
    sidecar.hold_poll().socket.close()
    assert sidecar.poll(timeout_ms=200) == []


def test_a_cut_answer_is_not_committed_by_the_next_call(kafka, topic, sidecar):
    """pitfall 2: never beyond what was delivered"""
    fill(kafka, topic)
    assert len(sidecar.poll(max_records=5)) == 5
    poll = poll_raw(sidecar)
    assert poll.socket.recv(200)
    poll.reset()
    sidecar.http.post("/v1/commit").ok()
    assert sidecar.committed() == {0: 5}


def test_over_a_unix_socket_it_is_the_same(kafka, topic, start_sidecar, tmp_path):
    """pitfall 105: on Unix sockets there is no TCP state to ask"""
    listener = f"unix:{tmp_path}/http.sock"
    sidecar = start_sidecar(kafka.bootstrap, topic, listener=listener).wait_ready()
    assert os.stat(listener[5:]).st_mode & 0o777 == 0o660
    fill(kafka, topic)
    poll = poll_raw(sidecar)
    assert poll.socket.recv(200)
    poll.reset()
    assert first_numbers(sidecar.poll_until(60)) == list(range(60))
    sidecar.http.post("/v1/commit").ok()
    assert sidecar.committed() == {0: 60}
