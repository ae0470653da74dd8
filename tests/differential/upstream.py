"""A scripted server on raw sockets: answers each case as planned, and keeps what it was asked."""

import contextlib
import fcntl
import socket
import ssl
import struct
import termios
import threading
import time

import wire
from asked import Asked
from exchange import Exchange

PATIENCE = 15.0


class Upstream:
    """Listens once per way (straight, through), so that who asked is known."""

    def __init__(self, context: ssl.SSLContext | None):
        self.cases: dict[str, Exchange] = {}
        self.asked: dict[tuple[str, str], list[Asked]] = {}
        self.unknown: list[bytes] = []
        self.lock = threading.Lock()
        self.ports = {(way, False): self._listen(way, None) for way in ("straight", "through")}
        if context:
            self.ports |= {
                (way, True): self._listen(way, context) for way in ("straight", "through")
            }

    def expect(self, case: str, exchange: Exchange) -> None:
        self.cases[case] = exchange

    def wait(self, case: str, way: str) -> None:
        """Until what was asked last has been done with."""
        with self.lock:
            asked = self.asked.get((case, way), [])
        for one in asked[-1:]:
            one.over.wait(5)

    def take(self, case: str, way: str) -> list[Asked]:
        with self.lock:
            return self.asked.pop((case, way), [])

    def _listen(self, way: str, context: ssl.SSLContext | None) -> int:
        listener = socket.create_server(("127.0.0.1", 0), backlog=512)

        def accept():
            while True:
                sock, _ = listener.accept()
                threading.Thread(target=self._serve, args=(sock, way, context), daemon=True).start()

        threading.Thread(target=accept, daemon=True).start()
        return listener.getsockname()[1]

    def _serve(self, sock: socket.socket, way: str, context: ssl.SSLContext | None) -> None:
        sock.settimeout(PATIENCE)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with contextlib.suppress(OSError, wire.Ended, wire.Malformed):
            if context:
                sock = context.wrap_socket(sock, server_side=True)
            stream = wire.Stream(sock)
            while self._exchange(stream, way):
                pass
        with contextlib.suppress(OSError):
            sock.close()

    def _exchange(self, stream: wire.Stream, way: str) -> bool:
        """Whether the connection goes on."""
        head = stream.head()
        if head is None:
            return False
        if stream.usable_until and time.monotonic() > stream.usable_until:
            wire.reset(stream.sock)
            return False
        case = (head.all(b"x-case") or [b"?"])[0].decode("latin-1")
        exchange = self.cases.get(case)
        if exchange is None:
            with self.lock:
                self.unknown.append(head.start)
            stream.sock.sendall(
                b"HTTP/1.1 400 Unknown Case\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
            )
            return False
        method, _, rest = head.start.partition(b" ")
        target, _, version = rest.rpartition(b" ")
        asked = Asked(method, target, version, head.fields())
        with self.lock:
            self.asked.setdefault((case, way), []).append(asked)
        try:
            return self._answer(stream, exchange, head, asked)
        finally:
            asked.over.set()

    def _answer(
        self, stream: wire.Stream, exchange: Exchange, head: wire.Head, asked: Asked
    ) -> bool:
        response, method = exchange.response, asked.method
        if response.when == "head":
            self._play(stream, exchange, method, asked)
            return False
        if exchange.says_continue:
            stream.sock.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        self._read_body(stream, head, asked)
        return self._play(stream, exchange, method, asked)

    @staticmethod
    def _read_body(stream: wire.Stream, head: wire.Head, asked: Asked) -> None:
        how, body = wire.framing(head), bytearray()
        asked.framing = "length" if isinstance(how, int) else how
        if how == "chunked":
            asked.trailers = stream.chunked(body)
        elif isinstance(how, int):
            stream.exactly(how, body)
        asked.size, asked.digest, asked.is_whole = len(body), wire.digest(body), True

    def _play(self, stream: wire.Stream, exchange: Exchange, method: bytes, asked: Asked) -> bool:
        pieces, ending = exchange.response.play(method)
        sock = stream.sock
        for number, piece in enumerate(pieces):
            if number:
                # Lets the others run; nothing depends on how long.
                time.sleep(0.0005)
            sock.sendall(piece)
        if ending == "keep":
            if (limit := exchange.response.idles_out) is not None:
                stream.usable_until = time.monotonic() + limit
            return True
        if ending == "held":
            asked.was_left = is_left(sock)
        elif ending == "reset":
            wait_until_sent(sock)
            wire.reset(sock)
        else:
            if ending == "stall":
                time.sleep(0.03)
            close(sock, ending, asked)
        return False


def close(sock: socket.socket, ending: str, asked: Asked) -> None:
    """Says that nothing more comes, and reads to the end: what is unread would make it a reset."""
    if ending != "ragged" and isinstance(sock, ssl.SSLSocket):
        sock.settimeout(3)
        with contextlib.suppress(OSError, ValueError):
            sock = sock.unwrap()
    with contextlib.suppress(OSError):
        sock.shutdown(socket.SHUT_WR)
        sock.settimeout(5)
        while unread := sock.recv(wire.READ):
            asked.unread += len(unread)


def is_left(sock: socket.socket) -> bool:
    """Whether the other side closes or resets the connection before patience ends."""
    try:
        return not sock.recv(wire.READ)
    except TimeoutError:
        return False
    except OSError:
        return True


def wait_until_sent(sock: socket.socket) -> None:
    """Until the other side's kernel has all: a reset throws away what is still here."""
    for _ in range(5000):
        left = fcntl.ioctl(sock.fileno(), termios.TIOCOUTQ, b"\0\0\0\0")
        if struct.unpack("i", left)[0] == 0:
            return
        time.sleep(0.001)
