"""Relays before a broker's listeners: they count connections, and cut them when a test wants new ones."""
import select
import socket
import threading


OPENING_BYTES = 4096
PRE_SHARED_KEY, SUPPORTED_VERSIONS = 41, 43  # extensions of a ServerHello (RFC 8446, 4.2)


class Front:
    """Passes connections from a port of its own on to another. `count` is how many have come so far, `openings` what
    was said first on each: [client's bytes, broker's bytes]."""

    def __init__(self, port, target_port):
        self.count = 0
        self.openings = []
        self.target_port = target_port
        self.guard = threading.Lock()
        self.pairs = set()
        self.address = f"127.0.0.1:{port}"
        self.listener = socket.create_server(("127.0.0.1", port))
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            with self.guard:
                self.count += 1
            threading.Thread(target=self.serve, args=(client,), daemon=True).start()

    def serve(self, client):
        try:
            broker = socket.create_connection(("127.0.0.1", self.target_port))
        except OSError:
            client.close()
            return
        pair = (client, broker)
        opening = [bytearray(), bytearray()]
        with self.guard:
            self.pairs.add(pair)
            self.openings.append(opening)
        try:
            self.pass_on(client, broker, opening)
        except OSError:
            pass
        with self.guard:
            self.pairs.discard(pair)
            client.close()
            broker.close()

    @staticmethod
    def pass_on(client, broker, opening):
        while True:
            for side in select.select([client, broker], [], [])[0]:
                data = side.recv(65536)
                if not data:
                    return
                said = opening[side is broker]
                said += data[:OPENING_BYTES - len(said)]
                (broker if side is client else client).sendall(data)

    def cut(self):
        """Ends every connection that is open; new ones are welcome. Returns how many there were."""
        with self.guard:
            for pair in self.pairs:
                for side in pair:
                    try:
                        side.shutdown(socket.SHUT_RDWR)
                    except OSError:
                        pass
            return len(self.pairs)

    def close(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.cut()


def is_resumed(opening):
    """Whether a TLS handshake went on with an earlier session: by its key (1.3), or by its id or ticket (1.2)."""
    client_id, _ = read_hello(opening[0], 1)
    server_id, extensions = read_hello(opening[1], 2)
    if SUPPORTED_VERSIONS in extensions:
        return PRE_SHARED_KEY in extensions
    return bool(client_id) and client_id == server_id


def read_hello(data, kind):
    """The session id and, of a ServerHello (2), the extensions of the first handshake message."""
    assert data[0] == 22 and data[5] == kind, f"no such hello: {bytes(data[:6])}"
    at = 5 + 4 + 2 + 32
    session_id = bytes(data[at + 1:at + 1 + data[at]])
    extensions = set()
    if kind == 2:
        at += 1 + len(session_id) + 2 + 1
        end = at + 2 + int.from_bytes(data[at:at + 2], "big")
        at += 2
        while at < end:
            extensions.add(int.from_bytes(data[at:at + 2], "big"))
            at += 4 + int.from_bytes(data[at + 2:at + 4], "big")
    return session_id, extensions
