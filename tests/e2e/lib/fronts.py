"""Relays before a broker's listeners: they count connections, and cut them when a test wants new ones."""
import select
import socket
import threading


class Front:
    """Passes connections from a port of its own on to another. `count` is how many have come so far."""

    def __init__(self, port, target_port):
        self.count = 0
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
        with self.guard:
            self.pairs.add(pair)
        try:
            self.pass_on(client, broker)
        except OSError:
            pass
        with self.guard:
            self.pairs.discard(pair)
            client.close()
            broker.close()

    @staticmethod
    def pass_on(client, broker):
        while True:
            for side in select.select([client, broker], [], [])[0]:
                data = side.recv(65536)
                if not data:
                    return
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
