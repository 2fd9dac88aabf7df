"""Very many calls by one cheap client: requests go out in packets, answers are counted."""
import socket

# Good calls and bad ones; none takes records for good.
MIXED = [("GET", "/v1/status"), ("GET", "/v1/poll?update_offsets=false"), ("POST", "/v1/commit"), ("GET", "/v1/position"),
         ("POST", "/v1/pause"), ("POST", "/v1/resume"), ("GET", "/v1/paused"), ("GET", "/v1/nothing"), ("GET", "/v1/metrics"),
         ("POST", "/v1/seek?to=sideways"), ("GET", "/v1/assignment"), ("GET", "/v1/subscription"),
         ("POST", "/v1/seek?to=beginning")]
AT_ONCE = 40
PER_CONNECTION = 10_000


def run_calls(listener, calls, count):
    """Makes `count` calls, in turn, over a connection that is made anew now and then."""
    host, port = listener.rsplit(":", 1)
    done = 0
    while done < count:
        with socket.create_connection((host, int(port)), 60) as peer:
            for _ in range(0, min(PER_CONNECTION, count - done), AT_ONCE):
                packet = [calls[(done + number) % len(calls)] for number in range(AT_ONCE)]
                peer.sendall("".join(f"{method} {path} HTTP/1.1\r\nHost: localhost\r\n\r\n" for method, path in packet).encode())
                read_answers(peer, AT_ONCE)
                done += AT_ONCE


def read_answers(peer, count):
    """Reads so many answers, whose bodies have a Content-Length."""
    text = b""
    for _ in range(count):
        while (end := text.find(b"\r\n\r\n")) < 0:
            text += receive(peer)
        at = text.lower().index(b"content-length:", 0, end) + len(b"content-length:")
        wanted = end + 4 + int(text[at:text.index(b"\r\n", at)])
        while len(text) < wanted:
            text += receive(peer)
        text = text[wanted:]
    assert not text


def receive(peer):
    piece = peer.recv(1 << 18)
    assert piece, "the connection was closed"
    return piece
