"""An application as a process of its own, which can be killed: polls with a session, notes what it has processed in
a file, commits. Run as: app.py LISTENER SESSION FILE [MAX_RECORDS]"""
import http.client
import json
import sys


def processed(done):
    """[(partition, offset, value)] in the order in which they were processed. The last line may be cut."""
    if not done.exists():
        return []
    rows = [line.split() for line in done.read_text().splitlines(keepends=True) if line.endswith("\n")]
    return [(int(partition), int(offset), value.encode()) for partition, offset, value in rows]


def main():
    listener, session, path = sys.argv[1:4]
    most = sys.argv[4] if len(sys.argv) > 4 else "7"
    host, port = listener.rsplit(":", 1)
    connection = http.client.HTTPConnection(host, int(port), timeout=60)

    def call(method, target):
        connection.request(method, target, headers={"Consumer-Session": session})
        response = connection.getresponse()
        body = response.read()
        if response.status != 200:
            sys.exit(f"{method} {target}: {response.status} {body!r}")
        return json.loads(body)

    with open(path, "a", encoding="utf-8") as done:
        while True:
            records = call("GET", f"/v1/poll?timeout_ms=5000&max_records={most}")["records"]
            for record in records:
                print(record["partition"], record["offset"], record["value"], file=done, flush=True)
            call("POST", "/v1/commit")


if __name__ == "__main__":
    main()
