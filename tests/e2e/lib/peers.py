"""Peers that are no Kafka broker, and a proxy that harms what goes through it."""
import random
import select
import socket
import struct
import threading

HTTP_ANSWER = b"HTTP/1.1 400 Bad Request\r\nContent-Type: text/html\r\nContent-Length: 6\r\n\r\n<html>"
TLS_ALERT = bytes([21, 3, 3, 0, 2, 2, 70])


def answer_with(data):
    def behave(peer, _):
        peer.sendall(data)
        drain(peer)
    return behave


def flood_after(length):
    """Claims a length, then sends bytes for as long as the other side takes them, up to 256 MiB."""
    def behave(peer, _):
        peer.sendall(struct.pack(">i", length))
        for _ in range(256):
            peer.sendall(b"\0" * (1 << 20))
    return behave


def wrong_correlation_id(peer, request):
    body = struct.pack(">i", struct.unpack_from(">i", request, 8)[0] + 1000) + b"\0" * 20
    peer.sendall(struct.pack(">i", len(body)) + body)
    drain(peer)


def cut_answer(peer, request):
    peer.sendall(struct.pack(">i", 1000) + request[8:12] + b"\0" * 10)


def random_bytes(peer, _):
    body = random.Random(7).randbytes(4000)
    peer.sendall(struct.pack(">i", len(body)) + body)
    drain(peer)


def say_nothing(peer, _):
    drain(peer)


def close_at_once(peer, _):
    del peer


def drain(peer):
    while peer.recv(65536):
        pass


BEHAVIOURS = {
    "an HTTP server": answer_with(HTTP_ANSWER),
    "TLS bytes": answer_with(TLS_ALERT),
    "a length of 2 GiB": flood_after(0x7FFFFFFF),
    "a length of 500 MB": flood_after(500_000_000),
    "a negative length": answer_with(struct.pack(">i", -5) + b"\0" * 100),
    "a length of 0": answer_with(struct.pack(">i", 0)),
    "a wrong correlation id": wrong_correlation_id,
    "a cut answer": cut_answer,
    "random bytes": random_bytes,
    "silence": say_nothing,
    "a door that shuts": close_at_once,
}


class Peer:
    """Listens on loopback and treats every connection after its first request by one behaviour."""

    def __init__(self, behaviour):
        self.behaviour = behaviour
        self.connections = 0
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self.listener.getsockname()[1]}"
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                peer, _ = self.listener.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self.serve, args=(peer,), daemon=True).start()

    def serve(self, peer):
        with peer:
            try:
                peer.settimeout(120)
                request = peer.recv(65536)
                if request:
                    self.behaviour(peer, request)
            except OSError:
                pass

    def close(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()


class Proxy:
    """Passes connections on to a broker. While `harm` is set, each connection is given to it after a
    random number of the broker's bytes: harm(client's socket, next bytes)."""

    def __init__(self, port, target_port, seed):
        self.harm = None
        self.harmed = 0
        self.target_port = target_port
        self.chooser = random.Random(seed)
        self.listener = socket.create_server(("127.0.0.1", port))
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(client,), daemon=True).start()

    def serve(self, client):
        with client:
            try:
                with socket.create_connection(("127.0.0.1", self.target_port)) as broker:
                    self.pass_on(client, broker)
            except OSError:
                pass

    def pass_on(self, client, broker):
        passed, bound = 0, None
        while True:
            readable, _, _ = select.select([client, broker], [], [], 1)
            for side in readable:
                data = side.recv(65536)
                if not data:
                    return
                if side is client:
                    broker.sendall(data)
                    continue
                if self.harm and bound is None:
                    bound = passed + self.chooser.randrange(1, 20000)
                if self.harm and passed + len(data) >= bound:
                    self.harmed += 1
                    keep = max(0, bound - passed)
                    client.sendall(data[:keep])
                    self.harm(client, data[keep:])
                    return
                client.sendall(data)
                passed += len(data)

    def close(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()


def cut(client, _):
    """Closes in the middle of an answer."""
    del client


def flip(client, data):
    """Sends what follows with every byte inverted, then closes."""
    client.sendall(bytes(255 - byte for byte in data))


def insert_length(client, data):
    """Puts an enormous length in the way."""
    client.sendall(b"\x7f\xff\xff\xff" + data)
