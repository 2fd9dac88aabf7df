"""The program under test as a process."""
import os
import pathlib
import re
import signal
import subprocess

from .client import Client, RawRequest
from .records import of_answer
from .wait import Stopwatch, eventually, free_port

EXIT_BOUND_S = 20


class Sidecar:
    """One running kafka-sidecar with free ports on loopback and a log file."""

    def __init__(self, binary, folder, bootstrap, group=None, topics=(), settings=None, arguments=(), env=None,
                 listener=None):
        self.listener = listener or f"127.0.0.1:{free_port()}"
        self.log_file = pathlib.Path(folder) / f"sidecar-{free_port()}.log"
        management = f"127.0.0.1:{free_port()}"
        command = [str(binary), "--bootstrap-server", bootstrap]
        command += ["--group", group] if group else []
        for topic in topics:
            command += ["--topic", topic]
        options = {"http.listener": self.listener, "management.listener": management,
                   "auto.offset.reset": "earliest", "enable.auto.commit": "false",
                   "session.timeout.ms": 6000, "heartbeat.interval.ms": 500, **(settings or {})}
        for key, value in options.items():
            command += ["--set", f"{key}={value}"] if value is not None else []
        self.command = command + list(arguments)
        with open(self.log_file, "wb") as log:
            self.process = subprocess.Popen(self.command, stdin=subprocess.DEVNULL, stdout=log,
                                            stderr=subprocess.STDOUT, env={**os.environ, **(env or {})})
        self.http = Client(self.listener)
        self.management = Client(management, kind="management")

    def __str__(self):
        return f"kafka-sidecar at {self.listener}"

    @property
    def log(self):
        return self.log_file.read_text(errors="replace")

    @property
    def running(self):
        return self.process.poll() is None

    @property
    def is_sanitized(self):
        """A program made with AddressSanitizer needs more memory than the one that is shipped."""
        return b"__asan_init" in pathlib.Path(self.command[0]).read_bytes()

    @property
    def rss_kib(self):
        text = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+)", text).group(1))

    def wait_up(self, timeout_s=20):
        """Waits until it serves HTTP at all."""
        self._wait(lambda: self.management.get("/healthz").status == 200, timeout_s, "is up")
        return self

    def wait_ready(self, timeout_s=30):
        """Waits until it is in its group, with an assignment known."""
        self._wait(lambda: self.management.get("/readyz").status == 200, timeout_s, "is ready")
        return self

    def _wait(self, check, timeout_s, what):
        def step():
            assert_running(self)
            return check()
        eventually(step, timeout_s, what=f"{self} {what}")

    def hold_poll(self, timeout_ms=60000):
        """A poll that the sidecar is holding: it refuses another one. While it is being found out
        whether that is so, the asking poll may get in first: then the one to be held tries again."""
        deadline = Stopwatch()
        while deadline.seconds < 30:
            held = RawRequest(self.listener, f"/v1/poll?timeout_ms={timeout_ms}")
            while not held.answered:
                if self.http.get("/v1/poll").status == 409 and not held.answered:
                    return held
            held.reset()
        raise AssertionError(f"{self} holds no poll")

    # Calls whose good answer is wanted

    def poll(self, timeout_ms=15000, **parameters):
        """The Records of one poll."""
        return of_answer(self.http.get("/v1/poll", timeout_ms=timeout_ms, **parameters))

    def poll_until(self, count, timeout_s=60, **parameters):
        """Polls until so many records have come; more must not come with them."""
        found = []

        def enough():
            found.extend(self.poll(timeout_ms=1000, **parameters))
            return len(found) >= count
        eventually(enough, timeout_s, what=f"{count} records come")
        assert len(found) == count, f"{len(found)} records in place of {count}"
        return found

    def status(self):
        return self.http.get("/v1/status").ok()

    def assignment(self):
        """The set of (topic, partition) it has now."""
        return {(row["topic"], row["partition"]) for row in rows(self.http.get("/v1/assignment").ok())}

    def committed(self):
        """{partition: offset} of all assigned partitions, 0 for none: a commit of everything, before
        anything was delivered, may say where reading began, or say nothing."""
        found = offsets_by_partition(self.http.get("/v1/committed").ok())
        return {partition: offset or 0 for partition, offset in found.items()}

    def position(self):
        return offsets_by_partition(self.http.get("/v1/position").ok())

    # Ends

    def terminate(self):
        self.process.send_signal(signal.SIGTERM)

    def wait_exit(self, timeout_s=EXIT_BOUND_S):
        """Its exit code; fails when it does not end in time."""
        try:
            return self.process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"{self} has not ended {timeout_s} s after SIGTERM") from None

    def close(self):
        """SIGTERM, and it must end well."""
        self.terminate()
        code = self.wait_exit()
        assert code == 0, f"{self} ended with {code}:\n{self.log[-3000:]}"
        self.check_log()

    def check_log(self):
        """What an undefined-behaviour sanitizer has found does not end the process."""
        assert "runtime error:" not in self.log, self.log[self.log.index("runtime error:") - 300:][:3000]

    def kill(self):
        self.process.kill()
        self.process.wait(10)


def assert_running(sidecar):
    if not sidecar.running:
        raise RuntimeError(f"{sidecar} has ended with {sidecar.process.returncode}:\n{sidecar.log[-3000:]}")


def rows(answer):
    """The one list of partitions in an answer; each call has a name of its own for it."""
    [name] = {"partitions", "offsets", "positions", "results"} & answer.keys()
    return answer[name]


def offsets_by_partition(answer):
    """{partition: offset} of an answer's rows, for tests with one topic."""
    return {row["partition"]: row["offset"] for row in rows(answer)}
