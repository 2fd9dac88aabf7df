"""Waiting for conditions: tests never sleep for a time and hope."""
import os
import random
import socket
import time


def eventually(check, timeout_s=30.0, what=None):
    """Calls `check` until it gives something true, which is returned. AssertionErrors and
    ConnectionErrors of the check count as "not yet"; the last one is raised when time is over."""
    deadline = time.monotonic() + timeout_s
    while True:
        failure = None
        try:
            result = check()
            if result:
                return result
        except (AssertionError, ConnectionError) as error:
            failure = error
        if time.monotonic() > deadline:
            raise AssertionError(f"{what or 'the condition'} did not come true within {timeout_s} s") from failure
        time.sleep(0.02)


def throughout(check, for_s, what=None):
    """Asserts that a check holds every time it is asked, for a while."""
    deadline = time.monotonic() + for_s
    while time.monotonic() < deadline:
        assert check(), f"{what or 'the condition'} did not hold"
        time.sleep(0.02)


class Stopwatch:
    """Seconds since it was made."""

    def __init__(self):
        self.began = time.monotonic()

    @property
    def seconds(self):
        return time.monotonic() - self.began


_given = set()


def free_port(count=1):
    """The first of `count` successive ports of 127.0.0.1 that nobody uses, below those which the
    system gives to outgoing connections. None is given twice, by this process or its siblings."""
    def usable(port):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
                return True
            except OSError:
                return False

    sibling = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0")[2:]) % 2
    if len(_given) > 1000:
        _given.clear()
    while True:
        port = random.randrange(18000 + 2000 * sibling, 20000 + 2000 * sibling - count)
        ports = range(port, port + count)
        if _given.isdisjoint(ports) and all(usable(number) for number in ports):
            _given.update(ports)
            return port
