"""HTTP/1 read from a socket as leniently as the most lenient client, and kept as it came."""

import hashlib
import socket
import struct
from dataclasses import dataclass, field

READ = 1 << 18


class Ended(Exception):
    """The other side closed before what was to be read had come."""


class Malformed(Exception):
    """What came is no HTTP."""


@dataclass
class Head:
    """The lines of a head, without their ends; folded lines are still apart."""

    start: bytes
    lines: list[bytes]

    def fields(self) -> list[tuple[bytes, bytes]]:
        """Names as they came and values without the space around them; folds become one space."""
        joined: list[bytes] = []
        for line in self.lines:
            if line[:1] in (b" ", b"\t") and joined:
                joined[-1] = joined[-1].rstrip(b" \t") + b" " + line.strip(b" \t")
            else:
                joined.append(line)
        split = (line.partition(b":") for line in joined)
        return [(name.rstrip(b" \t"), value.strip(b" \t")) for name, _, value in split]

    def all(self, name: bytes) -> list[bytes]:
        return [value for key, value in self.fields() if key.lower() == name]

    def tokens(self, name: bytes) -> list[bytes]:
        values = b",".join(self.all(name)).lower().split(b",")
        return [value.strip() for value in values if value.strip()]


class Stream:
    """A socket, read by lines and lengths."""

    def __init__(self, sock: socket.socket):
        self.sock = sock
        self.buffer = bytearray()
        # When a server stops taking requests on it (time.monotonic); None: never.
        self.usable_until: float | None = None

    def fill(self) -> bool:
        """Reads once more; false at the end."""
        data = self.sock.recv(READ)
        self.buffer += data
        return bool(data)

    def take(self, size: int) -> bytes:
        taken = bytes(self.buffer[:size])
        del self.buffer[:size]
        return taken

    def line(self) -> bytes:
        """A line without its end, which may be a bare LF."""
        seen = 0
        while (at := self.buffer.find(b"\n", seen)) < 0:
            seen = len(self.buffer)
            if not self.fill():
                raise Ended
        line = self.take(at + 1)[:-1]
        return line.removesuffix(b"\r")

    def head(self) -> Head | None:
        """None when the connection ends before it."""
        if not self.buffer and not self.fill():
            return None
        # Empty lines before a message are passed over.
        while not (start := self.line()):
            pass
        lines = []
        while line := self.line():
            lines.append(line)
        return Head(start, lines)

    def exactly(self, size: int, into: bytearray) -> None:
        """Moves `size` bytes into `into`. What came is there also when the rest does not come."""
        while size:
            if not self.buffer and not self.fill():
                raise Ended
            piece = self.take(min(size, len(self.buffer)))
            into += piece
            size -= len(piece)

    def to_the_end(self, into: bytearray) -> None:
        while self.buffer or self.fill():
            into += self.take(len(self.buffer))

    def chunked(self, into: bytearray) -> list[bytes]:
        """The body without its chunks goes into `into`; returns the lines of the trailers."""
        while True:
            size = self.line().partition(b";")[0].strip()
            try:
                size = int(size, 16)
            except ValueError:
                raise Malformed(f"chunk size {size[:20]!r}") from None
            if size == 0:
                break
            self.exactly(size, into)
            if self.line():
                raise Malformed("bytes after a chunk")
        trailers = []
        while line := self.line():
            trailers.append(line)
        return trailers


def framing(head: Head) -> str | int:
    """How a body after this head is delimited, if there is one: a length, `chunked` or `none`."""
    codings = head.tokens(b"transfer-encoding")
    if codings and codings != [b"identity"]:
        return "chunked" if codings[-1] == b"chunked" else "none"
    lengths = head.tokens(b"content-length")
    if not lengths:
        return "none"
    if len(set(lengths)) > 1 or not lengths[0].isdigit():
        raise Malformed(f"content-length {lengths[:3]}")
    return int(lengths[0])


def reset(sock: socket.socket) -> None:
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    # TLS would say goodbye first.
    socket.socket(fileno=sock.detach()).close()


@dataclass
class Answer:
    """What a client saw of a response. `ending` is a class that all clients can tell."""

    status: int = 0
    reason: str = ""
    fields: list[tuple[str, str]] = field(default_factory=list)
    informational: list[tuple[int, list[tuple[str, str]]]] = field(default_factory=list)
    size: int = 0
    digest: str = ""
    trailers: list[tuple[str, str]] = field(default_factory=list)
    # Whether the client was told to go on, where it waited for that.
    continued: bool = False
    ending: str = "unanswered"
    words: str = ""

    def take_body(self, body: bytes) -> None:
        self.size, self.digest = len(body), digest(body)


def digest(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()[:16]


def text(fields: list[tuple[bytes, bytes]]) -> list[tuple[str, str]]:
    return [(name.decode("latin-1"), value.decode("latin-1")) for name, value in fields]
