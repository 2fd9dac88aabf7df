"""Readers of server-sent events."""
import json
import re
import signal
import subprocess

from .client import Answer, RawRequest
from .document import DOCUMENT
from .wait import eventually


class Event:
    """One event: its id, its name and its data."""

    def __init__(self, block):
        fields = dict(line.split(": ", 1) for line in block.split("\n"))
        assert fields.keys() == {"id", "event", "data"}, block
        self.id, self.name, self.data = int(fields["id"]), fields["event"], json.loads(fields["data"])

    def __repr__(self):
        return f"<{self.id} {self.name} {self.data}>"

    @property
    def partitions(self):
        return {row["partition"] for row in self.data["partitions"]}


class Stream:
    """A stream that is read by the test itself, an event at a time."""

    def __init__(self, sidecar, query="", last_id=None, consumer="default"):
        headers = "Accept: text/event-stream\r\n"
        headers += f"Last-Event-ID: {last_id}\r\n" if last_id is not None else ""
        self.request = RawRequest(sidecar.listener, f"/v1/consumers/{consumer}/events{query}", headers=headers)
        self.file = self.request.socket.makefile("rb")
        assert self.file.readline() == b"HTTP/1.1 200 OK\r\n"
        self.head = {}
        while line := self.file.readline().strip():
            name, value = line.decode().split(": ", 1)
            self.head[name.lower()] = value
        assert self.head["content-type"] == "text/event-stream", self.head
        self.about = DOCUMENT.check_head("api", "GET", self.request.path, Answer(200, self.head, b""))
        self.text = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.file.close()
        self.request.socket.close()

    def block(self):
        """The text up to an empty line; None at the proper end."""
        while b"\n\n" not in self.text:
            size = int(self.file.readline(), 16)
            self.text += self.file.read(size + 2)[:size]
            if size == 0:
                return None
        block, self.text = self.text.split(b"\n\n", 1)
        return block.decode()

    def next(self, *names):
        """The next event, or the next that has one of the names."""
        while (block := self.block()) is not None:
            if block.startswith("id: "):
                event = Event(block)
                DOCUMENT.check_event(self.about, event.name, event.data, self.request.path)
                if not names or event.name in names:
                    return event
        raise AssertionError("the stream has ended")

    def until_end(self):
        """All that comes up to the proper end."""
        blocks = []
        while (block := self.block()) is not None:
            blocks.append(block)
        return blocks


class CurlStream:
    """A stream that curl reads into a file, to be stopped and killed."""

    def __init__(self, sidecar, folder, query=""):
        self.file = folder / "curl-events.txt"
        with open(self.file, "wb") as output:
            self.process = subprocess.Popen(["curl", "-sN", f"http://{sidecar.listener}/v1/events{query}"],
                                            stdin=subprocess.DEVNULL, stdout=output)

    def wait_for(self, name, timeout_s=30):
        """The first event of that name."""
        def find():
            for block in self.file.read_text().split("\n\n")[:-1]:
                if re.search(rf"^event: {name}$", block, re.M):
                    return Event(block)
            return None
        return eventually(find, timeout_s, what=f"curl shows {name}")

    def stop(self):
        self.process.send_signal(signal.SIGSTOP)

    def kill(self):
        self.process.kill()
        self.process.wait(10)
