"""Readers of streams of records."""
import json

from .client import Answer, RawRequest
from .document import DOCUMENT
from .records import from_json


class RecordStream:
    """A stream of records that the test reads itself, when it wants to."""

    def __init__(self, sidecar, query="", media="text/event-stream", session=None):
        headers = f"Accept: {media}\r\n" + (f"Consumer-Session: {session}\r\n" if session else "")
        self.request = RawRequest(sidecar.listener, f"/v1/stream{query}", headers=headers)
        self.file = self.request.socket.makefile("rb")
        assert self.file.readline() == b"HTTP/1.1 200 OK\r\n"
        self.head = {}
        while line := self.file.readline().strip():
            name, value = line.decode().split(": ", 1)
            self.head[name.lower()] = value
        assert self.head["content-type"] == media, self.head
        self.about = DOCUMENT.check_head("api", "GET", self.request.path, Answer(200, self.head, b""))
        self.text = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.file.close()
        self.request.socket.close()

    def until(self, mark):
        """The text up to a mark; None at the proper end."""
        while mark not in self.text:
            size = int(self.file.readline(), 16)
            self.text += self.file.read(size + 2)[:size]
            if size == 0:
                return None
        block, self.text = self.text.split(mark, 1)
        return block.decode()


class Lines(RecordStream):
    """Records as NDJSON."""

    def __init__(self, sidecar, query="", session=None):
        super().__init__(sidecar, query, "application/x-ndjson", session)

    def next(self):
        """The next Record, or the dict of the last line; None at the proper end."""
        while (line := self.until(b"\n")) is not None:
            if line:
                item = json.loads(line)
                DOCUMENT.check_item(self.about, item, "GET", self.request.path)
                return item if "error" in item else from_json(item)
        return None


class Events(RecordStream):
    """Records as server-sent events, with rebalances in between."""

    def next(self):
        """(name, Record or data) of the next event; None at the proper end."""
        while (block := self.until(b"\n\n")) is not None:
            fields = dict(line.split(": ", 1) for line in block.split("\n"))
            if "event" not in fields:
                continue
            data = json.loads(fields["data"])
            DOCUMENT.check_event(self.about, fields["event"], data, self.request.path)
            if fields["event"] != "record":
                return fields["event"], data
            record = from_json(data)
            assert fields["id"] == f"{record.topic}:{record.partition}:{record.offset}"
            return "record", record
        return None
