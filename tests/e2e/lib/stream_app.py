"""An application as a process of its own, which can be killed: reads a stream of records with a session, notes what it
has processed in a file, commits every few records. Run as: stream_app.py LISTENER SESSION FILE"""
import http.client
import json
import socket
import sys

EVERY = 5


def main():
    listener, session, path = sys.argv[1:4]
    host, port = listener.rsplit(":", 1)
    stream = socket.create_connection((host, int(port)))
    stream.sendall(b"GET /v1/stream HTTP/1.1\r\nHost: localhost\r\nAccept: application/x-ndjson\r\nConsumer-Session: "
                   + session.encode() + b"\r\n\r\n")
    response = http.client.HTTPResponse(stream)
    response.begin()
    if response.status != 200:
        sys.exit(f"{response.status} {response.read()!r}")
    calls = http.client.HTTPConnection(host, int(port), timeout=60)
    since = 0
    with open(path, "a", encoding="utf-8") as done:
        while line := response.readline():
            if not line.strip():
                continue
            record = json.loads(line)
            print(record["partition"], record["offset"], record["value"], file=done, flush=True)
            since += 1
            if since == EVERY:
                since = 0
                target = f"/v1/commit?tp={record['topic']}:{record['partition']}&offset={record['offset'] + 1}"
                calls.request("POST", target, headers={"Consumer-Session": session})
                answer = calls.getresponse()
                if answer.status != 200:
                    sys.exit(f"{answer.status} {answer.read()!r}")
                answer.read()


if __name__ == "__main__":
    main()
