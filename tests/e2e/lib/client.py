"""A small HTTP client that hides nothing: status, headers and bytes as they came. Every answer is checked against
the API's document (lib/document.py)."""
import functools
import gzip
import http.client
import json
import re
import select
import socket
import struct
import urllib.parse

import zstandard

from .document import DOCUMENT


class Answer:
    """One HTTP answer."""

    def __init__(self, status, headers, body):
        self.status = status
        self.headers = headers
        self.body = body

    def __repr__(self):
        return f"<{self.status} {self.body[:600]!r}>"

    @property
    def content(self):
        """The body as it was before it was compressed."""
        coding = self.headers.get("content-encoding")
        if coding == "gzip":
            return gzip.decompress(self.body)
        if coding == "zstd":
            return zstandard.ZstdDecompressor().decompressobj().decompress(self.body)
        assert coding is None, coding
        return self.body

    @functools.cached_property
    def json(self):
        return parse(self.content)

    @functools.cached_property
    def lines(self):
        """The objects of an NDJSON body, which ends in a line end."""
        assert self.headers["content-type"].startswith("application/x-ndjson"), self
        assert self.content.endswith(b"\n"), self
        return [parse(line) for line in self.content.split(b"\n")[:-1]]

    def ok(self, status=200):
        """The JSON of a good answer."""
        assert self.status == status, self
        assert self.headers["content-type"].startswith("application/json"), self.headers
        return self.json

    def problem(self, status, code=None, mentions=()):
        """The JSON of an error answer, after checking that it is a whole problem document (RFC 9457)."""
        assert self.status == status, self
        assert self.headers["content-type"].startswith("application/problem+json"), self.headers
        document = self.json
        assert document["status"] == status, document
        for field in ("type", "title", "detail", "code"):
            assert isinstance(document[field], str) and document[field], (field, document)
        assert re.fullmatch(r"[A-Z][A-Z0-9_]+", document["code"]), document
        assert code in (None, document["code"]), document
        for word in (mentions,) if isinstance(mentions, str) else mentions:
            assert word in document["detail"], (word, document)
        return document


def parse(text):
    return json.loads(text, object_pairs_hook=without_repetition)


def without_repetition(pairs):
    """A dict of JSON members, none of which may come twice."""
    assert len(dict(pairs)) == len(pairs), pairs
    return dict(pairs)


def read_answer(response, kind, method, path, breaks_http=False):
    """The whole answer, which must be in the document; what breaks HTTP itself is answered by the HTTP library."""
    answer = Answer(response.status, {k.lower(): v for k, v in response.getheaders()}, response.read())
    if not breaks_http:
        DOCUMENT.check(kind, method, path, answer)
    return answer


class RawRequest:
    """A request on a socket of its own, whose answer may be read, or left, as a test likes."""

    def __init__(self, listener, path, version="1.1", headers=""):
        self.path = path
        if listener.startswith("unix:"):
            self.socket = socket.socket(socket.AF_UNIX)
            self.socket.connect(listener[5:])
        else:
            host, port = listener.rsplit(":", 1)
            self.socket = socket.create_connection((host, int(port)))
        self.socket.settimeout(30)
        self.socket.sendall(f"GET {path} HTTP/{version}\r\nHost: localhost\r\n{headers}\r\n".encode())

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    @property
    def answered(self):
        """Something has come (or the other side has closed)."""
        poll = select.poll()
        poll.register(self.socket, select.POLLIN)
        return bool(poll.poll(0))

    def answer(self):
        response = http.client.HTTPResponse(self.socket)
        response.begin()
        return read_answer(response, "api", "GET", self.path)

    def reset(self):
        """Closes so that the other side gets a reset, whatever has been read."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()


class UnixConnection(http.client.HTTPConnection):
    """HTTP over a Unix socket."""

    def __init__(self, path, timeout):
        super().__init__("localhost", timeout=timeout)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


class Client:
    """Calls one listener ("127.0.0.1:8092" or "unix:/path"). Every call has a connection of its own,
    unless keep_alive is true. `kind` is "api" or "management"."""

    def __init__(self, listener, keep_alive=False, kind="api"):
        self.listener = listener
        self.kind = kind
        self.keep_alive = keep_alive
        self.kept = None

    def connect(self, timeout_s):
        if self.listener.startswith("unix:"):
            return UnixConnection(self.listener[5:], timeout_s)
        host, port = self.listener.rsplit(":", 1)
        return http.client.HTTPConnection(host, int(port), timeout=timeout_s)

    def call(self, method, path, body=None, headers=None, timeout_s=60.0, breaks_http=False):
        """`body` is sent as it is when it is bytes or str, else as JSON."""
        if body is not None and not isinstance(body, (bytes, str)):
            body = json.dumps(body)
        headers = dict(headers or {})
        if body is not None:
            headers.setdefault("Content-Type", "application/json")
        connection = self.kept or self.connect(timeout_s)
        try:
            connection.request(method, path, body=body, headers=headers)
            response = connection.getresponse()
            answer = read_answer(response, self.kind, method, path, breaks_http)
        except BaseException:
            self.kept = None
            connection.close()
            raise
        if self.keep_alive:
            self.kept = connection
        else:
            connection.close()
        return answer

    def get(self, path, **parameters):
        return self.call("GET", with_query(path, parameters))

    def post(self, path, body=None, **parameters):
        return self.call("POST", with_query(path, parameters), body)

    def put(self, path, body=None, **parameters):
        return self.call("PUT", with_query(path, parameters), body)

    def delete(self, path, **parameters):
        return self.call("DELETE", with_query(path, parameters))

    def close(self):
        if self.kept:
            self.kept.close()
            self.kept = None


def with_query(path, parameters):
    """True and False become words; a list repeats its parameter."""
    def text(value):
        return str(value).lower() if isinstance(value, bool) else str(value)

    pairs = [(key, text(item)) for key, value in parameters.items()
             for item in (value if isinstance(value, (list, tuple)) else [value])]
    return f"{path}?{urllib.parse.urlencode(pairs)}" if pairs else path
